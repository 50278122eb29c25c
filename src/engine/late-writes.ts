// Stores the end of executions whose end could not be stored at once, so that no record says `running` for ever.

import { isOwnershipLost } from './failure.ts';
import type { Log } from './plugin.ts';
import type { Run } from './run.ts';

/** Pause between two tries, in milliseconds. */
const PAUSE_MS = 250;

export interface LateWritesOptions {
  /** Commits the run's present state. */
  write(run: Run): Promise<void>;
  readonly log: Log;
}

export interface LateWrites {
  /** Tries until it is stored. What is left at `stop` is `running` in storage, and the next start goes on with it. */
  add(run: Run): void;
  stop(): Promise<void>;
}

/** One timer over all of them, and one write at a time: storage that has just come back has others to serve. */
export function createLateWrites({ write, log }: LateWritesOptions): LateWrites {
  const runs = new Set<Run>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;
  let stopped = false;

  async function writeAll(): Promise<void> {
    try {
      for (const run of runs) {
        try {
          await write(run);
        } catch (error) {
          if (!isOwnershipLost(error)) throw error;
          runs.delete(run);
          continue;
        }
        runs.delete(run);
        log.info({ execution: run.execution.id }, 'the end of an execution is stored now');
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log.warn({ error: message, executions: runs.size }, 'the ends of executions still cannot be stored');
    }
  }

  function schedule(): void {
    if (stopped || runs.size === 0) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      writing = writeAll().finally(schedule);
    }, PAUSE_MS);
  }

  return {
    add(run) {
      runs.add(run);
      schedule();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await writing;
    },
  };
}
