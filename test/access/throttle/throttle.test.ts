// Counting and slowing down those who guess, on a clock of the test's own.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createMemoryCounter, MAX_KEYS } from '../../../src/access/throttle/counter.ts';
import { createThrottle, takeTurn } from '../../../src/access/throttle/throttle.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);
const make = (free = 3) => createThrottle({ name: 'test', free, maxWaitMs: 8_000, counters: createMemoryCounter });

test('the first tries need no wait, then each waits twice as long, up to a limit', async () => {
  const throttle = make();
  const waits: number[] = [];
  for (let n = 0; n < 9; n += 1) {
    expect(await throttle.count('a')).toBe(0);
    const wait = await throttle.waitMs('a');
    waits.push(wait);
    pass(wait);
  }
  expect(waits).toEqual([0, 0, 0, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
  expect(await throttle.waitMs('b')).toBe(0);
});

test('of many tries at once as many are judged as may be, and the others do not make the wait longer', async () => {
  const throttle = make();
  const waits = await Promise.all(Array.from({ length: 50 }, () => throttle.count('a')));
  expect(waits.filter((wait) => wait === 0)).toHaveLength(4);
  expect(Math.max(...waits)).toBe(1_000);
  expect(await throttle.waitMs('a')).toBe(1_000);
});

test('who was right is forgotten, and a try that was no guess is taken back', async () => {
  const throttle = make();
  for (let n = 0; n < 4; n += 1) await throttle.count('a');
  await throttle.forget('a');
  expect(await throttle.waitMs('a')).toBe(0);
  for (let n = 0; n < 9; n += 1) {
    expect(await throttle.count('b')).toBe(0);
    await throttle.takeBack('b');
  }
  expect(await throttle.waitMs('b')).toBe(0);
});

test('an hour after the first one, tries are forgotten', async () => {
  const throttle = make();
  for (let n = 0; n < 4; n += 1) await throttle.count('a');
  pass(3_600_000);
  for (let n = 0; n < 3; n += 1) expect(await throttle.count('a')).toBe(0);
  expect(await throttle.waitMs('a')).toBe(0);
});

test('a refusal says when to come back, and counts for none of the keys', async () => {
  const [one, other] = [make(0), make(1)];
  await takeTurn([one, 'a'], [other, 'b']);
  for (let n = 0; n < 5; n += 1) {
    await expect(takeTurn([other, 'b'], [one, 'a'])).rejects.toMatchObject({
      code: 'too_many_requests',
      message: 'Too many tries. Wait 1 s before the next one.',
      headers: { 'Retry-After': '1' },
    });
  }
  expect(await other.waitMs('b')).toBe(0);
});

test('a flood of keys does not make a key forgotten that was tried more often', async () => {
  const counter = createMemoryCounter({ name: 'flood', windowMs: 60_000 });
  for (let n = 0; n < 3; n += 1) await counter.add('guesser');
  for (let n = 0; n < MAX_KEYS * 2; n += 1) await counter.add(`other ${n}`);
  expect(await counter.get('guesser')).toMatchObject({ tries: 3 });
  expect(await counter.get('other 1')).toMatchObject({ tries: 0 });
  expect(await counter.get(`other ${MAX_KEYS * 2 - 1}`)).toMatchObject({ tries: 1 });
});
