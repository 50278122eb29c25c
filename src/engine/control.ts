// What is done to executions from outside: they are canceled, tried again, and given the value that they wait for.

import { HooklineError } from '../errors.ts';
import { setBounded } from './bounded-cache.ts';
import type { Cancellations } from './cancellations.ts';
import { concealExecution, concealSignal, openExecution } from './concealed-execution.ts';
import type { Executor } from './executor.ts';
import { isOwnershipLost } from './failure.ts';
import { toJsonValue } from './json-value.ts';
import { createKeyedLock } from './keyed-lock.ts';
import { memoForRetry } from './memo-before.ts';
import { type ExecutionWithJobs, isFinal, type Job } from './model.ts';
import type { Publisher } from './outbound-ports.ts';
import { isRecord } from './path.ts';
import type { Bus, ClaimedExecution, ExecutionStore, Queue } from './ports.ts';
import type { Recorder } from './recorder.ts';
import type { ResumeTarget } from './resume-token.ts';
import { Run } from './run.ts';
import { createScope } from './scope.ts';
import { NO_SECRETS, type SecretVault, withValues } from './secret-vault.ts';

/** Executions whose accepted callbacks are remembered. */
const MAX_RESUMED = 10_000;

export interface ControlOptions {
  readonly executions: ExecutionStore;
  readonly executor: Pick<Executor, 'find' | 'interrupt'>;
  readonly recorder: Pick<Recorder, 'settle'>;
  readonly cancellations: Cancellations;
  readonly publisher: Pick<Publisher, 'outcome'>;
  readonly bus: Pick<Bus, 'publish'>;
  readonly queue: Pick<Queue, 'wake'>;
  /** Default: there are no secrets. */
  readonly vault?: SecretVault | undefined;
  /** @throws HooklineError `shutting_down` */
  requireAccepting(): void;
  /** Told of an execution that was put back into the queue. */
  onChange(execution: ExecutionWithJobs): void;
  /** Milliseconds since 1970. */
  now(): number;
}

export interface Control {
  /** @throws HooklineError `execution_not_found` */
  get(executionId: string): Promise<ExecutionWithJobs>;
  /** As `Engine.cancel`. */
  cancel(executionId: string): Promise<ExecutionWithJobs>;
  /** As `Engine.retry`. */
  retry(executionId: string): Promise<ExecutionWithJobs>;
  /** As `Engine.resume`. */
  resume(target: ResumeTarget, output: unknown): Promise<void>;
  /** An execution goes on here with signals that were stored before, by another process perhaps. */
  goesOn(claimed: Pick<ClaimedExecution, 'execution' | 'signals'>): void;
}

export function createControl(options: ControlOptions): Control {
  const { executions, executor, recorder, cancellations, publisher, bus, queue, requireAccepting, now, onChange } = options;
  const { vault = NO_SECRETS } = options;
  /** Orders what is done to one execution. */
  const lock = createKeyedLock();
  /**
   * Job paths by execution whose callback was accepted, as far as this process knows. Once the flow has taken it, storage would
   * accept another.
   */
  const resumed = new Map<string, Set<string>>();

  function remember(executionId: string, jobPaths: readonly string[]): void {
    const accepted = resumed.get(executionId) ?? new Set();
    for (const jobPath of jobPaths) accepted.add(jobPath);
    setBounded(resumed, executionId, accepted, MAX_RESUMED);
  }

  async function getExecution(executionId: string): Promise<ExecutionWithJobs> {
    const execution = await executions.get(executionId);
    if (execution) return execution;
    throw new HooklineError('execution_not_found', `There is no execution ${executionId}.`);
  }

  function cancel(executionId: string): Promise<ExecutionWithJobs> {
    const error = { code: 'canceled', message: 'Somebody canceled the execution.' };
    const run = executor.find(executionId);
    const cancelStored = async (): Promise<ExecutionWithJobs> => {
      // It has just ended; what is stored may not say so yet.
      await Promise.allSettled([run?.lastWrite]);
      const execution = await getExecution(executionId);
      const ended = (status: string) =>
        new HooklineError('conflict', `The execution has ended already (${status}); it cannot be canceled.`);
      if (isFinal(execution.status)) throw ended(execution.status);
      const stopped = new Run(execution, createScope(execution, { context: null, body: null }, now), true);
      try {
        await recorder.settle(stopped, { status: 'canceled', reply: null, error }, true);
      } catch (failure) {
        throw isOwnershipLost(failure) ? ended((await getExecution(executionId)).status) : failure;
      }
      // Whoever runs it stops, its outgoing requests too.
      await bus.publish({ type: 'execution-canceled', executionId });
      return execution;
    };
    const cancelElsewhere = () => cancellations.attempt(executionId, () => lock(executionId, cancelStored));
    if (run && !run.isSettled) {
      const reason = new HooklineError('conflict', error.message);
      return executor.interrupt(run, { status: 'canceled', reply: null, error }, reason).then(
        () => concealExecution(run.execution, run.scope.concealer),
        // Another process has taken it over in this moment.
        (failure: unknown) => (isOwnershipLost(failure) ? cancelElsewhere() : Promise.reject(failure)),
      );
    }
    return cancelElsewhere();
  }

  /** Messages that an execution waits for may have come to their end while it was at its own: it would never hear of it. */
  async function tellOutcomes(executionId: string, jobs: readonly Job[]): Promise<void> {
    for (const { path: jobPath, wait } of jobs) {
      if (wait?.messageId === undefined) continue;
      const outcome = await publisher.outcome(wait.messageId);
      if (outcome) await executions.commit({ signal: { executionId, jobPath, ...outcome, isOptional: true } });
    }
  }

  return {
    get: getExecution,
    cancel,

    retry(executionId) {
      return lock(executionId, async () => {
        requireAccepting();
        const execution = await getExecution(executionId);
        if (!isFinal(execution.status) || execution.status === 'succeeded') {
          const reason = execution.status === 'succeeded' ? 'has succeeded' : `has not ended (${execution.status})`;
          throw new HooklineError('conflict', `The execution ${reason}; only one that did not succeed is retried.`);
        }
        const details = execution.error?.details;
        const failedPath = isRecord(details) && typeof details.node === 'string' ? details.node : undefined;
        cancellations.forget(executionId);
        resumed.delete(executionId);
        const jobs = memoForRetry(execution.jobs, failedPath);
        await executions.reopen(executionId, jobs);
        await tellOutcomes(executionId, jobs);
        queue.wake();
        onChange(execution);
        return getExecution(executionId);
      });
    },

    resume({ executionId, jobPath }, output) {
      return lock(executionId, async () => {
        requireAccepting();
        const execution = await getExecution(executionId);
        if (isFinal(execution.status)) {
          throw new HooklineError('execution_ended', `The execution has ended already (${execution.status}).`);
        }
        const job = execution.jobs.find(({ path }) => path === jobPath);
        const { secrets } = openExecution(execution, [], vault);
        const concealer = secrets && withValues(vault.current(), secrets);
        // Nothing is awaited between this look and the commit: that is stored before the flow takes what was there already.
        const isAccepted = resumed.get(executionId)?.has(jobPath) === true;
        if (isAccepted || (job !== undefined && (job.status !== 'waiting' || job.wait?.kind !== 'node'))) {
          throw new HooklineError('already_resumed', `The execution does not wait at "${jobPath}" any more.`);
        }
        const signal = { executionId, jobPath, output: toJsonValue(output) };
        await executions.commit({ signal: concealSignal(signal, concealer, vault) });
        remember(executionId, [jobPath]);
        queue.wake();
        onChange(execution);
      });
    },

    goesOn({ execution, signals }) {
      const jobPaths = signals.map(({ jobPath }) => jobPath);
      if (jobPaths.length > 0) remember(execution.id, jobPaths);
    },
  };
}
