// SQLite against the contract of access, and a command that writes beside a server.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QueryTypes } from 'sequelize';
import { expect, test } from 'vitest';
import { openAccessStore } from '../../src/storage/access-alone.ts';
import { openStorage } from '../../src/storage/storage.ts';
import { accessContract, makeLink, makeUser } from './access-contract.ts';
import { executionId, makeExecution } from './contract.ts';
import { closing, temporaryFolder } from './folder.ts';

accessContract('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hookline-access-'));
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

test('users are changed beside a server that writes all the time, and neither fails', async () => {
  const url = `sqlite:${join(await temporaryFolder(), 'hookline.db')}`;
  await expect(openAccessStore(url)).rejects.toMatchObject({ code: 'invalid_configuration' });
  const server = closing(await openStorage({ url, durability: 'normal' }));
  const { store } = closing(await openAccessStore(url));
  const commits = async (): Promise<void> => {
    for (let n = 0; n < 100; n += 1) await server.executions.commit({ insert: makeExecution(executionId(n)) });
  };
  const users = async (): Promise<void> => {
    for (let n = 0; n < 20; n += 1) await store.users.insert(makeUser(`u${n}`), makeLink(`l${n}`, `u${n}`));
  };
  await Promise.all([commits(), users()]);
  await expect(store.users.insert(makeUser('u1'), makeLink('again', 'u1'))).rejects.toMatchObject({ code: 'conflict' });
  expect(await server.access.users.list()).toHaveLength(20);
  expect(await server.access.links.find('again')).toBeUndefined();
});
