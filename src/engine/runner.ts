// Walks one execution through its tree. Jobs are the memo: what is finished is taken from them and never run again, so
// resume, recovery and replay are one mechanism.

import { HooklineError } from '../errors.ts';
import type { CompiledNode } from './compile.ts';
import { toFailure } from './failure.ts';
import { toJsonValue } from './json-value.ts';
import type { Job } from './model.ts';
import type { BranchOutcome, NodeResult, Scope } from './plugin.ts';
import type { Run, RunnerServices, RunOutcome } from './run.ts';
import { RunningNode } from './running-node.ts';
import type { ExtensibleScope } from './scope.ts';

type Outcome = BranchOutcome | Promise<BranchOutcome>;

/**
 * Walks the run to its end, to a wait or to an error; at once when no node takes time. Never throws and never rejects: what
 * goes wrong in a node is the outcome.
 */
export function walk(run: Run, nodes: readonly CompiledNode[], services: RunnerServices): RunOutcome | Promise<RunOutcome> {
  const walked = walkNodes(run, nodes, '', run.scope, services);
  return walked instanceof Promise ? walked.then(() => outcomeOf(run)) : outcomeOf(run);
}

function outcomeOf(run: Run): RunOutcome {
  return run.outcome ?? { status: 'succeeded', reply: null, error: null };
}

function walkNodes(
  run: Run,
  nodes: readonly CompiledNode[],
  prefix: string,
  scope: ExtensibleScope,
  services: RunnerServices,
): Outcome {
  for (let index = 0; index < nodes.length; index += 1) {
    const node = nodes[index];
    if (node === undefined) break;
    const step = walkNode(run, node, prefix, scope, services);
    if (step instanceof Promise) return walkRest(run, nodes, index + 1, step, prefix, scope, services);
    if (step === 'stopped') return step;
  }
  return 'completed';
}

/** The same for a list in which one node takes time. */
async function walkRest(
  run: Run,
  nodes: readonly CompiledNode[],
  next: number,
  pending: Promise<BranchOutcome>,
  prefix: string,
  scope: ExtensibleScope,
  services: RunnerServices,
): Promise<BranchOutcome> {
  if ((await pending) === 'stopped') return 'stopped';
  for (const node of nodes.slice(next)) {
    const step = walkNode(run, node, prefix, scope, services);
    if ((step instanceof Promise ? await step : step) === 'stopped') return 'stopped';
  }
  return 'completed';
}

/** A node and the branch it chooses. */
function walkNode(run: Run, node: CompiledNode, prefix: string, scope: ExtensibleScope, services: RunnerServices): Outcome {
  if (run.isSettled || run.outcome) return 'stopped';
  const path = prefix + node.key;
  const known = run.memo?.get(path);
  if (known?.status === 'waiting') {
    run.outcome = { status: 'waiting', reply: null, error: null };
    return 'stopped';
  }
  const walkBranch = (job: Job | undefined): Outcome => {
    if (!job || run.outcome) return 'stopped';
    const children = job.branch === undefined ? undefined : node.branches.get(job.branch);
    return children ? walkNodes(run, children, prefix, scope, services) : 'completed';
  };
  if (known?.status === 'succeeded') {
    if (known.branch === undefined) recallInside(run, node, prefix, scope);
    return walkBranch(recall(known, scope));
  }
  const job = runNode(run, node, path, prefix, scope, services);
  return job instanceof Promise ? job.then(walkBranch) : walkBranch(job);
}

/** Puts a finished job's effect on the variables back. */
function recall(job: Job, scope: Scope): Job {
  scope.$nodes[job.key] = job.output;
  for (const [key, value] of Object.entries(job.assigns ?? {})) scope.$nodes[key] = value;
  return job;
}

/** A control node that has finished does not run its branches again; what they left on the variables is put back. */
function recallInside(run: Run, node: CompiledNode, prefix: string, scope: Scope): void {
  if (node.branches.size === 0) return;
  const keys = keysInside(node);
  for (const job of run.memo?.values() ?? []) {
    if (keys.has(job.key) && job.path.startsWith(prefix) && job.status === 'succeeded') recall(job, scope);
  }
}

function keysInside(node: CompiledNode, keys: Set<string> = new Set()): ReadonlySet<string> {
  for (const children of node.branches.values()) {
    for (const child of children) keysInside(child, keys.add(child.key));
  }
  return keys;
}

/** @returns the job, or undefined when somebody else has settled the execution meanwhile */
function runNode(
  run: Run,
  node: CompiledNode,
  path: string,
  prefix: string,
  scope: ExtensibleScope,
  services: RunnerServices,
): Job | undefined | Promise<Job | undefined> {
  const job: Job = {
    key: node.key,
    path,
    type: node.type.type,
    status: 'succeeded',
    startedAt: services.now(),
    finishedAt: null,
  };
  const start = (): NodeResult | Promise<NodeResult> =>
    node.type.run(new RunningNode({ run, node, prefix, scope, services, job, walkNodes }));
  const finish = (result: NodeResult): Job | undefined => {
    if (run.isSettled || run.outcome) return undefined;
    try {
      applyResult(run, job, result, scope, services.now());
    } catch (error) {
      return failWith(error);
    }
    run.unsaved.push(job);
    return job;
  };
  const failWith = (error: unknown): Job | undefined => {
    const failure = toFailure(error);
    services.log.warn({ execution: run.execution.id, node: path, code: failure.code }, 'a node failed');
    // Behind an end, a wait or a cancel it counts for nothing, like what is returned then.
    if (run.isSettled || run.outcome) return undefined;
    job.status = 'error';
    job.error = failure;
    job.finishedAt = services.now();
    run.outcome = { status: 'error', reply: null, error: { ...failure, details: { node: path } } };
    run.unsaved.push(job);
    return job;
  };
  try {
    const result = node.type.hasEffect ? startWithEffect(run, start, services) : start();
    return result instanceof Promise ? result.then(finish, failWith) : finish(result);
  } catch (error) {
    return failWith(error);
  }
}

/** Everything before a node with an outside effect is committed before it runs. */
async function startWithEffect(
  run: Run,
  start: () => NodeResult | Promise<NodeResult>,
  services: RunnerServices,
): Promise<NodeResult> {
  try {
    await services.flush(run);
  } catch (error) {
    // Not this node's fault: it has not run, and its turn comes again when storage works.
    run.abandon(error);
  }
  // What is returned for a run that was settled meanwhile counts for nothing.
  return run.isSettled ? { type: 'done' } : start();
}

/** What a node of a plugin without types handed back. @throws HooklineError `node_failed` */
function requireResult(result: unknown): void {
  if (typeof result === 'object' && result !== null && 'type' in result) {
    if (result.type === 'done' || result.type === 'wait') return;
    if (result.type === 'end' && 'status' in result && (result.status === 'succeeded' || result.status === 'failed')) return;
  }
  throw new HooklineError(
    'node_failed',
    'The node gave no result: run must return { type: "done" }, { type: "wait" } or { type: "end", status: "succeeded" or "failed" }.',
  );
}

function applyResult(run: Run, job: Job, result: NodeResult, scope: Scope, now: number): void {
  requireResult(result);
  if (result.type === 'wait') {
    job.status = 'waiting';
    run.outcome = { status: 'waiting', reply: null, error: null };
    return;
  }
  job.finishedAt = now;
  job.output = toJsonValue(result.output, run.room);
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
