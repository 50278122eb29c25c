import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TokenBucket } from '../../../src/outbound/delivery/rate.ts';

/** Takes whenever it may. @returns when */
function takeAll(bucket: TokenBucket, untilMs: number): number[] {
  const times: number[] = [];
  for (let now = 0; now < untilMs; ) {
    const waitMs = bucket.waitMs(now);
    if (waitMs > 0) {
      now += waitMs;
      continue;
    }
    bucket.take(now);
    times.push(now);
  }
  return times;
}

test('five a second go one every 200 milliseconds', () => {
  expect(takeAll(new TokenBucket({ count: 5, perMs: 1_000 }, 0), 1_000)).toEqual([0, 200, 400, 600, 800]);
});

test('a tenth of a token a second makes one in ten seconds', () => {
  expect(takeAll(new TokenBucket({ count: 0.1, perMs: 1_000 }, 0), 30_000).length).toBe(3);
});

test('no time span of the given length ever has more than it may', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 100, max: 5_000 }),
      fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 5 }),
      (count, perMs, idle) => {
        const bucket = new TokenBucket({ count, perMs }, 0);
        const times: number[] = [];
        let start = 0;
        for (const pause of [0, ...idle]) {
          start += pause;
          for (let now = start; now < start + perMs / 2; now += bucket.waitMs(now) || 0) {
            if (bucket.waitMs(now) > 0) continue;
            bucket.take(now);
            times.push(now);
          }
          start += Math.ceil(perMs / 2);
        }
        const most = Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + perMs).length));
        return most <= count;
      },
    ),
    { numRuns: 50 },
  );
});

test('what was taken beyond is paid back', () => {
  const bucket = new TokenBucket({ count: 10, perMs: 1_000 }, 0);
  bucket.take(0, 20);
  expect(bucket.waitMs(0)).toBe(2_000);
});
