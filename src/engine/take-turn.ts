// Makes a run that works without waiting let go of the event loop now and then.

import type { Run, RunnerServices } from './run.ts';

/** How long nodes with nothing to wait for may keep everything else from its turn, in milliseconds. */
const TURN_MS = 10;

/** @returns what is awaited before the next node; undefined while the run has not held the event loop for long */
export function takeTurn(run: Run, { now }: Pick<RunnerServices, 'now'>): Promise<void> | undefined {
  const time = now();
  // At the start, and when the clock was set back.
  if (run.yieldedAt > time) run.yieldedAt = time;
  if (time - run.yieldedAt < TURN_MS) return undefined;
  return new Promise((resolve) => {
    setImmediate(() => {
      run.yieldedAt = now();
      resolve();
    });
  });
}
