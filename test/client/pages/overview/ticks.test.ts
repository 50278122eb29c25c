// Where the axis of time in the plots of the overview is labelled.

import { expect, test } from 'vitest';
import { ticksOf } from '../../../../client/src/pages/overview/ticks.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Buckets of local time that begin at `from`. */
function span(from: Date, bucketMs: number, count: number) {
  const buckets = Array.from({ length: count }, (_, index) => ({
    at: new Date(from.getTime() + index * bucketMs).toISOString(),
  }));
  return { bucketMs, buckets };
}

test('an hour is labelled every ten minutes', () => {
  const ticks = ticksOf(span(new Date(2026, 5, 3, 14, 7), MINUTE_MS, 60), 'nl');
  expect([...ticks.values()]).toEqual(['14:10', '14:20', '14:30', '14:40', '14:50', '15:00']);
});

test('a day is labelled every four hours', () => {
  const ticks = ticksOf(span(new Date(2026, 5, 3, 14, 15), 15 * MINUTE_MS, 96), 'fr');
  expect([...ticks.values()]).toEqual(['16:00', '20:00', '00:00', '04:00', '08:00', '12:00']);
});

test('a week is labelled with its days', () => {
  const ticks = ticksOf(span(new Date(2026, 5, 3, 14), HOUR_MS, 7 * 24), 'nl');
  expect([...ticks.values()]).toEqual(['4 jun', '5 jun', '6 jun', '7 jun', '8 jun', '9 jun', '10 jun']);
});

test('a month is labelled every five days', () => {
  const ticks = ticksOf(span(new Date(2026, 5, 3, 12), 6 * HOUR_MS, 30 * 4), 'en');
  expect(ticks.size).toBe(6);
});

test('every label belongs to a bucket', () => {
  const shown = span(new Date(2026, 5, 3, 14, 15), 15 * MINUTE_MS, 96);
  const known = new Set(shown.buckets.map(({ at }) => at));
  for (const at of ticksOf(shown, 'en').keys()) expect(known.has(at)).toBe(true);
});
