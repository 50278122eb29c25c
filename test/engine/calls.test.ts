// Executions that start others: subflows, their results and failures, and the workflow that is told of a failure.

import { describe, expect, it } from 'vitest';
import type { ExecutionWithJobs, Node } from '../../src/engine/model.ts';
import { HooklineError } from '../../src/errors.ts';
import { node, nodeOf } from './running.ts';
import { startEngine, type TestEngine, type TestWorkflow } from './test-engine.ts';

const call = (workflow: string, more: object = {}): Node => node('call', 'subflow', { workflow, ...more });
const sleeper = nodeOf('sleeper', () => ({ type: 'wait' }));
const broken = nodeOf('broken', () => {
  throw new HooklineError('request_failed', 'Nobody answers.');
});
const boom = node('boom', 'broken');

async function start(...workflows: TestWorkflow[]) {
  const started = await startEngine(workflows, [sleeper, broken]);
  const of = (workflowId: string): ExecutionWithJobs[] =>
    started.executions.all().filter((execution) => execution.workflowId === workflowId);
  return { ...started, of };
}

const only = (executions: readonly ExecutionWithJobs[]): ExecutionWithJobs => {
  const [first, ...more] = executions;
  if (!first || more.length > 0) throw new Error(`There are ${executions.length} executions, not one.`);
  return first;
};

describe('a subflow', () => {
  const child = { id: 'child', nodes: [node('answer', 'output', { value: '{{$context.n}}!' })] };

  it('gets its input as context, and its output is the result of the node that waited for it', async () => {
    const nodes = [call('child', { input: { n: 7 } }), node('after', 'variable', { value: 'got {{$nodes.call}}' })];
    const { accept, settle, stored, of, engine, finished } = await start({ id: 'w', nodes }, child);
    const { id } = await accept();
    await settle();
    expect(stored(id)).toMatchObject({ status: 'succeeded', jobs: [{ output: '7!' }, { output: 'got 7!' }] });
    expect(only(of('child'))).toMatchObject({
      status: 'succeeded',
      source: 'subflow',
      context: { n: 7 },
      depth: 1,
      output: '7!',
      parent: { executionId: id, jobPath: 'call', isAwaited: true },
    });
    expect(finished).toEqual(['succeeded', 'succeeded']);
    await engine.stop();
  });

  it('that nobody waits for runs by itself; the node gives its id', async () => {
    const { accept, turn, settle, stored, of, engine } = await start({ id: 'w', nodes: [call('child', { wait: false })] }, child);
    const { id } = await accept();
    await turn();
    expect(stored(id)).toMatchObject({ status: 'succeeded', jobs: [{ output: { executionId: only(of('child')).id } }] });
    await settle();
    expect(only(of('child'))).toMatchObject({ status: 'succeeded', parent: { isAwaited: false } });
    await engine.stop();
  });

  it('that fails fails its caller, which knows which execution it was and why', async () => {
    const { accept, settle, stored, of, engine } = await start(
      { id: 'w', nodes: [call('child')] },
      { id: 'child', nodes: [boom] },
    );
    const { id } = await accept();
    await settle();
    const cause = { executionId: only(of('child')).id, code: 'request_failed' };
    expect(stored(id)).toMatchObject({
      status: 'error',
      error: { code: 'subflow_failed', message: expect.stringContaining('Nobody answers.'), details: { node: 'call', cause } },
    });
    await engine.stop();
  });

  it.each([
    ['unknown', {}, 'workflow_not_found'],
    ['disabled', { id: 'other', nodes: [], enabled: false }, 'subflow_failed'],
  ])('that is %s is an error of the node', async (_, other, code) => {
    const { accept, settle, stored, engine } = await start({ id: 'w', nodes: [call('other')] }, { ...child, ...other });
    const { id } = await accept();
    await settle();
    expect(stored(id)).toMatchObject({ status: 'error', error: { code } });
    await engine.stop();
  });

  it('that calls its own workflow ends at the tenth level, and every caller hears of it', async () => {
    const { accept, settle, of, engine } = await start({ id: 'w', nodes: [call('w')] });
    await accept();
    await settle();
    const depths = of('w').map(({ depth }) => depth);
    expect(depths).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(of('w').map(({ error }) => error?.code)).toEqual([...Array(10).fill('subflow_failed'), 'subflow_too_deep']);
    await engine.stop();
  });

  it('is not lost and not started twice when storage fails at its start', async () => {
    const { accept, turn, settle, stored, of, executions, engine } = await start({ id: 'w', nodes: [call('child')] }, child);
    const { id } = await accept();
    const { markExecuted } = executions.store;
    executions.store.markExecuted = () => Promise.reject(new HooklineError('storage_unavailable', 'The database is away.'));
    await expect(turn()).rejects.toMatchObject({ code: 'storage_unavailable' });
    executions.store.markExecuted = markExecuted;
    await settle();
    expect(stored(id).status).toBe('succeeded');
    expect(of('child')).toHaveLength(1);
    await engine.stop();
  });
});

describe('a cancel', () => {
  it('reaches the subflows that are waited for, however deep, and not those that are on their own', async () => {
    const { accept, settle, stored, of, engine } = await start(
      { id: 'w', nodes: [node('free', 'subflow', { workflow: 'leaf', wait: false }), call('middle')] },
      { id: 'middle', nodes: [call('leaf')] },
      { id: 'leaf', nodes: [node('s', 'sleeper')] },
    );
    const { id } = await accept();
    await settle();
    expect((await engine.cancel(id)).status).toBe('canceled');
    const awaited = (): string[] =>
      [...of('middle'), ...of('leaf').filter(({ depth }) => depth === 2)].map(({ status }) => status);
    await expect.poll(awaited, { interval: 1 }).toEqual(['canceled', 'canceled']);
    expect(of('leaf').find(({ depth }) => depth === 1)?.status).toBe('waiting');
    await settle();
    expect(stored(id).status).toBe('canceled');
    await engine.stop();
  });

  it('of a subflow fails its caller', async () => {
    const { accept, settle, stored, of, engine } = await start(
      { id: 'w', nodes: [call('leaf')] },
      { id: 'leaf', nodes: [node('s', 'sleeper')] },
    );
    const { id } = await accept();
    await settle();
    await engine.cancel(only(of('leaf')).id);
    await settle();
    expect(stored(id)).toMatchObject({ status: 'error', error: { code: 'subflow_failed', message: /ended as canceled/ } });
    await engine.stop();
  });
});

describe('the workflow that is told of a failure', () => {
  const watched = (nodes: Node[] = [boom]): TestWorkflow => ({ id: 'w', nodes, settings: { onFailureWorkflow: 'alarm' } });
  const alarm = { id: 'alarm', nodes: [node('why', 'output', { value: '{{$context.execution.error.code}}' })] };
  const told = ({ of }: { of(id: string): ExecutionWithJobs[] }) => of('alarm');

  it('gets the failed execution, once', async () => {
    const started = await start(watched(), alarm);
    const { id } = await started.accept();
    await started.settle();
    expect(only(told(started))).toMatchObject({
      status: 'succeeded',
      source: 'failure',
      output: 'request_failed',
      parent: null,
      context: { execution: { id, workflowId: 'w', status: 'error', request: { method: 'POST' }, finishedAt: /Z$/ } },
    });
    await started.engine.stop();
  });

  it('hears of a flow that decided to fail, and of nothing that succeeded or was canceled', async () => {
    const failed = await start(watched([node('stop', 'end', { status: 'failed' })]), alarm);
    await failed.accept();
    await failed.settle();
    expect(only(told(failed))).toMatchObject({ context: { execution: { status: 'failed', error: { code: 'flow_failed' } } } });
    await failed.engine.stop();

    const fine = await start(watched([node('s', 'sleeper')]), alarm);
    const { id } = await fine.accept();
    await fine.settle();
    await fine.engine.cancel(id);
    await fine.settle();
    expect(told(fine)).toEqual([]);
    await fine.engine.stop();
  });

  it('that fails itself tells nobody, be it that it should tell itself', async () => {
    const started = await start(watched(), { id: 'alarm', nodes: [boom], settings: { onFailureWorkflow: 'alarm' } });
    await started.accept();
    await started.settle();
    expect(only(told(started)).status).toBe('error');
    await started.engine.stop();
  });

  it('that is gone or disabled is named in the log, and the failure is stored all the same', async () => {
    for (const others of [[], [{ ...alarm, enabled: false }]]) {
      const started: TestEngine & { of(id: string): ExecutionWithJobs[] } = await start(watched(), ...others);
      const { id } = await started.accept();
      await started.settle();
      expect(started.stored(id).status).toBe('error');
      expect(told(started)).toEqual([]);
      expect(started.log.lines).toContainEqual(
        expect.objectContaining({ level: 'error', fields: expect.objectContaining({ execution: id, workflow: 'alarm' }) }),
      );
      await started.engine.stop();
    }
  });
});
