// Gives executions their turn: those of sync workflows at once, the others when the queue comes to them.

import { HooklineError } from '../errors.ts';
import { admitReply } from './admit-reply.ts';
import { type ArmedRun, type ArmServices, arm, parseSource } from './arm.ts';
import type { Cancellations } from './cancellations.ts';
import { isHttpTrigger } from './compile.ts';
import { concealExecution } from './concealed-execution.ts';
import type { Control } from './control.ts';
import type { Executor } from './executor.ts';
import { isOwnershipLost, isStorageFailure, toFailure } from './failure.ts';
import type { Execution, ExecutionWithJobs } from './model.ts';
import type { Log } from './plugin.ts';
import type { ClaimedExecution, Queue } from './ports.ts';
import type { Recorder } from './recorder.ts';
import type { RevisionCache } from './revision-cache.ts';
import { Run } from './run.ts';
import { createScope } from './scope.ts';
import type { WorkflowService } from './workflows.ts';

export interface TurnsOptions extends ArmServices {
  readonly revisions: Pick<RevisionCache, 'load'>;
  readonly documents: Pick<WorkflowService, 'byId'>;
  readonly executor: Pick<Executor, 'execute' | 'executeNow'>;
  readonly recorder: Pick<Recorder, 'write' | 'settle'>;
  readonly control: Pick<Control, 'goesOn'>;
  readonly cancellations: Pick<Cancellations, 'outcomeOf'>;
  readonly queue: Pick<Queue, 'push'>;
  /** How long the caller of a sync workflow waits when the workflow does not say, in milliseconds. */
  readonly deadlineMs: number;
  /** Told of an execution whose turn in the queue has come. */
  onTurn(execution: ExecutionWithJobs): void;
  readonly log: Log;
}

export interface Turns {
  /**
   * Runs now when the workflow is sync, else hands over to the queue. Resolves when the reply is there and committed.
   * @throws HooklineError `storage_unavailable`
   */
  perform(armed: ArmedRun): Promise<ExecutionWithJobs>;
  /** The queue's turn: an execution of this process, or one that storage had. @throws as `Executor.execute` */
  runQueued(claimed: ClaimedExecution): Promise<void>;
}

export function createTurns(options: TurnsOptions): Turns {
  const { revisions, executor, recorder, control, cancellations, queue, vault, onTurn, log, now } = options;
  /** Executions that were accepted here and are still in the queue's window: no need to parse them again. */
  const prepared = new WeakMap<ExecutionWithJobs, ArmedRun>();

  /** Commits as queued and hands over to the queue. */
  async function enqueue(armed: ArmedRun): Promise<void> {
    const { run } = armed;
    await recorder.write(run);
    prepared.set(run.execution, armed);
    queue.push({ execution: run.execution, signals: [] });
  }

  async function restore({ execution, signals, sequence = 0 }: ClaimedExecution): Promise<ArmedRun> {
    const target = await revisions.load(execution.workflowId, execution.revision);
    const run = arm(target, execution, parseSource(target, execution, vault), true, options, signals);
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
    run.onFailureWorkflow = await onFailureWorkflowOf(execution);
    await recorder.settle(run, { status: 'error', reply: null, error: toFailure(error) });
  }

  /** @returns undefined also when the revision cannot be read, which may be why the execution fails */
  async function onFailureWorkflowOf({ workflowId, revision }: Execution): Promise<string | undefined> {
    try {
      return (await options.documents.byId(workflowId, revision))?.document.settings?.onFailureWorkflow;
    } catch (error) {
      if (isStorageFailure(error)) throw error;
      return undefined;
    }
  }

  /** The log line of a header that a trigger's reply may not have. */
  function reportDropped({ execution: { id, workflowId: workflow }, scope }: Run) {
    return (name: string, reason: string): void => {
      const header = scope.concealer?.text(name) ?? name;
      log.warn({ workflow, execution: id, header, reason }, 'a header was left out of a reply');
    };
  }

  return {
    async perform(armed) {
      const { target, run } = armed;
      const { trigger, workflow } = target;
      const http = isHttpTrigger(trigger) ? trigger : undefined;
      if (workflow.mode === 'async') {
        try {
          if (http) run.execution.response = admitReply(http.reply(run.scope), target.locations, reportDropped(run));
        } catch (error) {
          // Kept all the same, so that the designer sees which request the reply could not be made for.
          run.isAwaited = true;
          await recorder.settle(run, { status: 'error', reply: null, error: toFailure(error) });
          return answerOf(run);
        }
        await enqueue(armed);
      } else {
        run.isAwaited = true;
        await executor.executeNow(target.nodes, run, http?.deadlineMs ?? options.deadlineMs);
      }
      return answerOf(run);
    },

    async runQueued(claimed) {
      const { execution } = claimed;
      const canceled = (): Promise<boolean> | undefined => cancellations.outcomeOf(execution.id);
      control.goesOn(claimed);
      try {
        const { target, run } = prepared.get(execution) ?? (await restore(claimed));
        prepared.delete(execution);
        if (target.secrets) await vault.refresh(target.secrets);
        // Asked last, so that nothing is awaited between a no and the start: a cancel finds the run either before or after.
        for (let outcome = canceled(); outcome; outcome = canceled()) if (await outcome) return;
        onTurn(execution);
        await executor.execute(target.nodes, run);
        if (execution.status === 'waiting') queue.push({ execution, signals: [] });
      } catch (error) {
        await fail(execution, error);
      }
    },
  };
}

/** For its caller: the reply is as the flow has made it, the rest as it is stored. */
function answerOf({ execution, scope: { concealer } }: Run): ExecutionWithJobs {
  if (concealer === undefined) return execution;
  return { ...concealExecution(execution, concealer), response: execution.response };
}
