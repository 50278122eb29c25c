// What the engine needs from the outside: storage, a queue, an evaluator of expressions, a box for secrets.

import type {
  Document,
  Execution,
  ExecutionStatus,
  ExecutionWithJobs,
  Failure,
  Job,
  Reply,
  Revision,
  Workflow,
} from './model.ts';
import type { ExpressionEngine, Scope } from './plugin.ts';

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
}

export interface WorkflowStore {
  /** Adds a workflow with its first revision (number `workflow.revision`). @throws `conflict` when the hook key is taken. */
  insert(workflow: Workflow, document: Document): Promise<void>;
  get(id: string): Promise<Workflow | undefined>;
  findByHookKey(hookKey: string): Promise<Workflow | undefined>;
  list(filter: WorkflowFilter): Promise<Page<Workflow>>;
  listEnabled(): Promise<Workflow[]>;
  /** Changes the named fields. @throws `conflict` when the hook key is taken, `workflow_not_found` */
  update(id: string, change: Partial<Pick<Workflow, 'title' | 'enabled' | 'hookKey' | 'revision' | 'updatedAt'>>): Promise<void>;
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
  /** How many executions each workflow has ever had, also those that retention has deleted. */
  executionCounts(ids: readonly string[]): Promise<Map<string, number>>;
}

/** One atomic unit of execution writes. Many units are committed together; each is awaited by its caller. */
export interface ExecutionWrite {
  /** A new execution, final or not, with the jobs so far. */
  insert?: ExecutionWithJobs;
  /** The new state of a stored execution, with the jobs since its last write. */
  update?: ExecutionUpdate;
}

export interface ExecutionUpdate {
  id: string;
  status: ExecutionStatus;
  startedAt: number | null;
  finishedAt: number | null;
  response: Reply | null;
  error: Failure | null;
  /** Finished or newly waiting jobs since the last write. */
  jobs: Job[];
  /** Higher than in any write with jobs of this execution before; orders the job log. */
  sequence: number;
}

export interface ExecutionFilter extends PageRequest {
  workflowId?: string | undefined;
  status?: ExecutionStatus | undefined;
  /** Accepted at or after, in milliseconds. */
  from?: number | undefined;
  /** Accepted before, in milliseconds. */
  to?: number | undefined;
}

/** What lists show: an execution without the parts that may be large. */
export type ExecutionSummary = Omit<Execution, 'request' | 'context' | 'response'>;

export interface ExecutionStore {
  /**
   * Commits units in one transaction with whatever else waits at that moment; resolves when it is durable.
   * @throws HooklineError `storage_unavailable`; then nothing of this unit is stored.
   */
  commit(write: ExecutionWrite): Promise<void>;
  /** Marks a revision as executed; from then on it is immutable. The engine does so before it reads what it will run. */
  markExecuted(workflowId: string, revision: number): Promise<void>;
  get(id: string): Promise<ExecutionWithJobs | undefined>;
  list(filter: ExecutionFilter): Promise<Page<ExecutionSummary>>;
  /**
   * The oldest executions with one status at one moment, with their jobs: the backlog (`queued`), or what a crash left
   * (`running`). Fewer than `limit`: at that moment there were no more.
   */
  listOldest(status: 'queued' | 'running', limit: number): Promise<ExecutionWithJobs[]>;
  countByStatus(): Promise<Record<ExecutionStatus, number>>;
  /** When the oldest queued execution was accepted, or null. */
  oldestQueuedAt(): Promise<number | null>;
  /** Deletes up to `limit` executions in a final status accepted before a time. @returns how many */
  deleteOld(status: ExecutionStatus, before: number, limit: number): Promise<number>;
}

export interface Storage {
  readonly workflows: WorkflowStore;
  readonly executions: ExecutionStore;
  /** Small named values of the installation, such as the hash of the generated admin token. */
  readonly settings: {
    get(name: string): Promise<string | undefined>;
    set(name: string, value: string): Promise<void>;
  };
  /** Resolves when the database can read and write. @throws storage_unavailable */
  ping(): Promise<void>;
  /** Waits for pending commits and closes the connections. */
  close(): Promise<void>;
}

/** Runs executions later, at least once, in order of acceptance, with bounded memory and concurrency. */
export interface Queue {
  /** Takes over what is unfinished in storage and begins to run. `run` rejects only when storage fails; then it is tried again. */
  start(run: (execution: ExecutionWithJobs) => Promise<void>): Promise<void>;
  /** Hands over a committed execution. It stays in memory only while the window has room; otherwise storage has it. */
  push(execution: ExecutionWithJobs): void;
  /** Starts nothing more; what runs goes on. What waits stays in storage for the next start. */
  stop(): Promise<void>;
  /** What is in memory and what runs now. */
  depth(): { readonly waiting: number; readonly running: number };
}

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
  close(): Promise<void>;
}

/** Seals values that only the server may read; the database alone does not reveal them. */
export interface SecretBox {
  /** Encrypts; two calls with the same text differ. */
  seal(text: string): string;
  /** @throws HooklineError `invalid_configuration` when the key is not the one it was sealed with. */
  open(sealed: string): string;
}
