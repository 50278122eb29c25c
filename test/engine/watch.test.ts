// Deadlines and slow runs, by a clock of the test.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Run } from '../../src/engine/run.ts';
import { createWatch } from '../../src/engine/watch.ts';
import { makeRun } from './running.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => vi.useRealTimers());

function createWatched() {
  const told: [string, Run][] = [];
  const watch = createWatch({
    onSlow(run) {
      told.push(['slow', run]);
      run.isShownRunning = true;
    },
    onDeadline: (run) => told.push(['deadline', run]),
  });
  return { watch, told, names: () => told.map(([name]) => name) };
}

describe('the watch', () => {
  it('tells once of a slow run and once of its deadline', () => {
    const { watch, names } = createWatched();
    watch.start();
    watch.add(makeRun(), 500);
    vi.advanceTimersByTime(75);
    expect(names()).toEqual([]);
    vi.advanceTimersByTime(50);
    expect(names()).toEqual(['slow']);
    vi.advanceTimersByTime(350);
    expect(names()).toEqual(['slow']);
    vi.advanceTimersByTime(5000);
    expect(names()).toEqual(['slow', 'deadline']);
    watch.stop();
  });

  it('knows runs without a deadline, and deadlines before a run is slow', () => {
    const { watch, told } = createWatched();
    watch.start();
    const [free, short] = [makeRun(), makeRun()];
    watch.add(free, 0);
    watch.add(short, 10);
    vi.advanceTimersByTime(25);
    expect(told).toEqual([['deadline', short]]);
    vi.advanceTimersByTime(60_000);
    expect(told.filter(([, run]) => run === free)).toEqual([['slow', free]]);
    watch.stop();
  });

  it('forgets what has ended, and everything when it stops', () => {
    const { watch, told } = createWatched();
    watch.start();
    const [ended, left] = [makeRun(), makeRun()];
    watch.add(ended, 10);
    watch.add(left, 10);
    watch.remove(ended);
    vi.advanceTimersByTime(25);
    expect(told).toEqual([['deadline', left]]);
    watch.stop();
    watch.start();
    vi.advanceTimersByTime(1000);
    expect(told).toHaveLength(1);
    watch.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
