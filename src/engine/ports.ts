// What the engine needs from the outside: storage, a queue, an evaluator of expressions, a box for secrets.

import type {
  Capture,
  Document,
  Execution,
  ExecutionSource,
  ExecutionStatus,
  ExecutionWithJobs,
  Failure,
  Job,
  Lane,
  Reply,
  Revision,
  Signal,
  StoredRequest,
  Workflow,
} from './model.ts';
import type { OutboundStore, OutboundWrite } from './outbound-ports.ts';
import type { ExpressionEngine, Scope, ScriptOptions, ScriptResult } from './plugin.ts';

/** A page of a list, newest first; `nextCursor` is null on the last one. */
export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

export interface PageRequest {
  /** 1 to 100. */
  limit: number;
  /** From the previous page; opaque. @throws HooklineError `invalid_request` when it is not one of ours. */
  cursor?: string | undefined;
}

export interface WorkflowFilter extends PageRequest {
  enabled?: boolean | undefined;
  mode?: Workflow['mode'] | undefined;
  /** Part of the title, any case. */
  search?: string | undefined;
  /** What may be searched of a title or a tag. Default all of it. */
  shownText?: ((text: string) => string) | undefined;
  /** Has this tag. */
  tag?: string | undefined;
  /** Those in the trash instead of the others. Default false. */
  trashed?: boolean | undefined;
}

/** What is changed of a workflow beside its document. */
export type WorkflowChange = Partial<Omit<Workflow, 'id' | 'mode' | 'createdAt'>>;

export interface WorkflowStore {
  /** Adds a workflow with its first revision (number `workflow.revision`). @throws `conflict` when the hook key is taken. */
  insert(workflow: Workflow, document: Document): Promise<void>;
  get(id: string): Promise<Workflow | undefined>;
  findByHookKey(hookKey: string): Promise<Workflow | undefined>;
  list(filter: WorkflowFilter): Promise<Page<Workflow>>;
  /** The keys of all workflows, also of those in the trash. */
  hookKeys(): Promise<string[]>;
  /** A text that differs when a workflow was made, changed or deleted since. */
  hookKeysState(): Promise<string>;
  /** Those that are not in the trash. */
  listEnabled(): Promise<Workflow[]>;
  /** Changes the named fields. @throws `conflict` when the hook key is taken, `workflow_not_found` */
  update(id: string, change: WorkflowChange): Promise<void>;
  /**
   * Saves an edit of the live revision in one transaction: replaces it while it has not executed, else adds a revision
   * with the next number and makes it live.
   * @returns the live revision's number
   */
  saveDocument(id: string, document: Document, now: number): Promise<number>;
  getRevision(id: string, revision: number): Promise<Revision | undefined>;
  listRevisions(id: string, page: PageRequest): Promise<Page<Revision>>;
  /** Deletes the workflow, its revisions and its executions. */
  delete(id: string): Promise<void>;
  /** Deletes up to `limit` workflows that have been in the trash since before a time. @returns their ids */
  deleteTrashed(before: number, limit: number): Promise<string[]>;
  /** How many workflows that are not in the trash have each tag, by tag. */
  countTags(): Promise<Map<string, number>>;
  /** Titles by id; what is not there is left out. */
  titles(ids: readonly string[]): Promise<Map<string, string>>;
  /** How many executions each workflow has ever had, also those that retention has deleted. */
  executionCounts(ids: readonly string[]): Promise<Map<string, number>>;
}

/**
 * One write. Several that are handed over together are one atomic unit, and many units are committed together; each is
 * awaited by its caller.
 */
export interface ExecutionWrite {
  /** A new execution, final or not, with the jobs so far. */
  insert?: ExecutionWithJobs;
  /**
   * The new state of a stored execution, with the jobs since its last write. One that would wait although a signal
   * is there that it does not know is stored as `queued` instead. On PostgreSQL only the process that owns the execution may write it: see `claim`.
   */
  update?: ExecutionUpdate;
  /**
   * Keeps a value for a waiting job. An execution that waits becomes `queued`. `already_resumed` when there is a signal for
   * the job, `execution_ended` when the execution is final or deleted; one that `isOptional` is left out then instead.
   */
  signal?: Signal & { executionId: string; isOptional?: boolean };
  /** Messages, deliveries and attempts; stored with the rest of the unit or, when that is refused, not at all. */
  outbound?: OutboundWrite;
}

export interface ExecutionUpdate {
  id: string;
  status: ExecutionStatus;
  startedAt: number | null;
  finishedAt: number | null;
  response: Reply | null;
  error: Failure | null;
  output: unknown;
  wakeAt: number | null;
  /** Needed again when it is queued or waits. */
  lane: Lane | null;
  /** Finished or newly waiting jobs since the last write. */
  jobs: Job[];
  /** Higher than in any write with jobs of this execution before; orders the job log. */
  sequence: number;
  /** Job paths whose signals these jobs have taken; they are deleted in the same transaction. */
  takenSignals: readonly string[];
  /**
   * Job paths of signals that the run has seen: for nodes that it has not come to yet, perhaps never does. They do not keep it
   * from waiting for something else. Default none.
   */
  knownSignals?: readonly string[];
  /** Written whoever owns the execution, as long as it is not final: a cancel. Default false. */
  isForced?: boolean;
}

/** An execution that this process may run now, with the signals that wait for it. */
export interface ClaimedExecution {
  execution: ExecutionWithJobs;
  signals: Signal[];
  /** Higher than any in its job log. Default: nothing is in it yet. */
  sequence?: number;
}

export interface ExecutionFilter extends PageRequest {
  workflowId?: string | undefined;
  /** One of these. */
  statuses?: readonly ExecutionStatus[] | undefined;
  /** One of these. */
  sources?: readonly ExecutionSource[] | undefined;
  /** Replays of this execution. */
  replayOf?: string | undefined;
  /** Accepted at or after, in milliseconds. */
  from?: number | undefined;
  /** Accepted before, in milliseconds. */
  to?: number | undefined;
}

/** What lists show: an execution without the parts that may be large. */
export type ExecutionSummary = Omit<Execution, 'request' | 'context' | 'response' | 'output' | 'lane' | 'parent' | 'depth'>;

export interface ExecutionStore {
  /**
   * Commits the writes of one unit in one transaction with whatever else waits at that moment; resolves when it is durable.
   * On PostgreSQL the queue's tasks are added in the same transaction: for what becomes `queued` (now) or `waiting` (at
   * `wakeAt`).
   * @throws HooklineError `storage_unavailable`: nothing of this unit is stored. `ownership_lost`: nothing is stored, since
   *   another process owns the execution by now, or it is final or deleted
   */
  commit(...unit: readonly [ExecutionWrite, ...ExecutionWrite[]]): Promise<void>;
  /** Marks a revision as executed; from then on it is immutable. The engine does so before it reads what it will run. */
  markExecuted(workflowId: string, revision: number): Promise<void>;
  get(id: string): Promise<ExecutionWithJobs | undefined>;
  /** Signals that are stored for an execution. */
  signals(id: string): Promise<Signal[]>;
  /**
   * Takes an execution that is `queued`, or `waiting` with `wakeAt` in the past, to run it here: it is `running`, and on
   * PostgreSQL owned by this process. One that is `running` already is taken only when this process owned it before.
   * @returns undefined when it is not to be run (final, waits longer, somebody else has it, deleted)
   */
  claim(id: string, now: number): Promise<ClaimedExecution | undefined>;
  list(filter: ExecutionFilter): Promise<Page<ExecutionSummary>>;
  /** Those of these that are there, by id. */
  summaries(ids: readonly string[]): Promise<Map<string, ExecutionSummary>>;
  /**
   * The oldest executions with one status at one moment, with their jobs and signals: the backlog (`queued`), or what a crash
   * left (`running`). Fewer than `limit`: at that moment there were no more.
   * @param lanes `only`: of this lane alone; `without`: of none of these lanes
   */
  listOldest(
    status: 'queued' | 'running',
    limit: number,
    lanes?: { readonly only?: string; readonly without?: readonly string[] },
  ): Promise<ClaimedExecution[]>;
  /** Waiting executions whose `wakeAt` is at or before `now`, the earliest first. */
  listDue(now: number, limit: number): Promise<ClaimedExecution[]>;
  /** The earliest `wakeAt` of a waiting execution; null when none has one. */
  nextWakeAt(): Promise<number | null>;
  /**
   * Puts a final execution back into the queue with only these jobs as its memo, in the same record: response, error, output
   * and end are cleared, `startedAt` too, so that a timeout counts anew. @throws HooklineError `conflict` when it is not final
   */
  reopen(id: string, jobs: readonly Job[]): Promise<void>;
  countByStatus(): Promise<Record<ExecutionStatus, number>>;
  /** When the oldest queued execution was accepted, or null. */
  oldestQueuedAt(): Promise<number | null>;
  /** Deletes up to `limit` executions in a final status accepted before a time. @returns how many */
  deleteOld(status: ExecutionStatus, before: number, limit: number): Promise<number>;
}

/** A request that a designer keeps with a workflow to build by, at most one. */
export interface Sample {
  /** When it came, in milliseconds since 1970. */
  at: number;
  request: StoredRequest;
  /** What of the row could not be read, and is a stand-in here: see `storage/row-reader.ts`. Undefined: all was read. */
  unreadable?: string | undefined;
}

export interface SampleStore {
  get(workflowId: string): Promise<Sample | undefined>;
  /** Replaces the one that is there. @throws HooklineError `workflow_not_found` */
  set(workflowId: string, sample: Sample): Promise<void>;
  delete(workflowId: string): Promise<void>;
}

/** Captured calls on their way from the process that was called to the one whose user listens. */
export interface CaptureStore {
  add(id: string, workflowId: string, capture: Capture): Promise<void>;
  get(id: string): Promise<Capture | undefined>;
  /** Deletes those captured before a time, in milliseconds since 1970. */
  deleteBefore(time: number): Promise<void>;
}

/** A named secret as it is stored. */
export interface StoredSecret {
  name: string;
  description: string;
  /** What `SecretBox.seal` gave. */
  sealedValue: string;
  /** The only hosts that it may be sent to; null: it may be used everywhere. */
  allowedHosts: readonly string[] | null;
  /** Name of who wrote it last, for people. */
  updatedBy: string;
  createdAt: number;
  updatedAt: number;
  /** What of its row could not be read; left out when all of it was. */
  unreadable?: string | undefined;
}

/** @throws HooklineError `storage_unavailable` from everything */
export interface SecretStore {
  /** All of them, by name. */
  list(): Promise<StoredSecret[]>;
  get(name: string): Promise<StoredSecret | undefined>;
  /** @throws HooklineError `conflict` when there is one of that name */
  insert(secret: StoredSecret): Promise<void>;
  /** @returns whether there is one */
  update(
    name: string,
    change: {
      readonly description?: string | undefined;
      readonly sealedValue?: string | undefined;
      readonly allowedHosts?: readonly string[] | null | undefined;
      readonly updatedBy: string;
      readonly updatedAt: number;
    },
  ): Promise<boolean>;
  /** @returns whether there was one */
  delete(name: string): Promise<boolean>;
}

export interface Storage {
  readonly workflows: WorkflowStore;
  readonly executions: ExecutionStore;
  readonly outbound: OutboundStore;
  /** Small named values of the installation, such as the hash of the generated admin token. */
  readonly settings: {
    get(name: string): Promise<string | undefined>;
    set(name: string, value: string): Promise<void>;
    /** Sets several values in one transaction. */
    setAll(values: ReadonlyMap<string, string>): Promise<void>;
    /** Sets a value unless there is one, also when several processes do so at once. @returns the value that is there then */
    setIfMissing(name: string, value: string): Promise<string>;
  };
  /** Resolves when the database can read and write. @throws storage_unavailable */
  ping(): Promise<void>;
  /** Waits for pending commits and closes the connections. */
  close(): Promise<void>;
}

/**
 * Runs executions later, at least once, in order of acceptance, with bounded memory and concurrency. An execution runs in one
 * place at a time as long as its owner lives.
 */
export interface Queue {
  /**
   * Takes over what is unfinished in storage and begins to run: what is queued now, what waits at its `wakeAt`. `run` rejects
   * only when storage fails; then it is tried again.
   */
  start(run: (claimed: ClaimedExecution) => Promise<void>): Promise<void>;
  /**
   * Tells of an execution that was just committed as `queued`, or as `waiting` with a `wakeAt`. It stays in memory only while
   * the window has room; otherwise storage has it.
   */
  push(claimed: ClaimedExecution): void;
  /** Tells that storage has executions in status `queued` that were not pushed: a signal has resumed them. */
  wake(): void;
  /** Starts nothing more; what runs goes on. What waits stays in storage for the next start. */
  stop(): Promise<void>;
  /** What is in memory and what runs now. */
  depth(): { readonly waiting: number; readonly running: number };
}

/** What the scale-out queue is to be told, in the transaction that makes an execution `queued` or lets it wait for a time. */
export interface QueueTask {
  readonly executionId: string;
  /** When it is to run, in milliseconds since 1970; null: now. */
  readonly runAt: number | null;
  readonly lane: Lane | null;
}

/** What processes on one database tell each other. Delivery is quick but not certain: nothing durable may depend on it. */
export interface Bus {
  /** To all other processes. Never rejects: what cannot be sent is logged. */
  publish(message: BusMessage): Promise<void>;
  /** @returns stops listening */
  subscribe(listener: (message: BusMessage) => void): () => void;
}

/** What changes are told of. `executionWorkflows`: those whose executions are among `executions`; `deliveries` go by endpoint, `notices` by user. */
export const CHANGE_KINDS = ['executions', 'executionWorkflows', 'workflows', 'endpoints', 'deliveries', 'notices'] as const;

/** Ids of what has changed; null: too many to name. Kinds of which nothing has changed are missing. */
export type ChangedIds = { readonly [Kind in (typeof CHANGE_KINDS)[number]]?: readonly string[] | null };

export type BusMessage =
  /** A workflow changed: its compiled copies are stale. */
  | { readonly type: 'workflow-changed'; readonly workflowId: string }
  /** An execution was canceled: whoever runs it stops. */
  | { readonly type: 'execution-canceled'; readonly executionId: string }
  /** An endpoint was made, changed or deleted: copies of it are stale. */
  | { readonly type: 'endpoint-changed'; readonly endpointId: string }
  /** A named secret was made, changed or deleted: copies of all of them are stale. */
  | { readonly type: 'secrets-changed' }
  /** A user, a session or a token has lost rights or has ended: open streams ask again whether they may go on. */
  | { readonly type: 'access-changed' }
  /** The event catalogue changed. */
  | { readonly type: 'event-types-changed' }
  /** Deliveries were committed for these endpoints; none named: for some. */
  | { readonly type: 'deliveries-added'; readonly endpointIds: readonly string[] }
  /** Somebody in this process wants to hear of these topics; repeated, or it expires. */
  | { readonly type: 'interest'; readonly topics: readonly string[] }
  /** What has changed lately; told while somebody wants to hear of it. */
  | { readonly type: 'changes'; readonly changed: ChangedIds }
  /** A call that somebody listens for is in storage. */
  | { readonly type: 'call-captured'; readonly workflowId: string; readonly captureId: string }
  /** Messages may have been missed (the connection was lost): everything cached is stale. From this process to itself. */
  | { readonly type: 'messages-missed' }
  /** This process was taken for dead and others run what it ran: it stops running it. From this process to itself. */
  | { readonly type: 'declared-dead' };

export interface ExpressionEvaluator {
  /** Checks syntax without running. @returns a message, or undefined when it is fine */
  check(engine: ExpressionEngine, expression: string): Promise<string | undefined>;
  /** Evaluates away from the main thread with a time and memory limit. @throws expression_failed, expression_timeout */
  evaluate(
    engine: ExpressionEngine,
    expression: string,
    scope: Scope,
    options: { source?: unknown; hasSource: boolean; signal?: AbortSignal },
  ): Promise<unknown>;
  /** Checks a script's syntax without running it. @returns a message, or undefined when it is fine */
  checkScript(code: string): Promise<string | undefined>;
  /** Runs JavaScript in a sandbox, away from the main thread. @throws script_failed, script_limit */
  runScript(code: string, options: ScriptOptions & { signal?: AbortSignal }): Promise<ScriptResult>;
  close(): Promise<void>;
}

/** Encrypts values that only the server may read: the database alone does not reveal them. */
export interface SecretBox {
  /**
   * Encrypts; two calls with the same text differ.
   * @param place table, row and field of the value, from `sealed-places.ts`
   */
  seal(text: string, place: string): string;
  /** @throws HooklineError `invalid_configuration` when no configured key decrypts it, or it was encrypted for another place */
  open(sealed: string, place: string): string;
  /** Whether a value has the newest format and the current key; if not, a key rotation encrypts it again. */
  isCurrent(sealed: string): boolean;
  /** Identifies the current key without revealing it: 8 characters of base64url. */
  keyId(): string;
  /** A message authentication code (HMAC-SHA256, base64url) with the current key; the same for the same text. */
  sign(text: string): string;
  /** Whether `code` is what `sign` gives for this text with the current key or one before it. In constant time. */
  verify(text: string, code: string): boolean;
}
