// SQLite against the storage contract.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QueryTypes, type Sequelize } from 'sequelize';
import { type OpenStorage, openStorage } from '../../src/storage/storage.ts';
import { type ContractStorage, storageContract } from './contract.ts';
import { durableContract } from './durable-contract.ts';

async function pragma(sequelize: Sequelize, sql: string): Promise<number> {
  const [row] = await sequelize.query<Record<string, number>>(`PRAGMA ${sql}`, { type: QueryTypes.SELECT });
  return Object.values(row ?? {})[0] ?? Number.NaN;
}

async function open(): Promise<ContractStorage> {
  const folder = await mkdtemp(join(tmpdir(), 'hookline-storage-'));
  const options = { url: `sqlite:${join(folder, 'hookline.db')}`, durability: 'normal' } as const;
  const storage = await openStorage(options);
  let current: OpenStorage = storage;
  return {
    storage,
    async reopen() {
      current = await openStorage(options);
      return current;
    },
    async fillDisk() {
      const { writer } = current.connections;
      const pages = await pragma(writer, 'page_count');
      const usual = await pragma(writer, 'max_page_count');
      await pragma(writer, `max_page_count = ${pages}`);
      return async () => {
        await pragma(writer, `max_page_count = ${usual}`);
      };
    },
    async countRows(table) {
      const [row] = await current.connections.reader.query<{ count: number }>(`SELECT COUNT(*) AS count FROM ${table}`, {
        type: QueryTypes.SELECT,
      });
      return row?.count ?? Number.NaN;
    },
    async cleanUp() {
      await current.close();
      await rm(folder, { recursive: true });
    },
  };
}

storageContract('SQLite', open);
durableContract('SQLite', open);
