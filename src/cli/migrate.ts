// `hookline migrate`: brings the schema of the configured database up to date.

import { loadConfig } from '../config.ts';
import { migrateStorage } from '../storage/storage.ts';

/** Runs pending migrations and prints their names. @throws HooklineError as `migrateStorage` does */
export async function migrateDatabase(): Promise<void> {
  const names = await migrateStorage(loadConfig().databaseUrl);
  console.log(names.length === 0 ? 'The database is up to date.' : `Migrated: ${names.join(', ')}`);
}
