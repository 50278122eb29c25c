// Ends that come from outside the walk: timeouts, cancels, and other processes that have taken over.

import { describe, expect, it } from 'vitest';
import { NOW, node, nodeOf } from './running.ts';
import { startEngine } from './test-engine.ts';

const nap = nodeOf('nap', ({ config }) => ({ type: 'wait', ...(config as object) }));

/** Stays until it is told to stop, and says so. */
function createGate() {
  const seen: unknown[] = [];
  const open: (() => void)[] = [];
  const type = nodeOf(
    'gate',
    async ({ signal }) => {
      await new Promise<void>((resolve) => {
        open.push(resolve);
        signal.addEventListener('abort', () => {
          seen.push(signal.reason.code);
          resolve();
        });
      });
      return { type: 'done' };
    },
    { hasEffect: true },
  );
  return { type, seen, entered: () => open.length };
}

describe('the timeout of a workflow', () => {
  it('counts waits: the execution wakes for it and ends as timed_out', async () => {
    const nodes = [node('a', 'nap', { until: NOW + 600 }), node('b', 'nap', { until: NOW + 5_000 })];
    const { accept, settle, stored, tick, engine } = await startEngine(
      [{ id: 'w', nodes, settings: { timeoutMs: 1_000 } }],
      [nap],
    );
    const { id } = await accept();
    await settle();
    expect(stored(id)).toMatchObject({ status: 'waiting', wakeAt: NOW + 600 });
    tick(600);
    await settle();
    expect(stored(id)).toMatchObject({ status: 'waiting', wakeAt: NOW + 1_000, startedAt: NOW });
    tick(399);
    await settle();
    expect(stored(id).status).toBe('waiting');
    tick(1);
    await settle();
    expect(stored(id)).toMatchObject({
      status: 'timed_out',
      wakeAt: null,
      finishedAt: NOW + 1_000,
      error: { code: 'deadline_exceeded' },
    });
    await engine.stop();
  });

  it('starts anew with a retry, which goes on where the flow was', async () => {
    const nodes = [node('a', 'nap', {}), node('b', 'nap', {})];
    const { accept, settle, stored, tick, engine } = await startEngine(
      [{ id: 'w', nodes, settings: { timeoutMs: 1_000 } }],
      [nap],
    );
    const { id } = await accept();
    await settle();
    await engine.resume({ executionId: id, jobPath: 'a' }, 'first');
    await settle();
    tick(1_000);
    await settle();
    expect(stored(id).status).toBe('timed_out');
    await engine.retry(id);
    await settle();
    expect(stored(id)).toMatchObject({
      status: 'waiting',
      wakeAt: NOW + 2_000,
      error: null,
      jobs: [{ output: 'first' }, { path: 'b' }],
    });
    await engine.resume({ executionId: id, jobPath: 'b' }, 'second');
    await settle();
    expect(stored(id).status).toBe('succeeded');
    await engine.stop();
  });

  it('stops what runs, and its node hears of it', async () => {
    const gate = createGate();
    const nodes = [node('g', 'gate')];
    const { accept, turn, stored, engine } = await startEngine([{ id: 'w', nodes, settings: { timeoutMs: 30 } }], [gate.type]);
    const { id } = await accept();
    await turn();
    expect(stored(id)).toMatchObject({ status: 'timed_out', error: { code: 'deadline_exceeded' } });
    expect(gate.seen).toEqual(['deadline_exceeded']);
    await engine.stop();
  });

  it('gives a caller who waits 504', async () => {
    const gate = createGate();
    const workflow = { id: 'w', mode: 'sync' as const, nodes: [node('g', 'gate')], settings: { timeoutMs: 30 } };
    const { accept, engine } = await startEngine([workflow], [gate.type]);
    expect(await accept()).toMatchObject({ status: 'timed_out', response: { status: 504 } });
    await engine.stop();
  });
});

describe('a cancel', () => {
  it('ends what is queued, what runs and what waits, and none of it runs on', async () => {
    const gate = createGate();
    const workflows = [
      { id: 'w', nodes: [node('g', 'gate')] },
      { id: 'n', nodes: [node('n', 'nap', { until: NOW + 50 })] },
    ];
    const { accept, turn, settle, stored, tick, engine, finished } = await startEngine(workflows, [gate.type, nap]);
    const waiting = await accept('n');
    await turn();
    const running = await accept();
    const taken = turn();
    await expect.poll(gate.entered, { interval: 1 }).toBe(1);
    const queued = await accept();
    for (const { id } of [queued, running, waiting]) expect((await engine.cancel(id)).status).toBe('canceled');
    await taken;
    tick(50);
    await settle();
    for (const { id } of [queued, running, waiting]) {
      expect(stored(id)).toMatchObject({ status: 'canceled', error: { code: 'canceled' }, wakeAt: null });
      await expect(engine.cancel(id)).rejects.toMatchObject({ code: 'conflict' });
    }
    expect([gate.entered(), gate.seen.length]).toEqual([1, 1]);
    expect(finished).toEqual(['canceled', 'canceled', 'canceled']);
    await engine.stop();
  });

  it('can be taken back by a retry', async () => {
    const { accept, settle, stored, engine } = await startEngine([{ id: 'w', nodes: [node('a', 'variable', { value: 1 })] }]);
    const { id } = await accept();
    await engine.cancel(id);
    await settle();
    expect(stored(id)).toMatchObject({ status: 'canceled', jobs: [] });
    await engine.retry(id);
    await settle();
    expect(stored(id).status).toBe('succeeded');
    await expect(engine.retry(id)).rejects.toMatchObject({ code: 'conflict' });
    await engine.stop();
  });
});

describe('an execution that another process has taken over', () => {
  it('is left alone when its end is refused: nothing is tried again, and nobody is told of an end', async () => {
    const { accept, turn, stored, executions, pushed, finished, log, engine } = await startEngine([
      { id: 'w', nodes: [node('n', 'variable', { value: 1 })] },
    ]);
    const { id } = await accept();
    executions.takeAway(id);
    await turn();
    expect(stored(id)).toMatchObject({ status: 'queued', jobs: [] });
    expect([pushed, finished, engine.stats().running]).toEqual([[], [], 0]);
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { execution: id } }]);
    await engine.stop();
  });

  it('runs no effect here any more', async () => {
    const gate = createGate();
    const nodes = [node('n', 'variable', { value: 1 }), node('g', 'gate')];
    const { accept, turn, executions, stored, engine } = await startEngine([{ id: 'w', nodes }], [gate.type]);
    const { id } = await accept();
    executions.takeAway(id);
    await turn();
    expect([gate.entered(), stored(id).status]).toEqual([0, 'queued']);
    await engine.stop();
  });

  it("gives a caller who waits 503, not somebody else's end", async () => {
    const thief = nodeOf(
      'thief',
      ({ idempotencyKey }) => {
        takeAway(idempotencyKey.slice(0, idempotencyKey.indexOf('/')));
        return { type: 'done' };
      },
      { hasEffect: true },
    );
    const { accept, executions, finished, engine } = await startEngine(
      [{ id: 'w', mode: 'sync', nodes: [node('t', 'thief')] }],
      [thief],
    );
    const { takeAway } = executions;
    await expect(accept()).rejects.toMatchObject({ code: 'storage_unavailable', status: 503 });
    expect(executions.all()).toMatchObject([{ status: 'running' }]);
    expect(finished).toEqual([]);
    await engine.stop();
  });

  it.each([
    ['canceled it', (id: string) => ({ type: 'execution-canceled', executionId: id }) as const],
    ['takes this one for dead', () => ({ type: 'declared-dead' }) as const],
  ])('stops here when that one %s', async (_, messageOf) => {
    const gate = createGate();
    const { accept, turn, stored, bus, finished, engine } = await startEngine(
      [{ id: 'w', nodes: [node('g', 'gate')] }],
      [gate.type],
    );
    const { id } = await accept();
    const taken = turn();
    await expect.poll(gate.entered, { interval: 1 }).toBe(1);
    const before = stored(id);
    bus.deliver(messageOf(id));
    await taken;
    expect(gate.seen).toEqual(['ownership_lost']);
    expect(stored(id)).toEqual(before);
    expect([finished, engine.stats().running]).toEqual([[], 0]);
    await engine.stop();
  });
});
