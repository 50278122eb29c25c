// The alarm on a clock of the test's own.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAlarm } from '../../src/queue/alarm.ts';

describe('the alarm', () => {
  let time = 0;
  const rung: number[] = [];
  const open = () => createAlarm({ now: () => time, lookAgainMs: 5_000, ring: () => void rung.push(time) });
  const pass = (ms: number): void => {
    for (let left = ms; left > 0; left -= 1_000) {
      time += Math.min(left, 1_000);
      vi.advanceTimersByTime(Math.min(left, 1_000));
    }
  };

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    time = 1_000_000;
    rung.length = 0;
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('rings once, at the earliest time that it was set for', () => {
    const alarm = open();
    alarm.arm(time + 60_000);
    alarm.arm(time + 3_000);
    alarm.arm(time + 40_000);
    pass(100_000);
    expect(rung).toEqual([1_003_000]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rings weeks later, further than one timer reaches', () => {
    const alarm = open();
    const weeks = 5 * 7 * 24 * 3_600_000;
    alarm.arm(time + weeks);
    time += weeks - 10_000;
    pass(8_000);
    expect(rung).toEqual([]);
    pass(4_000);
    expect(rung).toHaveLength(1);
  });

  it('follows a clock that is set forward within five seconds, and one that is set back', () => {
    const alarm = open();
    alarm.arm(time + 60_000);
    time += 3_600_000;
    pass(5_000);
    expect(rung).toHaveLength(1);
    alarm.arm(time + 2_000);
    time -= 10_000;
    pass(11_000);
    expect(rung).toHaveLength(1);
    pass(1_000);
    expect(rung).toHaveLength(2);
  });

  it('is silent after a stop', () => {
    const alarm = open();
    alarm.arm(time + 1_000);
    alarm.stop();
    alarm.arm(time + 1_000);
    pass(10_000);
    expect(rung).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
