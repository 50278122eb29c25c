// One execution in memory while it runs, and what running needs.

import { createRoom } from './json-value.ts';
import type { ExecutionWithJobs, Failure, Job, Reply } from './model.ts';
import type { Log } from './plugin.ts';
import type { ExpressionEvaluator } from './ports.ts';
import type { ExtensibleScope } from './scope.ts';

/** How a walk ended. */
export type RunOutcome =
  | { readonly status: 'succeeded' | 'failed'; readonly reply: Reply | null; readonly error: Failure | null }
  | { readonly status: 'error'; readonly reply: null; readonly error: Failure }
  | { readonly status: 'waiting'; readonly reply: null; readonly error: null };

/** What the runner needs from the engine. */
export interface RunnerServices {
  readonly evaluator: ExpressionEvaluator;
  readonly log: Log;
  now(): number;
  /** Commits what the run has left so far, before a node with an outside effect runs. */
  flush(run: Run): Promise<void>;
}

/** One execution in memory while it runs. */
export class Run {
  readonly execution: ExecutionWithJobs;
  readonly scope: ExtensibleScope;
  /** Latest job by path, of an execution that continues; undefined for a first run. */
  readonly memo: ReadonlyMap<string, Job> | undefined;
  /** Jobs that no commit has taken yet. */
  unsaved: Job[] = [];
  /** What its results may still take. */
  readonly room = createRoom();
  /** Rises with every write that has jobs. */
  sequence: number;
  /** Whether storage has a row of it. */
  isStored: boolean;
  /** Set when the walk, a cancel, a deadline or `abandon` has decided; the first one counts. */
  isSettled = false;
  /** Whether storage has its end; nothing is written behind that. */
  isStoredFinal = false;
  /** The last commit of this run; undefined before the first. */
  lastWrite: Promise<void> | undefined;
  outcome: RunOutcome | undefined;
  /** Whether a caller waits for the reply of this run. */
  isAwaited = false;
  /** Told when a cancel, a deadline or a stop has come before the walk's end. */
  onInterrupt: (() => void) | undefined;
  /** Why it was left where it is: the server stops, or storage failed before an effect. */
  abandoned: unknown;
  /** When its deadline passes, by the monotonic clock in milliseconds; Infinity without one. */
  deadlineAt = Number.POSITIVE_INFINITY;
  /** When it counts as slow, by the monotonic clock in milliseconds. */
  slowAt = Number.POSITIVE_INFINITY;
  #controller: AbortController | undefined;

  constructor(execution: ExecutionWithJobs, scope: ExtensibleScope, isStored: boolean) {
    this.execution = execution;
    this.scope = scope;
    this.isStored = isStored;
    this.memo = execution.jobs.length > 0 ? new Map(execution.jobs.map((job) => [job.path, job])) : undefined;
    // A job is in the log at most twice, once as waiting and once as finished.
    this.sequence = 2 * execution.jobs.length;
  }

  /** Made when the first node asks; most never do. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.isSettled) this.#controller.abort();
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#controller?.abort(reason);
  }

  /** Leaves it where it is: nothing more of it is run or stored in this turn. Nothing when its end is decided. */
  abandon(reason: unknown): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.abandoned = reason;
    this.abort(reason);
    this.onInterrupt?.();
  }
}
