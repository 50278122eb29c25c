// Brings the schema of a database up to date, and says when it is not.

import { DatabaseError, type QueryInterface, QueryTypes, type Sequelize } from 'sequelize';
import { type RunnableMigration, Umzug } from 'umzug';
import { migrations as builtIn, type Migration } from '../../migrations/index.ts';
import { requirementOf } from '../../migrations/migration.ts';
import { HooklineError } from '../errors.ts';
import { withStorageErrors } from './storage-error.ts';

type Migrations = readonly Migration[];

/** Where it is written down which migrations have run. */
const TABLE = 'migrations';
/** A process that has not shown for this long that it lives is gone, in milliseconds. Beats come every five seconds by default. */
const LIVING_MS = 60_000;
/** Each try of a migration waits for locks as long as the connection's `lock_timeout` says, then others have a turn. */
const LOCK_TRIES = 120;
const LOCK_PAUSE_S = 1;

interface ExecutedMigration {
  readonly name: string;
  /** What a program has to know to work on the schema, see `requirementOf`; null when an older program wrote the row. */
  readonly requires: string | null;
}

/**
 * Runs what is pending, oldest first, each in one transaction with the note that it has run: a crash in between leaves
 * either both or neither. Forward only. Call it before anything else writes, on one connection; on PostgreSQL through
 * `migratePostgres`, since other processes may do the same.
 * @returns the names that ran
 * @throws HooklineError `migration_needed` when the database is newer than the program, or when a migration would break living
 *   processes of older versions; `storage_unavailable`
 */
export function migrate(writer: Sequelize, migrations: Migrations = builtIn): Promise<string[]> {
  return withStorageErrors(async () => {
    const executed = await executedMigrations(writer);
    refuseNewer(executed, migrations);
    const pending = pendingOf(executed, migrations);
    if (pending.length === 0) return [];
    await refuseBesideOlder(writer, pending);
    await prepareTable(writer, migrations);
    const isAlone = writer.getDialect() === 'sqlite' || executed.length === 0;
    const done = await umzugOn(writer, migrations, isAlone).up();
    return done.map((migration) => migration.name);
  });
}

/**
 * The names of migrations that have not run yet; only reads.
 * @throws HooklineError `migration_needed` when the database is newer than the program, `storage_unavailable`
 */
export function pendingMigrations(sequelize: Sequelize, migrations: Migrations = builtIn): Promise<string[]> {
  return withStorageErrors(async () => {
    const executed = await executedMigrations(sequelize);
    refuseNewer(executed, migrations);
    return pendingOf(executed, migrations).map(({ name }) => name);
  });
}

/** @throws HooklineError `migration_needed` when something is pending or the database is newer than the program */
export async function requireMigrated(sequelize: Sequelize, migrations: Migrations = builtIn): Promise<void> {
  const pending = await pendingMigrations(sequelize, migrations);
  if (pending.length === 0) return;
  throw new HooklineError(
    'migration_needed',
    `The database is older than this program. Back it up, then start the server with automatic migration to run: ${pending.join(', ')}.`,
    { details: { pending } },
  );
}

function pendingOf(executed: readonly ExecutedMigration[], migrations: Migrations): Migration[] {
  const names = new Set(executed.map(({ name }) => name));
  return migrations.filter(({ name }) => !names.has(name));
}

function umzugOn(sequelize: Sequelize, migrations: Migrations, isAlone: boolean): Umzug<QueryInterface> {
  return new Umzug<QueryInterface>({
    migrations: migrations.map((migration) => inTransaction(sequelize, migration, requirementOf(migration, isAlone))),
    context: sequelize.getQueryInterface(),
    logger: undefined,
    storage: {
      executed: async () => (await executedMigrations(sequelize)).map(({ name }) => name),
      // `inTransaction` has written it down already.
      logMigration: async () => {},
      unlogMigration: async ({ name }) => {
        throw new HooklineError(
          'migration_needed',
          `Migrations go forward only; "${name}" cannot be undone. Restore a backup instead.`,
        );
      },
    },
  });
}

function inTransaction(sequelize: Sequelize, migration: Migration, requires: string): RunnableMigration<QueryInterface> {
  const { name } = migration;
  return {
    name,
    async up(params) {
      // A Sequelize transaction would open another connection, without our settings and locks.
      await withLockRetries(sequelize, async () => {
        await sequelize.query(sequelize.getDialect() === 'sqlite' ? 'BEGIN IMMEDIATE' : 'BEGIN');
        try {
          await migration.up(params);
          await sequelize.query(`INSERT INTO ${TABLE} (name, requires) VALUES (?, ?)`, { replacements: [name, requires] });
          await sequelize.query('COMMIT');
        } catch (error) {
          await rollBack(sequelize);
          throw error;
        }
      });
    },
  };
}

/** SQLite has rolled back by itself after some errors (a full disk); then there is nothing left to roll back. */
async function rollBack(sequelize: Sequelize): Promise<void> {
  await sequelize.query('ROLLBACK').catch((error: unknown) => {
    if (!String(error).includes('no transaction is active')) throw error;
  });
}

async function executedMigrations(sequelize: Sequelize): Promise<ExecutedMigration[]> {
  if (!(await hasTable(sequelize, TABLE))) return [];
  const hasRequires = await hasColumn(sequelize, TABLE, 'requires');
  return sequelize.query<ExecutedMigration>(
    `SELECT name, ${hasRequires ? 'requires' : 'NULL AS requires'} FROM ${TABLE} ORDER BY name`,
    { type: QueryTypes.SELECT },
  );
}

/**
 * For commands, which are no process that others know of: whether a format may be written, since programs that do not know its
 * migration are refused by now. On SQLite there are no other programs.
 */
export async function readFormatsInUse(sequelize: Sequelize): Promise<(migration: string) => boolean> {
  if (sequelize.getDialect() === 'sqlite') return () => true;
  const required = (await executedMigrations(sequelize)).map(({ requires }) => requires ?? '').sort();
  const newest = required.at(-1) ?? '';
  return (migration) => migration <= newest;
}

/** Makes the table of migrations, or adds to the one of an older program what it did not write. */
async function prepareTable(writer: Sequelize, migrations: Migrations): Promise<void> {
  await writer.query(`CREATE TABLE IF NOT EXISTS ${TABLE} (name TEXT NOT NULL PRIMARY KEY, requires TEXT)`);
  if (!(await hasColumn(writer, TABLE, 'requires'))) await writer.query(`ALTER TABLE ${TABLE} ADD COLUMN requires TEXT`);
  for (const migration of migrations) {
    await writer.query(`UPDATE ${TABLE} SET requires = ? WHERE name = ? AND requires IS NULL`, {
      replacements: [requirementOf(migration, false), migration.name],
    });
  }
}

async function hasTable(sequelize: Sequelize, table: string): Promise<boolean> {
  const sql =
    sequelize.getDialect() === 'sqlite'
      ? `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '${table}'`
      : `SELECT 1 WHERE to_regclass('${table}') IS NOT NULL`;
  return (await sequelize.query(sql, { type: QueryTypes.SELECT })).length > 0;
}

async function hasColumn(sequelize: Sequelize, table: string, column: string): Promise<boolean> {
  const sql =
    sequelize.getDialect() === 'sqlite'
      ? `SELECT 1 FROM pragma_table_info('${table}') WHERE name = '${column}'`
      : `SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass('${table}') AND attname = '${column}' AND NOT attisdropped`;
  return (await sequelize.query(sql, { type: QueryTypes.SELECT })).length > 0;
}

/** An older program may work on a newer schema as long as each migration that it does not know says so. */
function refuseNewer(executed: readonly ExecutedMigration[], migrations: Migrations): void {
  const known = new Set(migrations.map((migration) => migration.name));
  const unknown = executed.filter(({ name, requires }) => !known.has(name) && requires !== '' && !known.has(requires ?? name));
  if (unknown.length === 0) return;
  const names = unknown.map(({ name }) => name);
  throw new HooklineError(
    'migration_needed',
    `The database is newer than this program, which does not know: ${names.join(', ')}. Start the version that last used the database, or a later one.`,
    { details: { unknown: names } },
  );
}

interface LivingProcess {
  readonly host: string;
  readonly role: string;
  readonly version: string | null;
  readonly schemaNewest: string | null;
}

/** A migration that takes something away has to wait for the end of the processes that still use it. */
async function refuseBesideOlder(writer: Sequelize, pending: Migrations): Promise<void> {
  const breaking = pending.filter(({ effect }) => effect !== 'expand' && effect !== 'format');
  if (breaking.length === 0 || writer.getDialect() === 'sqlite' || !(await hasTable(writer, 'processes'))) return;
  const living = await writer.query<LivingProcess>(
    // As JSON: a schema before 0008 does not have the columns.
    `SELECT host, role, to_jsonb(p) ->> 'version' AS version, to_jsonb(p) ->> 'schema_newest' AS "schemaNewest"
     FROM processes p WHERE beat_at > ? ORDER BY started_at, id`,
    { type: QueryTypes.SELECT, replacements: [Date.now() - LIVING_MS] },
  );
  for (const { name, requires = name } of breaking) {
    const older = living.filter(({ schemaNewest }) => schemaNewest === null || schemaNewest < requires);
    if (older.length === 0) continue;
    const processes = older.map(
      ({ host, role, version }) => `${role} on ${host} (${version === null ? 'an older version' : `version ${version}`})`,
    );
    throw new HooklineError(
      'migration_needed',
      `The migration ${name} would break processes of older versions that are running: ${processes.join(', ')}. Nothing was changed. Stop or upgrade them and try again; one that was killed counts as running for a minute.`,
      { details: { migration: name, processes } },
    );
  }
}

/** PostgreSQL's code for a lock that was not to be had in time. */
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * A statement that waits for a table's lock makes everyone wait who comes after it. So on PostgreSQL a migration waits briefly
 * (`lock_timeout`), gives way, and tries again.
 */
async function withLockRetries(sequelize: Sequelize, work: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      const isLock = error instanceof DatabaseError && 'code' in error.original && error.original.code === LOCK_NOT_AVAILABLE;
      if (!isLock || tries === LOCK_TRIES) throw error;
      await sequelize.query(`SELECT pg_sleep(${LOCK_PAUSE_S})`);
    }
  }
}
