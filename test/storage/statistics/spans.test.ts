import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucketsOf, COARSE_MS, FINE_MS } from '../../../src/storage/statistics/spans.ts';

const DAY = 24 * COARSE_MS;
const NOW = Date.UTC(2030, 0, 15, 12, 34, 56);

test.each([
  [COARSE_MS, FINE_MS],
  [DAY, 3 * FINE_MS],
  [7 * DAY, 2 * COARSE_MS],
  [30 * DAY, 12 * COARSE_MS],
  [365 * DAY, 7 * DAY],
])('the last %d ms are shown in buckets of %d ms', (range, bucketMs) => {
  expect(bucketsOf(NOW - range, NOW, NOW).bucketMs).toBe(bucketMs);
});

test('any range is covered by 120 buckets at most, made of spans that are kept', () => {
  fc.assert(
    fc.property(fc.nat(NOW), fc.nat(20_000 * DAY), (from, length) => {
      const buckets = bucketsOf(from, from + length, NOW);
      expect(buckets.from).toBeLessThanOrEqual(from);
      expect(buckets.to).toBeGreaterThanOrEqual(from + length);
      expect(buckets.from % buckets.bucketMs).toBe(0);
      expect(buckets.bucketMs % buckets.spanMs).toBe(0);
      const count = (buckets.to - buckets.from) / buckets.bucketMs;
      expect(Number.isInteger(count) && count >= 1 && count <= 120, `${count}`).toBe(true);
      if (from < NOW - 8 * DAY) expect(buckets.spanMs).toBe(COARSE_MS);
    }),
  );
});
