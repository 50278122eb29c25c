// The engine when two things happen to one execution at the same time: cancel, resume, the queue's turn, a stop.

import { describe, expect, it } from 'vitest';
import type { Node } from '../../src/engine/model.ts';
import type { AnyNodeType } from '../../src/engine/plugin.ts';
import { HooklineError } from '../../src/errors.ts';
import { node, nodeOf } from './running.ts';
import { startEngine } from './test-engine.ts';

async function start(nodes: Node[], types: readonly AnyNodeType[] = []) {
  const started = await startEngine([{ id: 'w', nodes }], types);
  const accept = async (): Promise<string> => (await started.accept()).id;
  return { ...started, accept };
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
};

const sleeper = nodeOf('sleeper', () => ({ type: 'wait' }));

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
      expect(executions.get(id)?.status).toBe('canceled');
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
    expect(executions.get(id)?.status).toBe('succeeded');
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
  const nodes = [node('w', 'sleeper'), node('after', 'variable', { value: '{{$nodes.w}}' })];

  it('that comes twice goes on once', async () => {
    const { engine, executions, accept, turn, settle } = await start(nodes, [sleeper]);
    const id = await accept();
    await turn();
    expect(executions.get(id)).toMatchObject({ status: 'waiting', wakeAt: null });
    const target = { executionId: id, jobPath: 'w' };
    const results = await Promise.allSettled([engine.resume(target, 'first'), engine.resume(target, 'second')]);
    expect(results).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: { code: 'already_resumed' } }]);
    await settle();
    expect(executions.get(id)).toMatchObject({
      status: 'succeeded',
      jobs: [
        { path: 'w', output: 'first' },
        { path: 'after', output: 'first' },
      ],
    });
    expect(await executions.store.signals(id)).toEqual([]);
    await expect(engine.resume(target, 'third')).rejects.toMatchObject({ code: 'execution_ended' });
    await engine.stop();
  });

  it('that looks before the flow takes a value that was there already, and comes behind it, is refused', async () => {
    const { engine, executions, accept, turn, settle, stored } = await start(
      [node('n', 'sleeper'), node('last', 'sleeper')],
      [sleeper],
    );
    const id = await accept();
    await turn();
    // Before a restart, or in another process.
    await executions.store.commit({ signal: { executionId: id, jobPath: 'n', output: 'first' } });
    const { get } = executions.store;
    const seen = await get(id);
    executions.store.get = async () => {
      executions.store.get = get;
      await settle();
      return seen;
    };
    await expect(engine.resume({ executionId: id, jobPath: 'n' }, 'second')).rejects.toMatchObject({ code: 'already_resumed' });
    expect(stored(id).jobs).toMatchObject([
      { path: 'n', output: 'first' },
      { path: 'last', status: 'waiting' },
    ]);
    expect(await executions.store.signals(id)).toEqual([]);
    await engine.stop();
  });

  it('meets a cancel: the cancel counts, whoever came first, and a resume behind it is refused', async () => {
    for (const first of ['resume', 'cancel']) {
      const { engine, executions, accept, turn, settle } = await start(nodes, [sleeper]);
      const id = await accept();
      await turn();
      const target = { executionId: id, jobPath: 'w' };
      const resume = () => engine.resume(target, 1).catch(() => undefined);
      const both = first === 'resume' ? [resume(), engine.cancel(id)] : [engine.cancel(id), resume()];
      await Promise.all(both);
      await settle();
      expect(executions.get(id)).toMatchObject({ status: 'canceled', jobs: [{ path: 'w', status: 'waiting' }] });
      await expect(engine.resume(target, 1)).rejects.toMatchObject({ code: 'execution_ended' });
      await engine.stop();
    }
  });

  it('is refused while the server stops, and takes only what JSON can hold', async () => {
    const { engine, executions, accept, turn } = await start(nodes, [sleeper]);
    const id = await accept();
    const target = { executionId: id, jobPath: 'w' };
    await turn();
    await expect(engine.resume(target, () => 1)).rejects.toMatchObject({ code: 'node_failed' });
    expect(executions.get(id)?.status).toBe('waiting');
    await engine.stop();
    await expect(engine.resume(target, 1)).rejects.toMatchObject({ code: 'shutting_down' });
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
    expect(executions.get(id)?.status).toBe('queued');
    expect(executions.history).toEqual(['queued']);
  });
});
