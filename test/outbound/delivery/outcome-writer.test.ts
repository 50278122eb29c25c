import { expect, test } from 'vitest';
import type { OperationalEvent } from '../../../src/engine/outbound-model.ts';
import type { ExecutionWrite } from '../../../src/engine/ports.ts';
import { HooklineError } from '../../../src/errors.ts';
import { FailureStreak } from '../../../src/outbound/delivery/failure-streak.ts';
import { OutcomeWriter, type OutcomeWriterOptions } from '../../../src/outbound/delivery/outcome-writer.ts';

const event: OperationalEvent = { type: 'delivery.failed', timestamp: 0, data: {} };
const outbound = { settled: ['msg_1'] };
const never = (): boolean => false;

function make(options: Partial<OutcomeWriterOptions>) {
  const logged: string[] = [];
  const note = (_fields: object, message: string): void => void logged.push(message);
  const log = { debug: note, info: note, warn: note, error: note };
  const units: (readonly ExecutionWrite[])[] = [];
  const writer = new OutcomeWriter({
    commit: (...unit) => {
      units.push(unit);
      return Promise.resolve();
    },
    events: { prepare: () => Promise.resolve({ writes: [], committed: () => undefined }) },
    log,
    streak: new FailureStreak(log),
    ...options,
  });
  return { writer, logged, units };
}

test('an outcome and the workflows of its events are one unit, and are told of when they are stored', async () => {
  const told: string[] = [];
  const prepared = { writes: [{ outbound: {} }], committed: () => void told.push('committed') };
  const { writer, units } = make({ events: { prepare: () => Promise.resolve(prepared) } });
  expect(await writer.write(outbound, [event, event], never)).toBe(true);
  expect(units).toEqual([[{ outbound }, { outbound: {} }, { outbound: {} }]]);
  expect(told).toEqual(['committed', 'committed']);
});

test('what was sent is stored also when the workflows of its events cannot be made', async () => {
  const { writer, units, logged } = make({ events: { prepare: () => Promise.reject(new Error('a bug')) } });
  expect(await writer.write(outbound, [event], never)).toBe(true);
  expect(units).toEqual([[{ outbound }]]);
  expect(logged).toEqual(['the workflows of an event are left out']);
});

test('a stop gives up what storage refuses, after one more try', async () => {
  let tries = 0;
  const { writer, logged } = make({
    commit: () => {
      tries += 1;
      return Promise.reject(new HooklineError('storage_unavailable', 'The disk is full.'));
    },
  });
  const written = writer.write(outbound, [], never);
  await new Promise((resolve) => setImmediate(resolve));
  writer.stop();
  expect(await written).toBe(false);
  expect(tries).toBe(2);
  expect(logged.length).toBe(1);
});

test('what is abandoned is not written', async () => {
  const { writer, units } = make({});
  expect(await writer.write(outbound, [], () => true)).toBe(false);
  expect(units).toEqual([]);
});

test('it is full until an outcome is stored, and says then that there is room', async () => {
  let release = (): void => undefined;
  const { writer } = make({
    maxPending: 1,
    commit: () =>
      new Promise((resolve) => {
        release = resolve;
      }),
  });
  const written = writer.write(outbound, [], never);
  expect(writer.isFull).toBe(true);
  let calls = 0;
  writer.whenRoom(() => {
    calls += 1;
  });
  release();
  await written;
  expect(writer.isFull).toBe(false);
  expect(calls).toBe(1);
});
