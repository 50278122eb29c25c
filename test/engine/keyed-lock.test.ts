// Tests of the lock that lets one piece of work at a time run for each key.

import { describe, expect, it } from 'vitest';
import { createKeyedLock } from '../../src/engine/keyed-lock.ts';

describe('a keyed lock', () => {
  it('runs the work of one key in order, one at a time, and that of others meanwhile', async () => {
    const lock = createKeyedLock();
    const events: string[] = [];
    const work = (name: string) => async () => {
      events.push(`${name} begins`);
      await Promise.resolve();
      await Promise.resolve();
      events.push(`${name} ends`);
      return name;
    };
    const results = await Promise.all([lock('a', work('a1')), lock('a', work('a2')), lock('b', work('b1'))]);
    expect(results).toEqual(['a1', 'a2', 'b1']);
    expect(events.indexOf('a2 begins')).toBeGreaterThan(events.indexOf('a1 ends'));
    expect(events.indexOf('b1 begins')).toBeLessThan(events.indexOf('a1 ends'));
  });

  it('goes on after a failure, which only its own caller hears of', async () => {
    const lock = createKeyedLock();
    const failing = lock('a', () => Promise.reject(new Error('no')));
    const next = lock('a', async () => 'fine');
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('fine');
  });
});
