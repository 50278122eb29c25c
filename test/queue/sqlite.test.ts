// The embedded queue against a storage of its own making, one step at a time; see `contract.ts` for what every queue does.

import { describe, expect, it } from 'vitest';
import type { ExecutionWithJobs, Lane } from '../../src/engine/model.ts';
import type { ClaimedExecution, ExecutionStore } from '../../src/engine/ports.ts';
import { HooklineError } from '../../src/errors.ts';
import { createSqliteQueue, type SqliteQueueOptions } from '../../src/queue/sqlite.ts';
import { keepLog, makeExecution } from '../engine/running.ts';
import { PATIENCE } from '../patience.ts';

function execution(number: number, change: Partial<ExecutionWithJobs> = {}): ExecutionWithJobs {
  const plain = { status: 'queued' as const, createdAt: number, lane: null, wakeAt: null };
  return makeExecution({ id: String(number).padStart(7, '0'), ...plain, ...change });
}

const claimedOf = (row: ExecutionWithJobs): ClaimedExecution => ({ execution: { ...row }, signals: [] });

/** A table of executions whose reads can be held back, and can fail. */
function createTable() {
  const rows = new Map<string, ExecutionWithJobs>();
  let hold: Promise<void> | undefined;
  let letGo = (): void => {};
  const reads: { limit: number; rows: number }[] = [];
  const table = {
    rows,
    reads,
    isBroken: false,
    add(item: ExecutionWithJobs): ClaimedExecution {
      rows.set(item.id, item);
      return { execution: item, signals: [] };
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
  };

  async function find(limit: number, isWanted: (row: ExecutionWithJobs) => boolean): Promise<ClaimedExecution[]> {
    await fail();
    const found: ClaimedExecution[] = [];
    for (const row of rows.values()) {
      if (isWanted(row)) found.push(claimedOf(row));
      if (found.length === limit) break;
    }
    reads.push({ limit, rows: found.length });
    await hold;
    return found;
  }

  function fail(): Promise<void> {
    const error = new HooklineError('storage_unavailable', 'The database cannot be reached.');
    return table.isBroken ? Promise.reject(error) : Promise.resolve();
  }

  const store: Pick<ExecutionStore, 'listOldest' | 'listDue' | 'nextWakeAt' | 'claim' | 'commit'> = {
    listOldest(status, limit, { only, without = [] } = {}) {
      const excluded = new Set(without);
      return find(limit, (row) => {
        if (row.status !== status) return false;
        return only === undefined ? !excluded.has(row.lane?.name ?? '') : row.lane?.name === only;
      });
    },
    listDue: (time, limit) => find(limit, ({ status, wakeAt }) => status === 'waiting' && wakeAt !== null && wakeAt <= time),
    async nextWakeAt() {
      await fail();
      let earliest: number | null = null;
      for (const { status, wakeAt } of rows.values()) {
        if (status === 'waiting' && wakeAt !== null) earliest = Math.min(wakeAt, earliest ?? wakeAt);
      }
      return earliest;
    },
    async claim(id, time) {
      await fail();
      const row = rows.get(id);
      const isDue = row?.status === 'waiting' && row.wakeAt !== null && row.wakeAt <= time;
      if (!row || !(isDue || row.status === 'queued' || row.status === 'running')) return undefined;
      row.status = 'running';
      row.wakeAt = null;
      return claimedOf(row);
    },
    async commit({ update }) {
      await fail();
      const row = update && rows.get(update.id);
      if (row) row.status = update.status;
    },
  };
  return { ...table, table, store };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
async function turns(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await turn();
}
async function until(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE.timeout;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`It has not come to pass: ${isTrue}`);
    await turn();
  }
}

function createQueue(store: SqliteQueueOptions['executions'], change: Partial<SqliteQueueOptions> = {}) {
  return createSqliteQueue({ executions: store, window: 4, concurrency: 1, log: keepLog(), ...change });
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('the embedded queue', () => {
  it('runs what a crash left running first, then the backlog in order, then what comes', async () => {
    const { store, rows, add } = createTable();
    add(execution(5, { status: 'running' }));
    for (const number of numbers(3)) add(execution(number));
    const ran: number[] = [];
    const queue = createQueue(store, { window: 10 });
    await queue.start(async ({ execution: { id, createdAt } }) => {
      ran.push(createdAt);
      rows.delete(id);
      await turn();
    });
    await turns(20);
    queue.push(add(execution(9)));
    await turns(5);
    expect(ran).toEqual([5, 1, 2, 3, 9]);
    await queue.stop();
  });

  it('keeps at most a window in memory, runs everything once, and at most `concurrency` at a time', async () => {
    const { store, rows, add } = createTable();
    const queue = createQueue(store, { window: 8, concurrency: 3 });
    const ran: number[] = [];
    let now = 0;
    let most = 0;
    await queue.start(async ({ execution: { id, createdAt } }) => {
      now += 1;
      most = Math.max(most, now);
      await turns(2);
      ran.push(createdAt);
      rows.delete(id);
      now -= 1;
    });
    for (const number of numbers(200)) {
      queue.push(add(execution(number)));
      expect(queue.depth().waiting).toBeLessThanOrEqual(8);
      if (number % 7 === 0) await turn();
    }
    await until(() => ran.length >= 200);
    await turns(10);
    expect(ran).toEqual(numbers(200));
    expect(most).toBe(3);
    await queue.stop();
  });

  it('does not run again what ended while the backlog was being read', async () => {
    const { store, rows, add, holdReads, letReadsGo } = createTable();
    const queue = createQueue(store);
    const ran: number[] = [];
    await queue.start(async ({ execution: { id, createdAt } }) => {
      ran.push(createdAt);
      await turn();
      rows.delete(id);
    });
    await turns(3);
    for (const number of numbers(6)) queue.push(add(execution(number)));
    // The reading of the backlog has seen 1 to 6 as queued, and is answered only when several of them have ended.
    holdReads();
    await turns(20);
    letReadsGo();
    await turns(40);
    expect(ran).toEqual([1, 2, 3, 4, 5, 6]);
    await queue.stop();
  });

  it('takes an execution once when it was read from the backlog before it was handed over', async () => {
    const { store, rows, add } = createTable();
    const queue = createQueue(store);
    const ran: number[] = [];
    const late = add(execution(1));
    await queue.start(async ({ execution: { id, createdAt } }) => {
      ran.push(createdAt);
      await turns(5);
      rows.delete(id);
    });
    await turns(2);
    queue.push(late);
    await turns(20);
    expect(ran).toEqual([1]);
    await queue.stop();
  });

  it('starts nothing more after a stop', async () => {
    const { store, add } = createTable();
    const queue = createQueue(store);
    const ran: number[] = [];
    await queue.start(async ({ execution: { createdAt } }) => {
      ran.push(createdAt);
      await turn();
    });
    await turns(3);
    await queue.stop();
    queue.push(add(execution(1)));
    await turns(5);
    expect(ran).toEqual([]);
  });

  it('holds little of a lane with a backlog of 100,000, and runs others meanwhile', async () => {
    const { store, rows, add, reads } = createTable();
    const stuck: Lane = { name: 'stuck', limit: 1 };
    for (const number of numbers(100_000)) add(execution(number, { lane: stuck }));
    for (const number of numbers(100)) add(execution(200_000 + number));
    const queue = createQueue(store, { window: 1_000, concurrency: 4 });
    let ended = 0;
    let letGo = (): void => {};
    await queue.start(async ({ execution: { id, lane } }) => {
      if (lane) {
        await new Promise<void>((resolve) => {
          letGo = resolve;
        });
      }
      rows.delete(id);
      ended += 1;
    });
    await until(() => ended === 100);
    for (const number of numbers(100)) queue.push(add(execution(300_000 + number, number % 2 === 0 ? { lane: stuck } : {})));
    await until(() => ended === 150);
    expect(queue.depth()).toEqual({ waiting: 31, running: 1 });
    expect(reads.reduce((sum, read) => sum + read.rows, 0)).toBeLessThan(3_000);
    await queue.stop();
    letGo();
    await turns(2);
  });

  it('holds little of very many lanes, and runs each in order', async () => {
    const { store, rows, add } = createTable();
    for (const number of numbers(12_000)) add(execution(number, { lane: { name: `lane ${number % 1_500}`, limit: 1 } }));
    for (const number of numbers(3_000)) add(execution(12_000 + number, { lane: { name: 'wide', limit: 3 } }));
    const queue = createQueue(store, { window: 200, concurrency: 8 });
    const last = new Map<string, string>();
    let ended = 0;
    let most = 0;
    let disorder = 0;
    await queue.start(async ({ execution: { id, lane } }) => {
      most = Math.max(most, queue.depth().waiting);
      const name = lane?.name ?? '';
      if ((last.get(name) ?? '') > id) disorder += 1;
      last.set(name, id);
      await turn();
      rows.delete(id);
      ended += 1;
    });
    await until(() => ended === 15_000);
    expect(disorder).toBe(0);
    expect(most).toBeLessThanOrEqual(200 + 8 * 32);
    expect(queue.depth()).toEqual({ waiting: 0, running: 0 });
    await queue.stop();
  });

  it('reads of 20,000 that wait only those whose time has come, in chunks', async () => {
    const { store, rows, add, reads } = createTable();
    const time = 1_000_000;
    for (const number of numbers(20_000)) {
      add(execution(number, { status: 'waiting', wakeAt: number <= 300 ? time : time + 1e9 }));
    }
    const queue = createQueue(store, { window: 100, concurrency: 4, now: () => time });
    let ended = 0;
    let most = 0;
    await queue.start(async ({ execution: { id } }) => {
      most = Math.max(most, queue.depth().waiting);
      await turn();
      rows.delete(id);
      ended += 1;
    });
    await until(() => ended === 300);
    await turns(5);
    expect(ended).toBe(300);
    expect(most).toBeLessThanOrEqual(100 + 25);
    expect(Math.max(...reads.map((read) => read.rows))).toBeLessThanOrEqual(25 + 4);
    await queue.stop();
  });

  it('takes over at once what has become due while it took others over', async () => {
    const { store, rows, add } = createTable();
    let time = 1_000_000;
    add(execution(1, { status: 'waiting', wakeAt: time }));
    add(execution(2, { status: 'waiting', wakeAt: time + 10 }));
    const claim: typeof store.claim = (id, now) => {
      // From here on the clock stands still: a pause would have no end.
      time = 1_000_010;
      return store.claim(id, now);
    };
    const queue = createQueue({ ...store, claim }, { window: 100, now: () => time });
    let ended = 0;
    await queue.start(async ({ execution: { id } }) => {
      rows.delete(id);
      ended += 1;
    });
    await until(() => ended === 2);
    await queue.stop();
  });

  it('hears of a clock that was set forward', async () => {
    const { store, rows, add } = createTable();
    let time = 1_000_000;
    const queue = createQueue(store, { now: () => time, lookAgainMs: 20 });
    let ended = 0;
    await queue.start(async ({ execution: { id } }) => {
      rows.delete(id);
      ended += 1;
    });
    queue.push(add(execution(1, { status: 'waiting', wakeAt: time + 40 * 24 * 3_600_000 })));
    await turns(10);
    expect(ended).toBe(0);
    time += 41 * 24 * 3_600_000;
    await until(() => ended === 1);
    await queue.stop();
  });

  it('leaves what waits to its time when the clock was set back while it was being read', async () => {
    const { store, rows, add, holdReads, letReadsGo } = createTable();
    let time = 1_000_000;
    add(execution(1, { status: 'waiting', wakeAt: time }));
    const queue = createQueue(store, { now: () => time, lookAgainMs: 20 });
    let ended = 0;
    holdReads();
    const starting = queue.start(async ({ execution: { id } }) => {
      rows.delete(id);
      ended += 1;
    });
    letReadsGo();
    await starting;
    time -= 500_000;
    await turns(20);
    expect(ended).toBe(0);
    time += 500_000;
    await until(() => ended === 1);
    await queue.stop();
  });

  it('goes on by itself when storage can be read again', async () => {
    const { table, store, rows, add } = createTable();
    const time = 1_000_000;
    const log = keepLog();
    const queue = createQueue(store, { now: () => time, log, window: 2 });
    const ran: number[] = [];
    await queue.start(async ({ execution: { id, createdAt } }) => {
      await turn();
      ran.push(createdAt);
      rows.delete(id);
    });
    await turns(5);
    table.isBroken = true;
    for (const number of numbers(5)) queue.push(add(execution(number)));
    queue.push(add(execution(6, { status: 'waiting', wakeAt: time })));
    await until(() => log.lines.length >= 2);
    table.isBroken = false;
    await until(() => ran.length === 6);
    expect([...ran].sort()).toEqual(numbers(6));
    await queue.stop();
  });
});
