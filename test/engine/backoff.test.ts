// The pauses between the tries of a node.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../src/engine/backoff.ts';
import { retrySchema } from '../../src/engine/model.ts';
import { planRetry } from '../../src/engine/retry.ts';
import { compileNodes, NOW, node } from './running.ts';

const retry = retrySchema.parse({ attempts: 5, delayMs: 1_000, factor: 3, maxDelayMs: 20_000, jitter: 0.5 });

describe('the pause before the next try', () => {
  it('grows by its factor up to the longest pause, and chance only shortens it', () => {
    expect([1, 2, 3, 4].map((attempt) => backoffMs(retry, attempt, 0))).toEqual([1_000, 3_000, 9_000, 20_000]);
    expect([1, 2, 3, 4].map((attempt) => backoffMs(retry, attempt, 1))).toEqual([500, 1_500, 4_500, 10_000]);
  });

  it('is a whole number within its bounds, whatever was configured', () => {
    const configured = fc.record({
      attempts: fc.integer({ min: 2, max: 100 }),
      delayMs: fc.integer({ min: 0, max: 604_800_000 }),
      factor: fc.double({ min: 1, max: 10, noNaN: true }),
      maxDelayMs: fc.integer({ min: 0, max: 604_800_000 }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const chance = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(configured, fc.integer({ min: 1, max: 100 }), chance, (given, attempt, random) => {
        const pause = backoffMs(retrySchema.parse(given), attempt, random);
        const whole = Math.min(given.delayMs * given.factor ** (attempt - 1), given.maxDelayMs);
        expect(Number.isInteger(pause)).toBe(true);
        expect(pause).toBeLessThanOrEqual(Math.round(whole));
        expect(pause).toBeGreaterThanOrEqual(Math.floor(whole * (1 - given.jitter)));
      }),
    );
  });
});

describe('the plan for a retry', () => {
  const plan = (delayMs: number, attempt: number, mayWait = true) => {
    const [compiled] = compileNodes([{ ...node('a', 'variable', { value: 1 }), retry: { ...retry, delayMs, jitter: 0 } }]);
    return compiled && planRetry(compiled, attempt, NOW, mayWait);
  };

  it('sleeps through a short pause, and leaves a long one to storage unless a caller waits', () => {
    expect(plan(1_000, 1)).toEqual({ type: 'soon', delayMs: 1_000 });
    expect(plan(1_001, 1)).toEqual({ type: 'later', until: NOW + 1_001 });
    expect(plan(1_001, 1, false)).toEqual({ type: 'soon', delayMs: 1_001 });
  });

  it('ends with the last try, and there is none for a node without a policy', () => {
    expect(plan(10, 4)).toBeDefined();
    expect(plan(10, 5)).toBeUndefined();
    const [plain] = compileNodes([node('a', 'variable', { value: 1 })]);
    expect(plain && planRetry(plain, 1, NOW, true)).toBeUndefined();
  });
});
