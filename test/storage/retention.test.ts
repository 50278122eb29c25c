// Deletion of old executions, on a fake clock.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RetentionPolicy } from '../../src/engine/installation-settings.ts';
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
    workflows: {
      async deleteTrashed(before, limit) {
        if (old.trash === undefined) return [];
        calls.push(['trash', before, limit]);
        const deleted = Math.min(old.trash, limit);
        old.trash -= deleted;
        return Array.from({ length: deleted }, (_, n) => `w${n}`);
      },
    },
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

/** What is kept how long. */
function policy(executions: RetentionPolicy['executions'], messagesMs: number | null = null) {
  return async (): Promise<RetentionPolicy> => ({ executions, messagesMs });
}

/** Lets rounds that are running come to their end; they yield with setImmediate, which is real. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('retention', () => {
  test('deletes chunk by chunk what is older than its status allows, and nothing of other statuses', async () => {
    const storage = storageWith({ succeeded: 5, failed: 1, error: 9 });
    const stop = startRetention(storage, policy({ succeeded: 1000, failed: 5000 }), { chunk: 2, log });
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
    const stop = startRetention(storage, policy({ failed: 1000 }), { intervalMs: 60_000, log });
    await settle();
    vi.advanceTimersByTime(60_000);
    await settle();
    expect(storage.calls.map(([, before]) => before)).toEqual([999_000, 1_059_000]);
    await stop();
  });

  test('goes on after a round that failed, and says so', async () => {
    const storage = storageWith({});
    const failing = vi.fn().mockRejectedValueOnce(new Error('disk')).mockResolvedValue(undefined);
    const stop = startRetention({ ...storage, finishDeletes: failing }, policy({ failed: 1000 }), { intervalMs: 10, log });
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
    const stop = startRetention(storage, policy({ failed: 1000 }), { chunk: 10, log });
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
    const stop = startRetention(failing, policy({ failed: 1000 }, 400_000), { chunk: 2, log });
    await settle();
    expect(storage.calls).toEqual([
      ['messages', 600_000, 2],
      ['messages', 600_000, 2],
    ]);
    expect(log.info).toHaveBeenCalledWith({ deleted: 3 }, 'Deleted old messages');
    expect(log.warn).toHaveBeenCalledTimes(1);
    await stop();
  });

  test('deletes nothing by a rule for a status that is not final or a time that is not positive, and says so', async () => {
    const storage = storageWith({ queued: 5, failed: 5, messages: 5 });
    const rules = [{ queued: 5 }, { running: 5 }, { waiting: 5 }, { failed: 0 }, { failed: -1 }, { failed: Number.NaN }];
    for (const one of rules) await (await started(storage, policy(one)))();
    for (const messagesMs of [0, -1, Number.NaN]) await (await started(storage, policy({}, messagesMs)))();
    expect(storage.calls).toEqual([]);
    expect(log.warn).toHaveBeenCalledTimes(rules.length + 3);
  });

  test('asks for the rules in each round, and keeps what has no age', async () => {
    const storage = storageWith({});
    let executions: RetentionPolicy['executions'] = { failed: 1000, succeeded: null };
    const stop = await started(storage, async () => ({ executions, messagesMs: null }));
    executions = { failed: null, succeeded: 7000 };
    vi.advanceTimersByTime(60_000);
    await settle();
    expect(storage.calls.map(([status, before]) => [status, before])).toEqual([
      ['failed', 999_000],
      ['succeeded', 1_053_000],
    ]);
    await stop();
  });

  test('deletes what has been in the trash for 30 days', async () => {
    vi.setSystemTime(Date.UTC(2030, 0, 31));
    const storage = storageWith({ trash: 3 });
    const stop = await started(storage, policy({}), { chunk: 2 });
    const before = Date.UTC(2030, 0, 1);
    expect(storage.calls).toEqual([
      ['trash', before, 2],
      ['trash', before, 2],
    ]);
    await stop();
  });
});

async function started(storage: RetentionStorage, policyOf: () => Promise<RetentionPolicy>, options: { chunk?: number } = {}) {
  const stop = startRetention(storage, policyOf, { intervalMs: 60_000, log, ...options });
  await settle();
  return stop;
}
