import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alertSchema } from '../../../src/engine/outbound-model.ts';
import { Alerts, FailureWindow } from '../../../src/outbound/delivery/alerts.ts';
import { INITIAL_STATE } from '../../../src/outbound/delivery/breaker.ts';

const rule = alertSchema.parse({ windowMs: 60_000, minAttempts: 4, failureRate: 0.5 });

test('an endpoint is failing once, and recovered once', () => {
  const alerts = new Alerts();
  let state = INITIAL_STATE;
  const events: string[] = [];
  const observe = (succeeded: boolean, now: number): void => {
    const transition = alerts.observe('ep_1', rule, state, succeeded, now);
    state = transition.state;
    events.push(...transition.events.map(({ type, detail }) => `${type} at ${now}: ${detail.failureRate}`));
  };
  for (const now of [1, 2, 3]) observe(false, now);
  expect(events).toEqual([]);
  for (const now of [4, 5, 6]) observe(false, now);
  expect(events).toEqual(['endpoint.failing at 4: 1']);
  expect(state.failingSince).toBe(4);
  for (let now = 7; now < 20; now += 1) observe(true, now);
  expect(events).toEqual(['endpoint.failing at 4: 1', 'endpoint.recovered at 13: 0.46153846153846156']);
  expect(state.failingSince).toBeNull();
});

test('what is older than the window is forgotten', () => {
  const alerts = new Alerts();
  for (const now of [0, 1, 2]) alerts.observe('ep_1', rule, INITIAL_STATE, false, now);
  expect(alerts.observe('ep_1', rule, INITIAL_STATE, false, 61_000).events).toEqual([]);
});

test('after a restart one success does not mean that it has recovered', () => {
  const alerts = new Alerts();
  const failing = { ...INITIAL_STATE, failingSince: 1 };
  expect(alerts.observe('ep_1', rule, failing, true, 0).events).toEqual([]);
  // Nothing is left of what this process has not seen.
  expect(alerts.observe('ep_1', rule, failing, true, 60_000).events.map(({ type }) => type)).toEqual(['endpoint.recovered']);
});

test('without a rule nothing is counted', () => {
  const off = { ...rule, enabled: false };
  const alerts = new Alerts();
  for (let now = 0; now < 50; now += 1) expect(alerts.observe('ep_1', off, INITIAL_STATE, false, now).state).toBe(INITIAL_STATE);
});

test('a window counts what a list would, to a sixtieth of its length', () => {
  const steps = fc.array(fc.record({ pause: fc.integer({ min: 0, max: 9_000 }), succeeded: fc.boolean() }), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (all) => {
      const window = new FailureWindow(60_000, 0);
      const list: { at: number; succeeded: boolean }[] = [];
      let now = 0;
      for (const { pause, succeeded } of all) {
        now += pause;
        window.add(succeeded, now);
        list.push({ at: now, succeeded });
      }
      const { attempts, failed } = window.counts(now);
      const from = (Math.floor(now / 1_000) - 59) * 1_000;
      const within = list.filter(({ at }) => at >= from);
      expect(attempts).toBe(within.length);
      expect(failed).toBe(within.filter(({ succeeded }) => !succeeded).length);
    }),
  );
});
