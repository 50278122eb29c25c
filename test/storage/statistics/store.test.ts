// Statistics on both databases: whatever happens, and whenever it is counted, they are those of a plain recount.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ExecutionStatus, ExecutionWithJobs } from '../../../src/engine/model.ts';
import { lowestIdAt } from '../../../src/storage/execution-id.ts';
import { type OpenStorage, openStorage } from '../../../src/storage/storage.ts';
import { startPostgres, type TestPostgres } from '../../postgres.ts';
import { makeDocument, makeExecution, makeUpdate, makeWorkflow } from '../contract.ts';
import { closing, temporaryFolder } from '../folder.ts';
import { type PostgresFixture, postgresFixture } from '../postgres-fixture.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** In the middle of an hour. */
const NOW = Math.floor(1_700_000_000_000 / HOUR) * HOUR + 32 * MINUTE;

let postgres: TestPostgres;
let fixture: PostgresFixture;
beforeAll(async () => {
  postgres = await startPostgres();
  fixture = await postgresFixture(postgres);
});
afterAll(() => postgres.stop());

const STORES = {
  SQLite: async () => closing(await openStorage({ url: `sqlite:${await temporaryFolder()}/hookline.db`, durability: 'normal' })),
  PostgreSQL: async () => fixture.open(await fixture.database(), { processId: () => 'p' }),
} satisfies Record<string, () => Promise<OpenStorage>>;

let serial = 0;
function idAt(time: number): string {
  serial += 1;
  return lowestIdAt(time).slice(0, -12) + serial.toString(16).padStart(12, '0');
}

/** What has happened, kept as a list: what the statistics have to come to. */
interface Ended {
  readonly id: string;
  readonly workflowId: string;
  readonly at: number;
  readonly status: ExecutionStatus;
  readonly durationMs: number | null;
}

interface World {
  readonly storage: OpenStorage;
  now: number;
  readonly calls: { workflowId: string; at: number }[];
  readonly ended: Ended[];
  /** What is stored now and may end, run again or be deleted. */
  readonly open: ExecutionWithJobs[];
  readonly final: ExecutionWithJobs[];
}

async function makeWorld(storage: OpenStorage): Promise<World> {
  for (const id of ['a', 'b', 'c']) await storage.workflows.insert(makeWorkflow(id), makeDocument());
  return { storage, now: NOW, calls: [], ended: [], open: [], final: [] };
}

async function accept(world: World, workflowId: string): Promise<ExecutionWithJobs> {
  const id = idAt(world.now);
  const execution = makeExecution(id, { workflowId, status: 'running', createdAt: world.now, startedAt: world.now });
  await world.storage.executions.commit({ insert: execution });
  world.calls.push({ workflowId, at: world.now });
  world.open.push(execution);
  return execution;
}

async function end(world: World, execution: ExecutionWithJobs, status: ExecutionStatus, startedAt: number | null): Promise<void> {
  const update = makeUpdate(execution.id, { status, startedAt, finishedAt: world.now, isForced: true });
  await world.storage.executions.commit({ update });
  const durationMs = startedAt === null ? null : world.now - startedAt;
  world.ended.push({ id: execution.id, workflowId: execution.workflowId, at: world.now, status, durationMs });
  world.open.splice(world.open.indexOf(execution), 1);
  world.final.push(execution);
}

const FAILED = ['failed', 'error', 'timed_out'];

/** Nearest rank, from all values. */
function percentile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(sorted.length * share)) - 1] ?? null;
}

function recount(world: World, from: number, to: number, workflowId?: string) {
  const inside = (one: { at: number; workflowId: string }) =>
    one.at >= from && one.at < to && (workflowId === undefined || one.workflowId === workflowId);
  const ended = world.ended.filter(inside);
  const durations = ended.flatMap(({ durationMs }) => (durationMs === null ? [] : [durationMs]));
  return {
    calls: world.calls.filter(inside).length,
    succeeded: ended.filter(({ status }) => status === 'succeeded').length,
    failed: ended.filter(({ status }) => FAILED.includes(status)).length,
    durations,
  };
}

function expectNear(actual: number | null, exact: number | null): void {
  if (exact === null || actual === null) expect(actual).toBe(exact);
  else expect(Math.abs(actual - exact), `${actual} for ${exact}`).toBeLessThanOrEqual(exact * 0.05);
}

async function expectRecount(world: World, from: number, to: number, workflowId?: string): Promise<void> {
  const read = await world.storage.statistics.read({ from, to, workflowId }, world.now);
  expect(read.from).toBeLessThanOrEqual(from);
  expect(read.to).toBeGreaterThanOrEqual(to);
  expect(read.buckets.length).toBeLessThanOrEqual(120);
  expect(read.buckets.length * read.bucketMs).toBe(read.to - read.from);
  for (const { at, queueAgeMs: _age, p50Ms, p95Ms, p99Ms, ...counts } of read.buckets) {
    const { durations, ...exact } = recount(world, at, at + read.bucketMs, workflowId);
    expect(counts, `${at - NOW} of ${read.bucketMs}`).toEqual(exact);
    expectNear(p50Ms, percentile(durations, 0.5));
    expectNear(p95Ms, percentile(durations, 0.95));
    expectNear(p99Ms, percentile(durations, 0.99));
  }
  const { durations, ...exact } = recount(world, read.from, read.to, workflowId);
  const { queueAgeMs: _age, p50Ms, p95Ms, p99Ms, ...totals } = read.totals;
  expect(totals).toEqual(exact);
  expectNear(p50Ms, percentile(durations, 0.5));
  expectNear(p99Ms, percentile(durations, 0.99));
}

type Step = {
  readonly type: string;
  readonly pick: number;
  readonly ms: number;
  readonly workflow: string;
  readonly status: ExecutionStatus;
};

const steps = fc.array(
  fc.record({
    type: fc.constantFrom('accept', 'accept', 'accept', 'end', 'end', 'end', 'count', 'reopen', 'retain', 'cancel', 'sample'),
    pick: fc.nat(1000),
    ms: fc.oneof(fc.nat(3_000), fc.nat(4 * MINUTE), fc.nat(40 * MINUTE)),
    workflow: fc.constantFrom('a', 'b', 'c'),
    status: fc.constantFrom<ExecutionStatus>('succeeded', 'succeeded', 'failed', 'error', 'timed_out'),
  }),
  { minLength: 5, maxLength: 60 },
);

async function take(world: World, { type, pick, ms, workflow, status }: Step): Promise<void> {
  const { storage } = world;
  world.now += ms;
  const running = world.open[pick % Math.max(1, world.open.length)];
  const final = world.final[pick % Math.max(1, world.final.length)];
  if (type === 'accept') await accept(world, workflow);
  if (type === 'end' && running) await end(world, running, status, running.startedAt);
  // Before it ever ran.
  if (type === 'cancel' && running) await end(world, running, 'canceled', null);
  if (type === 'count') await storage.statistics.count(world.now);
  if (type === 'sample') await storage.statistics.sampleQueueAge(world.now, pick);
  if (type === 'reopen' && final) {
    await storage.executions.reopen(final.id, []);
    await storage.executions.claim(final.id, world.now);
    world.final.splice(world.final.indexOf(final), 1);
    world.open.push({ ...final, startedAt: world.now });
  }
  if (type === 'retain') {
    for (const one of ['succeeded', 'failed'] as const) await storage.executions.deleteOld(one, world.now - ms, 100);
    for (const one of [...world.final]) {
      if (!(await storage.executions.get(one.id))) world.final.splice(world.final.indexOf(one), 1);
    }
  }
}

describe.each(Object.entries(STORES))('on %s', (name, open) => {
  test('numbers are those of a recount, however executions end, run again and are deleted', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(100), async (taken, hours) => {
        const world = await makeWorld(await open());
        for (const step of taken) await take(world, step);
        for (const workflowId of [undefined, 'a', 'b']) {
          await expectRecount(world, world.now - HOUR, world.now, workflowId);
          await expectRecount(world, world.now - (hours + 1) * HOUR, world.now, workflowId);
          await expectRecount(world, NOW, world.now + 1, workflowId);
        }
        const failing = await world.storage.statistics.failingWorkflows({ from: NOW, to: world.now + 1 }, 10, world.now);
        const { from, to } = await world.storage.statistics.read({ from: NOW, to: world.now + 1 }, world.now);
        const exact = ['a', 'b', 'c']
          .map((workflowId) => ({ workflowId, ...recount(world, from, to, workflowId) }))
          .filter(({ failed }) => failed > 0)
          .sort((one, other) => other.failed - one.failed || (one.workflowId < other.workflowId ? -1 : 1));
        expect(failing.map(({ lastFailure: _last, ...rest }) => rest)).toEqual(
          exact.map(({ workflowId, calls, failed }) => ({ workflowId, calls, failed })),
        );
        for (const { workflowId, lastFailure } of failing) {
          const failures = world.ended.filter((one) => one.workflowId === workflowId && FAILED.includes(one.status));
          expect(failures.map(({ id }) => id)).toContain(lastFailure);
        }
        const activity = await world.storage.statistics.activity(['a', 'b', 'missing'], 24, world.now);
        for (const [workflowId, { hours: shown }] of activity) {
          expect(shown).toHaveLength(24);
          for (const { at, succeeded, failed } of shown) {
            const exactly = recount(world, at, at + HOUR, workflowId);
            expect({ succeeded, failed }).toEqual({ succeeded: exactly.succeeded, failed: exactly.failed });
          }
        }
      }),
      { numRuns: name === 'SQLite' ? 12 : 6 },
    );
  });

  test('what was never counted, as on a database of an older version, is there at the first question', async () => {
    const world = await makeWorld(await open());
    for (let n = 0; n < 30; n += 1) {
      world.now += 20 * MINUTE;
      await end(world, await accept(world, 'a'), n % 3 === 0 ? 'failed' : 'succeeded', world.now - n * 100);
    }
    world.now += 3 * HOUR;
    await expectRecount(world, NOW, world.now);
    await expectRecount(world, world.now - 24 * HOUR, world.now, 'a');
  });

  test('a workflow that is deleted for ever takes its own numbers along, and leaves the total', async () => {
    const world = await makeWorld(await open());
    await end(world, await accept(world, 'a'), 'failed', world.now - 50);
    world.now += 30 * MINUTE;
    await world.storage.statistics.count(world.now);
    await end(world, await accept(world, 'a'), 'succeeded', world.now - 70);
    await accept(world, 'a');
    await world.storage.workflows.delete('a');
    await expectRecount(world, NOW, world.now + 1);
    const own = await world.storage.statistics.read({ from: NOW, to: world.now + 1, workflowId: 'a' }, world.now);
    expect(own.totals).toMatchObject({ calls: 0, succeeded: 0, failed: 0, p50Ms: null });
    expect(await world.storage.statistics.failingWorkflows({ from: NOW, to: world.now + 1 }, 10, world.now)).toEqual([]);
  });

  test('keeps the greatest age of the backlog of each span, and knows where nobody looked', async () => {
    const { statistics } = await open();
    await statistics.sampleQueueAge(NOW, 700);
    await statistics.sampleQueueAge(NOW + MINUTE, 9_000);
    await statistics.sampleQueueAge(NOW + 2 * MINUTE, 0);
    const { buckets, totals } = await statistics.read({ from: NOW - 10 * MINUTE, to: NOW + 10 * MINUTE }, NOW + 10 * MINUTE);
    expect(buckets.map(({ queueAgeMs }) => queueAgeMs)).toEqual([null, null, 9_000, null, null]);
    expect(totals.queueAgeMs).toBe(9_000);
  });

  test('short spans go after eight days, hours stay', async () => {
    const world = await makeWorld(await open());
    await end(world, await accept(world, 'a'), 'succeeded', world.now);
    await world.storage.statistics.count(world.now + HOUR);
    world.now += 9 * 24 * HOUR;
    await world.storage.statistics.deleteOld(world.now);
    await expectRecount(world, NOW - HOUR, NOW + HOUR);
    await expectRecount(world, NOW - HOUR, world.now);
    world.now += 800 * 24 * HOUR;
    await world.storage.statistics.deleteOld(world.now);
    expect((await world.storage.statistics.read({ from: NOW - HOUR, to: NOW + HOUR }, world.now)).totals.calls).toBe(0);
  });

  test('counts what has not ended', async () => {
    const { storage, ...world } = await makeWorld(await open());
    for (const status of ['queued', 'queued', 'running', 'waiting', 'succeeded', 'failed'] as const) {
      await storage.executions.commit({
        insert: makeExecution(idAt(world.now), { status, wakeAt: status === 'waiting' ? 9 : null }),
      });
    }
    expect(await storage.statistics.unfinished()).toEqual({ queued: 2, running: 1, waiting: 1 });
  });
});
