// Processes that share a database: they find out which of them are dead and go on with what those ran.

import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClusterPool } from '../../src/cluster/pool.ts';
import { type Process, type ProcessOptions, startProcess } from '../../src/cluster/processes.ts';
import { reconcile, transaction } from '../../src/cluster/recovery.ts';
import { createWatch } from '../../src/cluster/watch.ts';
import { program } from '../../src/program.ts';
import { graphileTasks } from '../../src/queue/graphile-tasks.ts';
import { PATIENCE } from '../patience.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { createTables, makeTemplate, silent } from './database.ts';

const RECOVERY_MS = 600;

let postgres: TestPostgres;
let template: string;
let url: string;
let pool: pg.Pool;
let tables: ReturnType<typeof createTables>;
const open: Process[] = [];
const pools: pg.Pool[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  template = await makeTemplate(postgres);
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  url = await postgres.createDatabase({ template });
  pool = makePool();
  tables = createTables(pool);
});
afterEach(async () => {
  for (const process of open.splice(0)) await process.stop();
  for (const one of pools.splice(0)) await one.end();
});

function makePool(): pg.Pool {
  const made = createClusterPool({ url, max: 4, log: silent });
  pools.push(made);
  return made;
}

async function start(change: Partial<ProcessOptions> = {}): Promise<Process> {
  const started = await startProcess({
    pool,
    role: 'worker',
    host: 'test',
    recoveryMs: RECOVERY_MS,
    tasks: graphileTasks,
    log: silent,
    program,
    keyIds: () => [],
    onDeclaredDead: () => {},
    onTooOld: () => {},
    ...change,
  });
  open.push(started);
  return started;
}

/** A process that registered and then never beat again. */
async function addSilentProcess(id = '00000000-0000-4000-8000-000000000000'): Promise<string> {
  await pool.query("INSERT INTO processes (id, role, host, started_at, beat, beat_at) VALUES ($1, 'worker', 'gone', 1, 7, 1)", [
    id,
  ]);
  return id;
}

async function leaseEndpoints(owners: Readonly<Record<string, string>>): Promise<void> {
  for (const [id, owner] of Object.entries(owners)) {
    await pool.query(
      `INSERT INTO endpoints (id, kind, url, workspace, description, status, config, sealed_secrets, state, state_sequence, owner,
         created_at, updated_at)
       VALUES ($1, 'endpoint', 'https://example.com/', '', '', 'active', '{}', '', '{}', 0, $2, 1, 1)`,
      [id, owner],
    );
  }
}

/** Who leases each endpoint. */
async function leases(): Promise<Record<string, string | null>> {
  const rows = await tables.rows<{ id: string; owner: string | null }>('SELECT id, owner FROM endpoints ORDER BY id');
  return Object.fromEntries(rows.map(({ id, owner }) => [id, owner]));
}

describe('a process', () => {
  it('is in the table with a beat that rises, until it stops', async () => {
    const one = await start({ role: 'web' });
    const beat = async (): Promise<number> =>
      Number((await tables.rows<{ beat: string }>('SELECT beat FROM processes'))[0]?.beat);
    await vi.waitFor(async () => expect(await beat()).toBeGreaterThan(2), PATIENCE);
    expect(await tables.processes()).toEqual([{ id: one.id(), role: 'web' }]);
    await one.stop();
    expect(await tables.processes()).toEqual([]);
  });

  it('hands back what it owns when it stops', async () => {
    const one = await start();
    const mine = await tables.insert('running', { owner: one.id(), hasTask: true });
    await tables.lock(mine, one.id());
    const other = await tables.insert('running', { owner: 'somebody' });
    await one.stop();
    expect(await tables.execution(mine)).toMatchObject({ status: 'queued', owner: null });
    expect(await tables.execution(other)).toMatchObject({ status: 'running', owner: 'somebody' });
    expect(await tables.tasks()).toMatchObject([{ executionId: mine, lockedBy: null, key: `execution:${mine}` }]);
  });

  it('that is dead is found by its beat alone, and what it ran goes on, with its lane and in its place', async () => {
    const dead = await addSilentProcess();
    const lane = { name: 'w1:customer', limit: 1 };
    const running = await tables.insert('running', { owner: dead, lane, hasTask: true });
    const behind = await tables.insert('queued', { lane, hasTask: true });
    await tables.lock(running, dead);
    const [old] = await tables.tasks();
    expect(await tables.lockedLanes()).toEqual([lane.name]);
    await start();
    await start();
    await vi.waitFor(
      async () => expect(await tables.execution(running)).toMatchObject({ status: 'queued', owner: null }),
      PATIENCE,
    );
    expect(await tables.processes()).toHaveLength(2);
    expect(await tables.lockedLanes()).toEqual([]);
    const tasks = await tables.tasks();
    expect(tasks.map(({ executionId, lockedBy, lane }) => ({ executionId, lockedBy, lane }))).toEqual([
      { executionId: running, lockedBy: null, lane: lane.name },
      { executionId: behind, lockedBy: null, lane: lane.name },
    ]);
    // A zombie that ends its work deletes the task that it had, and no other.
    expect(tasks.map(({ id }) => id)).not.toContain(old?.id);
  });

  it('that is dead loses also the tasks it had not begun with', async () => {
    const dead = await addSilentProcess();
    const queued = await tables.insert('queued', { hasTask: true });
    const waiting = await tables.insert('waiting', { wakeAt: Date.now() + 60_000, hasTask: true });
    const ended = await tables.insert('succeeded', { hasTask: true });
    for (const id of [queued, waiting, ended]) await tables.lock(id, dead);
    await start();
    await vi.waitFor(async () => expect(await tables.processes()).toHaveLength(1), PATIENCE);
    expect(await tables.tasks()).toMatchObject([
      { executionId: queued, lockedBy: null },
      { executionId: waiting, lockedBy: null },
    ]);
  });

  it('gives the endpoints back that it leases when it stops, and those of one that is dead are free', async () => {
    const one = await start();
    const dead = await addSilentProcess();
    await leaseEndpoints({ ep_1: one.id(), ep_2: dead, ep_3: 'somebody' });
    await one.stop();
    expect(await leases()).toEqual({ ep_1: null, ep_2: dead, ep_3: 'somebody' });
    // Its start frees what belongs to nobody known; the beat that stands still does the rest.
    const two = await start();
    await vi.waitFor(async () => expect(await leases()).toEqual({ ep_1: null, ep_2: null, ep_3: null }), PATIENCE);
    expect(await tables.processes()).toEqual([{ id: two.id(), role: 'worker' }]);
  });

  it('that finds its row gone says so while it has its old id, and goes on under a new one', async () => {
    const seen: string[] = [];
    const one: Process = await start({ onDeclaredDead: () => void seen.push(one.id()) });
    const before = one.id();
    await pool.query('DELETE FROM processes');
    await vi.waitFor(() => expect(one.id()).not.toBe(before), PATIENCE);
    expect(seen).toEqual([before]);
    expect(await tables.processes()).toEqual([{ id: one.id(), role: 'worker' }]);
  });

  it('takes nobody for dead when the database was away', async () => {
    const declaredDead = vi.fn();
    const [one, two] = [
      await start({ onDeclaredDead: declaredDead }),
      await start({ pool: makePool(), onDeclaredDead: declaredDead }),
    ];
    await postgres.restart('immediate', RECOVERY_MS * 2);
    const beats = async (): Promise<number[]> =>
      (await tables.rows<{ beat: string }>('SELECT beat FROM processes')).map(({ beat }) => Number(beat));
    let before: number[] = [];
    await vi.waitFor(async () => {
      before = await beats();
    }, PATIENCE);
    await vi.waitFor(async () => expect(Math.min(...(await beats()))).toBeGreaterThan(Math.max(...before) + 6), PATIENCE);
    expect(declaredDead).not.toHaveBeenCalled();
    expect((await tables.processes()).map(({ id }) => id).sort()).toEqual([one.id(), two.id()].sort());
  });
});

describe('reconciling', () => {
  it('gives a task to everything that has none and should have one', async () => {
    const wakeAt = Date.now() + 60_000;
    const lane = { name: 'w1', limit: 1 };
    const queued = await tables.insert('queued', { lane });
    const orphan = await tables.insert('running');
    const lost = await tables.insert('running', { owner: 'nobody-knows' });
    const timed = await tables.insert('waiting', { wakeAt });
    await tables.insert('waiting');
    await tables.insert('succeeded');
    const living = await addSilentProcess();
    const fine = await tables.insert('running', { owner: living });
    const has = await tables.insert('queued', { hasTask: true });
    expect(await reconcile(pool, graphileTasks)).toBe(4);
    expect(await tables.execution(orphan)).toMatchObject({ status: 'queued', owner: null });
    expect(await tables.execution(lost)).toMatchObject({ status: 'queued', owner: null });
    expect(await tables.execution(fine)).toMatchObject({ status: 'running', owner: living });
    expect((await tables.tasks()).map(({ executionId, lane }) => [executionId, lane])).toEqual([
      [queued, 'w1'],
      [orphan, null],
      [lost, null],
      [has, null],
      [timed, null],
    ]);
    expect((await tables.tasks()).at(-1)?.runAt.getTime()).toBe(wakeAt);
    expect(await reconcile(pool, graphileTasks)).toBe(0);
  });

  it('frees what a process has locked that is not known any more', async () => {
    const lane = { name: 'w1', limit: 1 };
    const id = await tables.insert('queued', { lane, hasTask: true });
    await tables.lock(id, 'forgotten');
    await reconcile(pool, graphileTasks);
    expect(await tables.lockedLanes()).toEqual([]);
    expect(await tables.tasks()).toMatchObject([{ executionId: id, lockedBy: null }]);
  });

  it('is done at the start of a worker, and not by a web process', async () => {
    await tables.insert('queued');
    await start({ role: 'web' });
    expect(await tables.tasks()).toEqual([]);
    await start({ role: 'worker' });
    expect(await tables.tasks()).toHaveLength(1);
  });

  it('forgets lanes that are empty once there are many', async () => {
    await pool.query(
      "INSERT INTO graphile_worker._private_job_queues (queue_name) SELECT 'old' || n FROM generate_series(1, 1100) n",
    );
    const id = await tables.insert('queued', { lane: { name: 'used', limit: 1 }, hasTask: true });
    await reconcile(pool, graphileTasks);
    const lanes = await tables.rows('SELECT queue_name FROM graphile_worker._private_job_queues');
    expect(lanes).toEqual([{ queue_name: 'used' }]);
    expect(await tables.tasks()).toMatchObject([{ executionId: id, lane: 'used' }]);
  });

  it('keeps locks that get old', async () => {
    const one = await start();
    const id = await tables.insert('running', { owner: one.id(), lane: { name: 'w1', limit: 1 }, hasTask: true });
    await tables.lock(id, one.id());
    for (const table of ['_private_jobs', '_private_job_queues']) {
      await pool.query(`UPDATE graphile_worker.${table} SET locked_at = now() - interval '3 hours'`);
      await transaction(pool, (client) => graphileTasks.keepLocks(client, one.id()));
      const [row] = await tables.rows<{ isFresh: boolean }>(
        `SELECT locked_at > now() - interval '1 minute' AS "isFresh" FROM graphile_worker.${table}`,
      );
      expect(row).toEqual({ isFresh: true });
    }
  });
});

describe('the watch', () => {
  const beats = (beat: string) => [{ id: 'a', beat }];

  it('finds a beat that has stood still for long enough', () => {
    const watch = createWatch(400, 200);
    const found = [0, 100, 200, 300, 400].map((now) => watch.read(beats('1'), now).length);
    expect(found).toEqual([0, 0, 0, 0, 1]);
  });

  it('starts anew with each beat, after a miss, and after a sleep of its own', () => {
    const watch = createWatch(400, 200);
    watch.read(beats('1'), 0);
    watch.read(beats('1'), 200);
    expect(watch.read(beats('2'), 400)).toEqual([]);
    watch.read(beats('2'), 600);
    watch.miss();
    expect(watch.read(beats('2'), 800)).toEqual([]);
    watch.read(beats('2'), 1_000);
    expect(watch.read(beats('2'), 1_300)).toEqual([]);
    watch.read(beats('2'), 1_500);
    expect(watch.read(beats('2'), 1_700)).toHaveLength(1);
  });
});
