// SQLite against the storage contract of outgoing webhooks.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QueryTypes } from 'sequelize';
import { openStorage } from '../../src/storage/storage.ts';
import { outboundContract } from './outbound-contract.ts';

outboundContract('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hookline-outbound-'));
  const storage = await openStorage({ url: `sqlite:${join(folder, 'hookline.db')}`, durability: 'normal' });
  return {
    storage,
    async countRows(table) {
      const sql = `SELECT COUNT(*) AS count FROM ${table}`;
      const [row] = await storage.connections.reader.query<{ count: number }>(sql, { type: QueryTypes.SELECT });
      return row?.count ?? Number.NaN;
    },
    async cleanUp() {
      await storage.close();
      await rm(folder, { recursive: true });
    },
  };
});
