// The walk through the tree: order, branches, ends, failures, and the memo.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BranchFailedError } from '../../src/engine/branch-failed-error.ts';
import type { Job, Node, Signal } from '../../src/engine/model.ts';
import type { AnyNodeType } from '../../src/engine/plugin.ts';
import type { RunOutcome } from '../../src/engine/run.ts';
import { walk } from '../../src/engine/runner.ts';
import { HooklineError } from '../../src/errors.ts';
import { compileNodes, keepLog, latestJobs, makeRun, makeServices, node, nodeOf, outlineOf } from './running.ts';

const variable = (key: string, value: unknown): Node => node(key, 'variable', { value });
const is = (left: unknown, right: unknown): object => ({ test: { all: [{ left, operator: 'equal', right }] } });

/** Runs its branch `body` as often as it is told. */
const loop = nodeOf(
  'rounds',
  async (context) => {
    const { times } = context.config as { times: number };
    for (let index = 0; index < times; index += 1) {
      const outcome = await context.branch('body', { locals: { index }, index });
      if (outcome.status === 'failed') throw new BranchFailedError(outcome.error);
      if (outcome.status === 'waiting') return { type: 'suspend' };
      if (outcome.status === 'stopped') break;
    }
    return { type: 'done', output: times };
  },
  { branches: () => ['body'] },
);

async function runNodes(nodes: Node[], types: readonly AnyNodeType[] = [], jobs: Job[] = [], services = makeServices()) {
  const run = makeRun({ jobs }, { n: 5 });
  const outcome: RunOutcome = await walk(run, compileNodes(nodes, types), services);
  return { run, outcome, jobs: run.unsaved };
}

const paths = (jobs: readonly Job[]): string[] => jobs.map(({ path }) => path);

describe('the way through the tree', () => {
  it('runs nodes in order and answers at once when none of them takes time', () => {
    const run = makeRun({}, { n: 5 });
    const outcome = walk(run, compileNodes([variable('a', '{{$context.n}}'), variable('b', '{{$nodes.a}}!')]), makeServices());
    expect(outcome).toEqual({ status: 'succeeded', reply: null, error: null });
    expect(run.unsaved.map(({ path, output }) => [path, output])).toEqual([
      ['a', 5],
      ['b', '5!'],
    ]);
  });

  it('runs the chosen branch alone and goes on behind it', async () => {
    const branches = { true: [variable('yes', 1)], false: [variable('no', 1)] };
    const { jobs } = await runNodes([node('test', 'condition', is('{{$context.n}}', 5), branches), variable('after', 1)]);
    expect(paths(jobs)).toEqual(['test', 'yes', 'after']);
    expect(jobs[0]?.branch).toBe('true');
  });

  it('ends everything at an end inside branches', async () => {
    const inner = node('inner', 'condition', is(1, 1), {
      true: [node('stop', 'response', { status: 202 }), variable('never', 1)],
    });
    const outer = node('outer', 'condition', is(1, 1), { true: [inner, variable('nor', 1)] });
    const { jobs, outcome } = await runNodes([outer, variable('neither', 1)]);
    expect(paths(jobs)).toEqual(['outer', 'inner', 'stop']);
    expect(outcome).toMatchObject({ status: 'succeeded', reply: { status: 202 } });
  });

  it('gives the jobs of a loop a path for each round, and the item to its branch', async () => {
    const nodes = [node('each', 'rounds', { times: 2 }, { body: [variable('item', '{{$scopes.each.index}}')] })];
    const { jobs } = await runNodes(nodes, [loop]);
    expect(jobs.map(({ path, output }) => [path, output])).toEqual([
      ['each[0]/item', 0],
      ['each[1]/item', 1],
      ['each', 2],
    ]);
  });

  it('stops at a node that waits', async () => {
    const sleeper = nodeOf('sleeper', () => ({ type: 'wait' }));
    const { jobs, outcome } = await runNodes([variable('a', 1), node('w', 'sleeper'), variable('never', 1)], [sleeper]);
    expect(outcome.status).toBe('waiting');
    expect(jobs.map(({ path, status, finishedAt }) => [path, status, finishedAt === null])).toEqual([
      ['a', 'succeeded', false],
      ['w', 'waiting', true],
    ]);
  });

  it('tells a flow that fails from a node that throws', async () => {
    const failed = await runNodes([node('stop', 'end', { status: 'failed' }), variable('never', 1)]);
    expect(failed.outcome).toMatchObject({ status: 'failed', error: { code: 'flow_failed' } });
    expect(failed.jobs.map(({ status }) => status)).toEqual(['failed']);
  });
});

describe('what nodes do wrong', () => {
  const throwing = (error: unknown): AnyNodeType =>
    nodeOf('throwing', () => {
      throw error;
    });
  const rejecting = (error: unknown): AnyNodeType => nodeOf('throwing', () => Promise.reject(error));
  const cycle: { self?: object } = {};
  cycle.self = cycle;

  it.each([
    ['an Error', new Error('on fire'), { code: 'node_failed', message: 'on fire' }],
    ['one of ours', new HooklineError('conflict', 'no', { details: { a: 1 } }), { code: 'conflict', details: { a: 1 } }],
    ['details with a cycle', new HooklineError('conflict', 'no', { details: cycle }), { details: { omitted: /./ } }],
    ['details that are no JSON', new HooklineError('conflict', 'no', { details: 1n }), { details: { omitted: /./ } }],
    ['text', 'just text', { code: 'node_failed', message: 'just text' }],
    ['nothing', undefined, { code: 'node_failed' }],
    ['an object without a prototype', Object.create(null), { code: 'node_failed' }],
    ['a symbol', Symbol('s'), { code: 'node_failed' }],
  ])('takes %s that is thrown or rejected as the outcome', async (_, thrown, failure) => {
    const expected = JSON.parse(JSON.stringify(failure), (_key, value) => value);
    for (const type of [throwing(thrown), rejecting(thrown)]) {
      const { jobs, outcome } = await runNodes([variable('a', 1), node('bad', 'throwing'), variable('never', 1)], [type]);
      expect(paths(jobs)).toEqual(['a', 'bad']);
      expect(outcome).toMatchObject({ status: 'error', error: { details: { node: 'bad' } } });
      if ('details' in expected && 'omitted' in expected.details) {
        expect(jobs[1]?.error?.details).toEqual({ omitted: expect.any(String) });
      } else {
        expect(jobs[1]?.error).toMatchObject(expected);
      }
    }
  });

  it.each([undefined, null, 'done', {}, { type: 'finished' }, { type: 'end', status: 'canceled' }])(
    'refuses %j as a result',
    async (result) => {
      const odd = nodeOf('odd', (() => result) as unknown as AnyNodeType['run']);
      const { outcome } = await runNodes([node('odd', 'odd')], [odd]);
      expect(outcome).toMatchObject({ status: 'error', error: { code: 'node_failed', message: /must return/ } });
    },
  );

  it('refuses an output that is not JSON', async () => {
    const odd = nodeOf('odd', () => ({ type: 'done', output: () => 1 }));
    const { outcome, jobs } = await runNodes([node('odd', 'odd')], [odd]);
    expect(outcome).toMatchObject({ status: 'error', error: { message: /function/ } });
    expect(jobs.map(({ status }) => status)).toEqual(['error']);
  });

  it('lets an end count that came before a failure beside it', async () => {
    const both = nodeOf(
      'both',
      async (context) => {
        await context.branch('a');
        throw new Error('too late');
      },
      { branches: () => ['a'] },
    );
    const nodes = [node('both', 'both', {}, { a: [node('stop', 'end', {})] })];
    const { outcome, jobs } = await runNodes(nodes, [both]);
    expect(outcome.status).toBe('succeeded');
    expect(paths(jobs)).toEqual(['stop']);
  });

  it('keeps all results so far as a result, and does not become a part of itself', async () => {
    const keeper = nodeOf('keeper', ({ scope }) => ({ type: 'done', output: { all: scope.$nodes } }));
    const { jobs } = await runNodes([variable('a', 1), variable('all', '{{$nodes}}'), node('again', 'keeper')], [keeper]);
    expect(jobs.map(({ output }) => output)).toEqual([1, { a: 1 }, { all: { a: 1, all: { a: 1 } } }]);
  });

  it('writes no value of a failed node to the log', async () => {
    const log = keepLog();
    await runNodes([node('bad', 'throwing')], [throwing(new Error('password hunter2'))], [], makeServices({ log }));
    expect(JSON.stringify(log.lines)).not.toContain('hunter2');
  });
});

describe('before an effect', () => {
  it('commits what came before, and leaves the execution where it is when storage cannot', async () => {
    const ran: string[] = [];
    const effect = nodeOf(
      'effect',
      ({ idempotencyKey }) => {
        ran.push(idempotencyKey);
        return { type: 'done' };
      },
      { hasEffect: true },
    );
    const nodes = [variable('a', 1), node('send', 'effect'), variable('b', 1)];
    const flushed: string[][] = [];
    const flush = async (run: { unsaved: readonly Job[] }): Promise<void> => void flushed.push(paths(run.unsaved));
    const good = await runNodes(nodes, [effect], [], makeServices({ flush }));
    expect(flushed).toEqual([['a']]);
    expect(ran).toEqual([`${good.run.execution.id}/send`]);

    const broken = new HooklineError('storage_unavailable', 'The disk is full.');
    const { run, jobs } = await runNodes(nodes, [effect], [], makeServices({ flush: () => Promise.reject(broken) }));
    expect(run).toMatchObject({ isSettled: true, abandoned: broken, outcome: undefined });
    expect(paths(jobs)).toEqual(['a']);
    expect(ran).toHaveLength(1);
  });
});

describe('the memo', () => {
  type Plan =
    | { kind: 'step' | 'later' | 'pause' | 'fail' | 'append' | 'end' }
    | { kind: 'condition'; isTrue: boolean; yes: Plan[]; no: Plan[] }
    | { kind: 'loop'; times: number; body: Plan[] };

  const rare = (kind: 'fail' | 'end') => ({ weight: 1, arbitrary: fc.constant<Plan>({ kind }) });
  const often = (kind: 'step' | 'later' | 'pause' | 'append') => ({ weight: 6, arbitrary: fc.constant<Plan>({ kind }) });
  const { plans } = fc.letrec<{ plans: Plan[]; plan: Plan; leaf: Plan }>((tie) => ({
    leaf: fc.oneof(often('step'), often('later'), often('pause'), often('append'), rare('fail'), rare('end')),
    plan: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 3, arbitrary: tie('leaf') },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('condition' as const),
          isTrue: fc.boolean(),
          yes: tie('plans'),
          no: tie('plans'),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('loop' as const), times: fc.nat({ max: 3 }), body: tie('plans') }) },
    ),
    plans: fc.array(tie('plan'), { maxLength: 5 }),
  }));

  /** A tree with a variable `total`, to which `append` nodes add their key: it tells the order of everything. */
  function toNodes(list: readonly Plan[]): Node[] {
    let count = 0;
    const toNode = (plan: Plan): Node => {
      count += 1;
      const key = `n${count}`;
      switch (plan.kind) {
        case 'condition':
          return node(key, 'condition', is(1, plan.isTrue ? 1 : 2), { true: plan.yes.map(toNode), false: plan.no.map(toNode) });
        case 'loop':
          return node(key, 'rounds', { times: plan.times }, { body: plan.body.map(toNode) });
        case 'append':
          return node(key, 'variable', { assign: 'total', value: `{{$nodes.total}} ${key}` });
        case 'end':
          return node(key, 'end', {});
        default:
          return node(key, plan.kind, { saw: '{{$nodes}}', total: '{{$nodes.total}}' });
      }
    };
    return [variable('total', 'start'), ...list.map(toNode)];
  }

  /** Node types that count their runs and keep what they saw; `pause` waits, or gives at once what it would be resumed with. */
  function createTypes(mayWait: boolean) {
    const runs = new Map<string, number>();
    const count = (context: Parameters<AnyNodeType['run']>[0]): unknown => {
      runs.set(context.idempotencyKey, (runs.get(context.idempotencyKey) ?? 0) + 1);
      const { saw, total } = context.config as { saw: object; total: unknown };
      return { total, finished: Object.keys(saw).sort() };
    };
    const types = [
      loop,
      nodeOf('step', (context) => ({ type: 'done', output: count(context) })),
      nodeOf('later', async (context) => ({ type: 'done', output: await Promise.resolve(count(context)) })),
      nodeOf('pause', (context) => {
        count(context);
        return mayWait ? { type: 'wait' } : { type: 'done', output: 'go on' };
      }),
      nodeOf('fail', (context) => {
        count(context);
        throw new Error('as planned');
      }),
    ];
    return { types, runs };
  }

  /** Runs to the end, resuming what waits. */
  async function runThrough(nodes: Node[], mayWait: boolean, known: Job[] = []) {
    const { types, runs } = createTypes(mayWait);
    const compiled = compileNodes(nodes, types);
    let jobs = known;
    let signals: Signal[] = [];
    for (;;) {
      const run = makeRun({ jobs }, null, jobs.length > 0, signals);
      const outcome = await walk(run, compiled, makeServices());
      jobs = latestJobs([...jobs, ...run.unsaved]);
      expect(run.takenSignals).toEqual(signals.map(({ jobPath }) => jobPath));
      if (outcome.status !== 'waiting') return { jobs, outcome, runs };
      signals = jobs.filter(({ status }) => status === 'waiting').map(({ path }) => ({ jobPath: path, output: 'go on' }));
      expect(signals).toHaveLength(1);
    }
  }

  it('gives the same jobs and outcome whether a run waits or not, and runs no node twice', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (list) => {
        const nodes = toNodes(list);
        const straight = await runThrough(nodes, false);
        const resumed = await runThrough(nodes, true);
        expect(resumed.jobs.map(outlineOf)).toEqual(straight.jobs.map(outlineOf));
        expect(resumed.outcome).toEqual(straight.outcome);
        expect([...resumed.runs.values()].every((times) => times === 1)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('goes on from any point of a run as if nothing had happened, and runs nothing that is finished', async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean(), async (list, part, mayWait) => {
        const nodes = toNodes(list);
        const whole = await runThrough(nodes, mayWait);
        const finished = whole.jobs.slice(0, Math.floor(part * whole.jobs.length));
        // What ends the flow is stored together with the end.
        const stored = finished.filter(({ status, type }) => status === 'succeeded' && type !== 'end');
        const rest = await runThrough(nodes, mayWait, structuredClone(stored));
        expect(rest.jobs.map(outlineOf)).toEqual(whole.jobs.map(outlineOf));
        expect(rest.outcome).toEqual(whole.outcome);
        const storedPaths = new Set(paths(stored));
        for (const [key, times] of rest.runs) {
          expect(times).toBe(1);
          expect(storedPaths.has(key.slice(key.indexOf('/') + 1))).toBe(false);
        }
      }),
      { numRuns: 200 },
    );
  });
});
