// The embedded queue against a storage of its own making, one step at a time.

import { describe, expect, it } from 'vitest';
import type { ExecutionWithJobs } from '../../src/engine/model.ts';
import type { Log } from '../../src/engine/plugin.ts';
import { createSqliteQueue } from '../../src/queue/sqlite.ts';
import { makeExecution } from '../engine/running.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

function execution(number: number, status: 'queued' | 'running' = 'queued'): ExecutionWithJobs {
  return makeExecution({ id: String(number).padStart(6, '0'), status, createdAt: number });
}

/** A table of executions whose reads can be held back. */
function createTable() {
  const rows = new Map<string, ExecutionWithJobs>();
  let hold: Promise<void> | undefined;
  let letGo = (): void => {};
  return {
    rows,
    add(item: ExecutionWithJobs) {
      rows.set(item.id, item);
      return item;
    },
    holdReads() {
      hold = new Promise((resolve) => {
        letGo = resolve;
      });
    },
    letReadsGo() {
      hold = undefined;
      letGo();
    },
    store: {
      async listOldest(status: string, limit: number) {
        const found = [...rows.values()].filter((row) => row.status === status).slice(0, limit);
        const copies = found.map((row) => ({ ...row }));
        await hold;
        return copies;
      },
      get: (id: string) => Promise.resolve(rows.get(id)),
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
async function turns(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await turn();
}

describe('the embedded queue', () => {
  it('runs what a crash left running first, then the backlog in order, then what comes', async () => {
    const table = createTable();
    table.add(execution(5, 'running'));
    for (const number of [1, 2, 3]) table.add(execution(number));
    const ran: number[] = [];
    const queue = createSqliteQueue({ executions: table.store, window: 10, concurrency: 1, log: silent });
    await queue.start(async ({ id, createdAt }) => {
      ran.push(createdAt);
      table.rows.delete(id);
      await turn();
    });
    await turns(20);
    queue.push(table.add(execution(9)));
    await turns(5);
    expect(ran).toEqual([5, 1, 2, 3, 9]);
    await queue.stop();
  });

  it('keeps at most a window in memory, runs everything once, and at most `concurrency` at a time', async () => {
    const table = createTable();
    const queue = createSqliteQueue({ executions: table.store, window: 8, concurrency: 3, log: silent });
    const ran: number[] = [];
    let now = 0;
    let most = 0;
    await queue.start(async ({ id, createdAt }) => {
      now += 1;
      most = Math.max(most, now);
      await turns(2);
      ran.push(createdAt);
      table.rows.delete(id);
      now -= 1;
    });
    for (let number = 1; number <= 200; number += 1) {
      queue.push(table.add(execution(number)));
      expect(queue.depth().waiting).toBeLessThanOrEqual(8);
      if (number % 7 === 0) await turn();
    }
    while (ran.length < 200) await turn();
    await turns(10);
    expect(ran).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    expect(most).toBe(3);
    await queue.stop();
  });

  it('does not run again what ended while the backlog was being read', async () => {
    const table = createTable();
    const queue = createSqliteQueue({ executions: table.store, window: 4, concurrency: 1, log: silent });
    const ran: number[] = [];
    await queue.start(async ({ id, createdAt }) => {
      ran.push(createdAt);
      await turn();
      table.rows.delete(id);
    });
    await turns(3);
    for (let number = 1; number <= 6; number += 1) queue.push(table.add(execution(number)));
    // The reading of the backlog has seen 1 to 6 as queued, and is answered only when several of them have ended.
    table.holdReads();
    await turns(20);
    table.letReadsGo();
    await turns(40);
    expect(ran).toEqual([1, 2, 3, 4, 5, 6]);
    await queue.stop();
  });

  it('takes an execution once when it was read from the backlog before it was handed over', async () => {
    const table = createTable();
    const queue = createSqliteQueue({ executions: table.store, window: 4, concurrency: 1, log: silent });
    const ran: number[] = [];
    const late = table.add(execution(1));
    await queue.start(async ({ id, createdAt }) => {
      ran.push(createdAt);
      await turns(5);
      table.rows.delete(id);
    });
    await turns(2);
    queue.push(late);
    await turns(20);
    expect(ran).toEqual([1]);
    await queue.stop();
  });

  it('starts nothing more after a stop', async () => {
    const table = createTable();
    const queue = createSqliteQueue({ executions: table.store, window: 4, concurrency: 1, log: silent });
    const ran: number[] = [];
    await queue.start(async ({ createdAt }) => {
      ran.push(createdAt);
      await turn();
    });
    await turns(3);
    await queue.stop();
    queue.push(table.add(execution(1)));
    await turns(5);
    expect(ran).toEqual([]);
  });
});
