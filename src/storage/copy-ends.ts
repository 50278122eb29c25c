// The two ends of a copy: a database that nobody else uses meanwhile, read as it is at one moment or written in one transaction.

import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { QueryTypes, type Sequelize } from 'sequelize';
import { HooklineError } from '../errors.ts';
import { connect, connectReader, sqlitePath } from './connect.ts';
import { migrate, requireMigrated } from './migrate.ts';
import { connectPatiently, sequelizeThrough } from './postgres/connect.ts';
import { migratePostgres } from './postgres/migrate.ts';
import { isPostgresUrl } from './postgres-url.ts';
import { claimDatabase } from './sqlite-lock.ts';
import { withStorageErrors } from './storage-error.ts';

/** One end of a copy, in a transaction. */
export interface CopyEnd {
  readonly sequelize: Sequelize;
  /** Makes what was written permanent. Without it `close` takes it back. */
  commit(): Promise<void>;
  close(): Promise<void>;
}

/** All servers of PostgreSQL, and nothing else, hold connections of this name for as long as they run. */
const OTHERS = `SELECT count(*) AS count FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = 'hookline' AND pid <> pg_backend_pid()`;

/**
 * Opens the database to read from. No server may use it, since it would go on with executions that go on elsewhere too.
 * @throws HooklineError `invalid_configuration`, `migration_needed`, `storage_unavailable`
 */
export async function openSource(url: string): Promise<CopyEnd> {
  if (isPostgresUrl(url)) {
    const end = await openPostgresEnd(url, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return migratedOrClosed(end);
  }
  const path = sqlitePath(url);
  // Before the claim, which would make a file beside it.
  if (!existsSync(path)) throw new HooklineError('invalid_configuration', `There is no database at ${path}. Check --from.`);
  const release = await claimDatabase(await realpath(path));
  try {
    const sequelize = await connectReader(url);
    const close = () => withStorageErrors(() => sequelize.close()).finally(release);
    return await migratedOrClosed({ sequelize, commit: async () => {}, close });
  } catch (error) {
    await release();
    throw error;
  }
}

async function migratedOrClosed(end: CopyEnd): Promise<CopyEnd> {
  try {
    await requireMigrated(end.sequelize);
    return end;
  } catch (error) {
    await end.close();
    throw error;
  }
}

/**
 * Opens the database to write to, with its schema up to date.
 * @throws HooklineError `invalid_configuration`, `migration_needed`, `storage_unavailable`
 */
export async function openTarget(url: string): Promise<CopyEnd> {
  if (isPostgresUrl(url)) {
    await migratePostgres(url);
    return openPostgresEnd(url, 'BEGIN');
  }
  const { writer, close } = await connect({ url, durability: 'full' });
  try {
    await migrate(writer);
    await withStorageErrors(() => writer.query('BEGIN IMMEDIATE'));
    return {
      sequelize: writer,
      commit: async () => {
        await withStorageErrors(() => writer.query('COMMIT'));
        await writer.query('PRAGMA wal_checkpoint(TRUNCATE)');
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openPostgresEnd(url: string, begin: string): Promise<CopyEnd> {
  const client = await connectPatiently(url);
  const sequelize = sequelizeThrough(() => client);
  const close = () => client.end().catch(() => {});
  try {
    return await withStorageErrors(async () => {
      const [row] = await sequelize.query<{ count: string }>(OTHERS, { type: QueryTypes.SELECT });
      if (Number(row?.count) > 0) {
        throw new HooklineError(
          'invalid_configuration',
          `The PostgreSQL database is being used by a Hookline server or another command (${row?.count} connections). Stop them first.`,
        );
      }
      await client.query(begin);
      return {
        sequelize,
        commit: () =>
          withStorageErrors(async () => {
            await client.query('COMMIT');
          }),
        close,
      };
    });
  } catch (error) {
    await close();
    throw error;
  }
}
