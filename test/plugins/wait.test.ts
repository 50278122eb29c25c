import { describe, expect, it } from 'vitest';
import { waitNode } from '../../src/plugins/wait/node.ts';
import { NOW, runNode } from './node-context.ts';

const run = (config: unknown) => runNode(waitNode, config);
const branches = (config: unknown) => waitNode.branches?.(waitNode.config.parse(config));

describe('wait', () => {
  it('without a time-out waits until somebody calls', () => {
    expect(run({})).toEqual({ type: 'wait', resumedBranch: 'resumed' });
  });

  it.each([
    ['branch', { branch: 'timeout' }, ['resumed', 'timeout']],
    ['continue', undefined, ['resumed']],
    ['fail', { error: { code: 'wait_timed_out', message: 'Nobody called within 2 hours.' } }, ['resumed']],
  ])('when nobody calls: %s', (onTimeout, due, names) => {
    const until = NOW + 7_200_000;
    expect(run({ timeout: 2, onTimeout })).toEqual({ type: 'wait', resumedBranch: 'resumed', until, ...(due ? { due } : {}) });
    expect(branches({ timeout: 2, onTimeout })).toEqual(names);
  });

  it.each([
    ['seconds', 1_500],
    ['minutes', 90_000],
    ['days', 129_600_000],
    ['weeks', 907_200_000],
  ])('counts in %s', (unit, milliseconds) => {
    expect(run({ timeout: 1.5, unit })).toMatchObject({ until: NOW + milliseconds });
  });

  it.each([[0], [-1], ['1'], [Number.POSITIVE_INFINITY], [600 * 7 * 24]])('refuses a time-out of %j hours', (timeout) => {
    const isTooLong = timeout === 600 * 7 * 24;
    const { error } = waitNode.config.safeParse({ timeout });
    expect(error?.issues.map(({ path }) => path)).toEqual([['timeout']]);
    if (isTooLong) expect(error?.issues[0]?.message).toContain('ten years');
  });
});
