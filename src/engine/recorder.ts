// Commits what a run leaves behind: its state, its jobs, its end.

import type { Execution, ExecutionStatus } from './model.ts';
import { isFinal } from './model.ts';
import type { ExecutionStore } from './ports.ts';
import type { Run, RunOutcome } from './run.ts';
import { standardReply } from './standard-reply.ts';

export interface RecorderOptions {
  readonly executions: Pick<ExecutionStore, 'commit'>;
  /** Milliseconds since 1970. */
  now(): number;
  /** Told of each execution that has ended and is stored. */
  onFinish: ((status: ExecutionStatus, durationMs: number) => void) | undefined;
}

/** An end that comes from outside the walk. */
export interface Interruption {
  readonly status: 'canceled' | 'timed_out';
  readonly reply: null;
  readonly error: Execution['error'];
}

export interface Recorder {
  /** Commits the present state. Writes of one execution go one after the other. @throws `storage_unavailable` */
  write(run: Run): Promise<void>;
  /** Makes sure that what the run has left so far is committed. */
  flush(run: Run): Promise<void>;
  /** Decides how the execution ended, and commits it. The caller has checked that nobody else has. */
  settle(run: Run, outcome: RunOutcome | Interruption): Promise<void>;
}

export function createRecorder({ executions, now, onFinish }: RecorderOptions): Recorder {
  /** Looks at the run only when its turn has come: the write before may have failed, or may have taken everything. */
  async function commit(run: Run): Promise<void> {
    if (run.isStoredFinal) return;
    const { execution } = run;
    const isLast = isFinal(execution.status);
    // A node that ends the flow is stored with the end: found alone after a crash, it would count as one that goes on.
    const isEnding = run.outcome !== undefined && !run.isSettled;
    const jobs = isEnding ? [] : run.unsaved;
    if (!isEnding) run.unsaved = [];
    try {
      if (run.isStored) {
        const { id, status, startedAt, finishedAt, response, error } = execution;
        await executions.commit({ update: { id, status, startedAt, finishedAt, response, error, jobs, sequence: run.sequence } });
      } else {
        await executions.commit({ insert: { ...execution, jobs } });
        run.isStored = true;
      }
    } catch (error) {
      run.unsaved = [...jobs, ...run.unsaved];
      throw error;
    }
    run.isStoredFinal = isLast;
    if (isLast) onFinish?.(execution.status, now() - execution.createdAt);
    if (jobs.length === 0) return;
    run.sequence += 1;
    execution.jobs = execution.jobs.length === 0 ? jobs : [...execution.jobs, ...jobs];
  }

  function write(run: Run): Promise<void> {
    const next = (): Promise<void> => commit(run);
    run.lastWrite = run.lastWrite === undefined ? commit(run) : run.lastWrite.then(next, next);
    return run.lastWrite;
  }

  return {
    write,

    async flush(run) {
      if (run.isStored && run.unsaved.length === 0) await run.lastWrite;
      else await write(run);
    },

    settle(run, outcome) {
      const { execution } = run;
      run.isSettled = true;
      execution.status = outcome.status;
      // An async caller has had its reply; a sync one without a response node gets the standard reply.
      execution.response =
        outcome.reply ?? execution.response ?? (run.isAwaited ? standardReply(execution.id, outcome.status) : null);
      execution.error = outcome.error;
      if (isFinal(outcome.status)) execution.finishedAt = now();
      return write(run);
    },
  };
}
