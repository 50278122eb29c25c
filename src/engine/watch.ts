// One timer over all running executions: it finds those past their deadline and those that take longer than a moment.

import type { Run } from './run.ts';

/** A run that takes longer is stored as `running`, so that it can be seen. Nearly all take less than a millisecond. */
const SLOW_AFTER_MS = 100;
/** What a run has left since its last write is stored this often, so that a crash repeats little. */
const FLUSH_EVERY_MS = 500;
/** How exact deadlines are. A timer for each run would cost more than the run. */
const TICK_MS = 25;

export interface Watch {
  start(): void;
  /** @param deadlineMs from now; 0 for none */
  add(run: Run, deadlineMs: number): void;
  remove(run: Run): void;
  stop(): void;
}

export interface WatchOptions {
  /** Called for each run that takes longer than a moment, and then again and again while it has left something. */
  onSlow(run: Run): void;
  /** Called once for each run past its deadline. */
  onDeadline(run: Run): void;
}

/** Deadlines are kept by the monotonic clock: the wall clock may jump. */
export function createWatch({ onSlow, onDeadline }: WatchOptions): Watch {
  const runs = new Set<Run>();
  let timer: NodeJS.Timeout | undefined;

  function tick(): void {
    const time = performance.now();
    for (const run of runs) {
      if (time >= run.deadlineAt) {
        run.deadlineAt = Number.POSITIVE_INFINITY;
        onDeadline(run);
      } else if (time >= run.flushAt) {
        run.flushAt = time + FLUSH_EVERY_MS;
        if (!run.isWriting && (run.unsaved.length > 0 || !run.isShownRunning)) onSlow(run);
      }
    }
  }

  return {
    start() {
      timer ??= setInterval(tick, TICK_MS).unref();
    },
    add(run, deadlineMs) {
      const time = performance.now();
      run.flushAt = time + SLOW_AFTER_MS;
      if (deadlineMs > 0) run.deadlineAt = time + deadlineMs;
      runs.add(run);
    },
    remove(run) {
      runs.delete(run);
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
      runs.clear();
    },
  };
}
