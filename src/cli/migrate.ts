// `hookline migrate`: brings the schema of the configured database up to date.

import { loadConfig } from '../config.ts';
import { connect } from '../storage/connect.ts';
import { migrate } from '../storage/migrate.ts';

/** Runs pending migrations and prints their names. @throws HooklineError as `migrate` and `connect` do */
export async function migrateDatabase(): Promise<void> {
  const { databaseUrl, durability } = loadConfig();
  const connections = await connect({ url: databaseUrl, durability });
  try {
    const names = await migrate(connections.writer);
    console.log(names.length === 0 ? 'The database is up to date.' : `Migrated: ${names.join(', ')}`);
  } finally {
    await connections.close();
  }
}
