import { expect, test } from 'vitest';
import { createThrottle, placeOfAddress, requireNoWait } from '../../src/access/throttle.ts';

function clocked(free = 3) {
  const clock = { now: 1_000_000 };
  return { clock, throttle: createThrottle({ free, maxWaitMs: 8_000, now: () => clock.now }) };
}

test('after the free tries each wait is twice the one before, up to the longest', () => {
  const { clock, throttle } = clocked();
  const waits = Array.from({ length: 8 }, () => {
    throttle.count('a');
    const wait = throttle.waitMs('a');
    clock.now += wait;
    return wait;
  });
  expect(waits).toEqual([0, 0, 0, 1_000, 2_000, 4_000, 8_000, 8_000]);
  expect(throttle.waitMs('b')).toBe(0);
});

test('who knows the secret is forgotten, and a try that was none is taken back', () => {
  const { throttle } = clocked();
  for (let n = 0; n < 4; n += 1) throttle.count('a');
  throttle.forget('a');
  expect(throttle.waitMs('a')).toBe(0);
  for (let n = 0; n < 20; n += 1) {
    throttle.count('b');
    throttle.takeBack('b');
  }
  expect(throttle.waitMs('b')).toBe(0);
});

test('after an hour of quiet it begins anew', () => {
  const { clock, throttle } = clocked();
  for (let n = 0; n < 9; n += 1) throttle.count('a');
  clock.now += 3_600_000;
  throttle.count('a');
  expect(throttle.waitMs('a')).toBe(0);
});

test('a flood of keys does not make a guesser who goes on forgotten', () => {
  const { throttle } = clocked();
  for (let n = 0; n < 4; n += 1) throttle.count('guesser');
  for (let n = 0; n < 50_000; n += 1) {
    throttle.count(`other ${n}`);
    if (n % 5_000 === 0) throttle.count('guesser');
  }
  expect(throttle.waitMs('guesser')).toBe(8_000);
  expect(throttle.waitMs('other 1')).toBe(0);
});

test('the refusal says when to come back', () => {
  const { throttle } = clocked(0);
  throttle.count('a');
  throttle.count('a');
  expect(() => requireNoWait([throttle, 'b'])).not.toThrow();
  expect(() => requireNoWait([throttle, 'b'], [throttle, 'a'])).toThrowError(
    expect.objectContaining({ code: 'too_many_requests', headers: { 'Retry-After': '2' } }),
  );
});

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002:ffff::', '2001:db8:1:2::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['', ''],
])('%j is at %j', (address, place) => {
  expect(placeOfAddress(address)).toBe(place);
});
