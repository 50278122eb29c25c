// Migrations: forward, whole, and the same schema that the models describe.

import { join } from 'node:path';
import { type ModelAttributeColumnOptions, type QueryInterface, QueryTypes } from 'sequelize';
import type { RunnableMigration } from 'umzug';
import { expect, test } from 'vitest';
import { migrations } from '../../migrations/index.ts';
import { connect } from '../../src/storage/connect.ts';
import { migrate, pendingMigrations, requireMigrated } from '../../src/storage/migrate.ts';
import { defineModels } from '../../src/storage/models.ts';
import { openStorage, openStorageReader } from '../../src/storage/storage.ts';
import { closing, temporaryFolder } from './folder.ts';
import { addOldExecutions, OLD_SOURCES } from './old-executions.ts';

async function open() {
  return closing(await connect({ url: `sqlite:${join(await temporaryFolder(), 'hookline.db')}`, durability: 'normal' }));
}

function addTable(name: string, ...more: string[]): RunnableMigration<QueryInterface> {
  return {
    name,
    async up({ context }) {
      for (const sql of [`CREATE TABLE "t${name}" (a TEXT)`, ...more]) await context.sequelize.query(sql);
    },
  };
}

test('a new database gets every migration, once', async () => {
  const { writer, reader } = await open();
  const all = migrations.map(({ name }) => name);
  expect(await pendingMigrations(reader)).toEqual(all);
  expect(await migrate(writer)).toEqual(all);
  expect(await migrate(writer)).toEqual([]);
  expect(await pendingMigrations(reader)).toEqual([]);
  await requireMigrated(reader);
});

test('migrations are listed in order, under the name of their file', () => {
  const names = migrations.map(({ name }) => name);
  expect(names).toEqual([...names].sort());
  for (const name of names) expect(name).toMatch(/^\d{4}-[a-z0-9-]+$/);
});

test('the migrated schema is the one that the models describe', async () => {
  const { writer } = await open();
  await migrate(writer);
  const tables = await writer.getQueryInterface().showAllTables();
  const models = Object.values(defineModels(writer));
  expect(tables.sort()).toEqual([...models.map((model) => model.tableName), 'migrations'].sort());
  for (const model of models) {
    const columns = await writer.getQueryInterface().describeTable(model.tableName);
    const attributes: ModelAttributeColumnOptions[] = Object.values(model.getAttributes());
    const described = attributes.map((attribute) => [
      attribute.field,
      {
        type: String(typeof attribute.type === 'string' ? attribute.type : attribute.type.key),
        allowNull: attribute.allowNull,
        primaryKey: attribute.primaryKey === true,
        unique: attribute.unique === true,
        default: attribute.defaultValue === undefined ? undefined : String(attribute.defaultValue),
      },
    ]);
    const migrated = Object.entries(columns).map(([name, column]) => [
      name,
      {
        type: column.type,
        allowNull: column.allowNull,
        primaryKey: column.primaryKey,
        unique: 'unique' in column && column.unique === true && !column.primaryKey,
        default: column.defaultValue === undefined ? undefined : String(column.defaultValue),
      },
    ]);
    expect(Object.fromEntries(migrated), model.tableName).toEqual(Object.fromEntries(described));
  }
});

test('executions carry the agreed indexes and no more', async () => {
  const { writer } = await open();
  await migrate(writer);
  const rows = await writer.query<{ sql: string }>(
    "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'executions' AND sql IS NOT NULL ORDER BY name",
    { type: QueryTypes.SELECT },
  );
  expect(rows.map(({ sql }) => sql)).toEqual([
    'CREATE INDEX executions_finished ON executions (finished_at) WHERE finished_at IS NOT NULL',
    "CREATE INDEX executions_lane ON executions (lane, status, id) WHERE lane IS NOT NULL AND status <> 'succeeded'",
    'CREATE INDEX executions_replay ON executions (replay_of, id) WHERE replay_of IS NOT NULL',
    "CREATE INDEX executions_source ON executions (source, id, workflow_id) WHERE source <> 'webhook'",
    "CREATE INDEX executions_status ON executions (status, id, workflow_id, source) WHERE status <> 'succeeded'",
    'CREATE INDEX executions_wake ON executions (wake_at) WHERE wake_at IS NOT NULL',
    'CREATE INDEX executions_workflow ON executions (workflow_id, id)',
  ]);
});

test('executions of an older version keep their source, and what they replay', async () => {
  const { writer, reader } = await open();
  await migrate(
    writer,
    migrations.filter(({ name }) => name < '0004'),
  );
  await addOldExecutions((sql, bind) => writer.query(sql, { bind }));
  await migrate(writer);
  const sql = 'SELECT source, replay_of AS "replayOf" FROM executions ORDER BY id';
  expect(await reader.query(sql, { type: QueryTypes.SELECT })).toEqual(OLD_SOURCES);
});

test('deliveries carry the agreed indexes and no more', async () => {
  const { writer } = await open();
  await migrate(writer);
  const rows = await writer.query<{ sql: string }>(
    "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'deliveries' AND sql IS NOT NULL ORDER BY name",
    { type: QueryTypes.SELECT },
  );
  expect(rows.map(({ sql }) => sql.replace(/^CREATE INDEX deliveries_\w+ ON deliveries /, ''))).toEqual([
    '(endpoint_id, id)',
    '(message_id)',
    "(endpoint_id, ordering_key, id) WHERE status = 'pending' AND ordering_key IS NOT NULL",
    "(endpoint_id, due_at, id) WHERE status = 'pending'",
    "(status, id) WHERE status NOT IN ('pending', 'succeeded')",
    '(event_type, id)',
  ]);
});

test('a migration that fails leaves nothing of itself, and is tried again', async () => {
  const { writer } = await open();
  await expect(migrate(writer, [addTable('1'), addTable('2', 'INSERT INTO nowhere VALUES (1)')])).rejects.toThrow(/nowhere/);
  expect((await writer.getQueryInterface().showAllTables()).sort()).toEqual(['migrations', 't1']);
  expect(await migrate(writer, [addTable('1'), addTable('2')])).toEqual(['2']);
});

test('a full disk stops a migration and leaves the database as it was', async () => {
  const { writer } = await open();
  await migrate(writer, [addTable('1')]);
  await writer.query('PRAGMA max_page_count = 1');
  const full = addTable('2', `INSERT INTO t1 VALUES ('${'x'.repeat(100_000)}')`);
  await expect(migrate(writer, [addTable('1'), full])).rejects.toMatchObject({ code: 'storage_unavailable' });
  expect((await writer.getQueryInterface().showAllTables()).sort()).toEqual(['migrations', 't1']);
});

test('a database that is newer than the program is refused by name', async () => {
  const { writer, reader } = await open();
  await migrate(writer, [addTable('1'), addTable('9-later')]);
  const newer = { code: 'migration_needed', message: expect.stringMatching(/newer.*9-later/) };
  await expect(migrate(writer, [addTable('1')])).rejects.toMatchObject(newer);
  await expect(pendingMigrations(reader, [addTable('1')])).rejects.toMatchObject(newer);
});

test('a server that may not migrate says what is pending, and changes nothing', async () => {
  const url = `sqlite:${join(await temporaryFolder(), 'hookline.db')}`;
  const opening = openStorage({ url, autoMigrate: false });
  await expect(opening).rejects.toMatchObject({
    code: 'migration_needed',
    message: expect.stringContaining('0001-init'),
    details: { pending: migrations.map(({ name }) => name) },
  });
  await expect(openStorageReader(url)).rejects.toMatchObject({ code: 'migration_needed' });
  await (await openStorage({ url })).close();
  await closing(await openStorage({ url, autoMigrate: false })).ping();
});

test('a reader of the storage works beside a server and refuses to write', async () => {
  const url = `sqlite:${join(await temporaryFolder(), 'hookline.db')}`;
  const storage = closing(await openStorage({ url, durability: 'normal' }));
  await storage.settings.set('a', 'b');
  const reader = closing(await openStorageReader(url));
  expect(await reader.settings.get('a')).toBe('b');
  expect(await reader.workflows.list({ limit: 1 })).toEqual({ items: [], nextCursor: null });
  expect(await reader.executions.list({ limit: 1 })).toEqual({ items: [], nextCursor: null });
});

test('every migration says what it means for older programs', () => {
  expect(migrations.filter(({ effect }) => effect === undefined)).toEqual([]);
});

test('an older program works on a schema that only adds, and is refused where a new format may be in it', async () => {
  const { writer } = await open();
  const added = { ...addTable('2'), effect: 'expand' as const };
  await migrate(writer, [addTable('1'), added]);
  expect(await migrate(writer, [addTable('1')])).toEqual([]);
  await migrate(writer, [addTable('1'), added, { ...addTable('3'), effect: 'format' }]);
  const newer = { code: 'migration_needed', message: expect.stringMatching(/does not know: 3\./) };
  await expect(migrate(writer, [addTable('1'), added])).rejects.toMatchObject(newer);
});
