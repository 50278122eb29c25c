// Makes the executions of workflows whose trigger hears what happens inside Hookline.

import { type CompiledWorkflow, isEventTrigger } from './compile.ts';
import { isStorageFailure, toFailure } from './failure.ts';
import { toJsonValue } from './json-value.ts';
import { type ExecutionWithJobs, isLive } from './model.ts';
import type { OperationalEvent } from './outbound-model.ts';
import type { PreparedWrites } from './outbound-ports.ts';
import type { Log } from './plugin.ts';
import type { RevisionCache } from './revision-cache.ts';

export interface EventsOptions {
  readonly revisions: Pick<RevisionCache, 'load'>;
  /** @throws HooklineError `storage_unavailable` */
  listEnabled(): Promise<readonly { readonly id: string }[]>;
  /** A new execution in status queued, of a revision marked as executed, not yet stored. */
  create(target: CompiledWorkflow, context: unknown): Promise<ExecutionWithJobs>;
  onQueued(executions: readonly ExecutionWithJobs[]): void;
  readonly log: Log;
}

export interface Events {
  /** As `EventSink.prepare`. */
  prepare(event: OperationalEvent): Promise<PreparedWrites>;
  /** A workflow changed: whether it listens is looked up again. */
  forget(workflowId: string): void;
  /** Any may have changed. */
  forgetAll(): void;
}

const NOTHING: PreparedWrites = { writes: [], committed: () => undefined };

/** An endpoint in trouble tells of it again and again, so which workflows listen is remembered. */
export function createEvents({ revisions, listEnabled, create, onQueued, log }: EventsOptions): Events {
  /** Ids of enabled workflows that listen; undefined: not known. */
  let listening: Set<string> | undefined;
  /** Workflows that have changed since. */
  const stale = new Set<string>();
  /** Counts how often all was forgotten: what was read before must not be kept after it. */
  let changes = 0;
  let looking: Promise<unknown> = Promise.resolve();

  /** @returns undefined for a workflow that is gone, disabled, or cannot be loaded; the last is logged */
  async function load(workflowId: string): Promise<CompiledWorkflow | undefined> {
    try {
      const target = await revisions.load(workflowId, undefined);
      return isLive(target.workflow) ? target : undefined;
    } catch (error) {
      if (isStorageFailure(error)) throw error;
      const failure = toFailure(error);
      if (failure.code !== 'workflow_not_found') {
        log.error({ workflow: workflowId, error: failure }, 'the trigger of a workflow could not hear an event');
      }
      return undefined;
    }
  }

  async function listens(workflowId: string): Promise<boolean> {
    const target = await load(workflowId);
    return target !== undefined && isEventTrigger(target.trigger);
  }

  /** What changes during the look is stale again, and is looked at with the next event. */
  async function look(): Promise<ReadonlySet<string>> {
    const readAt = changes;
    const changed = listening === undefined ? undefined : [...stale];
    const found = new Set(listening);
    stale.clear();
    try {
      for (const id of changed ?? (await listEnabled()).map((workflow) => workflow.id)) {
        if (await listens(id)) found.add(id);
        else found.delete(id);
      }
    } catch (error) {
      for (const id of changed ?? []) stale.add(id);
      throw error;
    }
    if (readAt === changes) listening = found;
    return found;
  }

  /** One look at a time. */
  function current(): Promise<ReadonlySet<string>> {
    const next = async () => (listening !== undefined && stale.size === 0 ? listening : look());
    const looked = looking.then(next, next);
    looking = looked;
    return looked;
  }

  return {
    async prepare(event) {
      const { type, timestamp, data } = event;
      const executions: ExecutionWithJobs[] = [];
      for (const id of await current()) {
        const target = await load(id);
        try {
          if (target === undefined || !isEventTrigger(target.trigger) || !target.trigger.hears(event)) continue;
          const context = toJsonValue({ type, timestamp: new Date(timestamp).toISOString(), data });
          executions.push(await create(target, context));
        } catch (error) {
          if (isStorageFailure(error)) throw error;
          log.error({ workflow: id, event: type, error: toFailure(error) }, 'a workflow could not be started by an event');
        }
      }
      if (executions.length === 0) return NOTHING;
      return { writes: executions.map((insert) => ({ insert })), committed: () => onQueued(executions) };
    },

    forget(workflowId) {
      stale.add(workflowId);
    },

    forgetAll() {
      changes += 1;
      listening = undefined;
      stale.clear();
    },
  };
}
