// Walks that wait and go on: times, answers, loops and parallel branches, retries, and what plugins do wrong with them.

import { describe, expect, it } from 'vitest';
import type { Job, Node, Retry, Signal } from '../../src/engine/model.ts';
import { retrySchema } from '../../src/engine/model.ts';
import type { AnyNodeType, NodeResult } from '../../src/engine/plugin.ts';
import { walk } from '../../src/engine/runner.ts';
import { compileNodes, latestJobs, makeRun, makeServices, NOW, node, nodeOf } from './running.ts';

const variable = (key: string, value: unknown): Node => node(key, 'variable', { value });
const append = (key: string): Node => node(key, 'variable', { assign: 'total', value: `{{$nodes.total}} ${key}` });
/** Waits as its configuration says. */
const nap = nodeOf('nap', ({ config }) => ({ type: 'wait', ...(config as object) }), {
  branches: () => ['resumed', 'late'],
});

/** An execution that is walked again and again, as the engine does, with what storage would have in between. */
function walker(nodes: Node[], types: readonly AnyNodeType[] = []) {
  const compiled = compileNodes(nodes, [nap, ...types]);
  let jobs: Job[] = [];
  return {
    jobs: () => jobs,
    paths: () => jobs.map(({ path }) => path),
    statusOf: (path: string) => jobs.find((job) => job.path === path)?.status,
    outputOf: (path: string) => jobs.find((job) => job.path === path)?.output,
    async turn({
      at = 0,
      answers = {},
      mayWait = true,
    }: {
      at?: number;
      answers?: Record<string, unknown>;
      mayWait?: boolean;
    } = {}) {
      const signals: Signal[] = Object.entries(answers).map(([jobPath, output]) => ({ jobPath, output }));
      const run = makeRun({ jobs: [...jobs] }, null, jobs.length > 0, signals);
      run.mayWait = mayWait;
      const outcome = await walk(run, compiled, makeServices({ now: () => NOW + at }));
      jobs = latestJobs([...jobs, ...run.unsaved]);
      return { status: outcome.status, error: outcome.error, wakeAt: run.wakeAt, taken: run.takenSignals, run };
    },
  };
}

describe('a node that waits', () => {
  it('goes on by itself at its time with what it has said, and not before', async () => {
    const flow = walker([
      node('n', 'nap', { until: NOW + 50, due: { output: 'over', branch: 'late' } }, { late: [variable('l', 1)] }),
    ]);
    expect(await flow.turn()).toMatchObject({ status: 'waiting', wakeAt: NOW + 50 });
    expect(await flow.turn({ at: 49 })).toMatchObject({ status: 'waiting', wakeAt: NOW + 50 });
    expect(await flow.turn({ at: 50 })).toMatchObject({ status: 'succeeded', taken: [] });
    expect(flow.jobs()).toMatchObject([{ path: 'n', status: 'succeeded', output: 'over', branch: 'late' }, { path: 'l' }]);
    expect(flow.jobs()[0]).not.toHaveProperty('wait');
  });

  it('fails at its time when it has said so, and takes the branch of an answer that was quicker', async () => {
    const config = {
      until: NOW + 50,
      due: { error: { code: 'wait_timed_out', message: 'Nobody came.' } },
      resumedBranch: 'resumed',
    };
    const late = walker([node('n', 'nap', config)]);
    await late.turn();
    expect(await late.turn({ at: 50 })).toMatchObject({
      status: 'error',
      error: { code: 'wait_timed_out', details: { node: 'n' } },
    });
    const answered = walker([node('n', 'nap', config, { resumed: [variable('r', '{{$nodes.n}}')] })]);
    await answered.turn();
    expect(await answered.turn({ at: 99, answers: { n: 'hello' } })).toMatchObject({ status: 'succeeded', taken: ['n'] });
    expect(answered.outputOf('r')).toBe('hello');
  });

  it('never waits when the answer was there before it was reached, also when something behind it waits then', async () => {
    const nodes = [
      node('first', 'nap', {}),
      node('n', 'nap', { resumedBranch: 'resumed' }, { resumed: [node('inner', 'nap', {})] }),
      variable('after', 1),
    ];
    const flow = walker(nodes);
    expect(await flow.turn({ answers: { n: 'early' } })).toMatchObject({ status: 'waiting', taken: [] });
    expect(flow.paths()).toEqual(['first']);
    expect(await flow.turn({ answers: { first: 1, n: 'early' } })).toMatchObject({ status: 'waiting', taken: ['first', 'n'] });
    expect(flow.jobs()).toMatchObject([
      { path: 'first', status: 'succeeded' },
      { path: 'n', status: 'succeeded', output: 'early' },
      { path: 'inner', status: 'waiting' },
    ]);
    expect(await flow.turn({ answers: { inner: 1 } })).toMatchObject({ status: 'succeeded' });
  });

  it('is refused where a caller waits, and so is an awaited subflow', async () => {
    const call = nodeOf('call', () => ({ type: 'call', workflowId: 'x', input: null, isAwaited: true }));
    for (const type of ['nap', 'call']) {
      const flow = walker([node('n', type)], [call]);
      expect(await flow.turn({ mayWait: false })).toMatchObject({
        status: 'error',
        error: { code: 'node_failed', message: /may not wait/ },
      });
    }
  });
});

describe('a retry', () => {
  function failing(times: number) {
    let runs = 0;
    const type = nodeOf('flaky', ({ idempotencyKey }): NodeResult => {
      runs += 1;
      if (runs <= times) throw new Error(`try ${runs}`);
      return { type: 'done', output: idempotencyKey };
    });
    return { type, runs: () => runs };
  }
  const flaky = (retry: Partial<Retry> & { attempts: number }, more: Partial<Node> = {}): Node => ({
    ...node('f', 'flaky'),
    retry: retrySchema.parse({ jitter: 0, ...retry }),
    ...more,
  });

  it('soon happens in the same turn, with the same idempotency key and every try counted', async () => {
    const { type, runs } = failing(2);
    const flow = walker([flaky({ attempts: 3, delayMs: 0 })], [type]);
    const { status, run } = await flow.turn();
    expect([status, runs()]).toEqual(['succeeded', 3]);
    expect(flow.jobs()).toMatchObject([{ status: 'succeeded', attempts: 3, output: `${run.execution.id}/f` }]);
    expect(flow.jobs()[0]).not.toHaveProperty('error');
  });

  it('later waits in storage with what went wrong, longer each time, and ends with the last failure', async () => {
    const { type, runs } = failing(9);
    const flow = walker([flaky({ attempts: 3, delayMs: 10_000, factor: 3 })], [type]);
    expect(await flow.turn()).toMatchObject({ status: 'waiting', wakeAt: NOW + 10_000 });
    expect(flow.jobs()).toMatchObject([{ status: 'waiting', attempts: 1, error: { message: 'try 1' }, wait: { kind: 'retry' } }]);
    expect(await flow.turn({ at: 9_999, answers: { f: 'an answer is not for a retry' } })).toMatchObject({
      status: 'waiting',
      taken: [],
    });
    expect(await flow.turn({ at: 10_000 })).toMatchObject({ status: 'waiting', wakeAt: NOW + 40_000 });
    expect(await flow.turn({ at: 40_000 })).toMatchObject({
      status: 'error',
      error: { message: 'try 3', details: { node: 'f' } },
    });
    expect(flow.jobs()).toMatchObject([{ status: 'error', attempts: 3, error: { message: 'try 3' } }]);
    expect(runs()).toBe(3);
  });

  it('of a wait that is over at once counts its tries like any other', async () => {
    const retry = retrySchema.parse({ attempts: 2, delayMs: 5_000, jitter: 0 });
    const due = { error: { code: 'wait_timed_out', message: 'over' } };
    const flow = walker([{ ...node('n', 'nap', { until: NOW, due }), retry }]);
    expect(await flow.turn()).toMatchObject({ status: 'waiting', wakeAt: NOW + 5_000 });
    expect(await flow.turn({ at: 5_000 })).toMatchObject({ status: 'error', error: { code: 'wait_timed_out' } });
    expect(flow.jobs()).toMatchObject([{ status: 'error', attempts: 2 }]);
  });

  it('is not waited for in a branch that was given up', async () => {
    const { type, runs } = failing(9);
    const branches = { a: [flaky({ attempts: 2, delayMs: 600_000 })], b: [variable('b', 1)] };
    const race = node('p', 'parallel', { mode: 'any', branches: [{ key: 'a' }, { key: 'b' }] }, branches);
    const flow = walker([race], [type]);
    // A timer that stays would fail this file.
    expect((await flow.turn({ mayWait: false })).status).toBe('succeeded');
    expect([flow.paths(), runs()]).toEqual([['b', 'p'], 1]);
  });

  it.each([
    ['continue', ['f', 'after']],
    ['branch', ['f', 'mend', 'after']],
  ] as const)(
    'that was in vain goes on when the node says %s, and its output is the error without details',
    async (onFailure, expected) => {
      const { type } = failing(9);
      const after = variable('after', '{{$nodes.f.error.code}}: {{$nodes.f.error.message}}');
      const branches = onFailure === 'branch' ? { branches: { failure: [node('mend', 'nap', {})] } } : {};
      const flow = walker([flaky({ attempts: 2, delayMs: 0 }, { onFailure, ...branches }), after], [type]);
      if (onFailure === 'branch') expect((await flow.turn()).status).toBe('waiting');
      expect((await flow.turn({ answers: { mend: 1 } })).status).toBe('succeeded');
      expect(flow.paths()).toEqual(expected);
      expect(flow.jobs()[0]).toMatchObject({
        status: 'error',
        isHandled: true,
        output: { error: { code: 'node_failed', message: 'try 2' } },
      });
      expect(flow.outputOf('after')).toBe('node_failed: try 2');
    },
  );
});

describe('loops that wait', () => {
  it('go on in the round that waited, inside each other, and change no variable twice', async () => {
    const inner = node('in', 'loop', { over: 2 }, { body: [append('a'), node('ask', 'nap', {})] });
    const flow = walker([variable('total', '-'), node('out', 'loop', { over: 2 }, { body: [inner, append('b')] }), append('c')]);
    const asked: (string | undefined)[] = [];
    for (let { status } = await flow.turn(); status === 'waiting'; ) {
      const path = flow.jobs().find((job) => job.status === 'waiting')?.path;
      asked.push(path);
      ({ status } = await flow.turn({ answers: { [path ?? '']: 1 } }));
    }
    expect(asked).toEqual(['out[0]/in[0]/ask', 'out[0]/in[1]/ask', 'out[1]/in[0]/ask', 'out[1]/in[1]/ask']);
    expect(flow.outputOf('c')).toBe('- a a b a a b c');
    expect(new Set(flow.paths()).size).toBe(flow.paths().length);
  });

  it('that failed leave what their rounds did to the variables when the flow waits behind them', async () => {
    const broken = nodeOf('broken', () => {
      throw new Error('no');
    });
    const loop = node(
      'each',
      'loop',
      { over: 2 },
      { body: [append('a'), node('bad', 'broken')], failure: [node('ask', 'nap', {}), append('b')] },
    );
    const flow = walker([variable('total', '-'), { ...loop, onFailure: 'branch' }], [broken]);
    expect((await flow.turn()).status).toBe('waiting');
    expect((await flow.turn({ answers: { ask: 1 } })).status).toBe('succeeded');
    expect(flow.outputOf('b')).toBe('- a b');
  });

  it('know which rounds have begun, so that what was decided stays decided', async () => {
    const seen: boolean[][] = [];
    const rounds = nodeOf(
      'rounds',
      async ({ branch, hasBegun }) => {
        seen.push([0, 1, 2].map(hasBegun));
        for (const index of [0, 1]) if ((await branch('body', { index })).status === 'waiting') return { type: 'suspend' };
        return { type: 'done' };
      },
      { branches: () => ['body'] },
    );
    const flow = walker([node('r', 'rounds', {}, { body: [node('ask', 'nap', {})] })], [rounds]);
    await flow.turn();
    await flow.turn({ answers: { 'r[0]/ask': 1 } });
    expect((await flow.turn({ answers: { 'r[1]/ask': 1 } })).status).toBe('succeeded');
    expect(seen).toEqual([
      [false, false, false],
      [true, false, false],
      [true, true, false],
    ]);
  });

  it('look at each finished round a bounded number of times, however many there are', async () => {
    const ROUNDS = 10_000;
    let reads = 0;
    const counted = (path: string): Job => {
      const job: Job = { key: 'in', path, type: 'variable', status: 'succeeded', output: 1, startedAt: NOW, finishedAt: NOW };
      return Object.defineProperty(job, 'status', {
        get: () => {
          reads += 1;
          return 'succeeded';
        },
      });
    };
    const jobs = Array.from({ length: ROUNDS }, (_, index) => counted(`each[${index}]/in`));
    const loop = node('each', 'loop', { over: ROUNDS, limit: ROUNDS }, { body: [variable('in', 1)] });
    const run = makeRun({ jobs }, null, true);
    expect(await walk(run, compileNodes([loop, variable('after', 1)]), makeServices())).toMatchObject({ status: 'succeeded' });
    expect(run.unsaved.map(({ path }) => path)).toEqual(['each', 'after']);
    expect(reads).toBeLessThanOrEqual(ROUNDS * 4);
  });
});

describe('parallel branches that wait', () => {
  const parallel = (mode: string): Node =>
    node(
      'p',
      'parallel',
      { mode, branches: [{ key: 'a' }, { key: 'b' }] },
      { a: [node('x', 'nap', {})], b: [node('y', 'nap', { until: NOW + 70 })] },
    );

  it('wait side by side, each for its own answer, and wake for the earliest', async () => {
    const flow = walker([parallel('all'), variable('after', 1)]);
    expect(await flow.turn()).toMatchObject({ status: 'waiting', wakeAt: NOW + 70 });
    expect(flow.jobs()).toMatchObject([
      { path: 'x', status: 'waiting' },
      { path: 'y', status: 'waiting' },
    ]);
    expect(await flow.turn({ answers: { x: 1 } })).toMatchObject({ status: 'waiting', wakeAt: NOW + 70 });
    expect(await flow.turn({ at: 70 })).toMatchObject({ status: 'succeeded' });
    expect(flow.paths()).toEqual(['x', 'y', 'p', 'after']);
  });

  it('leave variables as they were last assigned, whichever branch was quicker', async () => {
    let letGo = (): void => {};
    const slow = nodeOf('slow', async () => {
      await new Promise<void>((resolve) => {
        letGo = resolve;
      });
      return { type: 'done' };
    });
    const quick = nodeOf('quick', () => {
      letGo();
      return { type: 'done' };
    });
    const branches = { a: [node('s', 'slow'), append('x')], b: [append('y'), node('q', 'quick')], c: [node('n', 'nap', {})] };
    for (const { later, nodes } of [
      // One that waits inside is walked again, one that waits behind it is put back.
      { later: 'n', nodes: branches },
      { later: 'm', nodes: { a: branches.a, b: branches.b } },
    ]) {
      const keys = Object.keys(nodes).map((key) => ({ key }));
      const after = later === 'm' ? [node('m', 'nap', {})] : [];
      const flow = walker(
        [variable('total', '-'), node('p', 'parallel', { branches: keys }, nodes), ...after, append('z')],
        [slow, quick],
      );
      expect((await flow.turn()).status).toBe('waiting');
      expect((await flow.turn({ answers: { [later]: 1 } })).status).toBe('succeeded');
      expect(flow.outputOf('z')).toBe('- y x z');
    }
  });

  it('are given up when another one was quicker: what waits there is canceled for good', async () => {
    const flow = walker([parallel('any'), node('hold', 'nap', {}), variable('after', 1)]);
    await flow.turn();
    expect((await flow.turn({ at: 70 })).status).toBe('waiting');
    expect([flow.statusOf('x'), flow.statusOf('y'), flow.statusOf('p')]).toEqual(['canceled', 'succeeded', 'succeeded']);
    expect(flow.outputOf('p')).toEqual({ branch: 'b' });
    // An answer that comes for it now is nobody's; storage need not keep it.
    expect(await flow.turn({ at: 71, answers: { x: 'late', hold: 1 } })).toMatchObject({
      status: 'succeeded',
      taken: ['x', 'hold'],
    });
    expect(flow.statusOf('x')).toBe('canceled');
  });

  it('are canceled in the round that gives them up alone', async () => {
    const race = nodeOf(
      'first',
      async ({ branch, scope }) => {
        const { status } = await branch('side');
        const { index } = scope.$scopes.each as { index: number };
        return status === 'waiting' && index === 0 ? { type: 'done' } : { type: 'suspend' };
      },
      { branches: () => ['side'] },
    );
    const body = [node('f', 'first', {}, { side: [node('ask', 'nap', {})] })];
    const flow = walker([node('each', 'loop', { over: 2 }, { body })], [race]);
    expect((await flow.turn()).status).toBe('waiting');
    expect([flow.statusOf('each[0]/ask'), flow.statusOf('each[1]/ask')]).toEqual(['canceled', 'waiting']);
  });
});

describe('a node that suspends', () => {
  it('while nothing inside it waits has failed, since nothing would make it go on', async () => {
    const sleepy = nodeOf('sleepy', () => ({ type: 'suspend' }));
    const later = nodeOf('later', async () => ({ type: 'suspend' }));
    for (const type of ['sleepy', 'later']) {
      const flow = walker([node('s', type)], [sleepy, later]);
      expect(await flow.turn()).toMatchObject({
        status: 'error',
        error: { code: 'node_failed', message: /suspend only while/, details: { node: 's' } },
      });
    }
  });

  it('or gives nothing at all while a branch waits, ends as an error and not as a crash', async () => {
    const odd = nodeOf(
      'odd',
      (async (context: Parameters<AnyNodeType['run']>[0]) =>
        void (await context.branch('side'))) as unknown as AnyNodeType['run'],
      {
        branches: () => ['side'],
      },
    );
    const flow = walker([node('o', 'odd', {}, { side: [node('ask', 'nap', {})] })], [odd]);
    expect(await flow.turn()).toMatchObject({ status: 'error', error: { code: 'node_failed', message: /must return/ } });
    expect(flow.statusOf('ask')).toBe('canceled');
  });
});
