// The kernel's front: accepts requests, runs executions now or later, resumes, replays and cancels them, starts and stops.

import { HooklineError } from '../errors.ts';
import { createCalls } from './calls.ts';
import { createCancellations } from './cancellations.ts';
import { type Captures, captured } from './captures.ts';
import type { Changes } from './changes.ts';
import { type CompiledWorkflow, isHttpTrigger } from './compile.ts';
import { concealExecution, type Opened, openExecution } from './concealed-execution.ts';
import { createControl } from './control.ts';
import { createEventOrigin } from './event-origin.ts';
import { createEvents } from './events.ts';
import { createExecutor } from './executor.ts';
import { isOwnershipLost, isStorageFailure, toFailure } from './failure.ts';
import { createIdSource } from './id.ts';
import { type JobInput, recallInput } from './job-input.ts';
import { toJsonValue } from './json-value.ts';
import { laneOf } from './lane.ts';
import { createListeners } from './listeners.ts';
import { type ManualInput, toManualRequest } from './manual-request.ts';
import { memoBefore } from './memo-before.ts';
import type {
  Execution,
  ExecutionSource,
  ExecutionStatus,
  ExecutionWithJobs,
  Job,
  Signal,
  StoredRequest,
  Workflow,
} from './model.ts';
import type { OperationalEvent } from './outbound-model.ts';
import type { PreparedWrites, Publisher } from './outbound-ports.ts';
import type { Log } from './plugin.ts';
import type { Bus, ClaimedExecution, ExpressionEvaluator, Queue, Storage } from './ports.ts';
import { createRecorder } from './recorder.ts';
import type { Registry } from './registry.ts';
import type { ResumeTarget } from './resume-token.ts';
import { resumeUrls } from './resume-urls.ts';
import { createRevisionCache } from './revision-cache.ts';
import { Run, type RunnerServices } from './run.ts';
import { createScope, type ParsedRequest } from './scope.ts';
import { NO_SECRETS, type SecretVault } from './secret-vault.ts';
import type { WorkflowService } from './workflows.ts';

export interface EngineOptions {
  readonly storage: Storage;
  readonly queue: Queue;
  /** Where revisions come from, write-only values opened. */
  readonly documents: Pick<WorkflowService, 'byId' | 'byHookKey'>;
  readonly registry: Registry;
  readonly evaluator: ExpressionEvaluator;
  /** Sends the requests of nodes, guarded. */
  readonly fetch: RunnerServices['fetch'];
  /** Makes the messages of nodes that publish. */
  readonly publisher: Publisher;
  /** Named secrets. Default: there are none. */
  readonly vault?: SecretVault | undefined;
  /** What the processes on one database tell each other. */
  readonly bus: Bus;
  /** The URL that resumes a job. */
  resumeUrl(target: ResumeTarget): string;
  readonly log: Log;
  /** Milliseconds since 1970. */
  now(): number;
  /** How long the caller of a sync workflow waits when the workflow does not say, in milliseconds. */
  readonly deadlineMs: number;
  /** Told of each execution that has ended and is stored; the duration runs from its acceptance. */
  onFinish?(status: ExecutionStatus, durationMs: number): void;
  /** Told of executions that were accepted, have changed their status or have ended. */
  readonly changes?: Pick<Changes, 'execution'>;
  /** Shown what is run by hand. */
  readonly captures?: Pick<Captures, 'isWanted' | 'add'>;
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
  /**
   * Puts an execution that did not succeed back into the queue: what is finished stays, the node that failed runs again,
   * with the same idempotency keys. @throws HooklineError `execution_not_found`, `conflict`
   */
  retry(executionId: string): Promise<ExecutionWithJobs>;
  /**
   * Runs an execution again from a chosen node on, as a new execution of the same revision that begins with what ran before
   * that node. @throws HooklineError `execution_not_found`, `invalid_request` when it has not run a node at that path
   */
  rerun(executionId: string, jobPath: string): Promise<ExecutionWithJobs>;
  /** What a node was given. @throws as `rerun`, and `deadline_exceeded` */
  input(executionId: string, jobPath: string): Promise<JobInput>;
  /**
   * Gives a job that waits for somebody its result; kept for it when the flow has not come to it yet.
   * @throws HooklineError `execution_not_found`, `already_resumed`, `execution_ended`
   */
  resume(target: ResumeTarget, output: unknown): Promise<void>;
  /**
   * Makes the executions of workflows that hear an operational event, to be committed with what it tells of.
   * @throws HooklineError `storage_unavailable`
   */
  prepareEvent(event: OperationalEvent): Promise<PreparedWrites>;
  /** Signals have put executions into the queue that nobody has pushed. */
  wakeQueue(): void;
  /** A workflow changed: its compiled copies are dropped here and in other processes, and its trigger listens anew. */
  refresh(workflowId: string): Promise<void>;
  /** This process runs the triggers that listen by themselves, for all processes on the database. */
  lead(): Promise<void>;
  /** Another process does so from now on. */
  unlead(): Promise<void>;
  stats(): EngineStats;
}

/** @throws HooklineError `conflict` */
function requireOutOfTrash({ deletedAt }: Pick<Workflow, 'deletedAt'>): void {
  if (deletedAt === null) return;
  throw new HooklineError('conflict', 'The workflow is in the trash, where nothing starts. Restore it first.');
}

/** What an execution comes from. */
interface Origin {
  readonly source: ExecutionSource;
  /** Null for triggers that are not HTTP; then `context` counts. */
  readonly request: StoredRequest | null;
  readonly context?: unknown;
  /** The context as it is, where `context` shows names of secrets. */
  readonly sealed?: string | undefined;
  readonly replayOf?: string;
  /** Default null. */
  readonly parent?: Execution['parent'];
  /** Default 0. */
  readonly depth?: number;
  /** What it begins with. */
  readonly jobs?: readonly Job[];
}

interface Begun {
  readonly target: CompiledWorkflow;
  readonly run: Run;
}

const NOTHING_OPENED: Partial<Opened> = {};

export function createEngine(options: EngineOptions): Engine {
  const { storage, queue, registry, evaluator, publisher, bus, log, now } = options;
  const { vault = NO_SECRETS } = options;
  const revisions = createRevisionCache(options.documents, registry, vault);
  const createId = createIdSource();
  const cancellations = createCancellations();
  /** Executions that were accepted here and are still in the queue's window: no need to parse them again. */
  const prepared = new WeakMap<ExecutionWithJobs, Begun>();
  const isOfEvent = createEventOrigin(storage.executions);
  let state: 'stopped' | 'accepting' | 'stopping' = 'stopped';
  let isLeading = false;
  let unsubscribe: (() => void) | undefined;

  const tellOf = ({ id, workflowId }: Pick<Execution, 'id' | 'workflowId'>): void => options.changes?.execution(workflowId, id);
  const onQueued = (executions: readonly ExecutionWithJobs[]): void => {
    for (const execution of executions) {
      queue.push({ execution, signals: [] });
      tellOf(execution);
    }
  };
  const calls = createCalls({
    load: async (workflowId) => pinned(await revisions.load(workflowId, undefined)),
    create: (target, { context, ...origin }) =>
      prepare(target, { ...origin, request: null }, parse(target, { request: null, context })).run.execution,
    cancel: async (executionId) => {
      await control.cancel(executionId);
    },
    onQueued,
    wakeQueue: () => queue.wake(),
    vault,
    log,
  });
  const recorder = createRecorder({
    executions: storage.executions,
    now,
    followUps: calls.followUps,
    vault,
    onQueued,
    onPublished: (messages) => publisher.committed(messages),
    onStored: options.changes && tellOf,
    onFinish: options.onFinish,
  });
  const executor = createExecutor({
    recorder,
    evaluator,
    fetch: options.fetch,
    call: calls.call,
    publish: ({ execution, scope: { concealer } }, jobPath, event, isAwaited) => {
      const from = { executionId: execution.id, jobPath, isAwaited };
      const prepareOf = (isOf: boolean) =>
        publisher.prepare(event, { source: isOf ? { ...from, isOfEvent: true } : from, concealer });
      const origin = isOfEvent(execution);
      return origin instanceof Promise ? origin.then(prepareOf) : prepareOf(origin);
    },
    log,
    now,
  });
  const events = createEvents({
    revisions,
    listEnabled: () => storage.workflows.listEnabled(),
    create: async (found, context) => {
      const target = await pinned(found);
      return prepare(target, { source: 'event', request: null }, parse(target, { request: null, context })).run.execution;
    },
    onQueued,
    log,
  });
  const control = createControl({
    executions: storage.executions,
    executor,
    recorder,
    cancellations,
    publisher,
    bus,
    queue,
    vault,
    requireAccepting,
    onChange: tellOf,
    now,
  });
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

  function parse(
    target: CompiledWorkflow,
    { request, context, sealed }: Pick<Origin, 'request' | 'context' | 'sealed'>,
  ): ParsedRequest {
    if (request === null && sealed !== undefined) {
      return { context: openExecution({ context, sealed, jobs: [] }, [], vault).context, body: undefined };
    }
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
    requireOutOfTrash(found.workflow);
    // Before the revision counts as executed: a request that is refused has not run it. What is wrong with the request is
    // told also while the server stops, since trying again would not help.
    const parsed = parse(found, origin);
    requireAccepting();
    return found.executed
      ? prepare(found, origin, parsed)
      : pin(found).then((target) => prepare(target, origin, parse(target, origin)));
  }

  async function pinned(found: CompiledWorkflow): Promise<CompiledWorkflow> {
    return found.executed ? found : pin(found);
  }

  /** Marks a revision as executed, and only then reads what will run: an edit in between is in it, a later one is not. */
  async function pin({ workflow, revision }: CompiledWorkflow): Promise<CompiledWorkflow> {
    await storage.executions.markExecuted(workflow.id, revision);
    revisions.forget(workflow.id);
    return revisions.load(workflow.id, revision);
  }

  function prepare(target: CompiledWorkflow, origin: Origin, parsed: ParsedRequest): Begun {
    const createdAt = now();
    const { workflow, revision, settings } = target;
    const execution: ExecutionWithJobs = {
      id: createId(createdAt),
      workflowId: workflow.id,
      revision,
      status: 'queued',
      source: origin.source,
      createdAt,
      startedAt: null,
      finishedAt: null,
      request: origin.request,
      context: origin.request !== null ? undefined : origin.sealed === undefined ? parsed.context : origin.context,
      response: null,
      error: null,
      replayOf: origin.replayOf ?? null,
      parent: origin.parent ?? null,
      depth: origin.depth ?? 0,
      output: null,
      lane: null,
      wakeAt: null,
      jobs: origin.jobs === undefined ? [] : [...origin.jobs],
      ...(origin.sealed === undefined ? {} : { sealed: origin.sealed }),
    };
    const run = arm(target, execution, parsed, false);
    if (settings.concurrency !== undefined) execution.lane = laneOf(target, run.scope);
    if (origin.jobs !== undefined) {
      // They are written with the execution itself.
      run.unsaved = execution.jobs;
      execution.jobs = [];
    }
    return { target, run };
  }

  function arm(
    { workflow, settings, resumables }: CompiledWorkflow,
    execution: ExecutionWithJobs,
    parsed: ParsedRequest,
    isStored: boolean,
    signals: readonly Signal[] = [],
  ): Run {
    const urls = resumables.length === 0 ? undefined : resumeUrls(execution.id, resumables, options.resumeUrl);
    // Nothing to open is the usual case.
    const isNew = execution.jobs.length === 0 && signals.length === 0 && execution.sealed === undefined;
    const opened: Partial<Opened> = isNew ? NOTHING_OPENED : openExecution(execution, signals, vault);
    const scope = createScope(execution, parsed, now, urls, { vault, known: opened.secrets });
    const run = new Run(execution, scope, isStored, opened.signals, opened.jobs);
    run.mayWait = workflow.mode === 'async';
    run.timeoutMs = settings.timeoutMs;
    run.onFailureWorkflow = settings.onFailureWorkflow;
    return run;
  }

  /** Commits as queued and hands over to the queue. */
  async function enqueue(target: CompiledWorkflow, run: Run): Promise<void> {
    await recorder.write(run);
    prepared.set(run.execution, { run, target });
    queue.push({ execution: run.execution, signals: [] });
  }

  /** For its caller: the reply is as the flow has made it, the rest as it is stored. */
  function answerOf({ execution, scope: { concealer } }: Run): ExecutionWithJobs {
    if (concealer === undefined) return execution;
    return { ...concealExecution(execution, concealer), response: execution.response };
  }

  /** For whoever looks at it: what it has of secrets is replaced. */
  async function show(begun: Begun): Promise<ExecutionWithJobs> {
    return concealExecution(await perform(begun), begun.run.scope.concealer);
  }

  // --- running ---------------------------------------------------------------------------------------------------------

  /** The queue's turn: an execution of this process, or one that storage had. */
  async function runQueued(claimed: ClaimedExecution): Promise<void> {
    const { execution } = claimed;
    const canceled = (): Promise<boolean> | undefined => cancellations.outcomeOf(execution.id);
    control.goesOn(claimed);
    try {
      const { target, run } = prepared.get(execution) ?? (await restore(claimed));
      prepared.delete(execution);
      if (target.secrets) await vault.refresh(target.secrets);
      // Asked last, so that nothing is awaited between a no and the start: a cancel finds the run either before or after.
      for (let outcome = canceled(); outcome; outcome = canceled()) if (await outcome) return;
      tellOf(execution);
      await executor.execute(target.nodes, run);
      if (execution.status === 'waiting') queue.push({ execution, signals: [] });
    } catch (error) {
      await fail(execution, error);
    }
  }

  async function restore({ execution, signals, sequence = 0 }: ClaimedExecution): Promise<Begun> {
    const target = await revisions.load(execution.workflowId, execution.revision);
    const run = arm(target, execution, parse(target, execution), true, signals);
    run.sequence = sequence;
    return { target, run };
  }

  /** What could not even start (a plugin is gone, the request no longer parses) ends in its own record. */
  async function fail(execution: ExecutionWithJobs, error: unknown): Promise<void> {
    if (isStorageFailure(error)) throw error;
    // Storage has it as running: the next start goes on with it, or another process does already.
    if (error instanceof HooklineError && error.code === 'shutting_down') return;
    if (isOwnershipLost(error) || (await cancellations.outcomeOf(execution.id))) return;
    log.error({ execution: execution.id, error: toFailure(error) }, 'an execution could not run');
    const run = new Run(execution, createScope(execution, { context: null, body: null }, now), true);
    const { document } = (await options.documents.byId(execution.workflowId, execution.revision)) ?? {};
    run.onFailureWorkflow = document?.settings?.onFailureWorkflow;
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
        return answerOf(run);
      }
      await enqueue(target, run);
    } else {
      run.isAwaited = true;
      await executor.executeNow(target.nodes, run, http?.deadlineMs ?? options.deadlineMs);
    }
    return answerOf(run);
  }

  function onMessage(message: Parameters<Parameters<Bus['subscribe']>[0]>[0]): void {
    if (message.type === 'workflow-changed') {
      refreshHere(message.workflowId).catch((error: unknown) => {
        log.error({ workflow: message.workflowId, error: toFailure(error) }, 'the trigger of a changed workflow could not start');
      });
    } else if (message.type === 'execution-canceled') {
      executor.find(message.executionId)?.abandon(new HooklineError('ownership_lost', 'The execution was canceled.'));
    } else if (message.type === 'messages-missed') {
      revisions.forgetAll();
      events.forgetAll();
    } else if (message.type === 'declared-dead') {
      executor.abandonAll(new HooklineError('ownership_lost', 'This process was taken for dead; another one goes on.'));
    }
  }

  async function refreshHere(workflowId: string): Promise<void> {
    revisions.forget(workflowId);
    events.forget(workflowId);
    await listeners.stop(workflowId);
    if (!isLeading || state !== 'accepting') return;
    const workflow = await storage.workflows.get(workflowId);
    if (workflow?.enabled) await listeners.start(workflowId);
  }

  async function startListeners(): Promise<void> {
    for (const workflow of await storage.workflows.listEnabled()) {
      if (!isLeading) return;
      try {
        await listeners.start(workflow.id);
      } catch (error) {
        // One workflow whose plugin is gone must not keep the others from starting.
        log.error({ workflow: workflow.id, error: toFailure(error) }, 'the trigger of a workflow could not start');
      }
    }
  }

  return {
    async start() {
      unsubscribe = bus.subscribe(onMessage);
      await queue.start(runQueued);
      executor.start();
      state = 'accepting';
    },

    async stop() {
      if (state === 'stopped') return;
      state = 'stopping';
      unsubscribe?.();
      isLeading = false;
      await listeners.stopAll();
      await queue.stop();
      await executor.stop(options.shutdownGraceMs);
      state = 'stopped';
    },

    async lead() {
      if (isLeading) return;
      isLeading = true;
      await startListeners();
    },

    async unlead() {
      isLeading = false;
      await listeners.stopAll();
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
      const runNow = async () => show(await begin(target, { source: 'manual', request, context: toJsonValue(input.context) }));
      const { captures } = options;
      if (request === null || !captures?.isWanted(workflowId)) return runNow();
      return captured(captures, workflowId, request, runNow);
    },

    async replay(executionId, { revision } = {}) {
      const original = await control.get(executionId);
      const { id: replayOf, request, context, sealed } = original;
      const target = await revisions.load(original.workflowId, revision);
      return show(await begin(target, { source: 'replay', request, context, sealed, replayOf }));
    },

    cancel: control.cancel,
    async retry(executionId) {
      const { workflowId } = await control.get(executionId);
      const workflow = await storage.workflows.get(workflowId);
      if (workflow) requireOutOfTrash(workflow);
      return control.retry(executionId);
    },
    resume: control.resume,

    async rerun(executionId, jobPath) {
      const original = await control.get(executionId);
      const { id: replayOf, request, context, sealed, revision, workflowId } = original;
      const target = await revisions.load(workflowId, revision);
      const jobs = memoBefore(target.nodes, original.jobs, jobPath);
      return show(await begin(target, { source: 'replay', request, context, sealed, replayOf, jobs }));
    },

    async input(executionId, jobPath) {
      const original = await control.get(executionId);
      const target = await revisions.load(original.workflowId, original.revision);
      const jobs = memoBefore(target.nodes, original.jobs, jobPath);
      const run = arm(target, { ...original, jobs }, parse(target, original), true);
      run.mayWait = true;
      return recallInput(target.nodes, run, jobPath, { registry, evaluator, now });
    },

    prepareEvent: events.prepare,

    wakeQueue: () => queue.wake(),

    async refresh(workflowId) {
      await bus.publish({ type: 'workflow-changed', workflowId });
      await refreshHere(workflowId);
    },

    stats: () => ({ running: executor.size(), queued: queue.depth().waiting }),
  };
}
