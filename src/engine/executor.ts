// Runs executions in this process, to their end or until a cancel, a deadline or a stop comes first.

import { HooklineError } from '../errors.ts';
import type { CompiledNode } from './compile.ts';
import { isOwnershipLost, isStorageFailure, toFailure } from './failure.ts';
import { createLateWrites } from './late-writes.ts';
import { isFinal } from './model.ts';
import type { Log } from './plugin.ts';
import type { ExpressionEvaluator } from './ports.ts';
import type { Interruption, Recorder } from './recorder.ts';
import type { Run, RunnerServices, RunOutcome } from './run.ts';
import { walk } from './runner.ts';
import { createWatch } from './watch.ts';

export interface ExecutorOptions {
  readonly recorder: Recorder;
  readonly evaluator: ExpressionEvaluator;
  readonly fetch: RunnerServices['fetch'];
  readonly call: RunnerServices['call'];
  readonly publish: RunnerServices['publish'];
  readonly log: Log;
  /** Milliseconds since 1970. */
  now(): number;
}

export interface Executor {
  start(): void;
  /** Lets what runs finish for `graceMs`. What then still runs and is stored goes on at the next start. */
  stop(graceMs: number): Promise<void>;
  /**
   * For the queue: resolves when the end, or that it waits, is committed, and when another process has taken it over.
   * @throws `storage_unavailable`: it is to be tried again; `shutting_down`
   */
  execute(nodes: readonly CompiledNode[], run: Run): Promise<void>;
  /**
   * For a run that no queue tries again: when storage knows of it and cannot take its end, its end is stored later.
   * @param deadlineMs from now; 0 for none
   */
  executeNow(nodes: readonly CompiledNode[], run: Run, deadlineMs: number): Promise<void>;
  /** Ends a run from outside; its nodes hear of `reason`. @throws `storage_unavailable` */
  interrupt(run: Run, interruption: Interruption, reason: HooklineError): Promise<void>;
  /** A run that has begun and is not yet stored as ended. */
  find(executionId: string): Run | undefined;
  /** Leaves everything where it is: others run it by now. */
  abandonAll(reason: HooklineError): void;
  size(): number;
}

export function createExecutor({ recorder, evaluator, fetch, call, publish, log, now }: ExecutorOptions): Executor {
  const { write, flush, settle } = recorder;
  const services: RunnerServices = { evaluator, log, now, flush, fetch, call, publish };
  const active = new Map<string, Run>();
  const lateWrites = createLateWrites({ write, log });
  const watch = createWatch({ onSlow: showAsRunning, onDeadline: timeOutOrLog });
  let onIdle: (() => void) | undefined;

  async function execute(nodes: readonly CompiledNode[], run: Run, deadlineMs: number): Promise<void> {
    const { execution } = run;
    execution.status = 'running';
    execution.startedAt ??= now();
    execution.wakeAt = null;
    if (run.timeoutMs > 0) run.timeoutAt = execution.startedAt + run.timeoutMs;
    active.set(execution.id, run);
    try {
      if (run.timeoutAt <= now()) return await timeOut(run);
      const walked = walk(run, nodes, services);
      const outcome = walked instanceof Promise ? await untilInterrupted(run, walked, deadlineMs) : walked;
      if (outcome) await settle(run, outcome);
      else if (run.abandoned) throw run.abandoned;
      // Whoever interrupted it has written its end.
      else await run.lastWrite;
    } finally {
      active.delete(execution.id);
      watch.remove(run);
      if (active.size === 0) onIdle?.();
    }
  }

  /** The walk's outcome; undefined when a cancel, a deadline or a stop came first. A node that hears no signal is left behind. */
  function untilInterrupted(run: Run, walked: Promise<RunOutcome>, deadlineMs: number): Promise<RunOutcome | undefined> {
    const leftMs = run.timeoutAt - now();
    watch.add(run, Number.isFinite(leftMs) && (deadlineMs === 0 || leftMs < deadlineMs) ? Math.max(leftMs, 1) : deadlineMs);
    return new Promise((resolve, reject) => {
      run.onInterrupt = () => resolve(undefined);
      walked.then((outcome) => resolve(run.isSettled ? undefined : outcome), reject);
    });
  }

  /** A run that takes longer than a moment is stored, so that it can be seen and survives a crash. */
  function showAsRunning(run: Run): void {
    if (run.isSettled) return;
    write(run).catch((error: unknown) => {
      if (isOwnershipLost(error)) run.abandon(error);
      log.error({ execution: run.execution.id, error: toFailure(error) }, 'a running execution could not be stored');
    });
  }

  function interrupt(run: Run, interruption: Interruption, reason: HooklineError): Promise<void> {
    const written = settle(run, interruption);
    run.abort(reason);
    run.onInterrupt?.();
    return written;
  }

  function timeOut(run: Run): Promise<void> {
    const isWholeTime = run.timeoutAt <= now();
    const reason = new HooklineError(
      'deadline_exceeded',
      isWholeTime
        ? "The execution has taken longer than the workflow's timeout."
        : 'The workflow did not answer before its deadline.',
    );
    return interrupt(run, { status: 'timed_out', reply: null, error: toFailure(reason) }, reason);
  }

  function timeOutOrLog(run: Run): void {
    if (run.isSettled) return;
    timeOut(run).catch((failure: unknown) => {
      log.error({ execution: run.execution.id, error: toFailure(failure) }, 'a timed-out execution could not be stored');
    });
  }

  return {
    start: () => watch.start(),

    async stop(graceMs) {
      if (active.size > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, graceMs);
          onIdle = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        onIdle = undefined;
        const reason = new HooklineError('shutting_down', 'The server stopped before the workflow had finished.');
        for (const run of active.values()) run.abandon(reason);
      }
      watch.stop();
      await lateWrites.stop();
    },

    async execute(nodes, run) {
      try {
        await execute(nodes, run, 0);
      } catch (error) {
        if (!isOwnershipLost(error)) throw error;
        log.warn({ execution: run.execution.id }, 'another process has taken over an execution');
      }
    },

    async executeNow(nodes, run, deadlineMs) {
      try {
        await execute(nodes, run, deadlineMs);
      } catch (error) {
        if (isOwnershipLost(error)) {
          throw new HooklineError('storage_unavailable', 'Another server goes on with this execution.', { cause: error });
        }
        if (!run.isStored || !isStorageFailure(error)) throw error;
        if (!isFinal(run.execution.status)) {
          run.execution.status = 'error';
          run.execution.error = toFailure(error);
          run.execution.finishedAt = now();
        }
        lateWrites.add(run);
        throw error;
      }
    },

    interrupt,
    find: (executionId) => active.get(executionId),
    abandonAll(reason) {
      for (const run of active.values()) run.abandon(reason);
    },
    size: () => active.size,
  };
}
