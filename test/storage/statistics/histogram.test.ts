import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addTo,
  classOf,
  type Histogram,
  percentileOf,
  readHistogram,
  writeHistogram,
} from '../../../src/storage/statistics/histogram.ts';

/** Up to a year. */
const durations = fc.array(fc.oneof(fc.nat(40), fc.nat(60_000), fc.nat(31_536_000_000)), { minLength: 1, maxLength: 300 });

function histogramOf(values: readonly number[]): Histogram {
  const histogram: Histogram = new Map();
  for (const value of values) addTo(histogram, [[classOf(value), 1]]);
  return histogram;
}

test('percentiles are within 5 % of those of the values themselves, also when several are added and stored between', () => {
  fc.assert(
    fc.property(durations, durations, fc.double({ min: 0, max: 1, noNaN: true }), (some, others, share) => {
      const stored = readHistogram(writeHistogram(histogramOf(some)));
      addTo(stored, histogramOf(others));
      const sorted = [...some, ...others].sort((a, b) => a - b);
      const exact = sorted[Math.max(1, Math.ceil(sorted.length * share)) - 1] ?? Number.NaN;
      expect(Math.abs((percentileOf(stored, share) ?? Number.NaN) - exact)).toBeLessThanOrEqual(exact * 0.05);
    }),
  );
});

test('nothing has no percentiles, and a clock that was set back makes no negative durations', () => {
  expect(percentileOf(new Map(), 0.5)).toBeNull();
  expect(percentileOf(histogramOf([-5]), 0.5)).toBe(0);
});

test('the classes of a year are few, and each is at or above the one before', () => {
  let last = 0;
  for (let ms = 0; ms < 31_536_000_000; ms = Math.ceil(ms * 1.01) + 1) {
    expect(classOf(ms)).toBeGreaterThanOrEqual(last);
    last = classOf(ms);
  }
  expect(last).toBeLessThan(320);
});
