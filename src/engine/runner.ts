// Walks one execution through its tree. Jobs are the memo: what is finished is taken from them and never run again, so
// resume, retry, recovery and replay are one mechanism.

import { HooklineError } from '../errors.ts';
import { admitReply } from './admit-reply.ts';
import type { CompiledNode } from './compile.ts';
import { isStorageFailure, toFailure } from './failure.ts';
import { toJsonValue } from './json-value.ts';
import { FAILURE_BRANCH, type Failure, type Job } from './model.ts';
import type { BranchOutcome, NodeResult } from './plugin.ts';
import { cancelInside, recall, recallInside } from './recall.ts';
import { planRetry, sleep } from './retry.ts';
import type { Frame, Run, RunnerServices, RunningNodeParts, RunOutcome } from './run.ts';
import { RunningNode } from './running-node.ts';
import { takeTurn } from './take-turn.ts';

type Outcome = BranchOutcome | Promise<BranchOutcome>;

const COMPLETED: BranchOutcome = { status: 'completed' };
const WAITING: BranchOutcome = { status: 'waiting' };
const STOPPED: BranchOutcome = { status: 'stopped' };
const complete = (): BranchOutcome => COMPLETED;

/**
 * Walks the run to its end, to a wait or to an error; at once when no node takes time. Never throws and never rejects: what
 * goes wrong in a node is the outcome.
 */
export function walk(run: Run, nodes: readonly CompiledNode[], services: RunnerServices): RunOutcome | Promise<RunOutcome> {
  const walked = walkNodes(run, nodes, { prefix: '', scope: run.scope, signal: undefined }, services);
  return walked instanceof Promise ? walked.then((outcome) => outcomeOf(run, outcome)) : outcomeOf(run, walked);
}

function outcomeOf(run: Run, outcome: BranchOutcome): RunOutcome {
  if (run.outcome) return run.outcome;
  if (outcome.status === 'failed') run.outcome = { status: 'error', reply: null, error: outcome.error };
  else if (outcome.status === 'waiting') run.outcome = { status: 'waiting', reply: null, error: null };
  return run.outcome ?? { status: 'succeeded', reply: null, error: null };
}

function walkNodes(run: Run, nodes: readonly CompiledNode[], frame: Frame, services: RunnerServices): Outcome {
  for (let index = 0; index < nodes.length; index += 1) {
    const node = nodes[index];
    if (node === undefined) break;
    const turn = takeTurn(run, services);
    if (turn !== undefined) return walkRest(run, nodes, index, turn.then(complete), frame, services);
    const step = walkNode(run, node, frame, services);
    if (step instanceof Promise) return walkRest(run, nodes, index + 1, step, frame, services);
    if (step.status !== 'completed') return step;
  }
  return COMPLETED;
}

/** The same for a list in which one node takes time. */
async function walkRest(
  run: Run,
  nodes: readonly CompiledNode[],
  next: number,
  pending: Promise<BranchOutcome>,
  frame: Frame,
  services: RunnerServices,
): Promise<BranchOutcome> {
  const first = await pending;
  if (first.status !== 'completed') return first;
  for (let index = next; index < nodes.length; index += 1) {
    const node = nodes[index];
    if (node === undefined) break;
    const turn = takeTurn(run, services);
    if (turn !== undefined) await turn;
    const step = walkNode(run, node, frame, services);
    const outcome = step instanceof Promise ? await step : step;
    if (outcome.status !== 'completed') return outcome;
  }
  return COMPLETED;
}

/** Whether the walk has nothing more to do here: the execution has its end, or this branch was stopped. */
function isOver(run: Run, frame: Frame): boolean {
  return run.isSettled || run.outcome !== undefined || frame.signal?.aborted === true;
}

/** A node and the branch it chooses. */
function walkNode(run: Run, node: CompiledNode, frame: Frame, services: RunnerServices): Outcome {
  if (isOver(run, frame)) return STOPPED;
  const path = frame.prefix + node.key;
  const known = run.memo?.get(path);
  if (known === undefined) return runNode(run, node, path, frame, services, 1);
  if (known.status === 'canceled') {
    return known.wait?.kind === 'message'
      ? waitAgain(run, node, known, frame, services)
      : runNode(run, node, path, frame, services, 1);
  }
  if (known.status === 'waiting') return goOn(run, node, known, frame, services);
  if (known.status === 'succeeded' || known.isHandled === true) {
    // Of a control node that failed the branches have run, too, before the one for the failure.
    if (known.branch === undefined || known.isHandled === true) recallInside(run, node, frame);
    if (known.isResult) run.execution.output = known.output;
    recall(run, known, frame.scope);
    return walkBranch(run, node, known, frame, services);
  }
  return { status: 'failed', error: withPlace(known.error ?? { code: 'node_failed', message: 'The node failed.' }, path) };
}

function walkBranch(run: Run, node: CompiledNode, job: Job, frame: Frame, services: RunnerServices): Outcome {
  const children = job.branch === undefined ? undefined : node.branches.get(job.branch);
  return children ? walkNodes(run, children, frame, services) : COMPLETED;
}

/** A node that waited: somebody has resumed it, its time has come, or it waits on. */
function goOn(run: Run, node: CompiledNode, known: Job, frame: Frame, services: RunnerServices): Outcome {
  const { wait } = known;
  const path = known.path;
  const signal = wait?.kind === 'retry' ? undefined : run.signals.get(path);
  const time = services.now();
  const isDue = wait?.until !== null && wait?.until !== undefined && wait.until <= time;
  if (wait?.kind === 'retry' && isDue) return runNode(run, node, path, frame, services, (known.attempts ?? 1) + 1);
  if (!signal && !isDue) {
    if (wait?.until !== null && wait?.until !== undefined) run.wakeAt = Math.min(run.wakeAt, wait.until);
    run.waits.set(path, known);
    return WAITING;
  }
  const job: Job = { ...known };
  delete job.wait;
  if (signal) run.takeSignal(path);
  const error = signal ? signal.error : wait?.due?.error;
  if (error) return afterFailure(run, node, job, error, frame, services);
  const output = signal ? signal.output : wait?.due?.output;
  const branch = signal ? (signal.branch ?? wait?.resumedBranch) : wait?.due?.branch;
  return finish(run, node, job, { type: 'done', output, ...(branch === undefined ? {} : { branch }) }, frame, services);
}

/** A wait for a message that ended with what was around it; the message did not. */
function waitAgain(run: Run, node: CompiledNode, known: Job, frame: Frame, services: RunnerServices): Outcome {
  const job: Job = { ...known, status: 'waiting', finishedAt: null };
  const outcome = goOn(run, node, job, frame, services);
  if (run.waits.get(job.path) === job) run.unsaved.push(job);
  return outcome;
}

function runNode(run: Run, node: CompiledNode, path: string, frame: Frame, services: RunnerServices, attempt: number): Outcome {
  const job: Job = {
    key: node.key,
    path,
    type: node.type.type,
    status: 'succeeded',
    startedAt: services.now(),
    finishedAt: null,
  };
  if (attempt > 1) job.attempts = attempt;
  const parts: RunningNodeParts = { run, node, frame, services, job, hasWaitingBranch: false };
  const start = (): NodeResult | Promise<NodeResult> => node.type.run(new RunningNode(parts, walkNodes));
  const succeed = (result: NodeResult): Outcome => {
    if (isOver(run, frame)) return STOPPED;
    try {
      requireResult(result, run, parts);
    } catch (error) {
      return fail(error);
    }
    if (result.type === 'done') cancelInside(run, node, frame, services.now());
    return finish(run, node, job, result, frame, services);
  };
  const fail = (error: unknown): Outcome => {
    if (!isOver(run, frame)) cancelInside(run, node, frame, services.now());
    return afterFailure(run, node, job, toFailure(error), frame, services);
  };
  try {
    const result = node.type.hasEffect ? startWithEffect(run, start, services) : start();
    return result instanceof Promise ? result.then(succeed, fail) : succeed(result);
  } catch (error) {
    return fail(error);
  }
}

/** Everything before a node with an outside effect is committed before it runs. */
async function startWithEffect(
  run: Run,
  start: () => NodeResult | Promise<NodeResult>,
  services: RunnerServices,
): Promise<NodeResult> {
  await flush(run, services);
  // What is returned for a run that was settled meanwhile counts for nothing.
  if (run.isSettled) return { type: 'done' };
  const result = await start();
  // Soon, so that a crash does not repeat the effect; the flow need not wait for that.
  run.flushAt = 0;
  return result;
}

async function flush(run: Run, services: RunnerServices): Promise<void> {
  try {
    await services.flush(run);
  } catch (error) {
    // No node's fault: its turn comes again when storage works.
    run.abandon(error);
  }
}

function finish(run: Run, node: CompiledNode, job: Job, result: NodeResult, frame: Frame, services: RunnerServices): Outcome {
  if (isOver(run, frame)) return STOPPED;
  try {
    if (result.type === 'suspend') return WAITING;
    if (result.type === 'wait') return startWait(run, node, job, result, frame, services);
    if (result.type === 'call') {
      return startCall(run, job, result, frame, services).catch((error: unknown) => {
        if (isStorageFailure(error)) run.abandon(error);
        return afterFailure(run, node, job, toFailure(error), frame, services);
      });
    }
    if (result.type === 'publish') {
      return startPublish(run, node, job, result, frame, services).catch((error: unknown) => {
        if (isStorageFailure(error)) run.abandon(error);
        return afterFailure(run, node, job, toFailure(error), frame, services);
      });
    }
    job.status = 'succeeded';
    job.output = node.withoutSecrets(toJsonValue(result.output, run.room), frame.scope);
    job.finishedAt = services.now();
  } catch (error) {
    return afterFailure(run, node, job, toFailure(error), frame, services);
  }
  frame.scope.$nodes[job.key] = job.output;
  if (result.type === 'done') {
    if (result.branch !== undefined) job.branch = result.branch;
    if (result.log !== undefined && result.log.length > 0) job.log = [...result.log];
    if (result.isResult) {
      job.isResult = true;
      run.execution.output = job.output;
    }
    run.unsaved.push(job);
    return walkBranch(run, node, job, frame, services);
  }
  if (result.status === 'failed') {
    job.status = 'failed';
    job.error = { code: 'flow_failed', message: result.reason ?? 'The flow decided to fail here.' };
  }
  run.unsaved.push(job);
  const reply =
    result.reply === undefined ? null : admitReply(result.reply, node.locations, reportDropped(run, services, job.path));
  run.outcome = { status: result.status, reply, error: job.error ?? null };
  // Branches that run beside this one have nothing to do any more.
  if (run.hasSignal) run.abort(new HooklineError('conflict', 'The flow has ended in another branch.'));
  return STOPPED;
}

/** The log line of a header that a flow's reply may not have. */
function reportDropped({ execution, scope }: Run, { log, nodeLog = log }: RunnerServices, node: string) {
  return (name: string, reason: string): void => {
    const { id, workflowId: workflow } = execution;
    const header = scope.concealer?.text(name) ?? name;
    nodeLog.warn({ workflow, execution: id, node, header, reason }, 'a header was left out of a reply');
  };
}

function startWait(
  run: Run,
  node: CompiledNode,
  job: Job,
  result: Extract<NodeResult, { type: 'wait' }>,
  frame: Frame,
  services: RunnerServices,
): Outcome {
  const { until, due, resumedBranch } = result;
  requireMoment(until);
  job.status = 'waiting';
  job.wait = { until: until ?? null, kind: 'node' };
  if (due) {
    job.wait.due = {
      output: toJsonValue(due.output, run.room),
      ...(due.branch === undefined ? {} : { branch: due.branch }),
      ...(due.error === undefined ? {} : { error: due.error }),
    };
  }
  if (resumedBranch !== undefined) job.wait.resumedBranch = resumedBranch;
  // Somebody may have been quicker with the answer; then it never waits, and what waits is another node or its next try.
  const before = run.unsaved.length;
  const outcome = goOn(run, node, job, frame, services);
  if (outcome === WAITING && run.unsaved.length === before) run.unsaved.push(job);
  return outcome;
}

async function startCall(
  run: Run,
  job: Job,
  result: Extract<NodeResult, { type: 'call' }>,
  frame: Frame,
  services: RunnerServices,
): Promise<BranchOutcome> {
  const called = await services.call(run, job.path, result);
  if (isOver(run, frame)) return STOPPED;
  run.unsavedCalls.push(called);
  if (result.isAwaited) {
    job.status = 'waiting';
    job.wait = { until: null, kind: 'call', executionId: called.id };
    run.waits.set(job.path, job);
    run.unsaved.push(job);
    await flush(run, services);
    return isOver(run, frame) ? STOPPED : WAITING;
  }
  job.output = { executionId: called.id };
  job.finishedAt = services.now();
  frame.scope.$nodes[job.key] = job.output;
  run.unsaved.push(job);
  await flush(run, services);
  return isOver(run, frame) ? STOPPED : COMPLETED;
}

async function startPublish(
  run: Run,
  node: CompiledNode,
  job: Job,
  { event, isAwaited, until }: Extract<NodeResult, { type: 'publish' }>,
  frame: Frame,
  services: RunnerServices,
): Promise<BranchOutcome> {
  requireMoment(until);
  const prepared = await services.publish(run, job.path, event, isAwaited);
  if (isOver(run, frame)) return STOPPED;
  run.unsavedMessages.push(prepared);
  const [{ id: messageId, deliveries }] = prepared.messages;
  if (isAwaited && deliveries.length > 0) {
    const due = { output: { messageId, delivered: false, timedOut: true }, branch: 'failed' };
    job.status = 'waiting';
    job.wait = { until: until ?? null, kind: 'message', messageId, ...(until === undefined ? {} : { due }) };
    if (until !== undefined) run.wakeAt = Math.min(run.wakeAt, until);
    run.waits.set(job.path, job);
    run.unsaved.push(job);
    await flush(run, services);
    return isOver(run, frame) ? STOPPED : WAITING;
  }
  // Whoever waits for nobody has been heard by all.
  if (isAwaited) job.branch = 'delivered';
  job.output = isAwaited ? { messageId, delivered: true, deliveries: [] } : { messageId, deliveries: deliveries.length };
  job.finishedAt = services.now();
  frame.scope.$nodes[job.key] = job.output;
  run.unsaved.push(job);
  await flush(run, services);
  return isOver(run, frame) ? STOPPED : walkBranch(run, node, job, frame, services);
}

/** @throws HooklineError `node_failed` */
function requireMoment(until: number | undefined): void {
  if (until === undefined || Number.isFinite(until)) return;
  throw new HooklineError('node_failed', 'The node wants to wait until a moment that is not a number of milliseconds.');
}

/** A try has failed: another one now or later, the way that the designer has chosen for it, or the end. */
function afterFailure(run: Run, node: CompiledNode, job: Job, failure: Failure, frame: Frame, services: RunnerServices): Outcome {
  // Behind an end, a wait or a cancel it counts for nothing, like what is returned then.
  if (isOver(run, frame)) return STOPPED;
  services.log.warn({ execution: run.execution.id, node: job.path, code: failure.code }, 'a node failed');
  const attempt = job.attempts ?? 1;
  const retry = planRetry(node, attempt, services.now(), run.mayWait);
  if (retry?.type === 'later') {
    Object.assign(job, { status: 'waiting', error: failure, attempts: attempt, wait: { until: retry.until, kind: 'retry' } });
    run.unsaved.push(job);
    run.waits.set(job.path, job);
    run.wakeAt = Math.min(run.wakeAt, retry.until);
    return WAITING;
  }
  if (retry?.type === 'soon') {
    const signal = frame.signal ? AbortSignal.any([run.signal, frame.signal]) : run.signal;
    return sleep(retry.delayMs, signal).then(() => {
      if (isOver(run, frame)) return STOPPED;
      return runNode(run, node, job.path, frame, services, attempt + 1);
    });
  }
  job.status = 'error';
  job.error = failure;
  job.finishedAt = services.now();
  run.unsaved.push(job);
  if (node.onFailure === 'stop') return { status: 'failed', error: withPlace(failure, job.path) };
  job.isHandled = true;
  job.output = { error: { code: failure.code, message: failure.message } };
  frame.scope.$nodes[job.key] = job.output;
  if (node.onFailure === 'branch') job.branch = FAILURE_BRANCH;
  return walkBranch(run, node, job, frame, services);
}

/** The failure as the execution shows it: with the innermost node that failed. */
function withPlace(failure: Failure, path: string): Failure {
  const { code, message, details } = failure;
  const known = typeof details === 'object' && details !== null && 'node' in details;
  if (known) return failure;
  return { code, message, details: details === undefined ? { node: path } : { node: path, cause: details } };
}

/** What a node of a plugin without types handed back. @throws HooklineError `node_failed` */
function requireResult(result: unknown, run: Run, { node, hasWaitingBranch }: RunningNodeParts): void {
  if (typeof result === 'object' && result !== null && 'type' in result) {
    if (result.type === 'done') return;
    if (result.type === 'suspend') {
      if (hasWaitingBranch) return;
      // Nothing would ever make it go on.
      throw new HooklineError(
        'node_failed',
        `The node type "${node.type.type}" may suspend only while one of its branches waits.`,
      );
    }
    if (result.type === 'end' && 'status' in result && (result.status === 'succeeded' || result.status === 'failed')) return;
    if (result.type === 'wait' || result.type === 'call' || result.type === 'publish') {
      const isAwaited = result.type === 'wait' || ('isAwaited' in result && result.isAwaited === true);
      if (run.mayWait || !isAwaited) return;
      throw new HooklineError('node_failed', `The node type "${node.type.type}" may not wait: a caller waits for the answer.`);
    }
  }
  throw new HooklineError(
    'node_failed',
    'The node gave no result: run must return { type: "done" }, { type: "wait" } or { type: "end", status: "succeeded" or "failed" }.',
  );
}
