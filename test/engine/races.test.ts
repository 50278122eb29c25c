// The engine when two things happen to one execution at the same time: cancel, resume, the queue's turn, a stop.

import { describe, expect, it } from 'vitest';
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import type { ExecutionStatus, ExecutionWithJobs, Node } from '../../src/engine/model.ts';
import { type AnyNodeType, definePlugin } from '../../src/engine/plugin.ts';
import type { ExecutionStore, Queue } from '../../src/engine/ports.ts';
import { createRegistry } from '../../src/engine/registry.ts';
import { HooklineError } from '../../src/errors.ts';
import { builtIns } from '../../src/plugins/index.ts';
import { createMemoryWorkflows } from './memory-storage.ts';
import { keepLog, NOW, node, nodeOf, noEvaluator, workflow } from './running.ts';

/** Executions in memory; a test can hold reads back, as a busy disk does. */
function createExecutions() {
  const rows = new Map<string, ExecutionWithJobs>();
  const history: ExecutionStatus[] = [];
  let held: Promise<void> | undefined;
  let letGo = (): void => {};
  const commit: ExecutionStore['commit'] = async ({ insert, update }) => {
    await Promise.resolve();
    if (insert) rows.set(insert.id, structuredClone(insert));
    const row = update && rows.get(update.id);
    if (update && row) {
      const paths = new Set(update.jobs.map(({ path }) => path));
      const jobs = [...row.jobs.filter(({ path }) => !paths.has(path)), ...structuredClone(update.jobs)];
      rows.set(update.id, { ...row, ...structuredClone(update), jobs });
    }
    history.push(insert?.status ?? update?.status ?? 'error');
  };
  const refuse = () => Promise.reject(new Error('not in these tests'));
  const store: ExecutionStore = {
    commit,
    markExecuted: () => Promise.resolve(),
    async get(id) {
      const row = structuredClone(rows.get(id));
      await held;
      return row;
    },
    list: refuse,
    listOldest: refuse,
    countByStatus: refuse,
    oldestQueuedAt: refuse,
    deleteOld: refuse,
  };
  return {
    rows,
    history,
    store,
    holdReads() {
      held = new Promise((resolve) => {
        letGo = resolve;
      });
    },
    letReadsGo() {
      held = undefined;
      letGo();
    },
  };
}

/** A queue whose turns the test gives. */
function createQueue() {
  const waiting: ExecutionWithJobs[] = [];
  let run: (execution: ExecutionWithJobs) => Promise<void> = () => Promise.resolve();
  const queue: Queue = {
    async start(runner) {
      run = runner;
    },
    push: (execution) => void waiting.push(execution),
    stop: () => Promise.resolve(),
    depth: () => ({ waiting: waiting.length, running: 0 }),
  };
  return {
    queue,
    waiting,
    async turn(): Promise<void> {
      const execution = waiting.shift();
      if (execution) await run(execution);
    },
  };
}

async function start(nodes: Node[], types: readonly AnyNodeType[] = []) {
  const executions = createExecutions();
  const { queue, waiting, turn } = createQueue();
  const workflows = createMemoryWorkflows();
  const document = { trigger: { type: 'webhook', config: {} }, nodes };
  await workflows.insert(workflow, document);
  const settings = { get: () => Promise.resolve(undefined), set: () => Promise.resolve() };
  const loaded = { workflow, revision: 1, executed: true, document };
  const log = keepLog();
  const engine: Engine = createEngine({
    storage: {
      workflows,
      executions: executions.store,
      settings,
      ping: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
    queue,
    documents: { byId: () => Promise.resolve(loaded), byHookKey: () => Promise.resolve(loaded) },
    registry: createRegistry([builtIns, definePlugin({ name: 'test', nodes: types })]),
    evaluator: noEvaluator,
    log,
    now: () => NOW,
    deadlineMs: 0,
    shutdownGraceMs: 0,
  });
  await engine.start();
  const accept = async (): Promise<string> => {
    const target = await engine.find(workflow.hookKey);
    if (!target) throw new Error('There is no workflow.');
    const request = { method: 'POST', url: '/hooks/k', headers: {}, body: '', address: '' };
    return (await engine.accept(target, request)).id;
  };
  return { engine, executions, waiting, turn, accept, log };
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
};

const wait = nodeOf('wait', () => ({ type: 'wait' }));

/** Counts its runs and stays until it is let go. */
function createGate() {
  const open: (() => void)[] = [];
  let runs = 0;
  const type = nodeOf('gate', async ({ signal }) => {
    runs += 1;
    await new Promise<void>((resolve) => {
      open.push(resolve);
      signal.addEventListener('abort', () => resolve());
    });
    return { type: 'done' };
  });
  const release = (): void => {
    for (const resolve of open.splice(0)) resolve();
  };
  return { type, runs: () => runs, release };
}

describe('a cancel', () => {
  it('that comes before the turn keeps the execution from running, however slow storage is', async () => {
    const gate = createGate();
    const { engine, executions, accept, turn } = await start([node('g', 'gate')], [gate.type]);
    const id = await accept();
    executions.holdReads();
    const canceled = engine.cancel(id);
    await turns();
    const taken = turn();
    await turns();
    executions.letReadsGo();
    expect((await canceled).status).toBe('canceled');
    await taken;
    expect(gate.runs()).toBe(0);
    expect(executions.history).toEqual(['queued', 'canceled']);
    await engine.stop();
  });

  it('that comes while the turn begins either stops the run or comes first, and nothing is written behind its end', async () => {
    for (let delay = 0; delay < 20; delay += 1) {
      const gate = createGate();
      const { engine, executions, accept, turn } = await start([node('g', 'gate')], [gate.type]);
      const id = await accept();
      const taken = turn();
      for (let tick = 0; tick < delay; tick += 1) await Promise.resolve();
      expect((await engine.cancel(id)).status).toBe('canceled');
      await taken;
      gate.release();
      await turns();
      expect(executions.rows.get(id)?.status).toBe('canceled');
      expect(executions.history.filter((status) => status === 'canceled')).toHaveLength(1);
      await engine.stop();
    }
  });

  it('that fails lets the execution run', async () => {
    const { engine, executions, accept, turn } = await start([node('a', 'variable', { value: 1 })]);
    const id = await accept();
    const { commit } = executions.store;
    executions.store.commit = () => Promise.reject(new HooklineError('storage_unavailable', 'The disk is full.'));
    const canceled = engine.cancel(id);
    await expect(canceled).rejects.toMatchObject({ code: 'storage_unavailable' });
    executions.store.commit = commit;
    await turn();
    expect(executions.rows.get(id)?.status).toBe('succeeded');
    await engine.stop();
  });

  it('that comes twice succeeds once', async () => {
    const { engine, executions, accept } = await start([]);
    const id = await accept();
    const results = await Promise.allSettled([engine.cancel(id), engine.cancel(id)]);
    expect(results).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: { code: 'conflict' } }]);
    expect(executions.history).toEqual(['queued', 'canceled']);
    await engine.stop();
  });
});

describe('a resume', () => {
  const nodes = [node('w', 'wait'), node('after', 'variable', { value: '{{$nodes.w}}' })];

  it('that comes twice goes on once', async () => {
    const { engine, executions, accept, turn, waiting } = await start(nodes, [wait]);
    const id = await accept();
    await turn();
    expect(executions.rows.get(id)?.status).toBe('waiting');
    const results = await Promise.allSettled([engine.resume(id, 'w', 'first'), engine.resume(id, 'w', 'second')]);
    expect(results).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: { code: 'conflict' } }]);
    expect(waiting).toHaveLength(1);
    await turn();
    expect(executions.rows.get(id)).toMatchObject({
      status: 'succeeded',
      jobs: [
        { path: 'w', output: 'first' },
        { path: 'after', output: 'first' },
      ],
    });
    await engine.stop();
  });

  it('meets a cancel in the order in which they came', async () => {
    for (const first of ['resume', 'cancel']) {
      const { engine, executions, accept, turn } = await start(nodes, [wait]);
      const id = await accept();
      await turn();
      const calls = { resume: () => engine.resume(id, 'w', 1), cancel: () => engine.cancel(id) };
      const results = await Promise.allSettled(
        first === 'resume' ? [calls.resume(), calls.cancel()] : [calls.cancel(), calls.resume()],
      );
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', first === 'resume' ? 'fulfilled' : 'rejected']);
      await turn();
      expect(executions.rows.get(id)).toMatchObject({ status: 'canceled' });
      expect(executions.rows.get(id)?.jobs.map(({ path }) => path)).toEqual(['w']);
      await engine.stop();
    }
  });

  it('is refused while the server stops, and takes only what JSON can hold', async () => {
    const { engine, executions, accept, turn } = await start(nodes, [wait]);
    const id = await accept();
    await turn();
    await expect(engine.resume(id, 'w', () => 1)).rejects.toMatchObject({ code: 'node_failed' });
    expect(executions.rows.get(id)?.status).toBe('waiting');
    await engine.stop();
    await expect(engine.resume(id, 'w', 1)).rejects.toMatchObject({ code: 'shutting_down' });
  });
});

describe('a stop', () => {
  it('leaves what runs where it is, and what has ended as it ended', async () => {
    const gate = createGate();
    const { engine, executions, accept, turn } = await start([node('g', 'gate')], [gate.type]);
    const id = await accept();
    const taken = turn();
    await turns();
    expect(engine.stats().running).toBe(1);
    await engine.stop();
    await taken;
    gate.release();
    await turns();
    expect(executions.rows.get(id)?.status).toBe('queued');
    expect(executions.history).toEqual(['queued']);
  });
});
