// Migrations on PostgreSQL, one process at a time.

import type { Migration } from '../../../migrations/index.ts';
import { migrate } from '../migrate.ts';
import { withStorageErrors } from '../storage-error.ts';
import { connectPatiently, sequelizeThrough } from './connect.ts';

/** An advisory lock of this number is held while migrations run. Chosen once; other programs choose others. */
const LOCK = 4_665_584_963_297_645;
/** How long a starting process waits for another one that migrates, in milliseconds. */
const LOCK_TIMEOUT_MS = 10 * 60_000;
/** How long a migration waits for the lock of a table before it lets others have their turn, in milliseconds. */
const TABLE_LOCK_TIMEOUT_MS = 2_000;

/**
 * Runs what is pending; processes that start together wait for each other, and the lock ends with its process.
 * @returns the names that ran here
 * @throws HooklineError as `migrate` and `connectPostgres` do
 */
export async function migratePostgres(url: string, ...migrations: [] | [readonly Migration[]]): Promise<string[]> {
  const client = await connectPatiently(url);
  const sequelize = sequelizeThrough(() => client);
  try {
    return await withStorageErrors(async () => {
      await client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
      await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
      // Whoever waits for a table's lock holds up everyone behind it: `migrate` tries again when this time is over.
      await client.query(`SET lock_timeout = ${TABLE_LOCK_TIMEOUT_MS}`);
      return migrate(sequelize, ...migrations);
    });
  } finally {
    await client.end().catch(() => {});
  }
}
