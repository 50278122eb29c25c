// The databases that the measurements run on: SQLite files in a temporary folder, and a PostgreSQL that syncs its disk.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../test/postgres.ts';

export const STORES = ['sqlite', 'postgres'] as const;
export type Store = (typeof STORES)[number];

export interface Stores {
  /** The URL of an empty database. */
  create(store: Store): Promise<string>;
  /** Deletes them all. */
  close(): Promise<void>;
}

export async function openStores(): Promise<Stores> {
  const folder = await mkdtemp(join(tmpdir(), 'hookline-bench-'));
  const postgres = await startPostgres({ hasFsync: true, settings: { shared_buffers: '128MB', max_wal_size: '2GB' } });
  let files = 0;
  return {
    async create(store) {
      if (store === 'postgres') return postgres.createDatabase();
      files += 1;
      return `sqlite:${join(folder, `${files}.db`)}`;
    },
    async close() {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
