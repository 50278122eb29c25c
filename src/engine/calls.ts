// Executions that other executions start: subflows, and the workflow that is told of a failure.

import { HooklineError } from '../errors.ts';
import type { CompiledWorkflow } from './compile.ts';
import { concealContext, concealSignal } from './concealed-execution.ts';
import { isStorageFailure, toFailure } from './failure.ts';
import { toJsonValue } from './json-value.ts';
import { type Execution, type ExecutionWithJobs, type Failure, isLive, type Job } from './model.ts';
import type { Log } from './plugin.ts';
import type { ExecutionWrite } from './ports.ts';
import type { FollowUps } from './recorder.ts';
import type { Run, RunnerServices } from './run.ts';
import { NO_SECRETS, type SecretVault } from './secret-vault.ts';

/** Deepest chain of subflows: two that call each other would otherwise never end. */
const MAX_DEPTH = 10;

export interface CallsOptions {
  /** The live revision of a workflow, marked as executed. @throws HooklineError `workflow_not_found`, … */
  load(workflowId: string): Promise<CompiledWorkflow>;
  /** A new execution in status queued, not yet stored. */
  create(target: CompiledWorkflow, origin: Pick<Execution, 'source' | 'context' | 'parent' | 'depth'>): ExecutionWithJobs;
  /** Stops a subflow whose caller has been canceled. */
  cancel(executionId: string): Promise<void>;
  onQueued(executions: readonly ExecutionWithJobs[]): void;
  /** Storage has executions in the queue that nobody holds. */
  wakeQueue(): void;
  /** Default: there are no secrets. */
  readonly vault?: Pick<SecretVault, 'seal' | 'open'> | undefined;
  readonly log: Log;
}

export interface Calls {
  readonly call: RunnerServices['call'];
  /** What is committed with the end of an execution. */
  followUps(run: Run): FollowUps | undefined | Promise<FollowUps | undefined>;
}

export function createCalls(options: CallsOptions): Calls {
  const { load, create, cancel, onQueued, wakeQueue, vault = NO_SECRETS, log } = options;

  /** @returns undefined when the workflow cannot be started; the failure itself is stored all the same */
  async function failureExecution({ execution, onFailureWorkflow, scope }: Run): Promise<ExecutionWithJobs | undefined> {
    if (onFailureWorkflow === undefined) return undefined;
    try {
      const target = await load(onFailureWorkflow);
      if (!isLive(target.workflow)) throw new HooklineError('conflict', `The workflow is ${whyNot(target)}.`);
      const told = toContext(execution);
      // Without secrets: it is written for people, and another flow has no need of them.
      const context = { execution: scope.concealer?.value(told) ?? told };
      return create(target, { source: 'failure', context, parent: null, depth: execution.depth + 1 });
    } catch (error) {
      // The end is stored later then, and this with it.
      if (isStorageFailure(error)) throw error;
      const fields = { execution: execution.id, workflow: onFailureWorkflow, error: toFailure(error) };
      log.error(fields, 'the workflow that should be told of a failure could not be started');
      return undefined;
    }
  }

  function isTold({ execution, onFailureWorkflow }: Run): boolean {
    const { status, source } = execution;
    // One that is itself told of a failure tells nobody: it might tell itself for ever.
    return (
      onFailureWorkflow !== undefined &&
      source !== 'failure' &&
      (status === 'failed' || status === 'error' || status === 'timed_out')
    );
  }

  async function prepareFollowUps(run: Run, signal: ExecutionWrite | undefined, children: readonly string[]): Promise<FollowUps> {
    const told = isTold(run) ? await failureExecution(run) : undefined;
    return {
      writes: [...(signal ? [signal] : []), ...(told ? [{ insert: told }] : [])],
      committed() {
        if (told) onQueued([told]);
        if (signal) wakeQueue();
        for (const child of children) {
          cancel(child).catch((error: unknown) => {
            log.warn({ execution: child, error: toFailure(error) }, 'a subflow of a canceled execution could not be canceled');
          });
        }
      },
    };
  }

  return {
    async call(run, jobPath, { workflowId, input, isAwaited }) {
      const depth = run.execution.depth + 1;
      if (depth > MAX_DEPTH) {
        throw new HooklineError(
          'subflow_too_deep',
          `Subflows may be nested ${MAX_DEPTH} levels deep: do workflows call each other in a circle?`,
        );
      }
      const target = await load(workflowId);
      if (!isLive(target.workflow)) {
        throw new HooklineError(
          'subflow_failed',
          `The workflow "${target.workflow.title}" (${workflowId}) is ${whyNot(target)}.`,
        );
      }
      const parent = { executionId: run.execution.id, jobPath, isAwaited };
      const called = create(target, { source: 'subflow', context: toJsonValue(input, run.room), parent, depth });
      return concealContext(called, run.scope.concealer, vault);
    },

    followUps(run) {
      const told = signalTo(run.execution);
      const signal = told?.signal && { signal: concealSignal(told.signal, run.scope.concealer, vault) };
      const children = childrenToCancel(run);
      if (!signal && children.length === 0 && !isTold(run)) return undefined;
      return prepareFollowUps(run, signal, children);
    },
  };
}

function whyNot({ workflow }: CompiledWorkflow): string {
  return workflow.deletedAt === null ? 'disabled: enable it' : 'in the trash: restore it';
}

/** How the caller of a subflow hears of its end. */
function signalTo({ id, parent, status, output, error }: ExecutionWithJobs): ExecutionWrite | undefined {
  if (!parent?.isAwaited) return undefined;
  const { executionId, jobPath } = parent;
  if (status === 'succeeded') return { signal: { executionId, jobPath, output, isOptional: true } };
  const failure: Failure = {
    code: 'subflow_failed',
    message: `The subflow ended as ${status}${error ? `: ${error.message}` : '.'}`,
    details: { executionId: id, ...(error ? { code: error.code } : {}) },
  };
  return { signal: { executionId, jobPath, error: failure, isOptional: true } };
}

/** Subflows that nobody waits for any more. */
function childrenToCancel({ execution, unsaved, waits }: Run): string[] {
  // What the walk has seen waiting; a run that was not walked in this turn has only what is stored.
  let waiting: Iterable<Job> = waits.values();
  if (execution.status === 'canceled' || execution.status === 'timed_out') {
    waiting = new Map([...execution.jobs, ...unsaved].map((job) => [job.path, job])).values();
  } else if (waits.size === 0) {
    return [];
  }
  return [...waiting].flatMap(({ status, wait }) => (status === 'waiting' && wait?.executionId ? [wait.executionId] : []));
}

/** The failed execution as `$context.execution` of the workflow that is told. */
function toContext({
  id,
  workflowId,
  revision,
  status,
  source,
  error,
  request,
  context,
  createdAt,
  startedAt,
  finishedAt,
}: ExecutionWithJobs) {
  const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
  return {
    id,
    workflowId,
    revision,
    status,
    source,
    error,
    request,
    context: context ?? null,
    createdAt: time(createdAt),
    startedAt: time(startedAt),
    finishedAt: time(finishedAt),
  };
}
