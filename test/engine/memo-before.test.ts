// Which finished jobs a new start begins with: from a chosen node, and from the one that failed.

import { describe, expect, it } from 'vitest';
import { memoBefore, memoForRetry } from '../../src/engine/memo-before.ts';
import type { Job, Node } from '../../src/engine/model.ts';
import { compileNodes, NOW, node } from './running.ts';

const variable = (key: string): Node => node(key, 'variable', { value: 1 });
const yes = { test: { all: [{ left: 1, operator: 'equal', right: 1 }] } };

function job(path: string, change: Partial<Job> = {}): Job {
  const key = path.slice(path.lastIndexOf('/') + 1);
  return { key, path, type: 'variable', status: 'succeeded', output: 1, startedAt: NOW, finishedAt: NOW, ...change };
}

const paths = (jobs: readonly Job[]): string[] => jobs.map(({ path }) => path);

describe('a rerun from a chosen node', () => {
  const nodes = compileNodes([
    variable('first'),
    node(
      'each',
      'loop',
      { over: 3 },
      { body: [variable('in'), node('inner', 'loop', { over: 2 }, { body: [variable('deep')] })] },
    ),
    node('test', 'condition', yes, { true: [variable('then'), variable('then2')], false: [variable('else')] }),
    node(
      'both',
      'parallel',
      { branches: [{ key: 'a' }, { key: 'b' }] },
      { a: [variable('a1'), variable('a2')], b: [variable('b1')] },
    ),
    variable('last'),
  ]);
  const rounds = [0, 1, 2].flatMap((index) => [
    job(`each[${index}]/in`),
    job(`each[${index}]/inner[0]/deep`),
    job(`each[${index}]/inner[1]/deep`),
    job(`each[${index}]/inner`),
  ]);
  const test = job('test', { branch: 'true' });
  const jobs = [
    job('first'),
    ...rounds,
    job('each'),
    test,
    ...['then', 'then2', 'a1', 'b1', 'a2', 'both', 'last'].map((path) => job(path)),
  ];
  const keptFor = (path: string): string[] => paths(memoBefore(nodes, jobs, path));

  it('begins with everything above it, rounds of finished loops included', () => {
    expect(keptFor('first')).toEqual([]);
    expect(keptFor('each')).toEqual(['first']);
    expect(keptFor('test')).toEqual(['first', ...paths(rounds), 'each']);
    expect(keptFor('last')).toEqual(paths(jobs).slice(0, -1));
  });

  it('keeps the choice of the branching node around it', () => {
    expect(keptFor('then2')).toEqual(['first', ...paths(rounds), 'each', 'test', 'then']);
  });

  it('keeps what ran in branches beside it, and lets the parallel node itself run again', () => {
    expect(keptFor('a2')).toEqual(['first', ...paths(rounds), 'each', 'test', 'then', 'then2', 'a1', 'b1']);
  });

  it('inside loops keeps the rounds before, of each loop around it', () => {
    expect(keptFor('each[1]/in')).toEqual(['first', ...paths(rounds.slice(0, 4))]);
    expect(keptFor('each[1]/inner[1]/deep')).toEqual([
      'first',
      ...paths(rounds.slice(0, 4)),
      'each[1]/in',
      'each[1]/inner[0]/deep',
    ]);
  });

  it('refuses a node that has not run, or a path that is none', () => {
    for (const path of ['else', 'each[9]/in', 'each[1]', 'nothing', '', 'each[1]/', '__proto__']) {
      expect(() => memoBefore(nodes, jobs, path)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    }
  });

  it('keeps no jobs that failed, wait or were canceled', () => {
    const mixed = [
      job('first', { status: 'error', isHandled: true }),
      job('each', { status: 'canceled' }),
      job('test', { status: 'waiting' }),
      job('last'),
    ];
    expect(paths(memoBefore(nodes, mixed, 'last'))).toEqual(['first']);
  });

  it('from inside a loop whose failure was handled runs the loop again, and from its failure branch does not', () => {
    const loop = compileNodes([
      {
        ...node('each', 'loop', { over: 2 }, { body: [variable('in')], failure: [variable('mend'), variable('tell')] }),
        onFailure: 'branch',
      },
      variable('last'),
    ]);
    const handled = job('each', { status: 'error', isHandled: true, branch: 'failure' });
    const ran = [job('each[0]/in'), job('each[1]/in', { status: 'error' }), handled, job('mend'), job('tell'), job('last')];
    expect(paths(memoBefore(loop, ran, 'each[1]/in'))).toEqual(['each[0]/in']);
    expect(paths(memoBefore(loop, ran, 'tell'))).toEqual(['each[0]/in', 'each', 'mend']);
  });
});

describe('a retry', () => {
  const failure = (place: string) => ({ code: 'node_failed', message: 'no', details: { node: place } });

  it('begins with all but the failure and what failed because of it', () => {
    const jobs = [
      job('a'),
      job('each[0]/in', { status: 'error', error: { code: 'node_failed', message: 'tolerated' } }),
      job('each[1]/in', { status: 'error', error: { code: 'node_failed', message: 'no' } }),
      job('each', { status: 'error', error: failure('each[1]/in') }),
      job('handled', { status: 'error', isHandled: true, error: failure('each[1]/in') }),
    ];
    expect(paths(memoForRetry(jobs, 'each[1]/in'))).toEqual(['a', 'each[0]/in', 'handled']);
  });

  it('runs the end again that decided to fail, and what was given up', () => {
    const jobs = [job('a'), job('gone', { status: 'canceled' }), job('stop', { status: 'failed' })];
    expect(paths(memoForRetry(jobs, undefined))).toEqual(['a']);
  });

  it('of a canceled execution waits on for callbacks, and calls its subflows and tries its nodes anew', () => {
    const waiting = (path: string, kind: 'node' | 'call' | 'retry'): Job =>
      job(path, { status: 'waiting', wait: { until: null, kind } });
    const tolerated = job('each[0]/in', { status: 'error', error: { code: 'node_failed', message: 'tolerated' } });
    const jobs = [tolerated, waiting('ask', 'node'), waiting('sub', 'call'), waiting('again', 'retry')];
    expect(paths(memoForRetry(jobs, undefined))).toEqual(['each[0]/in', 'ask']);
  });
});
