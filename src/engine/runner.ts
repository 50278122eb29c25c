// Walks one execution through its tree. Jobs are the memo: what is finished is taken from them and never run again, so
// resume, recovery and replay are one mechanism.

import { HooklineError } from '../errors.ts';
import type { CompiledNode } from './compile.ts';
import { toJsonValue } from './json-value.ts';
import type { ExecutionWithJobs, Failure, Job, Reply } from './model.ts';
import type { BranchOutcome, ExpressionEngine, Log, NodeContext, NodeResult, Scope } from './plugin.ts';
import type { ExpressionEvaluator } from './ports.ts';

/** How a walk ended. After `stopped` somebody else (cancel, deadline) has settled the execution. */
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
  readonly scope: Scope;
  /** Latest job by path, of an execution that continues; undefined for a first run. */
  readonly memo: ReadonlyMap<string, Job> | undefined;
  /** Jobs that no commit has taken yet. */
  unsaved: Job[] = [];
  /** Writes with jobs so far. */
  sequence = 0;
  /** Whether storage has a row of it. */
  isStored: boolean;
  /** Set when the walk, a cancel or a deadline has decided; the first one counts. */
  isSettled = false;
  /** Whether storage has its end; nothing is written behind that. */
  isStoredFinal = false;
  /** The last commit of this run; undefined before the first. */
  lastWrite: Promise<void> | undefined;
  outcome: RunOutcome | undefined;
  /** Whether a caller waits for the reply of this run. */
  isAwaited = false;
  /** Tells who waits for the reply that a cancel, a deadline or a stop has settled it, with the commit of that. */
  onSettled: ((written: Promise<void>) => void) | undefined;
  /** When its deadline passes, by the monotonic clock in milliseconds; Infinity without one. */
  deadlineAt = Number.POSITIVE_INFINITY;
  /** When it counts as slow, by the monotonic clock in milliseconds. */
  slowAt = Number.POSITIVE_INFINITY;
  #controller: AbortController | undefined;

  constructor(execution: ExecutionWithJobs, scope: Scope, isStored: boolean) {
    this.execution = execution;
    this.scope = scope;
    this.isStored = isStored;
    this.memo = execution.jobs.length > 0 ? new Map(execution.jobs.map((job) => [job.path, job])) : undefined;
    this.sequence = execution.jobs.length;
  }

  /** Made when the first node asks; most never do. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.isSettled) this.#controller.abort();
    return this.#controller.signal;
  }

  abort(reason: HooklineError): void {
    this.#controller?.abort(reason);
  }
}

/** Walks the run to its end, to a wait or to an error. Never rejects: what goes wrong in a node is the outcome. */
export async function walk(run: Run, nodes: readonly CompiledNode[], services: RunnerServices): Promise<RunOutcome> {
  await walkNodes(run, nodes, '', run.scope, services);
  return run.outcome ?? { status: 'succeeded', reply: null, error: null };
}

async function walkNodes(
  run: Run,
  nodes: readonly CompiledNode[],
  prefix: string,
  scope: Scope,
  services: RunnerServices,
): Promise<BranchOutcome> {
  for (const node of nodes) {
    if (run.isSettled || run.outcome) return 'stopped';
    const path = prefix + node.key;
    const known = run.memo?.get(path);
    let branch: string | undefined;
    if (known?.status === 'succeeded') {
      branch = recall(known, scope);
    } else if (known?.status === 'waiting') {
      run.outcome ??= { status: 'waiting', reply: null, error: null };
      return 'stopped';
    } else {
      const job = await runNode(run, node, path, prefix, scope, services);
      if (!job) return 'stopped';
      branch = job.branch;
    }
    const children = branch === undefined ? undefined : node.branches.get(branch);
    if (children && (await walkNodes(run, children, prefix, scope, services)) === 'stopped') return 'stopped';
  }
  return run.isSettled || run.outcome ? 'stopped' : 'completed';
}

/** Puts a finished job's effect on the variables back. */
function recall(job: Job, scope: Scope): string | undefined {
  scope.$nodes[job.key] = job.output;
  for (const [key, value] of Object.entries(job.assigns ?? {})) scope.$nodes[key] = value;
  return job.branch;
}

/** @returns the job, or undefined when the walk must not go on behind it */
async function runNode(
  run: Run,
  node: CompiledNode,
  path: string,
  prefix: string,
  scope: Scope,
  services: RunnerServices,
): Promise<Job | undefined> {
  const job: Job = {
    key: node.key,
    path,
    type: node.type.type,
    status: 'succeeded',
    startedAt: services.now(),
    finishedAt: null,
  };
  let result: NodeResult;
  try {
    if (node.type.hasEffect) await services.flush(run);
    if (run.isSettled) return undefined;
    const returned = node.type.run(createContext(run, node, path, prefix, scope, services, job));
    result = returned instanceof Promise ? await returned : returned;
    if (run.isSettled || run.outcome) return undefined;
    applyResult(run, job, result, scope, services.now());
  } catch (error) {
    if (run.isSettled) return undefined;
    const failure = toFailure(error);
    job.status = 'error';
    job.error = failure;
    job.finishedAt = services.now();
    run.outcome = { status: 'error', reply: null, error: { ...failure, details: { node: path } } };
    services.log.warn({ execution: run.execution.id, node: path, code: failure.code }, 'a node failed');
  }
  run.unsaved.push(job);
  return run.outcome ? undefined : job;
}

function applyResult(run: Run, job: Job, result: NodeResult, scope: Scope, now: number): void {
  if (result.type === 'wait') {
    job.status = 'waiting';
    run.outcome = { status: 'waiting', reply: null, error: null };
    return;
  }
  job.finishedAt = now;
  job.output = toJsonValue(result.output);
  scope.$nodes[job.key] = job.output;
  if (result.type === 'done') {
    if (result.branch !== undefined) job.branch = result.branch;
    return;
  }
  if (result.status === 'failed') {
    job.status = 'failed';
    job.error = { code: 'flow_failed', message: result.reason ?? 'The flow decided to fail here.' };
  }
  run.outcome = { status: result.status, reply: result.reply ?? null, error: job.error ?? null };
}

function createContext(
  run: Run,
  node: CompiledNode,
  path: string,
  prefix: string,
  scope: Scope,
  services: RunnerServices,
  job: Job,
): NodeContext<unknown> {
  return {
    config: node.config(scope),
    scope,
    get signal() {
      return run.signal;
    },
    idempotencyKey: `${run.execution.id}/${path}`,
    log: services.log,
    now: services.now,
    evaluate(engine: ExpressionEngine, expression: string, options?: { source?: unknown }) {
      const hasSource = options !== undefined && 'source' in options;
      return services.evaluator.evaluate(engine, expression, scope, { source: options?.source, hasSource, signal: run.signal });
    },
    assign(key: string, value: unknown) {
      const stored = toJsonValue(value);
      job.assigns = { ...job.assigns, [key]: stored };
      scope.$nodes[key] = stored;
    },
    branch(name: string, options: { locals?: unknown; index?: number } = {}) {
      const children = node.branches.get(name);
      if (!children) return Promise.resolve('completed');
      const inner = options.index === undefined ? prefix : `${path}[${options.index}]/`;
      const local = 'locals' in options ? { ...scope, $scopes: { ...scope.$scopes, [node.key]: options.locals } } : scope;
      return walkNodes(run, children, inner, local, services);
    },
  };
}

/** An error in the form that is stored and shown: a code and a sentence, no stack. */
export function toFailure(error: unknown): Failure {
  if (error instanceof HooklineError) {
    const { code, message, details } = error;
    return details === undefined ? { code, message } : { code, message, details };
  }
  return { code: 'node_failed', message: error instanceof Error ? error.message : String(error) };
}
