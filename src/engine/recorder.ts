// Commits what a run leaves behind: its state, its jobs, its end.

import { concealJob, concealResult } from './concealed-execution.ts';
import type { Execution, ExecutionStatus, ExecutionWithJobs } from './model.ts';
import { isFinal } from './model.ts';
import type { NewMessage, OutboundWrite, PreparedMessage } from './outbound-ports.ts';
import type { ExecutionStore, ExecutionWrite } from './ports.ts';
import type { Run, RunOutcome } from './run.ts';
import { NO_SECRETS, type SecretVault } from './secret-vault.ts';
import { standardReply } from './standard-reply.ts';

export interface RecorderOptions {
  readonly executions: Pick<ExecutionStore, 'commit'>;
  /** Milliseconds since 1970. */
  now(): number;
  /** What else is committed with an execution's end: who waits for it hears of it. Undefined when nobody does. */
  followUps(run: Run): FollowUps | undefined | Promise<FollowUps | undefined>;
  /** Default: there are no secrets. */
  readonly vault?: Pick<SecretVault, 'seal' | 'open'> | undefined;
  /** Told of executions that a commit has put into the queue. */
  onQueued(executions: readonly ExecutionWithJobs[]): void;
  /** Told of messages that a commit has stored. */
  onPublished(messages: readonly NewMessage[]): void;
  /** Told of each execution whose state was just stored. */
  onStored?: ((execution: Execution) => void) | undefined;
  /** Told of each execution that has ended and is stored. */
  onFinish: ((status: ExecutionStatus, durationMs: number) => void) | undefined;
}

/** What is committed in the same unit as an end. */
export interface FollowUps {
  readonly writes: readonly ExecutionWrite[];
  /** Called when all of it is committed. */
  committed(): void;
}

/** An end that comes from outside the walk. */
export interface Interruption {
  readonly status: 'canceled' | 'timed_out';
  readonly reply: null;
  readonly error: Execution['error'];
}

export interface Recorder {
  /** Commits the present state. Writes of one execution go one after the other. @throws `storage_unavailable`, `ownership_lost` */
  write(run: Run): Promise<void>;
  /** Makes sure that what the run has left so far is committed. */
  flush(run: Run): Promise<void>;
  /**
   * Decides how the execution ended or that it waits, and commits it. The caller has checked that nobody else has.
   * @param isForced whoever runs the execution: a cancel
   */
  settle(run: Run, outcome: RunOutcome | Interruption, isForced?: boolean): Promise<void>;
}

export function createRecorder(options: RecorderOptions): Recorder {
  const { executions, now, followUps, vault = NO_SECRETS, onQueued, onPublished, onStored, onFinish } = options;
  /** Looks at the run only when its turn has come: the write before may have failed, or may have taken everything. */
  async function commit(run: Run, isForced: boolean): Promise<void> {
    if (run.isStoredFinal) return;
    const { execution } = run;
    const isLast = isFinal(execution.status);
    const follow = isLast ? followUps(run) : undefined;
    const extra = follow instanceof Promise ? await follow : follow;
    // A node that ends the flow is stored with the end: found alone after a crash, it would count as one that goes on.
    const isEnding = run.outcome !== undefined && !run.isSettled;
    const jobs = isEnding ? [] : run.unsaved;
    const calls = isEnding ? [] : run.unsavedCalls;
    const prepared = isEnding ? [] : run.unsavedMessages;
    const takenSignals = isEnding ? [] : run.takenSignals;
    if (!isEnding) {
      run.unsaved = [];
      run.unsavedCalls = [];
      run.unsavedMessages = [];
      run.takenSignals = [];
    }
    run.isWriting = true;
    const { concealer } = run.scope;
    let stored = jobs;
    try {
      if (concealer !== undefined) stored = jobs.map((job) => concealJob(execution.id, job, concealer, vault));
      const written = toWrite(run, stored, takenSignals, isForced);
      // In the same write, so that a message costs no unit of several.
      const own = prepared.length === 0 ? written : { ...written, outbound: join(prepared) };
      if (calls.length === 0 && extra === undefined) await executions.commit(own);
      else await executions.commit(own, ...calls.map((insert) => ({ insert })), ...(extra?.writes ?? []));
    } catch (error) {
      run.unsaved = [...jobs, ...run.unsaved];
      run.unsavedCalls = [...calls, ...run.unsavedCalls];
      run.unsavedMessages = [...prepared, ...run.unsavedMessages];
      run.takenSignals = [...takenSignals, ...run.takenSignals];
      throw error;
    } finally {
      run.isWriting = false;
    }
    run.isStored = true;
    run.isShownRunning = execution.status === 'running';
    run.isStoredFinal = isLast;
    onStored?.(execution);
    if (isLast) onFinish?.(execution.status, now() - execution.createdAt);
    if (calls.length > 0) onQueued(calls);
    if (prepared.length > 0) onPublished(prepared.flatMap(({ messages }) => messages));
    extra?.committed();
    if (jobs.length === 0) return;
    run.sequence += 1;
    for (const job of stored) execution.jobs.push(job);
  }

  function toWrite(
    run: Run,
    jobs: ExecutionWithJobs['jobs'],
    takenSignals: readonly string[],
    isForced: boolean,
  ): ExecutionWrite {
    const { execution } = run;
    const { concealer } = run.scope;
    if (!run.isStored) return { insert: { ...execution, ...(concealer && concealResult(execution, concealer)), jobs } };
    const { id, status, startedAt, finishedAt, wakeAt, lane } = execution;
    const { response, error, output } = concealer === undefined ? execution : concealResult(execution, concealer);
    const { sequence } = run;
    // Those for nodes that it has not come to; the others are deleted.
    const knownSignals = status === 'waiting' && run.keptSignals.size > 0 ? { knownSignals: [...run.keptSignals] } : {};
    const state = { id, status, startedAt, finishedAt, response, error, output, wakeAt, lane };
    return { update: { ...state, jobs, sequence, takenSignals, ...knownSignals, ...(isForced ? { isForced } : {}) } };
  }

  function write(run: Run, isForced = false): Promise<void> {
    const next = (): Promise<void> => commit(run, isForced);
    run.lastWrite = run.lastWrite === undefined ? next() : run.lastWrite.then(next, next);
    return run.lastWrite;
  }

  return {
    write,

    async flush(run) {
      if (run.isStored && run.unsaved.length === 0 && run.unsavedCalls.length === 0 && run.unsavedMessages.length === 0)
        await run.lastWrite;
      else await write(run);
    },

    settle(run, outcome, isForced = false) {
      const { execution } = run;
      run.isSettled = true;
      execution.status = outcome.status;
      // An async caller has had its reply; a sync one without a response node gets the standard reply.
      execution.response =
        outcome.reply ?? execution.response ?? (run.isAwaited ? standardReply(execution.id, outcome.status) : null);
      execution.error = outcome.error;
      const wakeAt = Math.min(run.wakeAt, run.timeoutAt);
      execution.wakeAt = outcome.status === 'waiting' && Number.isFinite(wakeAt) ? wakeAt : null;
      if (isFinal(outcome.status)) execution.finishedAt = now();
      return write(run, isForced);
    },
  };
}

/** Several nodes beside each other may have published; an endpoint that two of them need is as the later one wants it. */
function join(prepared: readonly PreparedMessage[]): OutboundWrite {
  const [first, ...others] = prepared;
  if (first !== undefined && others.length === 0) return first;
  const endpoints = new Map(prepared.flatMap(({ endpoints = [] }) => endpoints.map((endpoint) => [endpoint.id, endpoint])));
  return { endpoints: [...endpoints.values()], messages: prepared.flatMap(({ messages }) => messages) };
}
