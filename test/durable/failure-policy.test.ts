// What happens when nodes and executions fail, are stopped or have to wait their turn, on both stores.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withLimit } from '../patience.ts';
import { delay, get as getFrom, hold, throwing, value } from './nodes.ts';
import { jobAt, type Shown, STORES, startWorld, type World } from './world.ts';

const pathsOf = (execution: Shown): string[] => execution.jobs.map(({ path }: Shown) => path).sort();

describe.each(STORES)('failure policy on %s', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld(store);
  });
  afterAll(() => world.stop());
  beforeEach(() => world.receiver.forget());

  const get = (key: string, path = `/${key}`, more: object = {}) => getFrom(key, world.receiver.url + path, more);

  describe('retry', () => {
    it('tries again after pauses, in memory, with the same idempotency key', async () => {
      world.receiver.failures.set('/shaky', 2);
      const retry = { attempts: 4, delayMs: 20, factor: 2, jitter: 0 };
      const execution = await world.run([get('shaky', '/shaky', { retry })]);
      expect(execution.status).toBe('succeeded');
      expect(jobAt(execution, 'shaky')).toMatchObject({ status: 'succeeded', attempts: 3, output: { body: { count: 3 } } });
      expect(world.receiver.keys('/shaky')).toEqual(Array(3).fill(`${execution.id}/shaky`));
      expect(Date.parse(execution.finishedAt) - Date.parse(execution.startedAt)).toBeGreaterThanOrEqual(55);
    });

    it('waits for a longer pause in storage, through a restart', async () => {
      world.receiver.failures.set('/later', 1);
      const { hookUrl } = await world.workflow([
        get('before'),
        get('later', '/later', { retry: { attempts: 2, delayMs: 1_200, jitter: 0 } }),
      ]);
      const id = await world.fire(hookUrl);
      const waiting = await world.whenWaiting(id, 'later');
      expect(waiting.wakeAt).toBe(jobAt(waiting, 'later').waitsUntil);
      expect(jobAt(waiting, 'later')).toMatchObject({ error: { code: 'unexpected_status' } });
      await world.restart();
      expect(jobAt(await world.when(id, 'succeeded'), 'later')).toMatchObject({ attempts: 2, error: null });
      expect(world.receiver.keys('/later')).toEqual([`${id}/later`, `${id}/later`]);
      expect(world.receiver.calls('/before')).toHaveLength(1);
    });

    it('ends with the last failure when the tries are used up', async () => {
      world.receiver.failures.set('/gone', 9);
      const execution = await world.run([get('gone', '/gone', { retry: { attempts: 3, delayMs: 1, jitter: 1 } })]);
      expect(execution).toMatchObject({ status: 'error', error: { code: 'unexpected_status', details: { node: 'gone' } } });
      expect(jobAt(execution, 'gone')).toMatchObject({ status: 'error', attempts: 3 });
      expect(world.receiver.calls('/gone')).toHaveLength(3);
      world.receiver.failures.delete('/gone');
    });

    it('is for the nodes inside a loop, not for the loop', async () => {
      const body = [get('round', '/round', { retry: { attempts: 2, delayMs: 1_100, jitter: 0 } })];
      const loop = { key: 'each', type: 'loop', config: { over: 2 }, branches: { body } };
      const nodes = [{ ...loop, retry: { attempts: 2 } }];
      const input = { title: 'Refused', mode: 'async', trigger: { type: 'webhook', config: {} }, nodes };
      const refused = await world.hookline.api('POST', '/api/workflows', input);
      expect(refused.body.error.details.problems).toMatchObject([{ path: 'nodes[0].retry', severity: 'error' }]);
      world.receiver.failures.set('/round', 1);
      expect(jobAt(await world.run([loop]), 'each')).toMatchObject({ output: { rounds: 2, failures: 0 } });
      expect(world.receiver.calls('/round')).toHaveLength(3);
    });
  });

  describe('onFailure', () => {
    const after = value('after', '{{$nodes.bad.error.code}}');

    it('continue goes on behind the node', async () => {
      const execution = await world.run([throwing('bad', { onFailure: 'continue' }), after]);
      expect(execution).toMatchObject({ status: 'succeeded', error: null });
      expect(jobAt(execution, 'bad')).toMatchObject({ status: 'error', handled: true, error: { code: 'script_failed' } });
      expect(jobAt(execution, 'after').output).toBe('script_failed');
    });

    it('branch runs the branch first, and keeps to it after a wait', async () => {
      const branches = { failure: [value('rescue', '{{$nodes.bad.error.message}}'), delay('breath', 20)] };
      const execution = await world.run([throwing('bad', { onFailure: 'branch', branches }), after]);
      expect(execution.status).toBe('succeeded');
      expect(jobAt(execution, 'bad')).toMatchObject({ branch: 'failure', handled: true });
      expect(jobAt(execution, 'rescue').output).toContain('broken');
      expect(pathsOf(execution)).toEqual(['after', 'bad', 'breath', 'rescue']);
    });

    it('branch stays aside when the node succeeds', async () => {
      const node = { ...value('fine'), onFailure: 'branch', branches: { failure: [value('rescue')] } };
      expect(pathsOf(await world.run([node]))).toEqual(['fine']);
    });
  });

  describe('the timeout of a workflow', () => {
    const settings = { timeoutMs: 150 };

    it('ends one that runs, and aborts its requests', async () => {
      world.receiver.hanging.add('/slow');
      const { result } = await withLimit(
        (timeoutMs) => world.run([get('slow'), value('never')], { settings: { timeoutMs } }),
        () => world.receiver.calls('/slow').length > 0,
      );
      expect(result).toMatchObject({ status: 'timed_out', error: { code: 'deadline_exceeded' } });
      await expect.poll(() => world.receiver.calls('/slow').every(({ isAborted }) => isAborted)).toBe(true);
      world.receiver.hanging.delete('/slow');
    });

    it('counts waits', async () => {
      const execution = await world.run([hold('approval'), value('never')], { settings });
      expect(execution).toMatchObject({ status: 'timed_out', error: { code: 'deadline_exceeded' }, wakeAt: null });
      const naps = await world.run([delay('a', 100), delay('b', 100), value('never')], { settings });
      expect(naps.status).toBe('timed_out');
      expect(pathsOf(naps)).not.toContain('never');
    });

    it('leaves one alone that is quicker', async () => {
      expect(await world.run([delay('nap', 10)], { settings: { timeoutMs: 100_000 } })).toMatchObject({ status: 'succeeded' });
    });
  });

  it('tells the workflow that is named for failures', async () => {
    const informed = await world.workflow([{ key: 'told', type: 'output', config: { value: '{{$context.execution}}' } }], {
      trigger: { type: 'subflow', config: {} },
    });
    const settings = { onFailureWorkflow: informed.id };
    const failed = await world.run([throwing('bad')], { settings }, { order: 5 });
    const told = await world.when((await world.newestOf(informed.id)).id, 'succeeded');
    expect(told).toMatchObject({ source: 'failure', status: 'succeeded', context: { execution: { id: failed.id } } });
    expect(told.output).toMatchObject({
      id: failed.id,
      workflowId: failed.workflowId,
      status: 'error',
      error: { code: 'script_failed', details: { node: 'bad' } },
      request: { body: '{"order":5}' },
    });
    await world.run([{ key: 'no', type: 'end', config: { status: 'failed' } }], { settings });
    await expect.poll(async () => (await world.executionsOf(informed.id)).length).toBe(2);
    await world.run([value('fine')], { settings });
    expect(await world.executionsOf(informed.id)).toHaveLength(2);
  });

  describe('cancel', () => {
    it('of a queued one keeps it from starting', async () => {
      world.receiver.hanging.add('/first');
      const { hookUrl } = await world.workflow([get('first')], { settings: { concurrency: { limit: 1 } } });
      const first = await world.fire(hookUrl);
      await world.receiver.called('/first');
      const second = await world.fire(hookUrl);
      expect(await world.read(second)).toMatchObject({ status: 'queued', lane: expect.any(String) });
      expect(await world.act(second, 'cancel')).toMatchObject({ status: 200, body: { status: 'canceled' } });
      const third = await world.fire(hookUrl);
      world.receiver.hanging.delete('/first');
      world.receiver.calls('/first')[0]?.answer();
      await world.when(first, 'succeeded');
      await world.when(third, 'succeeded');
      expect(await world.read(second)).toMatchObject({ status: 'canceled', startedAt: null, jobs: [] });
      expect(world.receiver.keys('/first')).toEqual([`${first}/first`, `${third}/first`]);
      expect(await world.act(second, 'cancel')).toMatchObject({ status: 409, body: { error: { code: 'conflict' } } });
    });

    it('of a running one aborts its outgoing request', async () => {
      world.receiver.hanging.add('/long');
      const { hookUrl } = await world.workflow([get('long'), get('never')]);
      const id = await world.fire(hookUrl);
      const [call] = await world.receiver.called('/long');
      expect((await world.act(id, 'cancel')).body).toMatchObject({ status: 'canceled', error: { code: 'canceled' } });
      await expect.poll(() => call?.isAborted).toBe(true);
      expect(await world.read(id)).toMatchObject({ status: 'canceled' });
      expect(world.receiver.calls('/never')).toEqual([]);
      world.receiver.hanging.delete('/long');
    });

    it('of a waiting one lets nothing wake it', async () => {
      const { limitMs, result } = await withLimit(
        async (ms) => {
          const { hookUrl } = await world.workflow([delay('nap', ms), get('never')]);
          const id = await world.fire(hookUrl);
          await expect.poll(async () => (await world.read(id)).status).toMatch(/waiting|succeeded/);
          return { id, canceled: await world.act(id, 'cancel') };
        },
        ({ canceled }) => canceled.status === 200,
      );
      expect(result.canceled.body).toMatchObject({ status: 'canceled', wakeAt: null });
      world.receiver.forget();
      // Another one that began later, and waits as long, has come to its end.
      await world.run([delay('nap', limitMs), get('other')]);
      expect(await world.read(result.id)).toMatchObject({ status: 'canceled' });
      expect(world.receiver.calls('/never')).toEqual([]);
    });
  });

  describe('concurrency', () => {
    it('has a limit per workflow', async () => {
      world.receiver.hanging.add('/work');
      const { hookUrl } = await world.workflow([get('work')], { settings: { concurrency: { limit: 2 } } });
      const ids = [];
      for (let n = 0; n < 5; n++) ids.push(await world.fire(hookUrl));
      for (let done = 0; done < 5; done++) {
        // On PostgreSQL one may wait although there would be room, see `queueNameOf`; never are there more than two.
        const calls = await world.receiver.called('/work', done + 1);
        expect(calls.length).toBeLessThanOrEqual(done + 2);
        calls[done]?.answer();
      }
      for (const id of ids) await world.when(id, 'succeeded');
      world.receiver.hanging.delete('/work');
    });

    it('has a limit per key, each in order of arrival, while others go on', async () => {
      world.receiver.hanging.add('/ann');
      const { hookUrl } = await world.workflow([get('work', '/{{$context.body.customer}}')], {
        settings: { concurrency: { limit: 1, key: '{{$context.body.customer}}' } },
      });
      const ann = [];
      for (let n = 0; n < 3; n++) ann.push(await world.fire(hookUrl, { customer: 'ann' }));
      const bob = await world.fire(hookUrl, { customer: 'bob' });
      await world.when(bob, 'succeeded');
      for (let done = 0; done < 3; done++) {
        const calls = await world.receiver.called('/ann', done + 1);
        expect(calls).toHaveLength(done + 1);
        calls[done]?.answer();
      }
      for (const id of ann) await world.when(id, 'succeeded');
      expect(world.receiver.keys('/ann')).toEqual(ann.map((id) => `${id}/work`));
      world.receiver.hanging.delete('/ann');
    });
  });
});
