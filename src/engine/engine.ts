// The kernel's front: joins what admits executions, gives them their turn and acts on them; starts and stops them all.

import { HooklineError } from '../errors.ts';
import { createAdmission } from './admission.ts';
import { createCalls } from './calls.ts';
import { createCancellations } from './cancellations.ts';
import type { Captures } from './captures.ts';
import type { Changes } from './changes.ts';
import type { CompiledWorkflow } from './compile.ts';
import { createControl } from './control.ts';
import { createEvents } from './events.ts';
import { createExecutor } from './executor.ts';
import { toFailure } from './failure.ts';
import type { JobInput } from './job-input.ts';
import { toJsonValue } from './json-value.ts';
import { createLeadership } from './leadership.ts';
import { createListeners } from './listeners.ts';
import type { ManualInput } from './manual-request.ts';
import { createManualRuns } from './manual-runs.ts';
import type { Execution, ExecutionStatus, ExecutionWithJobs, StoredRequest } from './model.ts';
import type { OperationalEvent } from './outbound-model.ts';
import type { PreparedWrites, Publisher } from './outbound-ports.ts';
import type { Log } from './plugin.ts';
import type { Bus, ExpressionEvaluator, Queue, Storage } from './ports.ts';
import { createPublish } from './publish.ts';
import { createRecorder } from './recorder.ts';
import type { Registry } from './registry.ts';
import type { ResumeTarget } from './resume-token.ts';
import { createRevisionCache } from './revision-cache.ts';
import type { RunnerServices } from './run.ts';
import { NO_SECRETS, type SecretVault } from './secret-vault.ts';
import { createTurns } from './turns.ts';
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

export function createEngine(options: EngineOptions): Engine {
  const { storage, documents, queue, registry, evaluator, publisher, captures, bus, deadlineMs, log, now } = options;
  const { vault = NO_SECRETS } = options;
  const { executions, workflows } = storage;
  let state: 'stopped' | 'accepting' | 'stopping' = 'stopped';
  let unsubscribe: (() => void) | undefined;

  const isAccepting = (): boolean => state === 'accepting';
  const requireAccepting = (): void => {
    if (isAccepting()) return;
    throw new HooklineError('shutting_down', 'The server is stopping.', {
      headers: { 'Retry-After': '5', Connection: 'close' },
    });
  };
  const tellOf = ({ id, workflowId }: Pick<Execution, 'id' | 'workflowId'>): void => options.changes?.execution(workflowId, id);
  const onQueued = (queued: readonly ExecutionWithJobs[]): void => {
    for (const execution of queued) {
      queue.push({ execution, signals: [] });
      tellOf(execution);
    }
  };

  const revisions = createRevisionCache(documents, registry, vault);
  const cancellations = createCancellations();
  const armServices = { vault, resumeUrl: (target: ResumeTarget) => options.resumeUrl(target), now };
  const admission = createAdmission({ ...armServices, executions, revisions, requireAccepting });
  const calls = createCalls({
    load: async (workflowId) => admission.pinned(await revisions.load(workflowId, undefined)),
    create: admission.create,
    cancel: async (executionId) => {
      await control.cancel(executionId);
    },
    onQueued,
    wakeQueue: () => queue.wake(),
    vault,
    log,
  });
  const recorder = createRecorder({
    executions,
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
    publish: createPublish(publisher, executions),
    log,
    now,
  });
  const control = createControl({
    executions,
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
  const turns = createTurns({
    ...armServices,
    revisions,
    documents,
    executor,
    recorder,
    control,
    cancellations,
    queue,
    deadlineMs,
    onTurn: tellOf,
    log,
  });
  const manual = createManualRuns({
    ...armServices,
    admission,
    turns,
    control,
    revisions,
    workflows,
    registry,
    evaluator,
    captures,
  });
  const events = createEvents({
    revisions,
    listEnabled: () => workflows.listEnabled(),
    create: async (found, context) => admission.create(await admission.pinned(found), { source: 'event', context }),
    onQueued,
    log,
  });
  const listeners = createListeners({
    revisions,
    log,
    async fire(workflowId, context) {
      const target = await revisions.load(workflowId, undefined);
      const origin = { source: 'trigger', request: null, context: toJsonValue(context) } as const;
      const { id } = await turns.perform(await admission.begin(target, origin));
      return { executionId: id };
    },
  });
  const leadership = createLeadership({ listeners, workflows, isAccepting, log });

  function refreshHere(workflowId: string): Promise<void> {
    revisions.forget(workflowId);
    events.forget(workflowId);
    return leadership.restart(workflowId);
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

  return {
    async start() {
      unsubscribe = bus.subscribe(onMessage);
      await queue.start(turns.runQueued);
      executor.start();
      state = 'accepting';
    },

    async stop() {
      if (state === 'stopped') return;
      state = 'stopping';
      unsubscribe?.();
      await leadership.unlead();
      await queue.stop();
      await executor.stop(options.shutdownGraceMs);
      state = 'stopped';
    },

    isAccepting,
    find: revisions.find,

    accept(target, request) {
      const armed = admission.begin(target, { source: 'webhook', request });
      return armed instanceof Promise ? armed.then(turns.perform) : turns.perform(armed);
    },

    ...manual,
    cancel: control.cancel,
    resume: control.resume,
    prepareEvent: events.prepare,
    wakeQueue: () => queue.wake(),

    async refresh(workflowId) {
      await bus.publish({ type: 'workflow-changed', workflowId });
      await refreshHere(workflowId);
    },

    lead: leadership.lead,
    unlead: leadership.unlead,
    stats: () => ({ running: executor.size(), queued: queue.depth().waiting }),
  };
}
