// Deletion of old executions, on a fake clock.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type RetentionStorage, startRetention } from '../../src/storage/retention.ts';

const log = { warn: vi.fn(), info: vi.fn() };

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.resetAllMocks();
});

/** Storage with so many old executions of each status. */
function storageWith(old: Record<string, number>): RetentionStorage & { calls: unknown[][] } {
  const calls: unknown[][] = [];
  return {
    calls,
    finishDeletes: async () => {},
    executions: {
      async deleteOld(status, before, limit) {
        calls.push([status, before, limit]);
        const deleted = Math.min(old[status] ?? 0, limit);
        old[status] = (old[status] ?? 0) - deleted;
        return deleted;
      },
    },
    outbound: {
      messages: {
        async deleteOld(before, limit) {
          calls.push(['messages', before, limit]);
          const deleted = Math.min(old.messages ?? 0, limit);
          old.messages = (old.messages ?? 0) - deleted;
          return deleted;
        },
      },
    },
  };
}

/** Lets rounds that are running come to their end; they yield with setImmediate, which is real. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('retention', () => {
  test('deletes chunk by chunk what is older than its status allows, and nothing of other statuses', async () => {
    const storage = storageWith({ succeeded: 5, failed: 1, error: 9 });
    const stop = startRetention(storage, { succeeded: 1000, failed: 5000 }, { chunk: 2, log });
    await settle();
    expect(storage.calls).toEqual([
      ['succeeded', 999_000, 2],
      ['succeeded', 999_000, 2],
      ['succeeded', 999_000, 2],
      ['failed', 995_000, 2],
    ]);
    expect(log.info).toHaveBeenCalledWith({ status: 'succeeded', deleted: 5 }, expect.any(String));
    await stop();
  });

  test('begins again after each interval, by the clock of that moment', async () => {
    const storage = storageWith({});
    const stop = startRetention(storage, { failed: 1000 }, { intervalMs: 60_000, log });
    await settle();
    vi.advanceTimersByTime(60_000);
    await settle();
    expect(storage.calls.map(([, before]) => before)).toEqual([999_000, 1_059_000]);
    await stop();
  });

  test('goes on after a round that failed, and says so', async () => {
    const storage = storageWith({});
    const failing = vi.fn().mockRejectedValueOnce(new Error('disk')).mockResolvedValue(undefined);
    const stop = startRetention({ ...storage, finishDeletes: failing }, { failed: 1000 }, { intervalMs: 10, log });
    await settle();
    expect(log.warn).toHaveBeenCalledTimes(1);
    expect(storage.calls).toEqual([]);
    vi.advanceTimersByTime(10);
    await settle();
    expect(storage.calls).toHaveLength(1);
    await stop();
  });

  test('stops in the middle of a round, after the chunk that is under way, and leaves no timer', async () => {
    const storage = storageWith({ failed: 1_000_000 });
    const stop = startRetention(storage, { failed: 1000 }, { chunk: 10, log });
    await new Promise((resolve) => setImmediate(resolve));
    await stop();
    const { length } = storage.calls;
    await settle();
    expect(storage.calls).toHaveLength(length);
    expect(length).toBeLessThan(10);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('deletes messages of any age only when told to, also when executions cannot be deleted', async () => {
    const storage = storageWith({ messages: 3 });
    const failing = { ...storage, finishDeletes: () => Promise.reject(new Error('no')) };
    const stop = startRetention(failing, { failed: 1000 }, { chunk: 2, keepMessagesMs: 400_000, log });
    await settle();
    expect(storage.calls).toEqual([
      ['messages', 600_000, 2],
      ['messages', 600_000, 2],
    ]);
    expect(log.info).toHaveBeenCalledWith({ deleted: 3 }, 'Deleted old messages');
    expect(log.warn).toHaveBeenCalledTimes(1);
    await stop();
    for (const keepMessagesMs of [0, -1, Number.NaN]) {
      expect(() => startRetention(storage, {}, { keepMessagesMs, log })).toThrow(/Retention of messages/);
    }
  });

  test('refuses rules for statuses that are not final, and times that are not positive', () => {
    const storage = storageWith({});
    for (const rules of [{ queued: 5 }, { running: 5 }, { waiting: 5 }, { failed: 0 }, { failed: -1 }, { failed: Number.NaN }]) {
      expect(() => startRetention(storage, rules, { log })).toThrow(/Retention of/);
    }
    expect(storage.calls).toEqual([]);
  });
});
