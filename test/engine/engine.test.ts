// The engine behind the HTTP API: background runs, deadlines, waiting, cancelling, replaying, and stopping.

import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineNode, definePlugin } from '../../src/index.ts';
import { withLimit } from '../patience.ts';
import { startHookline, type TestHookline } from '../start-hookline.ts';

/** A node that stays until it is let go, and says what it saw. */
function createGate() {
  const waiting: (() => void)[] = [];
  const seen: { key: string; aborted: boolean }[] = [];
  let onEntered: () => void = () => {};
  const node = defineNode({
    type: 'gate',
    title: 'Gate',
    description: 'Stays until it is let go.',
    config: z.strictObject({ value: z.unknown().optional() }),
    hasEffect: true,
    async run({ config, idempotencyKey, signal }) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        signal.addEventListener('abort', () => resolve());
        onEntered();
      });
      seen.push({ key: idempotencyKey, aborted: signal.aborted });
      return { type: 'done', output: config.value ?? null };
    },
  });
  return {
    node,
    seen,
    entered: () =>
      new Promise<void>((resolve) => {
        if (waiting.length > 0) resolve();
        onEntered = resolve;
      }),
    release() {
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

const sleeper = defineNode({
  type: 'sleeper',
  title: 'Sleeper',
  description: 'Waits to be resumed.',
  config: z.strictObject({}),
  canWait: true,
  run: () => ({ type: 'wait' }),
});

const webhook = { type: 'webhook', config: {} };
let hookline: TestHookline;
afterEach(() => hookline.stop());

const executionOf = ({ headers }: { headers: Headers }): string => headers.get('x-hookline-execution-id') ?? '';

describe('deadlines and cancelling', () => {
  it('answers 504 past the deadline; the execution is timed_out and its node is told to stop', async () => {
    const gate = createGate();
    hookline = await startHookline({ plugins: [definePlugin({ name: 'test', nodes: [gate.node] })] });
    const { result: answer } = await withLimit(
      async (deadlineMs) => {
        const { hookUrl } = await hookline.workflow({
          mode: 'sync',
          trigger: { type: 'webhook', config: { deadlineMs } },
          nodes: [
            { key: 'before', type: 'variable', config: { value: 1 } },
            { key: 'hold', type: 'gate', config: {} },
          ],
        });
        return hookline.post(hookUrl, {});
      },
      () => gate.seen.length > 0,
    );
    expect([answer.status, answer.body.error.code]).toEqual([504, 'deadline_exceeded']);
    const execution = await hookline.finished(executionOf(answer));
    expect(execution).toMatchObject({ status: 'timed_out', jobs: [{ key: 'before' }] });
    expect(gate.seen).toEqual([{ key: `${execution.id}/hold`, aborted: true }]);
  });

  it('cancels a running, a queued and a waiting execution, and refuses an ended one', async () => {
    const gate = createGate();
    hookline = await startHookline({
      concurrency: 1,
      plugins: [definePlugin({ name: 'test', nodes: [gate.node, sleeper] })],
    });
    const holding = await hookline.workflow({
      mode: 'async',
      trigger: webhook,
      nodes: [{ key: 'hold', type: 'gate', config: {} }],
    });
    const running = executionOf(await hookline.post(holding.hookUrl, {}));
    await gate.entered();
    const queued = executionOf(await hookline.post(holding.hookUrl, {}));
    const runningStatus = async (): Promise<string> => (await hookline.api('GET', `/api/executions/${running}`)).body.status;
    await expect.poll(runningStatus, { interval: 5 }).toBe('running');
    expect((await hookline.api('GET', `/api/executions/${queued}`)).body.status).toBe('queued');
    for (const id of [queued, running]) {
      expect((await hookline.api('POST', `/api/executions/${id}/cancel`)).status).toBe(200);
      expect((await hookline.finished(id)).status).toBe('canceled');
    }
    expect(gate.seen.map(({ aborted }) => aborted)).toEqual([true]);

    const waiting = await hookline.workflow({
      mode: 'async',
      trigger: webhook,
      nodes: [{ key: 'wait', type: 'sleeper', config: {} }],
    });
    const id = executionOf(await hookline.post(waiting.hookUrl, {}));
    await expect
      .poll(async () => (await hookline.api('GET', `/api/executions/${id}`)).body.status, { interval: 5 })
      .toBe('waiting');
    expect((await hookline.api('POST', `/api/executions/${id}/cancel`)).body.status).toBe('canceled');
    const again = await hookline.api('POST', `/api/executions/${id}/cancel`);
    expect([again.status, again.body.error.code]).toEqual([409, 'conflict']);
    expect((await hookline.api('POST', `/api/executions/${randomUUID()}/cancel`)).status).toBe(404);
  });
});

describe('jobs are the memo', () => {
  it('resumes a waiting execution without running finished nodes again, also after a restart', async () => {
    let runs = 0;
    const counter = defineNode({
      type: 'counter',
      title: 'Counter',
      description: 'Counts its runs.',
      config: z.strictObject({}),
      run: () => ({ type: 'done', output: ++runs }),
    });
    const plugins = [definePlugin({ name: 'test', nodes: [sleeper, counter] })];
    hookline = await startHookline({ plugins });
    const { hookUrl } = await hookline.workflow({
      mode: 'async',
      trigger: webhook,
      nodes: [
        { key: 'total', type: 'variable', config: { value: 1 } },
        { key: 'count', type: 'counter', config: {} },
        {
          key: 'big',
          type: 'condition',
          config: { test: { all: [{ left: '{{$context.body.n}}', operator: 'gt', right: 5 }] } },
          branches: {
            true: [
              { key: 'set', type: 'variable', config: { assign: 'total', value: 2 } },
              { key: 'wait', type: 'sleeper', config: {} },
            ],
            false: [],
          },
        },
        {
          key: 'sum',
          type: 'variable',
          config: { value: '{{$nodes.total}}/{{$nodes.count}}/{{$nodes.wait.answer}}/{{$context.body.n}}' },
        },
      ],
    });
    const id = executionOf(await hookline.post(hookUrl, { n: 7 }));
    const status = async (): Promise<string> => (await hookline.api('GET', `/api/executions/${id}`)).body.status;
    await expect.poll(status, { interval: 5 }).toBe('waiting');

    const { folder } = hookline;
    await hookline.hookline.stop();
    hookline.server.closeAllConnections();
    hookline.server.close();
    const next = await startHookline({ plugins, folder });
    hookline = next;
    await next.hookline.engine.resume({ executionId: id, jobPath: 'wait' }, { answer: 'yes' });
    const execution = await next.finished(id);
    expect(execution.status).toBe('succeeded');
    expect(execution.jobs.map(({ key, status }: { key: string; status: string }) => [key, status])).toEqual([
      ['total', 'succeeded'],
      ['count', 'succeeded'],
      ['big', 'succeeded'],
      ['set', 'succeeded'],
      ['wait', 'succeeded'],
      ['sum', 'succeeded'],
    ]);
    expect(execution.jobs.at(-1).output).toBe('2/1/yes/7');
    expect(runs).toBe(1);
    await expect(next.hookline.engine.resume({ executionId: id, jobPath: 'wait' }, 1)).rejects.toMatchObject({
      code: 'execution_ended',
    });
  });

  it('keeps an answer that comes before its question, and goes on waiting for the time of a delay until then', async () => {
    hookline = await startHookline({ plugins: [definePlugin({ name: 'test', nodes: [sleeper] })] });
    const { hookUrl } = await hookline.workflow({
      mode: 'async',
      trigger: webhook,
      nodes: [
        { key: 'pause', type: 'delay', config: { duration: 150, unit: 'milliseconds' } },
        { key: 'ask', type: 'wait', config: {} },
        { key: 'never', type: 'sleeper', config: {} },
      ],
    });
    const id = executionOf(await hookline.post(hookUrl, {}));
    const read = async () => (await hookline.api('GET', `/api/executions/${id}`)).body;
    await expect.poll(async () => (await read()).status, { interval: 5 }).toBe('waiting');
    const { engine, executions } = hookline.hookline;
    await engine.resume({ executionId: id, jobPath: 'ask' }, { early: true });
    // Nobody else wakes it here: only its delay does.
    await expect.poll(async () => (await read()).jobs.length, { interval: 5 }).toBe(3);
    const { status, jobs, wakeAt } = await read();
    expect([status, wakeAt]).toEqual(['waiting', null]);
    expect(jobs).toMatchObject([
      { key: 'pause', status: 'succeeded' },
      { key: 'ask', status: 'succeeded', output: { early: true } },
      { key: 'never', status: 'waiting' },
    ]);
    expect(await executions.signals(id)).toEqual([]);
  });

  it('stores a node that throws as error, with its message and no stack', async () => {
    const broken = defineNode({
      type: 'broken',
      title: 'Broken',
      description: 'Throws.',
      config: z.strictObject({ how: z.string() }),
      run({ config }) {
        if (config.how === 'function') return { type: 'done', output: () => 1 };
        throw new Error('the disk is on fire');
      },
    });
    hookline = await startHookline({ plugins: [definePlugin({ name: 'test', nodes: [broken] })] });
    const { hookUrl } = await hookline.workflow({
      mode: 'sync',
      trigger: webhook,
      nodes: [{ key: 'b', type: 'broken', config: { how: '{{$context.body.how}}' } }],
    });
    const thrown = await hookline.finished(executionOf(await hookline.post(hookUrl, { how: 'throw' })));
    expect(thrown).toMatchObject({
      status: 'error',
      error: { code: 'node_failed', message: 'the disk is on fire', details: { node: 'b' } },
      jobs: [{ key: 'b', status: 'error', error: { message: 'the disk is on fire' } }],
    });
    const odd = await hookline.finished(executionOf(await hookline.post(hookUrl, { how: 'function' })));
    expect(odd.error.message).toMatch(/function/);
  });
});

describe('manual runs, replays and revisions', () => {
  it('runs by hand with typed-in headers, query and body, and replays on the live or a named revision', async () => {
    hookline = await startHookline();
    const nodes = (text: string): object[] => [
      {
        key: 'answer',
        type: 'response',
        config: { body: `${text} {{$context.body.n}} {{$context.query.q}} {{$context.headers.x-a}}` },
      },
    ];
    const { id } = await hookline.workflow({ mode: 'sync', enabled: false, trigger: webhook, nodes: nodes('one') });
    const run = await hookline.api('POST', `/api/workflows/${id}/run`, {
      headers: { 'X-A': 'a' },
      query: '?q=1',
      body: { n: 5 },
    });
    expect(run.body).toMatchObject({ status: 'succeeded', source: 'manual', revision: 1, response: { body: 'one 5 1 a' } });

    await hookline.api('PATCH', `/api/workflows/${id}`, { nodes: nodes('two') });
    expect((await hookline.api('GET', `/api/workflows/${id}`)).body).toMatchObject({ revision: 2, executionCount: 1 });
    const live = await hookline.api('POST', `/api/executions/${run.body.id}/replay`);
    expect(live.body).toMatchObject({ revision: 2, replayOf: run.body.id, response: { body: 'two 5 1 a' } });
    const old = await hookline.api('POST', `/api/executions/${run.body.id}/replay`, { revision: 1 });
    expect(old.body).toMatchObject({ revision: 1, response: { body: 'one 5 1 a' } });
    await hookline.api('POST', `/api/workflows/${id}/revisions/1/activate`);
    const again = await hookline.api('POST', `/api/executions/${run.body.id}/replay`);
    expect(again.body).toMatchObject({ revision: 1, response: { body: 'one 5 1 a' } });
  });

  it('edits a revision in place until it has executed', async () => {
    hookline = await startHookline();
    const { id, hookUrl } = await hookline.workflow({ mode: 'sync', trigger: webhook });
    const edit = (value: number): Promise<{ body: { revision: number } }> =>
      hookline.api('PATCH', `/api/workflows/${id}`, {
        nodes: [{ key: 'answer', type: 'response', config: { body: { value } } }],
      });
    expect((await edit(1)).body.revision).toBe(1);
    expect((await hookline.post(hookUrl, {})).body).toEqual({ value: 1 });
    expect((await edit(2)).body.revision).toBe(2);
    expect((await edit(3)).body.revision).toBe(2);
    expect((await hookline.post(hookUrl, {})).body).toEqual({ value: 3 });
  });
});

describe('stopping and bounded memory', () => {
  it('continues after a restart what was queued or running, and works through a backlog larger than its window', async () => {
    const gate = createGate();
    const plugins = [definePlugin({ name: 'test', nodes: [gate.node] })];
    hookline = await startHookline({ plugins, concurrency: 2, queueWindow: 4, shutdownGraceMs: 0 });
    const { id, hookUrl } = await hookline.workflow({
      mode: 'async',
      trigger: webhook,
      nodes: [{ key: 'hold', type: 'gate', config: {} }],
    });
    for (let index = 0; index < 20; index += 1) expect((await hookline.post(hookUrl, { index })).status).toBe(200);
    expect(hookline.hookline.engine.stats().queued).toBeLessThanOrEqual(4);
    const { folder } = hookline;
    await hookline.hookline.stop();
    hookline.server.closeAllConnections();
    hookline.server.close();
    gate.seen.length = 0;

    hookline = await startHookline({ plugins, folder, concurrency: 2, queueWindow: 4 });
    const count = async (): Promise<number> => {
      gate.release();
      return (await hookline.api('GET', `/api/executions?workflowId=${id}&status=succeeded&limit=100`)).body.data.length;
    };
    await expect.poll(count, { interval: 1 }).toBe(20);
    expect(new Set(gate.seen.map(({ key }) => key)).size).toBe(20);
    expect(gate.seen).toHaveLength(20);
  });
});
