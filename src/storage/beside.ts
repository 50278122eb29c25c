// Opens a database for a command, beside servers that may be running on it.

import { withEntry } from './audit-chain.ts';
import { connectBeside } from './connect.ts';
import { audited, type Database } from './database.ts';
import { requireMigrated } from './migrate.ts';
import { defineModels } from './models.ts';
import { isPostgresUrl } from './postgres-url.ts';
import { createRowReader } from './row-reader.ts';
import { withStorageErrors } from './storage-error.ts';

export interface DatabaseBeside {
  readonly database: Database;
  close(): Promise<void>;
}

/** @throws HooklineError `invalid_configuration` when there is no such database, `migration_needed`, `storage_unavailable` */
export async function openDatabaseBeside(url: string): Promise<DatabaseBeside> {
  if (isPostgresUrl(url)) {
    const { openPostgres } = await import('./postgres/open.ts');
    const { database, close } = await openPostgres({ url, durability: 'full', autoMigrate: false });
    return { database, close };
  }
  const sequelize = await connectBeside(url);
  const close = () => withStorageErrors(() => sequelize.close());
  try {
    await requireMigrated(sequelize);
  } catch (error) {
    await close();
    throw error;
  }
  const models = defineModels(sequelize);
  const write: Database['write'] = (work) =>
    withStorageErrors(() =>
      audited(async (claimed) => {
        // Waits for the server's own write, which takes milliseconds, as the server then does for this one.
        await sequelize.query('BEGIN IMMEDIATE');
        try {
          const done = await withEntry(models, claimed, () => work(models));
          await sequelize.query('COMMIT');
          return done;
        } catch (error) {
          await sequelize.query('ROLLBACK');
          throw error;
        }
      }),
    );
  return { database: { read: models, rows: createRowReader(), write }, close };
}
