// Two processes with queues of their own: what one of them runs when it freezes, the other one finishes.

import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { createClusterPool } from '../../src/cluster/pool.ts';
import { type Process, startProcess } from '../../src/cluster/processes.ts';
import { createIdSource } from '../../src/engine/id.ts';
import type { ClaimedExecution } from '../../src/engine/ports.ts';
import { program } from '../../src/program.ts';
import { addTasks, graphileTasks } from '../../src/queue/graphile-tasks.ts';
import { createGraphileQueue } from '../../src/queue/graphile-worker.ts';
import { openStorage } from '../../src/storage/storage.ts';
import { PATIENCE } from '../patience.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { makeDocument, makeExecution, makeWorkflow } from '../storage/contract.ts';
import { createTables, makeTemplate, silent } from './database.ts';

let postgres: TestPostgres;
let url: string;
const stops: (() => Promise<void>)[] = [];
beforeAll(async () => {
  postgres = await startPostgres();
  url = await makeTemplate(postgres);
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const stop of stops.splice(0)) await stop();
});
afterAll(() => postgres.stop());

/** A process as the server starts one: storage, its entry among the processes, queue. */
async function startWorker(onDeclaredDead: () => void = () => {}) {
  const pool = createClusterPool({ url, log: silent });
  let process: Process | undefined;
  const processId = (): string => process?.id() ?? 'not started';
  const storage = await openStorage({ url, processId, addTasks });
  process = await startProcess({
    pool,
    role: 'worker',
    host: 'test',
    recoveryMs: 900,
    tasks: graphileTasks,
    program,
    keyIds: () => [],
    log: silent,
    onDeclaredDead,
    onTooOld: () => {},
  });
  const { executions } = storage;
  const queue = createGraphileQueue({ pool, processId, executions, concurrency: 2, log: silent, now: Date.now });
  stops.push(async () => {
    await queue.stop();
    await queue.close();
    await process?.stop();
    await storage.close();
    await pool.end();
  });
  return { pool, storage, queue, processId };
}

it('an execution of a process that froze is finished by another one, and the first can write nothing more for it', async () => {
  const declaredDead = vi.fn();
  const [first, second] = [await startWorker(declaredDead), await startWorker()];
  const tables = createTables(second.pool);
  await first.storage.workflows.insert(makeWorkflow('w1', { mode: 'async' }), makeDocument());
  const ended: string[] = [];
  const refusals: unknown[] = [];

  const finish = async (worker: typeof first, { execution }: ClaimedExecution): Promise<void> => {
    const { id, startedAt, lane } = execution;
    const rest = { response: null, error: null, output: null, wakeAt: null, jobs: [], sequence: 1, takenSignals: [] };
    await worker.storage.executions.commit({
      update: { id, status: 'succeeded', startedAt, finishedAt: Date.now(), lane, ...rest },
    });
    ended.push(worker.processId());
  };
  let unfreeze = (): void => {};
  await first.queue.start(async (claimed) => {
    await new Promise<void>((resolve) => {
      unfreeze = resolve;
    });
    await finish(first, claimed).catch((error: unknown) => void refusals.push(error));
  });

  const now = Date.now();
  const lane = { name: 'w1', limit: 1 };
  const id = createIdSource()(now);
  await first.storage.executions.commit({ insert: makeExecution(id, { createdAt: now, lane }) });
  await vi.waitFor(async () => expect(await tables.execution(id)).toMatchObject({ owner: first.processId() }), PATIENCE);

  // It neither beats nor takes tasks any more, as when its machine stands still.
  const frozenId = first.processId();
  const query = vi.spyOn(first.pool, 'query').mockRejectedValue(new Error('frozen'));
  const connect = vi.spyOn(first.pool, 'connect').mockRejectedValue(new Error('frozen'));
  await second.queue.start((claimed) => finish(second, claimed));
  await vi.waitFor(() => expect(ended).toEqual([second.processId()]), PATIENCE);
  expect(await tables.execution(id)).toMatchObject({ status: 'succeeded' });

  query.mockRestore();
  connect.mockRestore();
  unfreeze();
  await vi.waitFor(() => expect(refusals).toMatchObject([{ code: 'ownership_lost' }]), PATIENCE);
  await vi.waitFor(() => expect(first.processId()).not.toBe(frozenId), PATIENCE);
  expect(declaredDead).toHaveBeenCalledTimes(1);
  await vi.waitFor(async () => expect(await tables.tasks()).toEqual([]), PATIENCE);
  expect(await tables.lockedLanes()).toEqual([]);
});
