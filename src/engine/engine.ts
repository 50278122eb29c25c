// The kernel's front: accepts requests, runs executions now or later, resumes, replays and cancels them, starts and stops.

import { HooklineError } from '../errors.ts';
import { createCancellations } from './cancellations.ts';
import { type CompiledWorkflow, isHttpTrigger } from './compile.ts';
import { createExecutor } from './executor.ts';
import { isStorageFailure, toFailure } from './failure.ts';
import { createIdSource } from './id.ts';
import { toJsonValue } from './json-value.ts';
import { createKeyedLock } from './keyed-lock.ts';
import { createListeners } from './listeners.ts';
import { type ManualInput, toManualRequest } from './manual-request.ts';
import type { ExecutionSource, ExecutionStatus, ExecutionWithJobs, Job, StoredRequest } from './model.ts';
import { isFinal } from './model.ts';
import type { Log } from './plugin.ts';
import type { ExpressionEvaluator, Queue, Storage } from './ports.ts';
import { createRecorder } from './recorder.ts';
import type { Registry } from './registry.ts';
import { createRevisionCache } from './revision-cache.ts';
import { Run } from './run.ts';
import { createScope, type ParsedRequest } from './scope.ts';
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
  /** Gives a waiting job its result and hands the execution over to the queue. @throws `execution_not_found`, `conflict` when that job does not wait */
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
  const cancellations = createCancellations();
  /** Orders what is done to one execution from outside. */
  const lock = createKeyedLock();
  /** Executions that were accepted here and are still in the queue's window: no need to parse them again. */
  const prepared = new WeakMap<ExecutionWithJobs, Begun>();
  let state: 'stopped' | 'accepting' | 'stopping' = 'stopped';

  const recorder = createRecorder({ executions: storage.executions, now, onFinish: options.onFinish });
  const executor = createExecutor({ recorder, evaluator, log, now });
  const listeners = createListeners({
    revisions,
    log,
    async fire(workflowId, context) {
      const target = await revisions.load(workflowId, undefined);
      const { id } = await perform(await begin(target, { source: 'trigger', request: null, context: toJsonValue(context) }));
      return { executionId: id };
    },
  });

  // --- accepting -------------------------------------------------------------------------------------------------------

  function parse(target: CompiledWorkflow, { request, context }: Pick<Origin, 'request' | 'context'>): ParsedRequest {
    if (request === null) return { context, body: undefined };
    if (isHttpTrigger(target.trigger)) return target.trigger.parse(request);
    throw new HooklineError('conflict', 'The execution came from an HTTP request, but the revision has no HTTP trigger.');
  }

  function requireAccepting(): void {
    if (state === 'accepting') return;
    throw new HooklineError('shutting_down', 'The server is stopping.', {
      headers: { 'Retry-After': '5', Connection: 'close' },
    });
  }

  /** Makes the run, of a revision that no edit changes any more. A promise only for a revision's first run. */
  function begin(found: CompiledWorkflow, origin: Origin): Begun | Promise<Begun> {
    // Before the revision counts as executed: a request that is refused has not run it. What is wrong with the request is
    // told also while the server stops, since trying again would not help.
    const parsed = parse(found, origin);
    requireAccepting();
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
    await recorder.write(run);
    prepared.set(run.execution, { run, target });
    queue.push(run.execution);
  }

  async function getExecution(executionId: string): Promise<ExecutionWithJobs> {
    const execution = await storage.executions.get(executionId);
    if (execution) return execution;
    throw new HooklineError('execution_not_found', `There is no execution ${executionId}.`);
  }

  // --- running ---------------------------------------------------------------------------------------------------------

  /** The queue's turn: an execution of this process, or one that storage had. */
  async function runQueued(execution: ExecutionWithJobs): Promise<void> {
    const canceled = (): Promise<boolean> | undefined => cancellations.outcomeOf(execution.id);
    try {
      const { target, run } = prepared.get(execution) ?? (await restore(execution));
      prepared.delete(execution);
      // Asked last, so that nothing is awaited between a no and the start: a cancel finds the run either before or after.
      for (let outcome = canceled(); outcome; outcome = canceled()) if (await outcome) return;
      await executor.execute(target.nodes, run);
    } catch (error) {
      await fail(execution, error);
    }
  }

  async function restore(execution: ExecutionWithJobs): Promise<Begun> {
    const target = await revisions.load(execution.workflowId, execution.revision);
    return { target, run: new Run(execution, createScope(execution, parse(target, execution), now), true) };
  }

  /** What could not even start (a plugin is gone, the request no longer parses) ends in its own record. */
  async function fail(execution: ExecutionWithJobs, error: unknown): Promise<void> {
    if (isStorageFailure(error)) throw error;
    // Storage has it as running: the next start goes on with it.
    if (error instanceof HooklineError && error.code === 'shutting_down') return;
    if (await cancellations.outcomeOf(execution.id)) return;
    log.error({ execution: execution.id, error: toFailure(error) }, 'an execution could not run');
    const run = new Run(execution, createScope(execution, { context: null, body: null }, now), true);
    await recorder.settle(run, { status: 'error', reply: null, error: toFailure(error) });
  }

  /** Runs now when the workflow is sync, else hands over to the queue. Resolves when the reply is there and committed. */
  async function perform({ target, run }: Begun): Promise<ExecutionWithJobs> {
    const { trigger, workflow } = target;
    const http = isHttpTrigger(trigger) ? trigger : undefined;
    if (workflow.mode === 'async') {
      try {
        if (http) run.execution.response = http.reply(run.scope);
      } catch (error) {
        // Kept all the same, so that the designer sees which request the reply could not be made for.
        run.isAwaited = true;
        await recorder.settle(run, { status: 'error', reply: null, error: toFailure(error) });
        return run.execution;
      }
      await enqueue(target, run);
    } else {
      run.isAwaited = true;
      await executor.executeNow(target.nodes, run, http?.deadlineMs ?? options.deadlineMs);
    }
    return run.execution;
  }

  return {
    async start() {
      // Read first: what fails here leaves nothing running.
      const workflows = await storage.workflows.listEnabled();
      await queue.start(runQueued);
      executor.start();
      state = 'accepting';
      for (const workflow of workflows) {
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
      await executor.stop(options.shutdownGraceMs);
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
      return perform(await begin(target, { source: 'manual', request, context: toJsonValue(input.context) }));
    },

    async replay(executionId, { revision } = {}) {
      const original = await getExecution(executionId);
      const { id: replayOf, request, context } = original;
      const target = await revisions.load(original.workflowId, revision);
      return perform(await begin(target, { source: 'replay', request, context, replayOf }));
    },

    cancel(executionId) {
      const error = { code: 'canceled', message: 'Somebody canceled the execution.' };
      const run = executor.find(executionId);
      if (run && !run.isSettled) {
        const reason = new HooklineError('conflict', error.message);
        return executor.interrupt(run, { status: 'canceled', reply: null, error }, reason).then(() => run.execution);
      }
      const cancelStored = async (): Promise<ExecutionWithJobs> => {
        // It has just ended; what is stored may not say so yet.
        await run?.lastWrite;
        const execution = await getExecution(executionId);
        if (isFinal(execution.status)) {
          throw new HooklineError('conflict', `The execution has ended already (${execution.status}); it cannot be canceled.`);
        }
        const stopped = new Run(execution, createScope(execution, { context: null, body: null }, now), true);
        await recorder.settle(stopped, { status: 'canceled', reply: null, error });
        return execution;
      };
      return cancellations.attempt(executionId, () => lock(executionId, cancelStored));
    },

    resume(executionId, jobPath, output) {
      return lock(executionId, async () => {
        requireAccepting();
        const execution = await getExecution(executionId);
        const waiting = execution.jobs.find((job) => job.path === jobPath && job.status === 'waiting');
        if (execution.status !== 'waiting' || !waiting) {
          throw new HooklineError('conflict', `The execution does not wait at "${jobPath}".`);
        }
        const job: Job = { ...waiting, status: 'succeeded', output: toJsonValue(output), finishedAt: now() };
        const others = execution.jobs.filter(({ path }) => path !== jobPath);
        const { target, run } = await restore({ ...execution, status: 'queued', jobs: [...others, job] });
        run.execution.jobs = others;
        run.unsaved = [job];
        await enqueue(target, run);
      });
    },

    async refresh(workflowId) {
      revisions.forget(workflowId);
      await listeners.stop(workflowId);
      const workflow = await storage.workflows.get(workflowId);
      if (workflow?.enabled && state === 'accepting') await listeners.start(workflowId);
    },

    stats: () => ({ running: executor.size(), queued: queue.depth().waiting }),
  };
}
