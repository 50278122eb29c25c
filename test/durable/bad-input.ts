// What nobody should do to durable workflows and somebody will: each ends in a named error, and the rest goes on.

import { createConnection } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineNode, definePlugin } from '../../src/index.ts';
import { jobAt, type Shown, type Store, startWorld, type World } from './world.ts';

const value = (key: string, of: unknown = key) => ({ key, type: 'variable', config: { value: of } });
const nap = (duration: unknown, more: object = {}) => ({
  key: 'nap',
  type: 'delay',
  config: { duration, unit: 'milliseconds', ...more },
});
const loop = (config: object, body: object[]) => ({ key: 'each', type: 'loop', config, branches: { body } });

/** Does nothing, and comes from a plugin that may be gone tomorrow. */
const guest = definePlugin({
  name: 'guest',
  nodes: [
    defineNode({
      type: 'guest',
      title: 'Guest',
      description: 'Does nothing.',
      config: z.strictObject({}),
      run: () => ({ type: 'done' }),
    }),
  ],
});

export function describeBadInput(store: Store): void {
  describe(`bad input on ${store}`, () => describeIt(store));
}

function describeIt(store: Store): void {
  let world: World;
  beforeAll(async () => {
    world = await startWorld(store, { plugins: [guest] });
  });
  afterAll(() => world.stop());
  beforeEach(() => world.receiver.forget());

  const tell = (key = 'tell', waits = 'approval') => ({
    key,
    type: 'http-request',
    config: {
      method: 'POST',
      url: `${world.receiver.url}/${key}`,
      body: { type: 'json', value: { resume: `{{$resume.${waits}}}` } },
    },
  });
  const approval = (config: object = { onTimeout: 'continue' }, branches?: object) => ({
    key: 'approval',
    type: 'wait',
    config,
    ...(branches ? { branches } : {}),
  });

  /** An execution that waits for a callback, and the URL that it handed on. */
  async function waiting(nodes: object[] = [tell(), approval()]): Promise<{ id: string; url: string }> {
    const { hookUrl } = await world.workflow(nodes);
    const id = await world.fire(hookUrl);
    const [call] = await world.receiver.called('/tell');
    await world.whenWaiting(id, 'approval');
    return { id, url: call?.body.resume };
  }

  async function refused(input: object): Promise<Shown[]> {
    const workflow = { title: 'Refused', mode: 'async', trigger: { type: 'webhook', config: {} }, nodes: [], ...input };
    const { status, body, text } = await world.hookline.api('POST', '/api/workflows', workflow);
    if (![400, 422].includes(status)) throw new Error(`The workflow was not refused: ${status} ${text}`);
    const { problems, issues } = body.error.details ?? {};
    return (problems ?? issues).map(({ path }: Shown) => path);
  }

  // Nothing of it is stored before it ends: one store is enough.
  if (store === 'SQLite') {
    describe('loops and scripts', () => {
      it('a loop without end stops at its limit', async () => {
        const always = { while: { test: { all: [{ left: 1, operator: 'equal', right: 1 }] } }, limit: 2_000 };
        const execution = await world.run([loop(always, [])]);
        expect(execution).toMatchObject({ status: 'error', error: { code: 'loop_limit', details: { node: 'each' } } });
      });

      it('a loop of a million rounds does not keep others from being answered', async () => {
        const { hookUrl } = await world.workflow([loop({ over: 1_000_000, limit: 1_000_000 }, [])]);
        const { hookUrl: quick } = await world.workflow([], { mode: 'sync' });
        const id = await world.fire(hookUrl);
        let answered = 0;
        // What takes less than a moment is never shown as running.
        for (let isOver = false; !isOver; isOver = !['queued', 'running'].includes((await world.read(id)).status)) {
          answered += 1;
          expect((await world.hookline.post(quick, {})).status).toBe(200);
        }
        expect(await world.read(id)).toMatchObject({ status: 'succeeded' });
        // More than the first one.
        expect(answered).toBeGreaterThan(1);
      });

      it.each([
        ['runs for ever', 'for (;;) {}', 'script_limit'],
        ['allocates for ever', 'const all = []; for (;;) all.push(new Array(1000).fill(all.length));', 'script_limit'],
        ['recurses for ever', 'const f = () => f() + 1; return f();', /^script_/],
        ['waits for ever', 'await new Promise(() => {});', /^script_/],
        ['gives what is no JSON', 'return 10n;', /^(script_failed|node_failed)$/],
      ])('a script that %s fails alone', async (_what, code, expected) => {
        const bad = { key: 'bad', type: 'javascript', config: { code, timeoutMs: 100, memoryMb: 8 } };
        const good = { key: 'good', type: 'javascript', config: { code: 'return 1 + 1', timeoutMs: 60_000 } };
        const [execution, other] = await Promise.all([world.run([bad]), world.run([good])]);
        expect(execution.status).toBe('error');
        expect(execution.error.code).toMatch(expected);
        expect(jobAt(other, 'good').output).toBe(2);
      });
    });
  }

  describe('callbacks', () => {
    it('twice: the second is refused', async () => {
      const more = { key: 'more', type: 'wait', config: { onTimeout: 'continue' } };
      const { id, url } = await waiting([tell(), approval(), tell('tellMore', 'more'), more]);
      expect((await world.call(url, { n: 1 })).status).toBe(200);
      const [last] = await world.receiver.called('/tellMore');
      await world.whenWaiting(id, 'more');
      const second = await world.call(url, { n: 2 });
      expect(second).toMatchObject({ status: 409, body: { error: { code: 'already_resumed' } } });
      expect((await world.call(last?.body.resume)).status).toBe(200);
      expect(jobAt(await world.when(id, 'succeeded'), 'approval').output).toEqual({ n: 1 });
      const late = await world.call(url, { n: 3 });
      expect(late).toMatchObject({ status: 409, body: { error: { code: 'execution_ended' } } });
    });

    it('at the very same moment: exactly one wins', async () => {
      const { id, url } = await waiting([tell(), approval(), nap(100)]);
      const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => world.call(url, { n })));
      const won = answers.findIndex(({ status }) => status === 200);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(7);
      expect(jobAt(await world.when(id, 'succeeded'), 'approval').output).toEqual({ n: won });
    });

    it('close behind each other, while the first is being taken: exactly one wins', async () => {
      const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
      const { hookUrl } = await world.workflow([tell(), approval(), nap(100)]);
      for (let turns = 1; turns <= 5; turns++) {
        world.receiver.forget();
        const id = await world.fire(hookUrl);
        const [call] = await world.receiver.called('/tell');
        await world.whenWaiting(id, 'approval');
        const calls = [];
        for (let n = 0; n < 12; n++) {
          calls.push(world.call(call?.body.resume, { n }));
          for (let turn = 0; turn < turns; turn++) await nextTurn();
        }
        const statuses = (await Promise.all(calls)).map(({ status }) => status);
        expect(statuses.filter((status) => status === 200)).toHaveLength(1);
        const { output } = jobAt(await world.when(id, 'succeeded'), 'approval');
        expect(output).toEqual({ n: statuses.indexOf(200) });
      }
    });

    it('after the time-out: too late', async () => {
      const timed = approval({ timeout: 0.05, unit: 'seconds' }, { resumed: [], timeout: [value('nobody')] });
      const more = { key: 'more', type: 'wait', config: { onTimeout: 'continue' } };
      const { hookUrl } = await world.workflow([tell(), timed, tell('tellMore', 'more'), more]);
      const id = await world.fire(hookUrl);
      const [call] = await world.receiver.called('/tell');
      const [last] = await world.receiver.called('/tellMore');
      await world.whenWaiting(id, 'more');
      expect(await world.call(call?.body.resume)).toMatchObject({ status: 409, body: { error: { code: 'already_resumed' } } });
      expect((await world.call(last?.body.resume)).status).toBe(200);
      const execution = await world.when(id, 'succeeded');
      expect(jobAt(execution, 'approval')).toMatchObject({ branch: 'timeout', output: null });
      expect(jobAt(execution, 'nobody').status).toBe('succeeded');
    });

    it('for an execution that was canceled', async () => {
      const { id, url } = await waiting();
      await world.act(id, 'cancel');
      expect(await world.call(url)).toMatchObject({ status: 409, body: { error: { code: 'execution_ended' } } });
      expect(await world.read(id)).toMatchObject({ status: 'canceled' });
    });

    it('with a wrong token, a large body, no JSON or another method change nothing', async () => {
      const { id, url } = await waiting();
      const [name = '', key = ''] = url.split('/').at(-1)?.split('.') ?? [];
      const other = Buffer.from(`${id}:tell`).toString('base64url');
      const flipped = (key.startsWith('A') ? 'B' : 'A') + key.slice(1);
      const base = url.slice(0, url.lastIndexOf('/') + 1);
      for (const token of [
        `${name}.${flipped}`,
        `${other}.${key}`,
        name,
        `${name}.`,
        `${name}.${key}.x`,
        '',
        'x'.repeat(5_000),
      ]) {
        const answer = await world.call(base + token, {});
        expect([token, answer.status]).toEqual([token, 404]);
      }
      expect(await world.call(url, `"${'x'.repeat(1024 * 1024)}"`)).toMatchObject({
        status: 413,
        body: { error: { code: 'payload_too_large' } },
      });
      expect(await world.call(url, '{"a":')).toMatchObject({ status: 400, body: { error: { code: 'invalid_json' } } });
      const got = await fetch(url);
      expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
      await got.body?.cancel();
      expect(await world.read(id)).toMatchObject({ status: 'waiting' });
      expect((await world.call(url, 'a=1&b=2', { 'Content-Type': 'application/x-www-form-urlencoded' })).status).toBe(200);
      expect(jobAt(await world.when(id, 'succeeded'), 'approval').output).toEqual({ a: '1', b: '2' });
    });

    it('that hang up in the middle change nothing', async () => {
      const { id, url } = await waiting();
      const { pathname, hostname, port } = new URL(url);
      const socket = createConnection({ host: hostname, port: Number(port) });
      const closed = new Promise((resolve) => socket.on('close', resolve));
      socket.on('error', () => undefined);
      socket.write(
        `POST ${pathname} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"a":`,
        () => socket.destroy(),
      );
      await closed;
      expect((await world.call(url, { whole: true })).status).toBe(200);
      expect(jobAt(await world.when(id, 'succeeded'), 'approval').output).toEqual({ whole: true });
    });

    it('before the flow has come to the node are kept for it', async () => {
      world.receiver.hanging.add('/tell');
      const { hookUrl } = await world.workflow([tell(), nap(30), approval()]);
      const id = await world.fire(hookUrl);
      const [call] = await world.receiver.called('/tell');
      expect((await world.call(call?.body.resume, { early: true })).status).toBe(200);
      expect((await world.call(call?.body.resume, { again: true })).status).toBe(409);
      world.receiver.hanging.delete('/tell');
      call?.answer();
      expect(jobAt(await world.when(id, 'succeeded'), 'approval').output).toEqual({ early: true });
    });

    it('that were taken before a restart are refused after it', async () => {
      const more = { key: 'more', type: 'wait', config: { onTimeout: 'continue' } };
      const { id, url } = await waiting([tell(), approval(), tell('tellMore', 'more'), more]);
      expect((await world.call(url, { n: 1 })).status).toBe(200);
      const [last] = await world.receiver.called('/tellMore');
      await world.whenWaiting(id, 'more');
      await world.restart();
      const again = await world.call(url, { n: 2 });
      expect(again).toMatchObject({ status: 409, body: { error: { code: 'already_resumed' } } });
      expect((await world.call(last?.body.resume)).status).toBe(200);
      const execution = await world.when(id, 'succeeded');
      expect(jobAt(execution, 'approval').output).toEqual({ n: 1 });
      expect(execution.jobs.filter(({ key }: Shown) => key === 'approval')).toHaveLength(1);
      expect(world.receiver.calls('/tell')).toHaveLength(1);
    });
  });

  describe('delays', () => {
    it.each([
      ['negative', { duration: -5 }, 'invalid_delay'],
      ['in the past', { until: '2001-01-01T00:00:00Z' }, 'invalid_delay'],
      ['in the past, in milliseconds', { until: 5 }, 'invalid_delay'],
      ['of 10,000 years', { duration: 10_000 * 53, unit: 'weeks' }, 'invalid_delay'],
      ['until the year 12000', { until: '+012000-01-01T00:00:00Z' }, 'invalid_delay'],
      ['beyond what dates can be', { duration: 1e300, unit: 'weeks' }, 'invalid_delay'],
      ['until what is no time', { until: 'next tuesday' }, 'invalid_delay'],
      ['of a computed NaN', { duration: '{{$context.body.text}}' }, 'invalid_config'],
      ['of a computed nothing', { duration: '{{$context.body.nothing}}' }, 'invalid_config'],
      ['of a computed list', { until: '{{$context.body.list}}' }, 'invalid_config'],
    ])('%s fail', async (_what, config, code) => {
      const body = { text: 'NaN', list: [1] };
      const execution = await world.run([{ key: 'nap', type: 'delay', config }], {}, body);
      expect(execution).toMatchObject({ status: 'error', error: { code, details: { node: 'nap' } }, wakeAt: null });
    });

    it('that are nothing, or fail on purpose', async () => {
      expect(await world.run([nap(0)])).toMatchObject({ status: 'succeeded' });
      const failing = await world.run([nap(20, { afterwards: 'fail' })]);
      expect(failing).toMatchObject({ status: 'error', error: { code: 'wait_timed_out', details: { node: 'nap' } } });
    });
  });

  describe('what is refused when a workflow is saved', () => {
    it.each([
      [{ settings: { timeoutMs: -1 } }, 'settings.timeoutMs'],
      [{ settings: { timeoutMs: 'long' } }, 'settings.timeoutMs'],
      [{ settings: { timeoutMs: 1e12 } }, 'settings.timeoutMs'],
      [{ settings: { concurrency: { limit: 0 } } }, 'settings.concurrency.limit'],
      [{ settings: { concurrency: { limit: 1, key: '{{' } } }, 'settings.concurrency.key'],
      [{ settings: { onFailureWorkflow: '' } }, 'settings.onFailureWorkflow'],
      [{ nodes: [{ ...value('a'), retry: { attempts: 1 } }] }, 'nodes[0].retry.attempts'],
      [{ nodes: [{ ...value('a'), retry: { attempts: 1e9 } }] }, 'nodes[0].retry.attempts'],
      [{ nodes: [{ ...value('a'), retry: { attempts: 3, delayMs: -1 } }] }, 'nodes[0].retry.delayMs'],
      [{ nodes: [{ ...value('a'), retry: { attempts: 3, factor: 0 } }] }, 'nodes[0].retry.factor'],
      [{ nodes: [{ ...value('a'), retry: { attempts: 3, jitter: 2 } }] }, 'nodes[0].retry.jitter'],
      [{ nodes: [{ ...value('a'), onFailure: 'explode' }] }, 'nodes[0].onFailure'],
      [{ nodes: [{ ...value('a'), branches: { failure: [] } }] }, 'nodes[0].branches.failure'],
      [{ mode: 'sync', nodes: [nap(5)] }, 'nodes[0].type'],
      [{ mode: 'sync', nodes: [{ key: 'approval', type: 'wait', config: {} }] }, 'nodes[0].type'],
      [{ mode: 'sync', nodes: [{ key: 'call', type: 'subflow', config: { workflow: 'x' } }] }, 'nodes[0].type'],
      [{ mode: 'sync', nodes: [loop({ over: 1 }, [nap(5)])] }, 'nodes[0].branches.body[0].type'],
      [{ nodes: [loop({}, [])] }, 'nodes[0].config.over'],
      [{ nodes: [loop({ over: 1, limit: 0 }, [])] }, 'nodes[0].config.limit'],
      [{ nodes: [{ key: 'nap', type: 'delay', config: { duration: 'NaN' } }] }, 'nodes[0].config.duration'],
      [{ nodes: [{ key: 'nap', type: 'delay', config: {} }] }, 'nodes[0].config.duration'],
      [{ nodes: [{ key: 'nap', type: 'delay', config: { duration: 1, until: 5 } }] }, 'nodes[0].config.duration'],
      [{ nodes: [{ key: 'hold', type: 'wait', config: { timeout: 1e9, unit: 'weeks' } }] }, 'nodes[0].config.timeout'],
      [{ nodes: [{ key: 'par', type: 'parallel', config: { branches: [] } }] }, 'nodes[0].config.branches'],
    ])('%j names %s', async (input, path) => {
      expect(await refused(input)).toContain(path);
    });
  });

  it('a plugin that is gone ends what needs it, and nothing else', async () => {
    const lost = await world.workflow([tell(), approval(), { key: 'visit', type: 'guest', config: {} }]);
    const other = await world.workflow([tell('others'), approval()]);
    const lostId = await world.fire(lost.hookUrl);
    const otherId = await world.fire(other.hookUrl);
    const [first] = await world.receiver.called('/tell');
    const [second] = await world.receiver.called('/others');
    await world.whenWaiting(lostId, 'approval');
    await world.whenWaiting(otherId, 'approval');

    await world.restart({});
    expect((await world.call(first?.body.resume, 1)).status).toBe(200);
    expect((await world.call(second?.body.resume, 2)).status).toBe(200);
    const ended = await world.when(lostId, 'error');
    expect(ended.error).toMatchObject({ code: 'unknown_type', message: expect.stringContaining('guest') });
    expect(jobAt(await world.when(otherId, 'succeeded'), 'approval').output).toBe(2);
    expect((await world.hookline.api('GET', `/api/workflows/${lost.id}`)).status).toBe(200);

    await world.restart();
    expect((await world.act(lostId, 'retry')).status).toBe(200);
    // With the callback that was accepted before it failed.
    expect(jobAt(await world.when(lostId, 'succeeded'), 'approval').output).toBe(1);
    expect(world.receiver.calls('/tell')).toHaveLength(1);
  });
}
