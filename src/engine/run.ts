// One execution in memory while it runs, and what running needs.

import type { CompiledNode } from './compile.ts';
import { createRoom } from './json-value.ts';
import { Memo } from './memo.ts';
import type { ExecutionWithJobs, Failure, Job, Reply, Signal } from './model.ts';
import type { PreparedMessage } from './outbound-ports.ts';
import type { Log, NodeResult, OutgoingEvent, OutgoingRequest, OutgoingResponse } from './plugin.ts';
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
  /** Where the lines that nodes write go. Default `log`. */
  readonly nodeLog?: Log;
  now(): number;
  /** Commits what the run has left so far, before a node with an outside effect runs. */
  flush(run: Run): Promise<void>;
  /** Sends an outgoing request, guarded. */
  fetch(request: OutgoingRequest & { signal: AbortSignal }): Promise<OutgoingResponse>;
  /** Makes the execution of a subflow; it is committed with the run's next write. @throws HooklineError `subflow_too_deep`, … */
  call(run: Run, jobPath: string, call: Extract<NodeResult, { type: 'call' }>): Promise<ExecutionWithJobs>;
  /** Makes the message of an event; it is committed with the run's next write. @throws HooklineError `invalid_event`, … */
  publish(run: Run, jobPath: string, event: OutgoingEvent, isAwaited: boolean): Promise<PreparedMessage>;
}

/** One execution in memory while it runs. */
export class Run {
  /** Its jobs and context are in the form that is stored; the rest is as it is until it is written. */
  readonly execution: ExecutionWithJobs;
  readonly scope: ExtensibleScope;
  /** Latest job by path, of an execution that continues; undefined for a first run. */
  readonly memo: Memo | undefined;
  /** Jobs that no commit has taken yet. */
  unsaved: Job[] = [];
  /** Executions of subflows that no commit has taken yet. */
  unsavedCalls: ExecutionWithJobs[] = [];
  /** Messages that no commit has taken yet. */
  unsavedMessages: PreparedMessage[] = [];
  /** Values for waiting jobs, by job path. */
  readonly signals: ReadonlyMap<string, Signal>;
  /** Paths of signals that jobs have taken and no commit has deleted yet. */
  takenSignals: string[] = [];
  /** Paths of signals that nobody has taken: for nodes that it has not come to. */
  readonly keptSignals: Set<string>;
  /** When variable nodes got their present values, by key: as the memo counts, Infinity for this turn. */
  readonly assignedAt = new Map<string, number>();
  /** What its results may still take. */
  readonly room = createRoom();
  /** That of the next write with jobs: higher than any that the job log has. */
  sequence = 0;
  /** Whether storage has a row of it. */
  isStored: boolean;
  /** Whether storage says that it runs. */
  isShownRunning = false;
  /** Whether a write is on its way. */
  isWriting = false;
  /** Whether nodes of it may wait: not when a caller waits for the reply. */
  mayWait = true;
  /** Longest time from its start to its end, waits included, in milliseconds; 0 for no limit. */
  timeoutMs = 0;
  /** The workflow that is told when it fails. */
  onFailureWorkflow: string | undefined;
  /** When it has to be at its end, in milliseconds since 1970; Infinity without a timeout. */
  timeoutAt = Number.POSITIVE_INFINITY;
  /** Jobs that wait, by path, as far as the walk has come to them. */
  readonly waits = new Map<string, Job>();
  /** The earliest moment at which a job that waits goes on by itself. */
  wakeAt = Number.POSITIVE_INFINITY;
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
  /** When what it has left is committed at the latest, by the monotonic clock in milliseconds. */
  flushAt = Number.POSITIVE_INFINITY;
  /** When it last let others have their turn, in milliseconds since 1970; Infinity before it began. */
  yieldedAt = Number.POSITIVE_INFINITY;
  #controller: AbortController | undefined;

  /** @param jobs those of the execution, opened; default as they are */
  constructor(
    execution: ExecutionWithJobs,
    scope: ExtensibleScope,
    isStored: boolean,
    signals: readonly Signal[] = [],
    jobs: readonly Job[] = execution.jobs,
  ) {
    this.execution = execution;
    this.scope = scope;
    this.isStored = isStored;
    this.memo = jobs.length > 0 ? new Memo(jobs) : undefined;
    this.signals = signals.length > 0 ? new Map(signals.map((signal) => [signal.jobPath, signal])) : NO_SIGNALS;
    this.keptSignals = new Set(this.signals.keys());
    // Nobody would ever take one that came a second time when its job had just ended, and what has a signal does not wait.
    for (const { jobPath } of signals) {
      const job = this.memo?.get(jobPath);
      if (job !== undefined && job.status !== 'waiting' && job.wait === undefined) this.takeSignal(jobPath);
    }
  }

  /** Made when the first node asks; most never do. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.isSettled) this.#controller.abort();
    return this.#controller.signal;
  }

  get hasSignal(): boolean {
    return this.#controller !== undefined;
  }

  /** From here on another one may come for the same job: the next try of a subflow ends, too. */
  takeSignal(jobPath: string): void {
    this.takenSignals.push(jobPath);
    this.keptSignals.delete(jobPath);
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

const NO_SIGNALS: ReadonlyMap<string, Signal> = new Map();

/** Where in the tree a list of nodes runs. */
export interface Frame {
  /** The loop path in front of a node's key, such as `each[3]/`. */
  readonly prefix: string;
  readonly scope: ExtensibleScope;
  /** Stops this branch alone. */
  readonly signal: AbortSignal | undefined;
}

/** One node that is being run. */
export interface RunningNodeParts {
  /** Whether one of its branches waits. */
  hasWaitingBranch: boolean;
  readonly run: Run;
  readonly node: CompiledNode;
  readonly frame: Frame;
  readonly services: RunnerServices;
  readonly job: Job;
}
