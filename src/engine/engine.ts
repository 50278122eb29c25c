// The kernel's front: accepts requests, runs executions now or later, resumes, replays and cancels them, starts and stops.

import { HooklineError } from '../errors.ts';
import { createCancellations } from './cancellations.ts';
import { type CompiledWorkflow, isHttpTrigger } from './compile.ts';
import { createIdSource } from './id.ts';
import { toJsonValue } from './json-value.ts';
import { createLateWrites } from './late-writes.ts';
import { createListeners } from './listeners.ts';
import { type ManualInput, toManualRequest } from './manual-request.ts';
import type { ExecutionSource, ExecutionStatus, ExecutionWithJobs, Job, StoredRequest } from './model.ts';
import { isFinal } from './model.ts';
import type { Log } from './plugin.ts';
import type { ExpressionEvaluator, Queue, Storage } from './ports.ts';
import { createRecorder, type Interruption } from './recorder.ts';
import type { Registry } from './registry.ts';
import { createRevisionCache } from './revision-cache.ts';
import { Run, type RunnerServices, type RunOutcome } from './run.ts';
import { toFailure, walk } from './runner.ts';
import { createScope, type ParsedRequest } from './scope.ts';
import { createWatch } from './watch.ts';
import type { WorkflowService } from './workflows.ts';

export interface EngineOptions {
  readonly storage: Storage;
  readonly queue: Queue;
  /** Where revisions come from, write-only values opened. */
  readonly documents: Pick<WorkflowService, 'byId' | 'byHookKey'>;
  readonly registry: Registry;
  readonly evaluator: ExpressionEvaluator;
  readonly log: Log;
  /** Milliseconds since 1970. */
  now(): number;
  /** How long the caller of a sync workflow waits when the workflow does not say, in milliseconds. */
  readonly deadlineMs: number;
  /** Told of each execution that has ended and is stored; the duration runs from its acceptance. */
  onFinish?(status: ExecutionStatus, durationMs: number): void;
  /** How long `stop` waits for running executions, in milliseconds. */
  readonly shutdownGraceMs: number;
}

export interface EngineStats {
  /** Executions in memory that run now. */
  readonly running: number;
  /** Executions in memory that wait for their turn. */
  readonly queued: number;
}

export interface Engine {
  start(): Promise<void>;
  /** Takes nothing new, lets running executions finish within the grace period, leaves the rest to the next start. */
  stop(): Promise<void>;
  isAccepting(): boolean;
  /** The live revision behind a trigger URL, enabled or not; undefined when the key is unknown. */
  find(hookKey: string): CompiledWorkflow | undefined | Promise<CompiledWorkflow | undefined>;
  /**
   * Takes a request for an enabled workflow; resolves when its `response` may be sent, since everything is committed.
   * @throws HooklineError what the trigger refuses with; `storage_unavailable`, `shutting_down`
   */
  accept(target: CompiledWorkflow, request: StoredRequest): Promise<ExecutionWithJobs>;
  /** Runs by hand, enabled or not; resolves at the end of a sync workflow, and when an async one is accepted. */
  run(workflowId: string, input: ManualInput, options?: { revision?: number | undefined }): Promise<ExecutionWithJobs>;
  /** Runs the stored request of an execution again, on the live or a named revision. */
  replay(executionId: string, options?: { revision?: number | undefined }): Promise<ExecutionWithJobs>;
  /** @throws HooklineError `execution_not_found`, `conflict` when it is final already */
  cancel(executionId: string): Promise<ExecutionWithJobs>;
  /** Gives a waiting job its result and goes on. @throws `execution_not_found`, `conflict` when that job does not wait */
  resume(executionId: string, jobPath: string, output: unknown): Promise<void>;
  /** A workflow changed: its compiled copies are dropped and its trigger listens anew. */
  refresh(workflowId: string): Promise<void>;
  stats(): EngineStats;
}

/** What an execution comes from. */
interface Origin {
  readonly source: ExecutionSource;
  /** Null for triggers that are not HTTP; then `context` counts. */
  readonly request: StoredRequest | null;
  readonly context?: unknown;
  readonly replayOf?: string;
}

interface Begun {
  readonly target: CompiledWorkflow;
  readonly run: Run;
}

export function createEngine(options: EngineOptions): Engine {
  const { storage, queue, registry, evaluator, log, now } = options;
  const revisions = createRevisionCache(options.documents, registry);
  const createId = createIdSource();
  const active = new Map<string, Run>();
  const cancellations = createCancellations();
  /** Executions that were accepted here and are still in the queue's window: no need to parse them again. */
  const prepared = new WeakMap<ExecutionWithJobs, { run: Run; target: CompiledWorkflow }>();
  let onIdle: (() => void) | undefined;
  let state: 'stopped' | 'accepting' | 'stopping' = 'stopped';

  const { write, flush, settle } = createRecorder({ executions: storage.executions, now, onFinish: options.onFinish });
  const lateWrites = createLateWrites({ write, log });
  const services: RunnerServices = { evaluator, log, now, flush };
  const listeners = createListeners(revisions, async (target, context) => {
    const { id } = await perform(await begin(target, { source: 'trigger', request: null, context: toJsonValue(context) }));
    return { executionId: id };
  });
  const watch = createWatch({ onSlow: showAsRunning, onDeadline: timeOut });

  // --- accepting -------------------------------------------------------------------------------------------------------

  function parse(target: CompiledWorkflow, { request, context }: Pick<Origin, 'request' | 'context'>): ParsedRequest {
    if (request === null) return { context, body: undefined };
    if (isHttpTrigger(target.trigger)) return target.trigger.parse(request);
    throw new HooklineError('conflict', 'The execution came from an HTTP request, but the revision has no HTTP trigger.');
  }

  /** Makes the run, of a revision that no edit changes any more. A promise only for a revision's first run. */
  function begin(found: CompiledWorkflow, origin: Origin): Begun | Promise<Begun> {
    if (state !== 'accepting') {
      throw new HooklineError('shutting_down', 'The server is stopping.', { headers: { 'Retry-After': '5' } });
    }
    // Before the revision counts as executed: a request that is refused has not run it.
    const parsed = parse(found, origin);
    return found.executed
      ? prepare(found, origin, parsed)
      : pin(found).then((target) => prepare(target, origin, parse(target, origin)));
  }

  /** Marks a revision as executed, and only then reads what will run: an edit in between is in it, a later one is not. */
  async function pin({ workflow, revision }: CompiledWorkflow): Promise<CompiledWorkflow> {
    await storage.executions.markExecuted(workflow.id, revision);
    revisions.forget(workflow.id);
    return revisions.load(workflow.id, revision);
  }

  function prepare(target: CompiledWorkflow, origin: Origin, parsed: ParsedRequest): Begun {
    const createdAt = now();
    const execution: ExecutionWithJobs = {
      id: createId(createdAt),
      workflowId: target.workflow.id,
      revision: target.revision,
      status: 'queued',
      source: origin.source,
      createdAt,
      startedAt: null,
      finishedAt: null,
      request: origin.request,
      context: origin.request === null ? parsed.context : undefined,
      response: null,
      error: null,
      replayOf: origin.replayOf ?? null,
      jobs: [],
    };
    return { target, run: new Run(execution, createScope(execution, parsed, now), false) };
  }

  /** Commits as queued and hands over to the queue. */
  async function enqueue(target: CompiledWorkflow, run: Run): Promise<void> {
    await write(run);
    prepared.set(run.execution, { run, target });
    queue.push(run.execution);
  }

  // --- running ---------------------------------------------------------------------------------------------------------

  /** Runs to the end, or until somebody interrupts it. Resolves when that is committed. */
  async function execute(target: CompiledWorkflow, run: Run, deadlineMs: number): Promise<void> {
    const { execution } = run;
    execution.status = 'running';
    execution.startedAt ??= now();
    active.set(execution.id, run);
    try {
      const walked = walk(run, target.nodes, services);
      const outcome = walked instanceof Promise ? await untilInterrupted(run, walked, deadlineMs) : walked;
      if (outcome) await settle(run, outcome);
      else if (run.abandoned) throw run.abandoned;
      else await run.lastWrite;
    } finally {
      active.delete(execution.id);
      watch.remove(run);
      if (active.size === 0) onIdle?.();
    }
  }

  /** The walk's outcome; undefined when a cancel, a deadline or a stop came first. A node that hears no signal is left behind. */
  function untilInterrupted(run: Run, walked: Promise<RunOutcome>, deadlineMs: number): Promise<RunOutcome | undefined> {
    watch.add(run, deadlineMs);
    return new Promise((resolve) => {
      run.onInterrupt = () => resolve(undefined);
      walked.then((outcome) => resolve(run.isSettled ? undefined : outcome));
    });
  }

  /** A run that takes longer than a moment is stored, so that it can be seen and survives a crash. */
  function showAsRunning(run: Run): void {
    if (run.isSettled) return;
    write(run).catch((error: unknown) => {
      log.error({ execution: run.execution.id, error: toFailure(error) }, 'a running execution could not be stored');
    });
  }

  /** Ends a run from outside; the commit of that is also what `execute` waits for. */
  function interrupt(run: Run, interruption: Interruption, reason: HooklineError): Promise<void> {
    const written = settle(run, interruption);
    run.abort(reason);
    run.onInterrupt?.();
    return written;
  }

  function timeOut(run: Run): void {
    if (run.isSettled) return;
    const error = new HooklineError('deadline_exceeded', 'The workflow did not answer before its deadline.');
    interrupt(run, { status: 'timed_out', reply: null, error: toFailure(error) }, error).catch((failure: unknown) => {
      log.error({ execution: run.execution.id, error: toFailure(failure) }, 'a timed-out execution could not be stored');
    });
  }

  /** The queue's turn: an execution of this process, or one that storage had. */
  async function runQueued(execution: ExecutionWithJobs): Promise<void> {
    if (await cancellations.take(execution.id)) return;
    const known = prepared.get(execution);
    try {
      if (known) {
        prepared.delete(execution);
        await execute(known.target, known.run, 0);
      } else {
        const target = await revisions.load(execution.workflowId, execution.revision);
        await execute(target, new Run(execution, createScope(execution, parse(target, execution), now), true), 0);
      }
    } catch (error) {
      await fail(execution, error);
    }
  }

  /** What could not even start (a plugin is gone, the request no longer parses) ends in its own record. */
  async function fail(execution: ExecutionWithJobs, error: unknown): Promise<void> {
    if (isStorageFailure(error)) throw error;
    // Storage has it as running: the next start goes on with it.
    if (error instanceof HooklineError && error.code === 'shutting_down') return;
    log.error({ execution: execution.id, error: toFailure(error) }, 'an execution could not run');
    const run = new Run(execution, createScope(execution, { context: null, body: null }, now), true);
    await settle(run, { status: 'error', reply: null, error: toFailure(error) });
  }

  /** Runs now when the workflow is sync, else hands over to the queue. Resolves when the reply is there and committed. */
  async function perform({ target, run }: Begun): Promise<ExecutionWithJobs> {
    const { trigger, workflow } = target;
    const http = isHttpTrigger(trigger) ? trigger : undefined;
    if (workflow.mode === 'async') {
      if (http) run.execution.response = http.reply(run.scope);
      await enqueue(target, run);
    } else {
      run.isAwaited = true;
      await executeNow(target, run, http?.deadlineMs ?? options.deadlineMs);
    }
    return run.execution;
  }

  /** For runs that no queue tries again: when storage knows of one and cannot take its end, its end is stored later. */
  async function executeNow(target: CompiledWorkflow, run: Run, deadlineMs: number): Promise<void> {
    try {
      await execute(target, run, deadlineMs);
    } catch (error) {
      if (!run.isStored || !isStorageFailure(error)) throw error;
      if (!isFinal(run.execution.status)) {
        run.execution.status = 'error';
        run.execution.error = toFailure(error);
        run.execution.finishedAt = now();
      }
      lateWrites.add(run);
      throw error;
    }
  }

  /** Lets what runs finish for a while. What then still runs and is stored goes on at the next start. */
  async function settleOrAbandon(graceMs: number): Promise<void> {
    if (active.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    onIdle = undefined;
    const error = new HooklineError('shutting_down', 'The server stopped before the workflow had finished.');
    for (const run of active.values()) {
      run.abandon(error);
      run.abort(error);
    }
  }

  return {
    async start() {
      await queue.start(runQueued);
      watch.start();
      state = 'accepting';
      for (const workflow of await storage.workflows.listEnabled()) {
        try {
          await listeners.start(workflow.id);
        } catch (error) {
          // One workflow whose plugin is gone must not keep the others from starting.
          log.error({ workflow: workflow.id, error: toFailure(error) }, 'the trigger of a workflow could not start');
        }
      }
    },

    async stop() {
      if (state === 'stopped') return;
      state = 'stopping';
      await listeners.stopAll();
      await queue.stop();
      await settleOrAbandon(options.shutdownGraceMs);
      watch.stop();
      await lateWrites.stop();
      state = 'stopped';
    },

    isAccepting: () => state === 'accepting',

    find: revisions.find,

    accept(target, request) {
      const begun = begin(target, { source: 'webhook', request });
      return begun instanceof Promise ? begun.then(perform) : perform(begun);
    },

    async run(workflowId, input, { revision } = {}) {
      const target = await revisions.load(workflowId, revision);
      const request = isHttpTrigger(target.trigger) ? toManualRequest(target.workflow.hookKey, input) : null;
      return perform(await begin(target, { source: 'manual', request, context: input.context }));
    },

    async replay(executionId, { revision } = {}) {
      const original = await storage.executions.get(executionId);
      if (!original) throw new HooklineError('execution_not_found', `There is no execution ${executionId}.`);
      const { id: replayOf, request, context } = original;
      const target = await revisions.load(original.workflowId, revision);
      return perform(await begin(target, { source: 'replay', request, context, replayOf }));
    },

    async cancel(executionId) {
      const error = { code: 'canceled', message: 'Somebody cancelled the execution.' };
      const run = active.get(executionId);
      if (run && !run.isSettled) {
        await interrupt(run, { status: 'canceled', reply: null, error }, new HooklineError('conflict', error.message));
        return run.execution;
      }
      // It has just ended; what is stored may not say so yet.
      await run?.lastWrite;
      const execution = await storage.executions.get(executionId);
      if (!execution) throw new HooklineError('execution_not_found', `There is no execution ${executionId}.`);
      if (isFinal(execution.status)) {
        throw new HooklineError('conflict', `The execution has ended already (${execution.status}); it cannot be cancelled.`);
      }
      const stopped = new Run(execution, createScope(execution, { context: null, body: null }, now), true);
      const stored = settle(stopped, { status: 'canceled', reply: null, error });
      cancellations.add(executionId, stored);
      await stored;
      return execution;
    },

    async resume(executionId, jobPath, output) {
      const execution = await storage.executions.get(executionId);
      if (!execution) throw new HooklineError('execution_not_found', `There is no execution ${executionId}.`);
      const waiting = execution.jobs.find((job) => job.path === jobPath && job.status === 'waiting');
      if (execution.status !== 'waiting' || !waiting || active.has(executionId)) {
        throw new HooklineError('conflict', `The execution does not wait at "${jobPath}".`);
      }
      const target = await revisions.load(execution.workflowId, execution.revision);
      const job: Job = { ...waiting, status: 'succeeded', output, finishedAt: now() };
      const others = execution.jobs.filter(({ path }) => path !== jobPath);
      const resumed: ExecutionWithJobs = { ...execution, status: 'running', jobs: [...others, job] };
      const run = new Run(resumed, createScope(resumed, parse(target, resumed), now), true);
      run.unsaved = [job];
      await write(run);
      executeNow(target, run, 0).catch((error: unknown) => {
        log.error({ execution: executionId, error: toFailure(error) }, 'a resumed execution could not be stored');
      });
    },

    async refresh(workflowId) {
      revisions.forget(workflowId);
      await listeners.stop(workflowId);
      if (state !== 'accepting') return;
      const workflow = await storage.workflows.get(workflowId);
      if (workflow?.enabled) await listeners.start(workflowId);
    },

    stats: () => ({ running: active.size, queued: queue.depth().waiting }),
  };
}

function isStorageFailure(error: unknown): boolean {
  return error instanceof HooklineError && error.code === 'storage_unavailable';
}
