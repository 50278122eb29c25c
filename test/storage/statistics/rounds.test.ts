// Rounds of counting, on a fake clock.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type CountingStorage, startCounting } from '../../../src/storage/statistics/rounds.ts';

const log = { warn: vi.fn() };
const MINUTE = 60_000;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.resetAllMocks();
});

function storageWith(oldestQueuedAt: () => Promise<number | null>) {
  const calls: unknown[][] = [];
  const note = (name: string) => async (now: number, age?: unknown) => {
    calls.push(typeof age === 'number' ? [name, now, age] : [name, now]);
  };
  const statistics = { count: note('count'), sampleQueueAge: note('sample'), deleteOld: note('clean') };
  const storage: CountingStorage = { statistics, executions: { oldestQueuedAt } };
  return { storage, calls };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test('each round samples the backlog and counts; once an hour it cleans up', async () => {
  let oldest: number | null = 999_000;
  const { storage, calls } = storageWith(async () => oldest);
  const stop = startCounting(storage, { log });
  await settle();
  oldest = null;
  vi.advanceTimersByTime(MINUTE);
  await settle();
  expect(calls).toEqual([
    ['sample', 1_000_000, 1_000],
    ['count', 1_000_000],
    ['clean', 1_000_000],
    ['sample', 1_060_000, 0],
    ['count', 1_060_000],
  ]);
  await stop();
  expect(vi.getTimerCount()).toBe(0);
});

test('after storage was away nothing is counted for good for two minutes: late ends are still coming in', async () => {
  const oldest = vi.fn<() => Promise<number | null>>().mockResolvedValue(null).mockRejectedValueOnce(new Error('away'));
  const { storage, calls } = storageWith(oldest);
  const stop = startCounting(storage, { log });
  await settle();
  expect(log.warn).toHaveBeenCalledTimes(1);
  for (let minute = 0; minute < 2; minute += 1) {
    vi.advanceTimersByTime(MINUTE);
    await settle();
  }
  expect(calls.filter(([name]) => name === 'sample')).toHaveLength(2);
  expect(calls.filter(([name]) => name === 'count')).toEqual([['count', 1_120_000]]);
  await stop();
});
