import { describe, expect, it } from 'vitest';
import type { BranchOutcome } from '../../src/engine/plugin.ts';
import { loopNode } from '../../src/plugins/loop/node.ts';
import { type BranchOptions, type Given, runNode } from './node-context.ts';

const FAILED: BranchOutcome = { status: 'failed', error: { code: 'node_failed', message: 'broken' } };

/** Runs a loop whose rounds come out like this (default: completed), and gives the rounds with the result. */
async function loop(config: object, outcomes: Record<number, BranchOutcome> = {}, given: Given = {}) {
  const rounds: BranchOptions[] = [];
  const result = await runNode(loopNode, config, {
    ...given,
    branch(name, options) {
      expect(name).toBe('body');
      rounds.push(options);
      return outcomes[options?.index ?? -1] ?? { status: 'completed' };
    },
  });
  return { result, rounds };
}

const done = (rounds: number, failures = 0) => ({ type: 'done', output: { rounds, failures } });

describe('loop', () => {
  it.each([
    ['a list', ['x', null], ['x', null]],
    ['a number', 3.7, [0, 1, 2]],
    ['a text, by characters', 'a👍', ['a', '👍']],
    ['nothing', [], []],
    ['zero', 0, []],
  ])('repeats for %s', async (_what, over, items) => {
    const { result, rounds } = await loop({ over });
    expect(result).toEqual(done(items.length));
    expect(rounds).toEqual(items.map((item, index) => ({ index, locals: { item, index, length: items.length } })));
  });

  it.each([
    [null, 'nothing'],
    [{ a: 1 }, 'an object'],
    [true, 'of type boolean'],
    [-1, 'of type number'],
  ])('cannot repeat for %j', async (over, message) => {
    await expect(loop({ over })).rejects.toMatchObject({ code: 'invalid_config', message: expect.stringContaining(message) });
  });

  it('goes on as long as an expression is true, asked before or after each round', async () => {
    const condition = { engine: 'jsonata', test: 'more' };
    const asked = await loop({ while: condition }, {}, { values: [true, 1, ''] });
    expect(asked.result).toEqual(done(2));
    expect(asked.rounds[1]).toEqual({ index: 1, locals: { item: 1, index: 1, length: null } });
    expect((await loop({ while: condition }, {}, { values: [false] })).result).toEqual(done(0));
    expect((await loop({ while: { ...condition, check: 'after' } }, {}, { values: [false] })).result).toEqual(done(1));
    // With a list as well, whatever ends first.
    expect((await loop({ over: 9, while: condition }, {}, { values: [true, false] })).result).toEqual(done(1));
  });

  it('does not ask again about rounds that have begun', async () => {
    const given = { values: [true, false], begun: [0, 1] };
    const { result } = await loop({ while: { engine: 'mathjs', test: 'more' } }, {}, given);
    expect(result).toEqual(done(3));
  });

  it('does as it is told when a round fails', async () => {
    await expect(loop({ over: 3 }, { 1: FAILED })).rejects.toMatchObject({ failure: { message: 'broken' } });
    const stopped = await loop({ over: 3, onItemFailure: 'break' }, { 1: FAILED });
    expect([stopped.result, stopped.rounds.length]).toEqual([done(2, 1), 2]);
    const through = await loop({ over: 3, onItemFailure: 'continue' }, { 0: FAILED, 1: FAILED });
    expect([through.result, through.rounds.length]).toEqual([done(3, 2), 3]);
  });

  it('stops where a round waits or is stopped', async () => {
    const waiting = await loop({ over: 3 }, { 1: { status: 'waiting' } });
    expect([waiting.result, waiting.rounds.length]).toEqual([{ type: 'suspend' }, 2]);
    expect((await loop({ over: 3 }, { 0: { status: 'stopped' } })).rounds).toHaveLength(1);
  });

  it('has a limit', async () => {
    expect((await loop({ over: 3, limit: 3 })).result).toEqual(done(3));
    await expect(loop({ over: 4, limit: 3 })).rejects.toMatchObject({ code: 'loop_limit' });
    const always = { while: { test: { all: [{ left: 1, operator: 'equal', right: 1 }] } }, limit: 3 };
    await expect(loop(always)).rejects.toMatchObject({ code: 'loop_limit', message: expect.stringContaining('3 rounds') });
  });

  it.each([
    [{}, 'over'],
    [{ over: 1, limit: 0 }, 'limit'],
    [{ over: 1, limit: 2e6 }, 'limit'],
    [{ while: { engine: 'mathjs', test: { all: [] } } }, 'while'],
    [{ over: 1, onItemFailure: 'stop' }, 'onItemFailure'],
  ])('refuses %j', (config, field) => {
    expect(loopNode.config.safeParse(config).error?.issues[0]?.path[0]).toBe(field);
  });
});
