// Several processes on one PostgreSQL: who owns what, and tasks of the queue that come and go with the rows.

import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ExecutionUpdate, QueueTask } from '../../src/engine/ports.ts';
import type { OpenStorage } from '../../src/storage/storage.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { executionId, makeDocument, makeExecution, makeJob, makeUpdate, makeWorkflow, START } from './contract.ts';
import { type PostgresFixture, postgresFixture } from './postgres-fixture.ts';

const NOW = START;
const ID = idOf(0);

let postgres: TestPostgres;
let fixture: PostgresFixture;
beforeAll(async () => {
  postgres = await startPostgres();
  fixture = await postgresFixture(postgres);
});
afterAll(() => postgres.stop());

/** Ids of one millisecond. */
function idOf(serial: number): string {
  return executionId(0, serial);
}

/** A change of an execution that began at `NOW`. */
function updateOf(id: string, change: Partial<ExecutionUpdate> = {}): ExecutionUpdate {
  return makeUpdate(id, { startedAt: NOW, sequence: 1, ...change });
}

/** Two processes on one database, and what the row says. */
async function twoProcesses() {
  const url = await fixture.database();
  const [one, two] = await Promise.all([
    fixture.open(url, { processId: () => 'one' }),
    fixture.open(url, { processId: () => 'two' }),
  ]);
  const row = async (id = ID) => {
    const sql = 'SELECT status, owner, wake_at FROM executions WHERE id = $1';
    return (await postgres.query<{ status: string; owner: string | null }>(url, sql, [id]))[0];
  };
  return { url, one, two, row };
}

async function withTasks(fail?: () => boolean) {
  const url = await fixture.database();
  const schema = 'CREATE TABLE tasks (execution_id TEXT NOT NULL, run_at BIGINT, lane TEXT)';
  await postgres.query(url, schema);
  const addTasks = async (client: pg.ClientBase, tasks: readonly QueueTask[]) => {
    for (const { executionId: id, runAt, lane } of tasks) {
      await client.query('INSERT INTO tasks VALUES ($1, $2, $3)', [id, runAt, lane && `${lane.name}/${lane.limit}`]);
    }
    if (fail?.()) await client.query('SELECT 1/0');
  };
  const storage = await fixture.open(url, { processId: () => 'one', addTasks });
  const tasks = async () => {
    const rows = await postgres.query<{ execution_id: string; run_at: string | null; lane: string | null }>(
      url,
      'DELETE FROM tasks RETURNING *',
    );
    return rows.map(({ execution_id, run_at, lane }) => [execution_id, run_at === null ? null : Number(run_at), lane]);
  };
  return { url, storage, tasks };
}

test('an execution is run by the one process that claims it, and only that one may write it', async () => {
  const { one, two, row } = await twoProcesses();
  await one.executions.commit({ insert: makeExecution(ID) });
  expect(await row()).toMatchObject({ status: 'queued', owner: null });
  const claims = await Promise.all([one.executions.claim(ID, NOW + 5), two.executions.claim(ID, NOW + 5)]);
  const [winner, loser] = claims[0] ? [one, two] : [two, one];
  expect(claims.filter((claimed) => claimed !== undefined)).toMatchObject([
    { execution: { id: ID, status: 'running', startedAt: NOW + 5 }, signals: [] },
  ]);
  expect(await row()).toMatchObject({ status: 'running', owner: winner === one ? 'one' : 'two' });

  const lost = { code: 'ownership_lost' };
  const jobs = [makeJob('a')];
  await expect(loser.executions.commit({ update: updateOf(ID, { jobs }) })).rejects.toMatchObject(lost);
  await winner.executions.commit({ update: updateOf(ID, { status: 'running', finishedAt: null, jobs }) });
  // It goes on with what it has after a failure of its own.
  expect(await winner.executions.claim(ID, NOW + 9)).toMatchObject({ execution: { startedAt: NOW, jobs } });
  await winner.executions.commit({ update: updateOf(ID) });
  expect(await row()).toMatchObject({ status: 'succeeded', owner: null });
  await expect(winner.executions.commit({ update: updateOf(ID) })).rejects.toMatchObject(lost);
  await expect(winner.executions.commit({ update: updateOf(ID, { isForced: true }) })).rejects.toMatchObject(lost);
  expect(await winner.executions.claim(ID, NOW)).toBeUndefined();
});

test('a unit that is refused stores nothing at all, and its neighbours are stored', async () => {
  const { one, two, row } = await twoProcesses();
  await one.executions.commit({ insert: makeExecution(ID, { status: 'running' }) });
  const units = [
    two.executions.commit({ insert: makeExecution(idOf(1)) }),
    two.executions.commit({ insert: makeExecution(idOf(2)) }, { update: updateOf(ID, { jobs: [makeJob('a')] }) }),
    two.executions.commit({ insert: makeExecution(idOf(3)) }),
    // Refused by the database itself.
    two.executions.commit({ insert: makeExecution(idOf(4), { revision: 2 ** 40 }) }),
    two.executions.commit({ insert: makeExecution(idOf(5), { workflowId: 'a\0' }) }),
  ];
  const outcomes = await Promise.allSettled(units);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'rejected']);
  const stored = await Promise.all([0, 1, 2, 3, 4, 5].map((n) => row(idOf(n))));
  expect(stored.map((found) => found?.status)).toEqual(['running', 'queued', undefined, 'queued', undefined, undefined]);
  expect((await one.executions.get(ID))?.jobs).toEqual([]);
});

test('an id is stored once, also when it comes twice at the same moment', async () => {
  const { one } = await twoProcesses();
  const insert = (workflowId: string) => one.executions.commit({ insert: makeExecution(ID, { workflowId }) });
  const outcomes = await Promise.allSettled([insert('w1'), insert('w2')]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  await expect(insert('w3')).rejects.toMatchObject({ code: 'storage_unavailable' });
  expect(await one.executions.get(ID)).toMatchObject({ workflowId: 'w1' });
});

test('a cancel is written whoever owns the execution, and its owner hears of it at its next write', async () => {
  const { one, two, row } = await twoProcesses();
  await one.executions.commit({ insert: makeExecution(ID, { status: 'running' }) });
  await two.executions.commit({ update: updateOf(ID, { status: 'canceled', isForced: true }) });
  expect(await row()).toMatchObject({ status: 'canceled', owner: null });
  await expect(one.executions.commit({ update: updateOf(ID) })).rejects.toMatchObject({ code: 'ownership_lost' });
});

test('one of many callbacks at the same moment, from two processes, resumes an execution', async () => {
  const { one, two, row } = await twoProcesses();
  await one.executions.commit({ insert: makeExecution(ID, { status: 'waiting', jobs: [makeJob('a', { status: 'waiting' })] }) });
  expect(await one.executions.claim(ID, NOW * 2)).toBeUndefined();
  const resume = (storage: OpenStorage, output: number) =>
    storage.executions.commit({ signal: { executionId: ID, jobPath: 'a', output } });
  const outcomes = await Promise.allSettled([1, 2, 3, 4, 5, 6].map((n) => resume(n % 2 ? one : two, n)));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'already_resumed' });
  }
  expect(await row()).toMatchObject({ status: 'queued', owner: null });
  const claimed = await two.executions.claim(ID, NOW);
  expect(claimed?.signals).toHaveLength(1);
  await two.executions.commit({ update: updateOf(ID, { takenSignals: ['a'] }) });
  expect(await one.executions.signals(ID)).toEqual([]);
  await expect(resume(one, 7)).rejects.toMatchObject({ code: 'execution_ended' });
  await one.executions.commit({ signal: { executionId: ID, jobPath: 'a', output: 7, isOptional: true } });
});

test('a wait that a callback has overtaken is queued at once', async () => {
  const { one, two, row } = await twoProcesses();
  await one.executions.commit({ insert: makeExecution(ID, { status: 'running' }) });
  const waiting = updateOf(ID, {
    status: 'waiting',
    finishedAt: null,
    wakeAt: NOW + 99,
    jobs: [makeJob('a', { status: 'waiting' })],
  });
  await Promise.all([
    two.executions.commit({ signal: { executionId: ID, jobPath: 'a', output: 1 } }),
    one.executions.commit({ update: waiting }),
  ]);
  expect(await row()).toEqual({ status: 'queued', owner: null, wake_at: null });
});

test('what waits for a time is claimed when that has come', async () => {
  const { one, two } = await twoProcesses();
  await one.executions.commit({ insert: makeExecution(ID, { status: 'waiting', wakeAt: NOW + 10 }) });
  expect(await two.executions.claim(ID, NOW + 9)).toBeUndefined();
  expect(await two.executions.claim(ID, NOW + 10)).toMatchObject({ execution: { status: 'running', wakeAt: null } });
});

test('what becomes queued, or waits for a time, becomes a task', async () => {
  const { storage, tasks } = await withTasks();
  const { executions } = storage;
  const lane = { name: 'w1:abc', limit: 3 };
  await executions.commit({ insert: makeExecution(ID, { lane }) });
  expect(await tasks()).toEqual([[ID, null, 'w1:abc/3']]);
  await executions.claim(ID, NOW);
  await executions.commit({ update: updateOf(ID, { status: 'running', finishedAt: null }) });
  expect(await tasks()).toEqual([]);
  await executions.commit({ update: updateOf(ID, { status: 'waiting', wakeAt: NOW + 5, lane }) });
  expect(await tasks()).toEqual([[ID, NOW + 5, 'w1:abc/3']]);
  const signal = { executionId: ID, jobPath: 'a', output: 1 };
  await executions.commit({ signal });
  expect(await tasks()).toEqual([[ID, null, 'w1:abc/3']]);
  await executions.commit({ signal: { ...signal, jobPath: 'b' } });
  expect(await tasks()).toEqual([]);
  await executions.claim(ID, NOW);
  await executions.commit({ update: updateOf(ID, { status: 'waiting', takenSignals: ['a', 'b'] }) });
  expect(await tasks()).toEqual([]);
  await executions.commit({ update: updateOf(ID, { isForced: true }) });
  expect(await tasks()).toEqual([]);
  await executions.reopen(ID, [makeJob('a')]);
  expect(await tasks()).toEqual([[ID, null, 'w1:abc/3']]);
  expect(await executions.get(ID)).toMatchObject({ status: 'queued', startedAt: null, jobs: [{ path: 'a' }] });
});

test('a task that cannot be added takes its rows back, and rows that cannot be stored their tasks', async () => {
  let isBroken = true;
  const { storage, tasks } = await withTasks(() => isBroken);
  const inserting = storage.executions.commit({ insert: makeExecution(ID) });
  await expect(inserting).rejects.toMatchObject({ code: 'storage_unavailable' });
  expect(await storage.executions.get(ID)).toBeUndefined();
  expect(await tasks()).toEqual([]);
  isBroken = false;
  await storage.executions.commit({ insert: makeExecution(ID, { status: 'succeeded' }) });
  isBroken = true;
  await expect(storage.executions.reopen(ID, [])).rejects.toThrow();
  expect(await storage.executions.get(ID)).toMatchObject({ status: 'succeeded' });
  expect(await tasks()).toEqual([]);
});

test('edits of one workflow from two processes get a number each, and an executed revision stays as it is', async () => {
  const { one, two } = await twoProcesses();
  await one.workflows.insert(makeWorkflow('w1'), makeDocument());
  await one.executions.markExecuted('w1', 1);
  const edits = Array.from({ length: 12 }, async (_, n) => {
    const storage = n % 2 ? one : two;
    const revision = await storage.workflows.saveDocument('w1', makeDocument(n), NOW);
    await storage.executions.markExecuted('w1', revision);
    return { revision, executed: await storage.workflows.getRevision('w1', revision) };
  });
  for (const { revision, executed } of await Promise.all(edits)) {
    expect((await two.workflows.getRevision('w1', revision))?.document).toEqual(executed?.document);
  }
});

test('two processes that delete old executions at the same moment count each once', async () => {
  const { one, two } = await twoProcesses();
  await one.workflows.insert(makeWorkflow('w1'), makeDocument());
  const ids = Array.from({ length: 60 }, (_, n) => idOf(n));
  await Promise.all(ids.map((id) => one.executions.commit({ insert: makeExecution(id, { status: 'succeeded' }) })));
  const deleted = await Promise.all(
    [one, two, one, two].map((storage) => storage.executions.deleteOld('succeeded', NOW + 10, 60)),
  );
  expect(deleted.reduce((sum, count) => sum + count, 0)).toBe(60);
  expect(await one.workflows.executionCounts(['w1'])).toEqual(new Map([['w1', 60]]));
});
