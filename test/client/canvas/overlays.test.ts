import { describe, expect, it } from 'vitest';
import type { ExecutionJson, JobJson } from '../../../client/src/api/executions.ts';
import { branchesOf } from '../../../client/src/canvas/branches.ts';
import { readComparison, withGhosts } from '../../../client/src/canvas/comparison-overlay.ts';
import { findNode } from '../../../client/src/canvas/edit.ts';
import { readExecution } from '../../../client/src/canvas/execution-overlay.ts';
import { layoutDocument } from '../../../client/src/canvas/layout.ts';
import { dropSlots, neighbourOf } from '../../../client/src/canvas/navigate.ts';
import { TRIGGER } from '../../../client/src/canvas/paths.ts';
import { compareDocuments } from '../../../src/engine/compare.ts';
import type { Document, Node } from '../../../src/engine/model.ts';
import { condition, documentOf, nodeTypes, step } from './support.ts';

function job(path: string, more: Partial<JobJson> = {}): JobJson {
  return {
    key: path.replace(/^.*\//, ''),
    path,
    type: 'variable',
    status: 'succeeded',
    output: null,
    branch: null,
    error: null,
    attempts: 1,
    handled: false,
    waitsUntil: null,
    calledExecution: null,
    log: [],
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T00:00:00.012Z',
    ...more,
  };
}

function execution(...jobs: JobJson[]): ExecutionJson {
  const now = '2026-01-01T00:00:00.000Z';
  return {
    ...{ id: 'e', workflowId: 'w', workflowTitle: 'W', revision: 1, status: 'succeeded', source: 'webhook', error: null },
    ...{ createdAt: now, startedAt: now, finishedAt: now, durationMs: 1, replayOf: null, wakeAt: null, request: null },
    ...{ context: null, response: null, output: null, parent: null, lane: null, jobs },
  } as ExecutionJson;
}

/** The ways that were taken, as `list/index`. */
function takenOf(document: Document, run: ExecutionJson, rounds = new Map<string, number>()): string[] {
  const overlay = readExecution(document, run, nodeTypes, rounds);
  return layoutDocument(document, nodeTypes)
    .lines.filter((line) => overlay.isTaken(line))
    .map(({ place, kind }) => `${place.owner ?? ''}.${place.branch}/${place.index}${kind === 'way' ? '' : ` ${kind}`}`);
}

describe('an execution on the canvas', () => {
  const document = documentOf(condition('paid', { true: [step('yes')], false: [step('no')] }), step('last'));

  it('follows the branch that was taken, and merges behind it', () => {
    const run = execution(job('paid', { branch: 'true' }), job('yes'), job('last'));
    expect(takenOf(document, run)).toEqual(['./0', 'paid.true/0', 'paid.true/1', './1', './2']);
  });

  it('stops where a node failed', () => {
    const run = execution(job('paid', { branch: 'false' }), job('no', { status: 'error' }));
    expect(takenOf(document, run)).toEqual(['./0', 'paid.false/0']);
  });

  it('goes through an empty branch', () => {
    const open = documentOf(condition('paid', { true: [step('yes')] }), step('last'));
    expect(takenOf(open, execution(job('paid', { branch: 'false' }), job('last')))).toEqual([
      './0',
      'paid.false/0',
      'paid.false/1',
      './1',
      './2',
    ]);
  });

  it('does not go on behind a response inside a branch', () => {
    const answering = documentOf(
      condition('outer', { true: [condition('inner', { true: [{ key: 'answer', type: 'response', config: {} }] })] }),
      step('last'),
    );
    const run = execution(job('outer', { branch: 'true' }), job('inner', { branch: 'true' }), job('answer'));
    expect(takenOf(answering, run)).toEqual(['./0', 'outer.true/0', 'inner.true/0']);
  });

  it('takes the branch for failures only when the node failed', () => {
    const call: Node = {
      key: 'call',
      type: 'http-request',
      config: {},
      onFailure: 'branch',
      branches: { failure: [step('tell')] },
    };
    const both = documentOf(call, step('last'));
    expect(takenOf(both, execution(job('call'), job('last')))).toContain('call./0 bypass');
    const failed = takenOf(both, execution(job('call', { status: 'error', handled: true }), job('tell'), job('last')));
    expect(failed).toContain('call.failure/0');
    expect(failed).not.toContain('call./0 bypass');
  });

  it('shows the first round that failed, or the one that is asked for', () => {
    const loop = documentOf({ key: 'each', type: 'loop', config: { over: 3 }, branches: { body: [step('line')] } });
    const run = execution(job('each[0]/line'), job('each[1]/line', { status: 'error' }), job('each[2]/line'), job('each'));
    const read = (rounds: [string, number][]) => readExecution(loop, run, nodeTypes, new Map(rounds));
    expect(read([]).rounds.get('each')).toMatchObject({ count: 3, shown: 1 });
    expect(read([]).runs.get('line')?.status).toBe('error');
    expect(read([['each', 2]]).runs.get('line')?.status).toBe('succeeded');
    expect(read([['each', 99]]).rounds.get('each')?.shown).toBe(2);
    expect(read([]).runs.get('line')?.durationMs).toBe(12);
  });

  it('knows the rounds of loops inside loops', () => {
    const inner: Node = { key: 'inner', type: 'loop', config: { over: 2 }, branches: { body: [step('cell')] } };
    const loops = documentOf({ key: 'outer', type: 'loop', config: { over: 2 }, branches: { body: [inner] } });
    const run = execution(
      job('outer[0]/inner[0]/cell'),
      job('outer[0]/inner[1]/cell'),
      job('outer[0]/inner'),
      job('outer[1]/inner[0]/cell'),
      job('outer[1]/inner'),
      job('outer'),
    );
    const first = readExecution(loops, run, nodeTypes, new Map([['outer', 0]]));
    expect(first.rounds.get('inner')?.count).toBe(2);
    expect(readExecution(loops, run, nodeTypes, new Map()).rounds.get('inner')?.count).toBe(1);
  });
});

describe('a comparison on the canvas', () => {
  const before = documentOf(step('a'), condition('b', { true: [step('c'), step('d')] }), step('e'));
  const after = documentOf(step('e', { value: 2 }), condition('b', { true: [step('c')] }), step('f'));
  const overlay = readComparison({ from: 1, to: 2, changes: compareDocuments(before, after) });

  it('marks each node with all that happened to it', () => {
    expect(overlay.marks.get('f')).toEqual(['added']);
    expect(overlay.marks.get('e')).toEqual(['moved', 'changed']);
    expect([...overlay.removed]).toEqual(['a', 'd']);
    expect(overlay.hasSettings).toBe(false);
  });

  it('puts what was removed back where it stood', () => {
    const merged = withGhosts(before, after, overlay.removed);
    expect(merged.nodes.map(({ key }) => key)).toEqual(['a', 'e', 'b', 'f']);
    expect(findNode(merged, 'd')?.place).toEqual({ owner: 'b', branch: 'true', index: 1 });
  });

  it('marks the trigger and tells of the settings', () => {
    const changed = { ...before, trigger: { type: 'webhook', config: { maxBodyBytes: 5 } }, settings: { timeoutMs: 5 } };
    const read = readComparison({ from: 1, to: 2, changes: compareDocuments(before, changed) });
    expect(read.marks.get(TRIGGER)).toEqual(['changed']);
    expect(read.hasSettings).toBe(true);
  });
});

describe('branches', () => {
  const namesOf = (node: Node) => branchesOf(node, nodeTypes.get(node.type)).map(({ name, kind }) => `${name} ${kind}`);

  it('come from the type and the configuration', () => {
    expect(namesOf(condition('a', {}))).toEqual(['true own', 'false own']);
    expect(namesOf({ key: 'a', type: 'condition', config: { onFalse: 'fail' } })).toEqual(['true own']);
    expect(namesOf({ key: 'a', type: 'loop', config: {} })).toEqual(['body own']);
    expect(namesOf({ key: 'a', type: 'wait', config: {} })).toEqual(['resumed own', 'timeout own']);
    expect(namesOf({ key: 'a', type: 'send-webhook', config: {} })).toEqual([]);
    const cases = { cases: [{ key: 'x', label: 'X' }, { key: 'y' }], otherwise: 'continue' };
    expect(namesOf({ key: 'a', type: 'multi-conditions', config: cases })).toEqual(['x own', 'y own', 'otherwise own']);
  });

  it('also hold what nothing leads to, as long as there are nodes', () => {
    expect(namesOf(condition('a', { other: [step('b')], gone: [] }))).toEqual(['true own', 'false own', 'other unknown']);
    expect(namesOf({ ...step('a'), onFailure: 'branch' })).toEqual(['failure failure']);
    expect(namesOf({ ...step('a'), branches: { failure: [step('b')] } })).toEqual(['failure unknown']);
  });

  it('are what built-in types say themselves', async () => {
    const { builtIns } = await import('../../../src/plugins/index.ts');
    const configs: Record<string, Record<string, unknown>[]> = {
      condition: [{ onFalse: 'branch' }, { onFalse: 'fail' }],
      'multi-conditions': [
        { cases: [{ key: 'x' }], otherwise: 'fail' },
        { cases: [{ key: 'x' }, { key: 'y' }], otherwise: 'continue' },
      ],
      parallel: [{ branches: [{ key: 'x' }, { key: 'y' }] }],
      'send-webhook': [{ wait: true }, { wait: false }],
      wait: [{ onTimeout: 'branch' }, { onTimeout: 'fail' }],
    };
    const dynamic = (builtIns.nodes ?? []).filter(({ type }) => nodeTypes.get(type)?.branches === null);
    expect(dynamic.map(({ type }) => type).sort()).toEqual(Object.keys(configs).sort());
    for (const type of dynamic) {
      for (const config of configs[type.type] ?? []) {
        const ours = branchesOf({ key: 'a', type: type.type, config }, nodeTypes.get(type.type)).map(({ name }) => name);
        expect(ours, type.type).toEqual(type.branches?.(config as never));
      }
    }
  });
});

describe('the arrow keys', () => {
  const document = documentOf(step('a'), condition('b', { true: [step('c'), step('d')], false: [step('e')] }), step('f'));
  const layout = layoutDocument(document, nodeTypes);
  const go = (key: string, direction: Parameters<typeof neighbourOf>[3]) => neighbourOf(document, layout, key, direction);

  it('walk down through everything and up again', () => {
    expect([TRIGGER, 'a', 'b', 'c', 'd', 'e', 'f'].map((key) => go(key, 'next'))).toEqual(['a', 'b', 'c', 'd', 'f', 'f', 'f']);
    expect(['f', 'e', 'd', 'c', 'b', 'a', TRIGGER].map((key) => go(key, 'previous'))).toEqual([
      'b',
      'b',
      'c',
      'b',
      'a',
      TRIGGER,
      TRIGGER,
    ]);
  });

  it('go from branch to branch', () => {
    expect(go('d', 'right')).toBe('e');
    expect(go('e', 'left')).toBe('c');
    expect(go('c', 'left')).toBe('c');
    expect(go('a', 'first')).toBe(TRIGGER);
    expect(go('a', 'last')).toBe('f');
  });

  it('never offer a place inside the node that is moved, or where it stands', () => {
    const slots = dropSlots(document, layout, 'b').map(({ owner, branch, index }) => `${owner ?? ''}${branch}${index}`);
    expect(slots).toEqual(['0', '3']);
  });
});
