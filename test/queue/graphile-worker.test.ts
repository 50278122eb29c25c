// The scale-out queue on a real PostgreSQL: the contract of every queue, and what only this one has to keep.

import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createClusterPool } from '../../src/cluster/pool.ts';
import { transaction } from '../../src/cluster/recovery.ts';
import type { Lane } from '../../src/engine/model.ts';
import type { ClaimedExecution } from '../../src/engine/ports.ts';
import { graphileTasks, queueNameOf, returnUnknownTasks } from '../../src/queue/graphile-tasks.ts';
import {
  createGraphileQueue,
  type GraphileQueue,
  type GraphileQueueOptions,
  installQueue,
} from '../../src/queue/graphile-worker.ts';
import { openStorage } from '../../src/storage/storage.ts';
import { createTables, makeTemplate, silent } from '../cluster/database.ts';
import { PATIENCE } from '../patience.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { makeExecution } from '../storage/contract.ts';
import { queueContract } from './contract.ts';

let postgres: TestPostgres;
let template: string;
beforeAll(async () => {
  postgres = await startPostgres();
  template = await makeTemplate(postgres);
});
afterAll(() => postgres.stop());

queueContract('graphile-worker', async ({ concurrency }) => {
  const url = await postgres.createDatabase({ template });
  const processId = 'this-process';
  const pool = createClusterPool({ url, waitsForDisk: false, log: silent });
  const storage = await openStorage({ url, processId: () => processId, addTasks: graphileTasks.addTasks });
  const { executions } = storage;
  const queue = createGraphileQueue({ pool, processId: () => processId, executions, concurrency, log: silent, now: Date.now });
  return {
    queue,
    storage,
    async leaveBehind(execution) {
      await storage.executions.commit({ insert: execution });
      if (execution.status !== 'running') return;
      await pool.query("UPDATE executions SET owner = 'dead' WHERE id = $1", [execution.id]);
      // What recovery does with it.
      await pool.query("UPDATE executions SET owner = NULL, status = 'queued' WHERE id = $1", [execution.id]);
      await transaction(pool, (client) =>
        graphileTasks.addTasks(client, [{ executionId: execution.id, runAt: null, lane: execution.lane }]),
      );
    },
    async cleanUp() {
      await queue.close();
      await storage.close();
      await pool.end();
      await postgres.dropDatabase(url);
    },
  };
});

describe('the queue on graphile-worker', () => {
  let url = '';
  let pool: pg.Pool;
  let tables: ReturnType<typeof createTables>;
  const queues: GraphileQueue[] = [];
  const ends: (() => Promise<void>)[] = [];

  async function begin(): Promise<void> {
    url = await postgres.createDatabase({ template });
    pool = createClusterPool({ url, log: silent });
    ends.push(() => pool.end());
    tables = createTables(pool);
  }

  afterEach(async () => {
    for (const queue of queues) await queue.stop();
    for (const queue of queues.splice(0)) await queue.close();
    for (const end of ends.splice(0).reverse()) await end();
  });

  /** Claims with plain SQL. */
  async function claim(id: string, now: number): Promise<ClaimedExecution | undefined> {
    const { rowCount } = await pool.query(
      `UPDATE executions SET status = 'running', owner = 'me', wake_at = NULL WHERE id = $1
       AND (status = 'queued' OR status = 'waiting' AND wake_at <= $2 OR status = 'running' AND owner = 'me')`,
      [id, now],
    );
    return rowCount === 0 ? undefined : { execution: makeExecution(id, { status: 'running' }), signals: [] };
  }

  async function end(id: string): Promise<void> {
    await pool.query("UPDATE executions SET status = 'succeeded', owner = NULL WHERE id = $1", [id]);
  }

  async function start(run: (id: string) => Promise<void>, change: Partial<GraphileQueueOptions> = {}): Promise<GraphileQueue> {
    const options = { pool, processId: () => 'me', executions: { claim }, concurrency: 4, log: silent, now: Date.now };
    const queue = createGraphileQueue({ ...options, ...change });
    queues.push(queue);
    await queue.start(({ execution }) => run(execution.id));
    return queue;
  }

  it('installs its tables in many processes at once', async () => {
    const empty = await postgres.createDatabase();
    const pools = [1, 2, 3].map(() => createClusterPool({ url: empty, max: 2, log: silent }));
    await Promise.all(pools.map((one) => installQueue(one, silent)));
    for (const one of pools) await one.end();
    expect(await postgres.query(empty, 'SELECT FROM graphile_worker.jobs')).toEqual([]);
  });

  it('replaces the task of an execution, and cares for names that are too long', async () => {
    await begin();
    const [first, second] = [await tables.insert('waiting', { wakeAt: 9e12 }), await tables.insert('queued')];
    const lane: Lane = { name: `w1:${'x'.repeat(200)}`, limit: 1 };
    await tables.add({ executionId: first, runAt: 9e12, lane: null }, { executionId: second, runAt: null, lane });
    await tables.add(
      { executionId: first, runAt: 1_800_000_000_123, lane: null },
      { executionId: first, runAt: null, lane: null },
    );
    await tables.add({ executionId: second, runAt: 1e300, lane });
    const tasks = await tables.tasks();
    expect(tasks).toMatchObject([{ executionId: first }, { executionId: second, lane: queueNameOf(lane) }]);
    expect(queueNameOf(lane)).toHaveLength(64);
    expect(tasks[0]?.runAt.getTime()).toBeLessThanOrEqual(Date.now());
    await tables.add({ executionId: first, runAt: 1_800_000_000_123, lane: null });
    expect((await tables.tasks())[0]?.runAt.getTime()).toBe(1_800_000_000_123);
    const names = new Set(Array.from({ length: 200 }, () => queueNameOf({ name: 'w1', limit: 3 })));
    expect([...names].sort()).toEqual(['w1#0', 'w1#1', 'w1#2']);
  });

  it('adds no task when the transaction that adds it does not commit', async () => {
    await begin();
    const id = await tables.insert('queued');
    await transaction(pool, async (client) => {
      await graphileTasks.addTasks(client, [{ executionId: id, runAt: null, lane: null }]);
      throw new Error('no');
    }).catch(() => {});
    expect(await tables.tasks()).toEqual([]);
  });

  it('starts what is due when it is committed, long before it would ask again', async () => {
    await begin();
    const started = new Set<string>();
    await start(
      async (id) => {
        started.add(id);
        await end(id);
      },
      { pollIntervalMs: 100 * PATIENCE.timeout },
    );
    for (let count = 0; count < 10; count += 1) {
      const id = await tables.insert('queued', { hasTask: true });
      await vi.waitFor(() => expect(started.has(id)).toBe(true), PATIENCE);
    }
  });

  it('runs an execution on that was queued again from inside its own run, once, after that run', async () => {
    await begin();
    const runs: string[] = [];
    let isRunning = false;
    await start(async (id) => {
      expect(isRunning).toBe(false);
      isRunning = true;
      runs.push(id);
      if (runs.length === 1) {
        await pool.query("UPDATE executions SET status = 'queued', owner = NULL WHERE id = $1", [id]);
        await tables.add({ executionId: id, runAt: null, lane: null });
        await vi.waitFor(async () => expect((await tables.tasks()).filter((task) => task.lockedBy)).toHaveLength(2), PATIENCE);
      } else {
        await end(id);
      }
      isRunning = false;
    });
    await tables.insert('queued', { hasTask: true });
    await vi.waitFor(async () => expect(await tables.tasks()).toEqual([]), PATIENCE);
    expect(runs).toHaveLength(2);
  });

  it('does not run what is claimed by another process, and forgets its task', async () => {
    await begin();
    const run = vi.fn(() => Promise.resolve());
    await start(run);
    const id = await tables.insert('running', { owner: 'another', hasTask: true });
    await vi.waitFor(async () => expect(await tables.tasks()).toEqual([]), PATIENCE);
    expect(run).not.toHaveBeenCalled();
    expect(await tables.execution(id)).toMatchObject({ owner: 'another' });
  });

  it('runs the tasks of a lane one after the other as fast as they end, in order of arrival', async () => {
    await begin();
    const order: string[] = [];
    let atOnce = 0;
    await start(
      async (id) => {
        atOnce += 1;
        expect(atOnce).toBe(1);
        order.push(id);
        await end(id);
        atOnce -= 1;
      },
      { pollIntervalMs: 60_000 },
    );
    const ids: string[] = [];
    for (let count = 0; count < 30; count += 1)
      ids.push(await tables.insert('queued', { lane: { name: 'w1', limit: 1 }, hasTask: true }));
    await vi.waitFor(async () => expect(await tables.tasks()).toEqual([]), PATIENCE);
    expect(order).toEqual(ids);
  });

  it('puts back what it had not finished when it stops while storage fails', async () => {
    await begin();
    const queue = await start(() => Promise.reject(new Error('storage is away')));
    await tables.insert('queued', { lane: { name: 'w1', limit: 1 }, hasTask: true });
    await tables.insert('queued', { hasTask: true });
    await vi.waitFor(() => expect(queue.depth().running).toBe(2), PATIENCE);
    await queue.stop();
    await queue.close();
    expect(queue.depth()).toEqual({ waiting: 0, running: 0 });
    expect((await tables.tasks()).map(({ lockedBy }) => lockedBy)).toEqual([null, null]);
    expect(await tables.lockedLanes()).toEqual([]);
    const due = await tables.rows('SELECT FROM graphile_worker.jobs WHERE run_at <= now() AND attempts <= 1');
    expect(due).toHaveLength(2);
  });

  it('stops although a run does not end, and leaves its task locked in the name of the process', async () => {
    await begin();
    let letGo = (): void => {};
    const queue = await start(
      () =>
        new Promise((resolve) => {
          letGo = resolve;
        }),
    );
    await tables.insert('queued', { hasTask: true });
    await vi.waitFor(() => expect(queue.depth().running).toBe(1), PATIENCE);
    await queue.stop();
    await queue.close(20);
    expect(await tables.tasks()).toMatchObject([{ lockedBy: 'hookline:me' }]);
    letGo();
    await queue.close();
    expect(await tables.tasks()).toEqual([]);
  });

  it('puts back what it has locked and does not know of, and deletes what was replaced', async () => {
    await begin();
    const lane = { name: 'w1', limit: 1 };
    const [lost, known, replaced] = [
      await tables.insert('queued', { lane, hasTask: true }),
      await tables.insert('queued', { hasTask: true }),
      await tables.insert('queued', { hasTask: true }),
    ];
    for (const id of [lost, known, replaced]) await tables.lock(id, 'me');
    await tables.add({ executionId: replaced, runAt: 9e12, lane: null });
    const knownTask = (await tables.tasks()).find(({ executionId }) => executionId === known);
    await returnUnknownTasks(pool, 'me', [knownTask?.id ?? '']);
    expect((await tables.tasks()).filter(({ lockedBy }) => lockedBy)).toHaveLength(3);
    await pool.query(
      "UPDATE graphile_worker._private_jobs SET locked_at = now() - interval '1 minute' WHERE locked_at IS NOT NULL",
    );
    await returnUnknownTasks(pool, 'me', [knownTask?.id ?? '']);
    expect(await tables.tasks()).toMatchObject([
      { executionId: lost, lockedBy: null },
      { executionId: known, lockedBy: 'hookline:me' },
      { executionId: replaced, lockedBy: null, key: `execution:${replaced}` },
    ]);
    expect(await tables.lockedLanes()).toEqual([]);
  });

  it('goes on by itself when the database was away', async () => {
    await begin();
    const runs: string[] = [];
    await start(async (id) => {
      runs.push(id);
      await end(id);
    });
    const before = await tables.insert('queued', { hasTask: true });
    await vi.waitFor(() => expect(runs).toEqual([before]), PATIENCE);
    await vi.waitFor(async () => expect(await tables.tasks()).toEqual([]), PATIENCE);
    // A crash loses the last commits of the queue, which do not wait for the log; one that does takes them along.
    await tables.insert('succeeded');
    await postgres.restart('immediate', 1_500);
    const after = await tables.insert('queued', { hasTask: true });
    await vi.waitFor(() => expect(runs).toEqual([before, after]), PATIENCE);
    await vi.waitFor(async () => expect(await tables.tasks()).toEqual([]), PATIENCE);
  });

  it('finishes a run during which the database was away', async () => {
    await begin();
    let letGo = (): void => {};
    let tries = 0;
    await start(async (id) => {
      tries += 1;
      if (tries === 1) {
        await new Promise<void>((resolve) => {
          letGo = resolve;
        });
      }
      await end(id);
    });
    const id = await tables.insert('queued', { lane: { name: 'w1', limit: 1 }, hasTask: true });
    await vi.waitFor(() => expect(tries).toBe(1), PATIENCE);
    await postgres.stopServer('immediate');
    letGo();
    await postgres.startServer();
    await vi.waitFor(async () => expect(await tables.execution(id)).toMatchObject({ status: 'succeeded' }), PATIENCE);
    await vi.waitFor(async () => expect(await tables.tasks()).toEqual([]), PATIENCE);
    expect(await tables.lockedLanes()).toEqual([]);
  });

  it('waits for a clock that is behind that of the database', async () => {
    await begin();
    const times: number[] = [];
    const behindMs = 300;
    const now = (): number => Date.now() - behindMs;
    await start(
      async (id) => {
        times.push(now());
        await end(id);
      },
      { now },
    );
    const wakeAt = Date.now();
    await tables.insert('waiting', { wakeAt, hasTask: true });
    await vi.waitFor(async () => expect(await tables.tasks()).toEqual([]), PATIENCE);
    expect(times).toHaveLength(1);
    expect(times[0]).toBeGreaterThanOrEqual(wakeAt - 1);
  });
});
