// The embedded queue against the queue contract.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSqliteQueue } from '../../src/queue/sqlite.ts';
import { openStorage } from '../../src/storage/storage.ts';
import { keepLog } from '../engine/running.ts';
import { queueContract } from './contract.ts';

queueContract('The embedded queue', async ({ concurrency, window }) => {
  const folder = await mkdtemp(join(tmpdir(), 'hookline-queue-'));
  const storage = await openStorage({ url: `sqlite:${join(folder, 'hookline.db')}`, durability: 'normal' });
  return {
    queue: createSqliteQueue({ executions: storage.executions, window, concurrency, log: keepLog() }),
    storage,
    leaveBehind: (execution) => storage.executions.commit({ insert: execution }),
    async cleanUp() {
      await storage.close();
      await rm(folder, { recursive: true });
    },
  };
});
