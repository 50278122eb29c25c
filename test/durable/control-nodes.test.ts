// Subflows, parallel branches and loops whose nodes wait and fail, on both stores.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { delay, get as getFrom, hold, throwing, value } from './nodes.ts';
import { jobAt, type Shown, STORES, startWorld, type World } from './world.ts';

const statusOf = (execution: Shown, path: string): string | undefined => jobAt(execution, path)?.status;
const pathsOf = (execution: Shown): string[] => execution.jobs.map(({ path }: Shown) => path).sort();

describe.each(STORES)('control nodes on %s', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld(store);
  });
  afterAll(() => world.stop());
  beforeEach(() => world.receiver.forget());

  const get = (key: string, path = `/${key}`, more: object = {}) => getFrom(key, world.receiver.url + path, more);

  describe('subflows', () => {
    const call = (workflow: string, more: object = {}, node: object = {}) => ({
      key: 'call',
      type: 'subflow',
      config: { workflow, input: { n: 4 }, ...more },
      ...node,
    });

    it('give their output to the caller that waits', async () => {
      const child = await world.subflow([
        delay('nap', 20),
        { key: 'first', type: 'output', config: { value: 'old' } },
        { key: 'last', type: 'output', config: { value: { twice: ['{{$context.n}}', '{{$context.n}}'] } } },
      ]);
      const execution = await world.run([call(child), value('after', '{{$nodes.call.twice}}')]);
      expect(jobAt(execution, 'after').output).toEqual([4, 4]);
      expect(await world.newestOf(child)).toMatchObject({
        source: 'subflow',
        status: 'succeeded',
        parent: { executionId: execution.id, jobPath: 'call' },
      });
    });

    it('run beside a caller that does not wait', async () => {
      world.receiver.hanging.add('/child');
      const child = await world.subflow([get('child')]);
      const execution = await world.run([call(child, { wait: false }), value('after', '{{$nodes.call.executionId}}')]);
      const [started] = await world.receiver.called('/child');
      const { id } = await world.newestOf(child);
      expect(execution).toMatchObject({ status: 'succeeded' });
      expect(jobAt(execution, 'after').output).toBe(id);
      world.receiver.hanging.delete('/child');
      started?.answer();
      await world.when(id, 'succeeded');
    });

    it('hand their failure to the caller, who may handle it', async () => {
      const child = await world.subflow([throwing('bad')]);
      const failed = await world.run([call(child), value('never')]);
      expect(failed).toMatchObject({ status: 'error', error: { code: 'subflow_failed', details: { node: 'call' } } });
      expect(failed.error.message).toContain('broken');
      const handled = await world.run([call(child, {}, { onFailure: 'continue' }), value('after', '{{$nodes.call.error.code}}')]);
      expect(handled.status).toBe('succeeded');
      expect(jobAt(handled, 'after').output).toBe('subflow_failed');
      expect(await world.run([call('no-such-workflow')])).toMatchObject({
        status: 'error',
        error: { code: 'workflow_not_found' },
      });
    });

    it('are called anew when their caller is retried', async () => {
      world.receiver.failures.set('/child', 1);
      const child = await world.subflow([get('child'), { key: 'out', type: 'output', config: { value: 1 } }]);
      const failed = await world.run([get('once'), call(child)]);
      expect(failed.status).toBe('error');
      await world.act(failed.id, 'retry');
      expect(jobAt(await world.when(failed.id, 'succeeded'), 'call').output).toBe(1);
      expect(world.receiver.calls('/once')).toHaveLength(1);
    });

    it('are canceled with the caller that waits for them', async () => {
      const child = await world.subflow([hold('approval')]);
      const { hookUrl } = await world.workflow([call(child)]);
      const id = await world.fire(hookUrl);
      const waiting = await world.whenWaiting(id, 'call');
      const called = jobAt(waiting, 'call').calledExecution;
      await world.whenWaiting(called, 'approval');
      await world.act(id, 'cancel');
      await world.when(called, 'canceled');
    });

    it('that call each other end as too deep, and everybody hears of it', async () => {
      const ping = await world.subflow([value('later')]);
      const pong = await world.subflow([{ key: 'toPing', type: 'subflow', config: { workflow: ping } }]);
      const edited = await world.hookline.api('PATCH', `/api/workflows/${ping}`, {
        title: 'Ping',
        trigger: { type: 'subflow', config: {} },
        nodes: [{ key: 'toPong', type: 'subflow', config: { workflow: pong } }],
      });
      expect(edited.status, edited.text).toBe(200);
      const execution = await world.run([call(ping)]);
      expect(execution).toMatchObject({ status: 'error', error: { code: 'subflow_failed' } });
      const all = [...(await world.executionsOf(ping)), ...(await world.executionsOf(pong))];
      expect(all).toHaveLength(10);
      expect(all.map(({ status }) => status)).toEqual(Array(10).fill('error'));
      expect(all.filter(({ error }) => error.code === 'subflow_too_deep')).toHaveLength(1);
    });
  });

  describe('parallel', () => {
    const parallel = (mode: string, branches: Record<string, object[]>, more: object = {}) => ({
      key: 'par',
      type: 'parallel',
      config: { mode, branches: Object.keys(branches).map((key) => ({ key })) },
      branches,
      ...more,
    });

    it.each([
      ['all', 'when all succeed', { a: [value('x')], b: [delay('nap', 20), value('y')] }, 'succeeded', { branches: ['a', 'b'] }],
      ['all', 'when one fails', { a: [throwing('x')], b: [delay('nap', 60_000)] }, 'error', 'script_failed'],
      ['any', 'when one succeeds', { a: [throwing('x')], b: [delay('nap', 20), value('y')] }, 'succeeded', { branch: 'b' }],
      ['any', 'when all fail', { a: [throwing('x')], b: [delay('nap', 20), throwing('y')] }, 'error', 'script_failed'],
      ['race', 'when one is quicker', { a: [delay('nap', 60_000)], b: [delay('quick', 20)] }, 'succeeded', { branch: 'b' }],
      ['race', 'when the quickest fails', { a: [delay('nap', 60_000)], b: [throwing('x')] }, 'error', 'script_failed'],
    ])('%s, %s', async (mode, _when, branches, status, expected) => {
      const execution = await world.run([parallel(mode, branches), value('after')]);
      expect(execution.status).toBe(status);
      if (status === 'succeeded') expect(jobAt(execution, 'par').output).toEqual(expected);
      else expect(execution.error.code).toBe(expected);
      expect(pathsOf(execution).includes('after')).toBe(status === 'succeeded');
      const left = execution.jobs.filter((job: Shown) => job.status === 'waiting');
      expect(left).toEqual([]);
    });

    it('takes branches that come back one after the other', async () => {
      const { hookUrl } = await world.workflow([
        get('tell', '/{{$context.body.n}}'),
        {
          key: 'urls',
          type: 'variable',
          config: { value: ['{{$resume.one}}', '{{$resume.two}}', '{{$resume.three}}'] },
        },
        parallel('all', { a: [hold('one')], b: [hold('two')], c: [hold('three')] }),
      ]);
      const id = await world.fire(hookUrl, { n: 1 });
      for (const [index, key] of ['one', 'two', 'three'].entries()) {
        const waiting = await world.whenWaiting(id, key);
        const url = jobAt(waiting, 'urls').output[index];
        expect(await world.call(url, { key })).toMatchObject({ status: 200 });
        // Each takes a turn of its own.
        await expect.poll(async () => statusOf(await world.read(id), key)).toBe('succeeded');
      }
      expect(await world.when(id, 'succeeded')).toMatchObject({ error: null });
      expect(world.receiver.calls('/1')).toHaveLength(1);
    });

    it('stops the request of the branch that lost', async () => {
      world.receiver.hanging.add('/loser');
      const { hookUrl } = await world.workflow([parallel('race', { slow: [get('loser')], quick: [get('winner')] })]);
      world.receiver.hanging.add('/winner');
      const id = await world.fire(hookUrl);
      const [loser] = await world.receiver.called('/loser');
      const [winner] = await world.receiver.called('/winner');
      winner?.answer();
      expect(jobAt(await world.when(id, 'succeeded'), 'par').output).toEqual({ branch: 'quick' });
      await expect.poll(() => loser?.isAborted).toBe(true);
      world.receiver.hanging.clear();
    });
  });

  describe('loops', () => {
    const loop = (config: object, body: object[]) => ({ key: 'each', type: 'loop', config, branches: { body } });
    const odd = {
      key: 'odd',
      type: 'condition',
      config: { onFalse: 'branch', test: { all: [{ left: '{{$scopes.each.index}}', operator: 'equal', right: 1 }] } },
      branches: { true: [throwing('bad')], false: [] },
    };

    it.each([
      ['exit', 'error', undefined, 2],
      ['break', 'succeeded', { rounds: 2, failures: 1 }, 2],
      ['continue', 'succeeded', { rounds: 3, failures: 1 }, 3],
    ])('%s when a round fails', async (onItemFailure, status, output, rounds) => {
      const execution = await world.run([loop({ over: 'abc', onItemFailure }, [value('item', '{{$scopes.each.item}}'), odd])]);
      expect(execution.status).toBe(status);
      if (output) expect(jobAt(execution, 'each').output).toEqual(output);
      else expect(execution.error).toMatchObject({ code: 'script_failed', details: { node: 'each[1]/bad' } });
      expect(execution.jobs.filter(({ key }: Shown) => key === 'item')).toHaveLength(rounds);
    });

    const count = [
      { key: 'next', type: 'calculation', config: { engine: 'mathjs', expression: '{{$nodes.n}} + 1' } },
      { key: 'set', type: 'variable', config: { assign: 'n', value: '{{$nodes.next}}' } },
    ];
    const below = (right: number, check: string) => ({
      while: { check, test: { all: [{ left: '{{$nodes.n}}', operator: 'lt', right }] } },
    });

    it.each([
      ['before', 3, 3],
      ['before', 0, 0],
      ['after', 3, 3],
      ['after', 0, 1],
    ])('as long as a test is true, asked %s each round, below %i', async (check, right, rounds) => {
      const nodes = [value('n', 0), loop(below(right, check), [...count, delay('nap', 5)]), value('end', '{{$nodes.n}}')];
      const execution = await world.run(nodes);
      expect(jobAt(execution, 'each').output).toEqual({ rounds, failures: 0 });
      expect(jobAt(execution, 'end').output).toBe(rounds);
    });

    it('end with an error at their limit', async () => {
      const long = await world.run([loop({ over: 11, limit: 10 }, [value('x')])]);
      expect(long).toMatchObject({ status: 'error', error: { code: 'loop_limit', details: { node: 'each' } } });
      const endless = await world.run([value('n', 0), loop({ ...below(1, 'before'), limit: 10 }, [value('x')])]);
      expect(endless).toMatchObject({ status: 'error', error: { code: 'loop_limit' } });
      expect(endless.jobs.filter(({ key }: Shown) => key === 'x')).toHaveLength(10);
    });
  });
});
