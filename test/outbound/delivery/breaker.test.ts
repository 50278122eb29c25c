import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type EndpointState, endpointConfigSchema } from '../../../src/engine/outbound-model.ts';
import {
  afterAttempt,
  disable,
  enable,
  INITIAL_STATE,
  type Observation,
  type Rules,
  unblock,
} from '../../../src/outbound/delivery/breaker.ts';

const HOUR = 3_600_000;

function rules(blocking: Record<string, unknown> = {}, kind: Rules['kind'] = 'endpoint'): Rules {
  return { kind, blocking: endpointConfigSchema.parse({ url: 'https://example.com', blocking }).blocking };
}

function seen(change: Partial<Observation> = {}): Observation {
  return {
    ...{ succeeded: false, status: 500, wish: 'none', retryAfterMs: null, countsForEndpoint: true },
    ...{ error: 'The receiver answered 500.', finalFailures: 0, isProbe: false },
    ...change,
  };
}

const success = seen({ succeeded: true, status: 200, error: null });

function fail(state: EndpointState, times: number, given = rules(), change: Partial<Observation> = {}): EndpointState {
  let last = state;
  for (let count = 0; count < times; count += 1) last = afterAttempt(last, seen(change), given, 1_000).state;
  return last;
}

test('the sixth failure in a row blocks, with reason, time and probe', () => {
  const five = fail(INITIAL_STATE, 5);
  expect(five).toMatchObject({ status: 'active', failures: 5 });
  const { state, events } = afterAttempt(five, seen(), rules(), 7_000);
  expect(state).toMatchObject({ status: 'blocked', failures: 6, since: 7_000, probeAt: 307_000, probes: 0 });
  expect(state.reason).toBe('6 requests in a row have failed. The last one: The receiver answered 500.');
  expect(events).toEqual([{ type: 'endpoint.blocked', detail: { reason: state.reason, failures: 6, probeAt: 307_000 } }]);
});

test('a success begins the count anew', () => {
  const { state } = afterAttempt(fail(INITIAL_STATE, 5), success, rules(), 0);
  expect(fail(state, 5)).toMatchObject({ status: 'active', failures: 5 });
});

test('a success without a failure before changes nothing', () => {
  expect(afterAttempt(INITIAL_STATE, success, rules(), 0).state).toBe(INITIAL_STATE);
});

test('counted per delivery, only deliveries that have used up their attempts count', () => {
  const perDelivery = rules({ count: 'delivery', after: 2 });
  expect(fail(INITIAL_STATE, 50, perDelivery)).toMatchObject({ status: 'active', failures: 0 });
  expect(fail(INITIAL_STATE, 2, perDelivery, { finalFailures: 1 })).toMatchObject({ status: 'active', failures: 2 });
  expect(fail(INITIAL_STATE, 3, perDelivery, { finalFailures: 1 }).reason).toContain(
    '3 deliveries in a row have failed for good',
  );
});

test('429 throttles and is not counted; 502 and 504 throttle and are', () => {
  const throttled = fail(INITIAL_STATE, 20, rules(), { status: 429, wish: 'throttle', retryAfterMs: 90_000 });
  expect(throttled).toMatchObject({ status: 'active', failures: 0, throttledUntil: 91_000 });
  for (const status of [502, 504]) {
    const state = fail(INITIAL_STATE, 6, rules(), { status, wish: 'throttle' });
    expect(state).toMatchObject({ status: 'blocked', throttledUntil: 6_000 });
  }
  expect(fail(INITIAL_STATE, 1, rules(), { status: 503, retryAfterMs: 1e12 }).throttledUntil).toBe(1_000 + 12 * HOUR);
});

test('410 disables', () => {
  const { state, events } = afterAttempt(INITIAL_STATE, seen({ status: 410, wish: 'gone' }), rules(), 9);
  expect(state).toMatchObject({ status: 'disabled', since: 9 });
  expect(state.reason).toContain('410 Gone');
  expect(events.map(({ type }) => type)).toEqual(['endpoint.disabled']);
});

test('each probe that fails doubles the pause, up to six hours', () => {
  let state = fail(INITIAL_STATE, 6);
  const pauses: number[] = [];
  for (let probe = 0; probe < 9; probe += 1) {
    state = afterAttempt(state, seen({ isProbe: true }), rules(), 0).state;
    pauses.push((state.probeAt ?? 0) / 60_000);
  }
  expect(pauses).toEqual([10, 20, 40, 80, 160, 320, 360, 360, 360]);
  expect(state).toMatchObject({ status: 'blocked', probes: 9 });
});

test('a probe that succeeds unblocks, and what was held is drained', () => {
  const { state, events } = afterAttempt(fail(INITIAL_STATE, 6), { ...success, isProbe: true }, rules(), 5_000);
  expect(state).toEqual({ ...INITIAL_STATE, since: 5_000, drainBefore: 5_000 });
  expect(events).toEqual([{ type: 'endpoint.unblocked', detail: { by: 'probe' } }]);
});

test('a request that was under way when its endpoint was blocked changes nothing when it fails', () => {
  const blocked = fail(INITIAL_STATE, 6);
  expect(afterAttempt(blocked, seen(), rules(), 99_999).state).toBe(blocked);
});

test('people unblock, disable and enable; the counter begins anew', () => {
  const blocked = fail(INITIAL_STATE, 6);
  const unblocked = unblock(blocked, 50);
  expect(unblocked.state).toEqual({ ...INITIAL_STATE, since: 50, drainBefore: 50 });
  expect(unblocked.events.map(({ type }) => type)).toEqual(['endpoint.unblocked']);
  expect(unblock(INITIAL_STATE, 50).state).toBe(INITIAL_STATE);
  const disabled = disable(blocked, 60, 'Somebody has disabled it.').state;
  expect(disabled).toMatchObject({ status: 'disabled', reason: 'Somebody has disabled it.', probeAt: null });
  expect(enable(disabled, 70).state).toEqual({ ...INITIAL_STATE, since: 70, drainBefore: 70 });
});

test('URLs of nodes are never blocked or disabled', () => {
  const state = fail(INITIAL_STATE, 100, rules({}, 'url'), { status: 410, wish: 'gone' });
  expect(state.status).toBe('active');
});

const observation = fc.record({
  succeeded: fc.boolean(),
  status: fc.constantFrom(200, 410, 429, 500, 502, null),
  wish: fc.constantFrom<Observation['wish']>('none', 'gone', 'throttle'),
  retryAfterMs: fc.option(fc.integer({ min: -10, max: 100_000_000 })),
  countsForEndpoint: fc.boolean(),
  error: fc.constant('it failed.'),
  finalFailures: fc.integer({ min: 0, max: 3 }),
  isProbe: fc.boolean(),
});

test('whatever happens, the state holds together', () => {
  const anyRules = fc.record({ after: fc.integer({ min: 1, max: 8 }), count: fc.constantFrom('attempt', 'delivery') });
  fc.assert(
    fc.property(fc.array(observation, { maxLength: 60 }), anyRules, (all, blocking) => {
      let state = INITIAL_STATE;
      let now = 0;
      for (const one of all) {
        now += 1_000;
        const before = state;
        const transition = afterAttempt(state, one, rules(blocking), now);
        state = transition.state;
        if (state.status === 'blocked') {
          expect(state.failures).toBeGreaterThan(blocking.after);
          expect(state.probeAt).toBeGreaterThan(0);
          expect(state.reason).not.toBeNull();
        } else {
          expect(state.probeAt).toBeNull();
        }
        if (state.status === 'active') expect(state.failures).toBeLessThanOrEqual(blocking.after);
        if (before.status === 'disabled') expect(state).toBe(before);
        // An event for each change of the status, and for nothing else.
        expect(transition.events.length).toBe(before.status === state.status ? 0 : 1);
        if ((state.throttledUntil ?? 0) > (before.throttledUntil ?? 0)) {
          expect((state.throttledUntil ?? 0) - now).toBeLessThanOrEqual(12 * HOUR);
        }
      }
    }),
  );
});
