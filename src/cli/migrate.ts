// `hookline migrate`: brings the schema of the configured database up to date.

import { createClusterPool } from '../cluster/pool.ts';
import { loadConfig } from '../config.ts';
import { createLog } from '../log.ts';
import { installQueue } from '../queue/graphile-worker.ts';
import { isPostgresUrl } from '../storage/postgres-url.ts';
import { migrateStorage } from '../storage/storage.ts';
import { withStorageErrors } from '../storage/storage-error.ts';

/** Runs pending migrations, those of the queue too, and prints their names. @throws HooklineError as `migrateStorage` does */
export async function migrateDatabase(): Promise<void> {
  const { databaseUrl: url } = loadConfig();
  const names = await migrateStorage(url);
  if (isPostgresUrl(url)) {
    const log = createLog('warn');
    const pool = createClusterPool({ url, log });
    try {
      await withStorageErrors(() => installQueue(pool, log));
    } finally {
      await pool.end();
    }
  }
  console.log(names.length === 0 ? 'The database is up to date.' : `Migrated: ${names.join(', ')}`);
}
