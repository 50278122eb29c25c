import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RetrySchedule } from '../../../src/engine/outbound-model.ts';
import { boundedRetryAfterMs, nextDelayMs } from '../../../src/outbound/delivery/schedule.ts';

/** Without jitter: chance in the middle. */
function delays(schedule: RetrySchedule): number[] {
  const all: number[] = [];
  for (let failed = 1; failed < 100; failed += 1) {
    const delayMs = nextDelayMs(schedule, failed, 0.5);
    if (delayMs === undefined) break;
    all.push(delayMs);
  }
  return all;
}

test('the standard schedule has ten attempts, with the pauses of Standard Webhooks', () => {
  const hours = [2, 5, 10, 14, 20, 24].map((count) => count * 3_600_000);
  expect(delays({ type: 'standard' })).toEqual([5_000, 300_000, 1_800_000, ...hours]);
});

test('the other schedules end when they say', () => {
  expect(delays({ type: 'short' })).toEqual([5_000, 30_000, 120_000]);
  expect(delays({ type: 'dastra' })).toEqual([]);
  expect(delays({ type: 'none' })).toEqual([]);
  expect(delays({ type: 'custom', delaysMs: [1, 20, 300], jitter: 0.2 })).toEqual([1, 20, 300]);
  expect(delays({ type: 'exponential', attempts: 5, firstDelayMs: 1_000, factor: 3, maxDelayMs: 10_000, jitter: 0 })).toEqual([
    1_000, 3_000, 9_000, 10_000,
  ]);
});

test('chance makes a pause shorter or longer by at most the jitter', () => {
  expect(nextDelayMs({ type: 'standard' }, 2, 0)).toBe(240_000);
  expect(nextDelayMs({ type: 'standard' }, 2, 1)).toBe(360_000);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 604_800_000 }),
      fc.double({ min: 0, max: 0.5, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (delayMs, jitter, random) => {
        const pause = nextDelayMs({ type: 'custom', delaysMs: [delayMs], jitter }, 1, random) ?? -1;
        return pause >= Math.floor(delayMs * (1 - jitter)) && pause <= Math.ceil(delayMs * (1 + jitter));
      },
    ),
  );
});

test('a receiver cannot ask for more than twelve hours, or for the past', () => {
  expect(boundedRetryAfterMs(null)).toBe(0);
  expect(boundedRetryAfterMs(-5)).toBe(0);
  expect(boundedRetryAfterMs(90_000)).toBe(90_000);
  expect(boundedRetryAfterMs(1e12)).toBe(12 * 3_600_000);
});
