// Storages on a PostgreSQL server of a test file: a migrated database is copied for each test, which takes milliseconds.

import { onTestFinished } from 'vitest';
import { migrateStorage, type OpenStorage, openStorage, type StorageOptions } from '../../src/storage/storage.ts';
import type { TestPostgres } from '../postgres.ts';

export interface PostgresFixture {
  /** A migrated and empty database; gone when the test ends. */
  database(): Promise<string>;
  /** Opens a storage, closed when the test ends. */
  open(url: string, options?: Partial<StorageOptions>): Promise<OpenStorage>;
}

export async function postgresFixture(postgres: TestPostgres): Promise<PostgresFixture> {
  const template = await postgres.createDatabase();
  await migrateStorage(template);
  return {
    async database() {
      const url = await postgres.createDatabase({ template });
      onTestFinished(() => postgres.dropDatabase(url));
      return url;
    },
    async open(url, options = {}) {
      const storage = await openStorage({ url, durability: 'normal', autoMigrate: false, ...options });
      onTestFinished(() => storage.close());
      return storage;
    },
  };
}
