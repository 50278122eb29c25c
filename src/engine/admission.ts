// Admits what wants to start: finds the revision that it runs, and makes the new execution.

import { HooklineError } from '../errors.ts';
import { type ArmedRun, type ArmServices, arm, parseSource } from './arm.ts';
import type { CompiledWorkflow } from './compile.ts';
import { moveSealed } from './concealed-execution.ts';
import { createIdSource } from './id.ts';
import { laneOf } from './lane.ts';
import type { Execution, ExecutionSource, ExecutionWithJobs, Job, StoredRequest, Workflow } from './model.ts';
import type { ExecutionStore } from './ports.ts';
import type { RevisionCache } from './revision-cache.ts';
import type { ParsedRequest } from './scope.ts';
import type { SecretVault } from './secret-vault.ts';

/** What an execution comes from. */
export interface Origin {
  readonly source: ExecutionSource;
  /** Null for triggers that are not HTTP; then `context` counts. */
  readonly request: StoredRequest | null;
  readonly context?: unknown;
  /** The context as it is, where `context` shows names of secrets; encrypted for the execution `replayOf`. */
  readonly sealed?: string | undefined;
  readonly replayOf?: string;
  /** Default null. */
  readonly parent?: Execution['parent'];
  /** Default 0. */
  readonly depth?: number;
  /** What it begins with: jobs of the execution `replayOf`. */
  readonly jobs?: readonly Job[];
}

export interface AdmissionOptions extends ArmServices {
  readonly executions: Pick<ExecutionStore, 'markExecuted'>;
  readonly revisions: Pick<RevisionCache, 'load' | 'forget'>;
  /** @throws HooklineError `shutting_down` */
  requireAccepting(): void;
}

export interface Admission {
  /**
   * Makes the run of a new execution, not yet stored. A promise only for a revision's first run.
   * @throws HooklineError what the trigger refuses with; `conflict` for a workflow in the trash, `shutting_down`
   */
  begin(found: CompiledWorkflow, origin: Origin): ArmedRun | Promise<ArmedRun>;
  /** The same revision, marked as executed: no edit changes it any more. */
  pinned(found: CompiledWorkflow): Promise<CompiledWorkflow>;
  /** A new execution without a request, of a pinned revision, to be stored with what starts it. */
  create(target: CompiledWorkflow, origin: Omit<Origin, 'request'>): ExecutionWithJobs;
}

export function createAdmission(options: AdmissionOptions): Admission {
  const { executions, revisions, requireAccepting, vault, now } = options;
  const createId = createIdSource();

  /** Marks a revision as executed, and only then reads what will run: an edit in between is in it, a later one is not. */
  async function pin({ workflow, revision }: CompiledWorkflow): Promise<CompiledWorkflow> {
    await executions.markExecuted(workflow.id, revision);
    revisions.forget(workflow.id);
    return revisions.load(workflow.id, revision);
  }

  function prepare(target: CompiledWorkflow, origin: Origin, parsed: ParsedRequest): ArmedRun {
    const createdAt = now();
    const { workflow, revision, settings } = target;
    const id = createId(createdAt);
    const { sealed, jobs = [] } = sealedFor(id, origin, vault);
    const execution: ExecutionWithJobs = {
      id,
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
      jobs: [...jobs],
      ...(sealed === undefined ? {} : { sealed }),
    };
    const run = arm(target, execution, parsed, false, options);
    if (settings.concurrency !== undefined) execution.lane = laneOf(target, run.scope);
    if (origin.jobs !== undefined) {
      // They are written with the execution itself.
      run.unsaved = execution.jobs;
      execution.jobs = [];
    }
    return { target, run };
  }

  return {
    begin(found, origin) {
      requireOutOfTrash(found.workflow);
      // Before the revision counts as executed: a request that is refused has not run it. What is wrong with the request is
      // told also while the server stops, since trying again would not help.
      const parsed = parseSource(found, sourceOf(origin), vault);
      requireAccepting();
      return found.executed
        ? prepare(found, origin, parsed)
        : pin(found).then((target) => prepare(target, origin, parseSource(target, sourceOf(origin), vault)));
    },

    async pinned(found) {
      return found.executed ? found : pin(found);
    },

    create(target, given) {
      const origin = { ...given, request: null };
      return prepare(target, origin, parseSource(target, sourceOf(origin), vault)).run.execution;
    },
  };
}

/** @throws HooklineError `conflict` */
export function requireOutOfTrash({ deletedAt }: Pick<Workflow, 'deletedAt'>): void {
  if (deletedAt === null) return;
  throw new HooklineError('conflict', 'The workflow is in the trash, where nothing starts. Restore it first.');
}

/** What of an execution the flow's context is parsed from. */
function sourceOf({ replayOf = '', request, context, sealed }: Origin): Parameters<typeof parseSource>[1] {
  return { id: replayOf, request, context, sealed };
}

/** What a new execution takes over from the one that it repeats, encrypted for itself. */
function sealedFor(
  id: string,
  { replayOf, sealed, jobs }: Origin,
  vault: SecretVault,
): { readonly sealed: string | undefined; readonly jobs: readonly Job[] | undefined } {
  return replayOf === undefined ? { sealed, jobs } : moveSealed(replayOf, id, { sealed, jobs }, vault);
}
