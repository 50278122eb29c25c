// Migrations on PostgreSQL: processes that start together, and one that is killed in the middle.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type ModelAttributeColumnOptions, type QueryInterface, QueryTypes } from 'sequelize';
import type { RunnableMigration } from 'umzug';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { migrations } from '../../migrations/index.ts';
import { requireMigrated } from '../../src/storage/migrate.ts';
import { defineModels } from '../../src/storage/models.ts';
import { connectPostgresReader } from '../../src/storage/postgres/connect.ts';
import { migratePostgres } from '../../src/storage/postgres/migrate.ts';
import { migrateStorage, openStorage, openStorageReader } from '../../src/storage/storage.ts';
import { PATIENCE } from '../patience.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { closing } from './folder.ts';
import { addOldExecutions, OLD_SOURCES } from './old-executions.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

const ALL = migrations.map(({ name }) => name);

const TABLES_SQL = "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1";

async function tablesOf(url: string): Promise<string[]> {
  return (await postgres.query<{ name: string }>(url, TABLES_SQL)).map(({ name }) => name);
}

function addTable(name: string, more = 'SELECT 1'): RunnableMigration<QueryInterface> {
  return {
    name,
    async up({ context }) {
      for (const sql of [`CREATE TABLE "t${name}" (a TEXT)`, more]) await context.sequelize.query(sql);
    },
  };
}

test('processes that start together migrate once', async () => {
  const url = await postgres.createDatabase();
  const ran = await Promise.all([1, 2, 3, 4].map(() => migrateStorage(url)));
  expect(ran.flat()).toEqual(ALL);
  const storages = await Promise.all([1, 2].map(() => openStorage({ url })));
  for (const storage of storages) await closing(storage).ping();
});

test('executions of an older version keep their source, and what they replay', async () => {
  const url = await postgres.createDatabase();
  await migratePostgres(
    url,
    migrations.filter(({ name }) => name < '0004'),
  );
  await addOldExecutions((sql, bind) => postgres.query(url, sql, bind));
  await migratePostgres(url);
  const sql = 'SELECT source, replay_of AS "replayOf" FROM executions ORDER BY id';
  expect(await postgres.query(url, sql)).toEqual(OLD_SOURCES);
});

test('the migrated schema has the tables and columns of the models', async () => {
  const url = await postgres.createDatabase();
  await migrateStorage(url);
  const reader = closing(await connectPostgresReader(url));
  const models = Object.values(defineModels(reader));
  expect(await tablesOf(url)).toEqual([...models.map(({ tableName }) => tableName), 'migrations'].sort());
  for (const model of models) {
    const columns = await reader.query<{ name: string; nullable: string }>(
      `SELECT column_name AS name, is_nullable AS nullable FROM information_schema.columns WHERE table_name = '${model.tableName}'`,
      { type: QueryTypes.SELECT },
    );
    const attributes: ModelAttributeColumnOptions[] = Object.values(model.getAttributes());
    const described = attributes.map(({ field, allowNull }) => [field, allowNull ? 'YES' : 'NO']);
    expect(columns.map(({ name, nullable }) => [name, nullable]).sort(), model.tableName).toEqual(described.sort());
  }
});

test('a migration that fails leaves nothing of itself, and is tried again', async () => {
  const url = await postgres.createDatabase();
  const broken = [addTable('1'), addTable('2', 'INSERT INTO nowhere VALUES (1)')];
  await expect(migratePostgres(url, broken)).rejects.toThrow(/nowhere/);
  expect(await tablesOf(url)).toEqual(['migrations', 't1']);
  expect(await migratePostgres(url, [addTable('1'), addTable('2')])).toEqual(['2']);
});

test('a process that is killed in the middle of a migration leaves nothing of it, and holds nobody up', async () => {
  const url = await postgres.createDatabase();
  const child = fork(new URL('./postgres-migrate-child.ts', import.meta.url), [url], { execArgv: ['--import', 'tsx'] });
  await once(child, 'message');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await tablesOf(url)).not.toContain('thalf');
  expect(await migratePostgres(url, [addTable('half')])).toEqual(['half']);
});

test('a restart of the server in the middle of a migration leaves nothing of it', async () => {
  const url = await postgres.createDatabase();
  const migrating = migratePostgres(url, [addTable('1'), addTable('2', 'SELECT pg_sleep(60)')]);
  const rejected = expect(migrating).rejects.toMatchObject({ code: 'storage_unavailable' });
  const sql = "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()";
  await vi.waitFor(async () => expect(await postgres.query(url, sql)).toHaveLength(1), PATIENCE);
  await postgres.restart('immediate');
  await rejected;
  expect(await tablesOf(url)).toEqual(['migrations', 't1']);
  expect(await migratePostgres(url, [addTable('1'), addTable('2')])).toEqual(['2']);
});

test('a database that is newer than the program, or older, is refused by name', async () => {
  const url = await postgres.createDatabase();
  const pending = { code: 'migration_needed', details: { pending: ALL } };
  await expect(openStorage({ url, autoMigrate: false })).rejects.toMatchObject(pending);
  await expect(openStorageReader(url)).rejects.toMatchObject(pending);
  await migratePostgres(url, [addTable('9-later')]);
  const newer = { code: 'migration_needed', message: expect.stringMatching(/newer.*9-later/) };
  await expect(openStorage({ url })).rejects.toMatchObject(newer);
  const reader = closing(await connectPostgresReader(url));
  await expect(requireMigrated(reader)).rejects.toMatchObject(newer);
});
