// Changes on their way to whoever listens, and who is known to listen.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLocalBus } from '../../src/cluster/bus.ts';
import { ChangeSet, type Changes, createChanges } from '../../src/engine/changes.ts';
import { createInterest, type Interest } from '../../src/engine/interest.ts';
import type { Bus, BusMessage, ChangedIds } from '../../src/engine/ports.ts';
import { keepLog } from './running.ts';

interface Process {
  readonly interest: Interest;
  readonly changes: Changes;
  /** What it has said to the others. */
  readonly said: BusMessage[];
  /** Tells it something from nobody in particular. */
  hear(message: BusMessage): void;
  stop(): void;
}

/** Processes that hear each other at once. */
function startProcesses(count: number): Process[] {
  const buses = Array.from({ length: count }, () => createLocalBus(keepLog()));
  return buses.map((own) => {
    const said: BusMessage[] = [];
    const bus: Bus = {
      subscribe: own.subscribe,
      async publish(message) {
        said.push(message);
        for (const other of buses) if (other !== own) other.deliver(message);
      },
    };
    const interest = createInterest(bus);
    const changes = createChanges({ bus, interest });
    const stop = (): void => {
      changes.stop();
      interest.stop();
    };
    return { interest, changes, said, hear: own.deliver, stop };
  });
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('interest', () => {
  it('is known everywhere at once, and over a while after nobody repeats it', () => {
    const [one, two] = startProcesses(2) as [Process, Process];
    const release = one.interest.add('w1');
    expect([one, two].map(({ interest }) => [interest.has('w1'), interest.hasElsewhere('w1')])).toEqual([
      [true, false],
      [true, true],
    ]);
    vi.advanceTimersByTime(60_000);
    expect(two.interest.has('w1')).toBe(true);
    release();
    release();
    expect(one.interest.has('w1')).toBe(false);
    vi.advanceTimersByTime(10_000);
    expect(two.interest.has('w1')).toBe(true);
    vi.advanceTimersByTime(12_000);
    expect(two.interest.has('w1')).toBe(false);
    // Nothing is left to do.
    expect(vi.getTimerCount()).toBe(0);
  });

  it('of several is over with the last one', () => {
    const [one] = startProcesses(1) as [Process];
    const releases = [one.interest.add('w1'), one.interest.add('w1')];
    releases[0]?.();
    expect(one.interest.has('w1')).toBe(true);
    releases[1]?.();
    expect(one.interest.has('w1')).toBe(false);
  });

  it('is said again when messages may have been missed, in messages that are small enough', () => {
    const [one] = startProcesses(1) as [Process];
    for (let count = 0; count < 250; count += 1) one.interest.add(`01a20847-0e03-7000-8b9c-${String(count).padStart(12, '0')}`);
    one.said.length = 0;
    one.hear({ type: 'messages-missed' });
    expect(one.said.map((message) => message.type === 'interest' && message.topics.length)).toEqual([100, 100, 50]);
    for (const message of one.said) expect(JSON.stringify(message).length).toBeLessThan(7_000);
    one.stop();
  });
});

describe('changes', () => {
  it('cost nothing and are told to nobody while nobody listens', () => {
    const [one, two] = startProcesses(2) as [Process, Process];
    one.changes.execution('w1', 'e1');
    one.changes.deliveries([]);
    expect(vi.getTimerCount()).toBe(0);
    expect([one.said, two.said]).toEqual([[], []]);
  });

  it('are gathered, and told here and in other processes', () => {
    const [one, two] = startProcesses(2) as [Process, Process];
    const told: ChangedIds[] = [];
    const unsubscribe = two.changes.subscribe((changed) => told.push(changed));
    for (const id of ['e1', 'e2', 'e1']) one.changes.execution('w1', id);
    one.changes.workflow('w2');
    one.changes.endpoint('ep1');
    one.changes.deliveries(['ep1', 'ep2']);
    two.changes.workflow('w3');
    expect(told).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(told).toEqual([
      {
        executions: ['e1', 'e2'],
        executionWorkflows: ['w1'],
        workflows: ['w2'],
        endpoints: ['ep1'],
        deliveries: ['ep1', 'ep2'],
      },
      { workflows: ['w3'] },
    ]);
    // Whoever listens knows its own changes already.
    expect(two.said.filter(({ type }) => type === 'changes')).toEqual([]);
    unsubscribe();
    one.changes.workflow('w4');
    vi.advanceTimersByTime(100);
    expect(told).toHaveLength(2);
    for (const process of [one, two]) process.stop();
  });

  it('may be anything when messages were missed', () => {
    const [one] = startProcesses(1) as [Process];
    const told: ChangedIds[] = [];
    one.changes.subscribe((changed) => told.push(changed));
    one.hear({ type: 'messages-missed' });
    expect(told).toEqual([
      { notices: null, executions: null, executionWorkflows: null, workflows: null, endpoints: null, deliveries: null },
    ]);
    one.stop();
  });

  it('are not named when they are too many, or have no proper ids, and always fit into a message', () => {
    const set = new ChangeSet();
    const id = (count: number): string => `01a20847-0e03-7000-8b9c-${String(count).padStart(12, '0')}`;
    for (const kind of ['executions', 'executionWorkflows', 'workflows', 'endpoints', 'deliveries'] as const) {
      for (let count = 0; count < 36; count += 1) set.add(kind, `${id(count)}${kind.slice(0, 4)}`);
    }
    const largest = set.take();
    expect(largest.executions).toHaveLength(36);
    expect(JSON.stringify({ type: 'changes', changed: largest, sender: id(1) }).length).toBeLessThan(8_000);
    expect(set.isEmpty).toBe(true);
    for (let count = 0; count < 37; count += 1) set.add('executions', id(count));
    set.add('workflows', 'x'.repeat(41));
    set.add('endpoints', 'ep1');
    expect(set.take()).toEqual({ executions: null, workflows: null, endpoints: ['ep1'] });
  });
});
