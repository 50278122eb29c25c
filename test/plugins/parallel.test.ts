import { describe, expect, it } from 'vitest';
import type { BranchOutcome } from '../../src/engine/plugin.ts';
import { parallelNode } from '../../src/plugins/parallel/node.ts';
import { runNode } from './node-context.ts';

const COMPLETED: BranchOutcome = { status: 'completed' };
const WAITING: BranchOutcome = { status: 'waiting' };
const STOPPED: BranchOutcome = { status: 'stopped' };
const failed = (message: string): BranchOutcome => ({ status: 'failed', error: { code: 'node_failed', message } });
/** Comes to nothing before it is stopped. */
const NEVER = 'never';

/** Runs branches that end one after the other like this, and gives those that were stopped with the result. */
async function parallel(mode: string, outcomes: Record<string, BranchOutcome | typeof NEVER>) {
  const stopped: string[] = [];
  const config = { mode, branches: Object.keys(outcomes).map((key) => ({ key })) };
  const result = await runNode(parallelNode, config, {
    branch(name, options) {
      const outcome = outcomes[name] ?? NEVER;
      if (outcome !== NEVER) return outcome;
      return new Promise((resolve) => {
        options?.signal?.addEventListener('abort', () => {
          stopped.push(name);
          resolve(STOPPED);
        });
      });
    },
  });
  return { result, stopped };
}

describe('parallel', () => {
  it('all: goes on when every branch has succeeded, fails with the first that fails', async () => {
    const all = await parallel('all', { a: COMPLETED, b: COMPLETED });
    expect(all.result).toEqual({ type: 'done', output: { branches: ['a', 'b'] } });
    expect((await parallel('all', { a: COMPLETED, b: WAITING })).result).toEqual({ type: 'suspend' });
    const failure = parallel('all', { a: WAITING, b: failed('first'), c: failed('second') });
    await expect(failure).rejects.toMatchObject({ failure: { message: 'first' } });
  });

  it('any: goes on with the first that succeeds, fails when all have failed', async () => {
    const any = await parallel('any', { a: failed('a'), b: COMPLETED, c: NEVER });
    expect(any).toEqual({ result: { type: 'done', output: { branch: 'b' } }, stopped: ['c'] });
    expect((await parallel('any', { a: failed('a'), b: WAITING })).result).toEqual({ type: 'suspend' });
    await expect(parallel('any', { a: failed('a'), b: failed('b') })).rejects.toMatchObject({ failure: { message: 'a' } });
  });

  it('race: goes on with the first that ends, one way or the other', async () => {
    const race = await parallel('race', { a: NEVER, b: COMPLETED, c: failed('c') });
    expect(race).toEqual({ result: { type: 'done', output: { branch: 'b' } }, stopped: ['a'] });
    await expect(parallel('race', { a: WAITING, b: failed('b') })).rejects.toMatchObject({ failure: { message: 'b' } });
    expect((await parallel('race', { a: WAITING, b: WAITING })).result).toEqual({ type: 'suspend' });
  });

  it('returns when its branches were stopped', async () => {
    expect((await parallel('all', { a: STOPPED, b: WAITING })).result).toEqual({ type: 'done' });
  });

  it('names its branches, which are different ones', () => {
    const parse = (branches: unknown[]) => parallelNode.config.safeParse({ branches });
    expect(parallelNode.branches?.(parallelNode.config.parse({ branches: [{ key: 'a' }, { key: 'b', label: 'B' }] }))).toEqual([
      'a',
      'b',
    ]);
    expect(parse([]).success).toBe(false);
    expect(parse([{ key: 'a' }, { key: 'a' }]).error?.issues[0]).toMatchObject({ path: ['branches', 1, 'key'] });
    expect(parse([{ key: '__proto__' }]).success).toBe(false);
  });
});
