// Brings the schema of a database up to date, and says when it is not.

import { type QueryInterface, QueryTypes, type Sequelize } from 'sequelize';
import { type RunnableMigration, Umzug } from 'umzug';
import { migrations as builtIn } from '../../migrations/index.ts';
import { HooklineError } from '../errors.ts';
import { withStorageErrors } from './storage-error.ts';

type Migrations = readonly RunnableMigration<QueryInterface>[];

/** Where it is written down which migrations have run. */
const TABLE = 'migrations';

/**
 * Runs what is pending, oldest first, each in one transaction with the note that it has run: a crash in between leaves
 * either both or neither. Forward only. Call it before anything else writes, on one connection; on PostgreSQL through
 * `migratePostgres`, since other processes may do the same.
 * @returns the names that ran
 * @throws HooklineError `migration_needed` when the database is newer than the program, `storage_unavailable`
 */
export function migrate(writer: Sequelize, migrations: Migrations = builtIn): Promise<string[]> {
  return withStorageErrors(async () => {
    refuseNewer(await executedMigrations(writer), migrations);
    await writer.query(`CREATE TABLE IF NOT EXISTS ${TABLE} (name TEXT NOT NULL PRIMARY KEY)`);
    const done = await umzugOn(writer, migrations).up();
    return done.map((migration) => migration.name);
  });
}

/**
 * The names of migrations that have not run yet; only reads.
 * @throws HooklineError `migration_needed` when the database is newer than the program, `storage_unavailable`
 */
export function pendingMigrations(sequelize: Sequelize, migrations: Migrations = builtIn): Promise<string[]> {
  return withStorageErrors(async () => {
    refuseNewer(await executedMigrations(sequelize), migrations);
    const pending = await umzugOn(sequelize, migrations).pending();
    return pending.map((migration) => migration.name);
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

function umzugOn(sequelize: Sequelize, migrations: Migrations): Umzug<QueryInterface> {
  return new Umzug<QueryInterface>({
    migrations: migrations.map((migration) => inTransaction(sequelize, migration)),
    context: sequelize.getQueryInterface(),
    logger: undefined,
    storage: {
      executed: () => executedMigrations(sequelize),
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

function inTransaction(sequelize: Sequelize, migration: RunnableMigration<QueryInterface>): RunnableMigration<QueryInterface> {
  return {
    name: migration.name,
    async up(params) {
      // A Sequelize transaction would open another connection, without our settings and locks.
      await sequelize.query(sequelize.getDialect() === 'sqlite' ? 'BEGIN IMMEDIATE' : 'BEGIN');
      try {
        await migration.up(params);
        await sequelize.query(`INSERT INTO ${TABLE} (name) VALUES (?)`, { replacements: [migration.name] });
        await sequelize.query('COMMIT');
      } catch (error) {
        await rollBack(sequelize);
        throw error;
      }
    },
  };
}

/** SQLite has rolled back by itself after some errors (a full disk); then there is nothing left to roll back. */
async function rollBack(sequelize: Sequelize): Promise<void> {
  await sequelize.query('ROLLBACK').catch((error: unknown) => {
    if (!String(error).includes('no transaction is active')) throw error;
  });
}

async function executedMigrations(sequelize: Sequelize): Promise<string[]> {
  if (!(await hasTable(sequelize))) return [];
  const rows = await sequelize.query<{ name: string }>(`SELECT name FROM ${TABLE} ORDER BY name`, { type: QueryTypes.SELECT });
  return rows.map((row) => row.name);
}

async function hasTable(sequelize: Sequelize): Promise<boolean> {
  const sql =
    sequelize.getDialect() === 'sqlite'
      ? `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '${TABLE}'`
      : `SELECT 1 WHERE to_regclass('${TABLE}') IS NOT NULL`;
  return (await sequelize.query(sql, { type: QueryTypes.SELECT })).length > 0;
}

function refuseNewer(executed: readonly string[], migrations: Migrations): void {
  const known = new Set(migrations.map((migration) => migration.name));
  const unknown = executed.filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new HooklineError(
    'migration_needed',
    `The database is newer than this program, which does not know: ${unknown.join(', ')}. Start the version that last used the database, or a later one.`,
    { details: { unknown } },
  );
}
