// Keeps compiled revisions in memory, so that a request costs no reading and no compiling. One that names secrets is handed out
// when the copies of these are fresh.

import { HooklineError } from '../errors.ts';
import { setBounded } from './bounded-cache.ts';
import { type CompiledWorkflow, compileWorkflow } from './compile.ts';
import type { Registry } from './registry.ts';
import { NO_SECRETS, type SecretVault } from './secret-vault.ts';
import type { LoadedWorkflow, WorkflowService } from './workflows.ts';

/** Compiled revisions kept by key and by id; one is some 10 KB. */
const MAX_COMPILED = 1000;

export interface RevisionCache {
  /** The live revision behind a trigger URL, at once when it is known. */
  find(hookKey: string): CompiledWorkflow | undefined | Promise<CompiledWorkflow | undefined>;
  /**
   * @param revision undefined for the live one
   * @throws HooklineError `workflow_not_found`, `revision_not_found`, `unknown_type`, `invalid_config`
   */
  load(workflowId: string, revision: number | undefined): Promise<CompiledWorkflow>;
  /** Drops every revision of a workflow that has changed. */
  forget(workflowId: string): void;
  /** Drops everything: changes may have gone unnoticed. */
  forgetAll(): void;
}

/** @param vault default: there are no secrets */
export function createRevisionCache(
  documents: Pick<WorkflowService, 'byId' | 'byHookKey'>,
  registry: Registry,
  vault: Pick<SecretVault, 'current' | 'refresh'> = NO_SECRETS,
): RevisionCache {
  const byKey = new Map<string, CompiledWorkflow>();
  const byId = new Map<string, CompiledWorkflow>();
  /** Counts changes: what was read before one must not be kept after it. */
  let changes = 0;

  function keep(cache: Map<string, CompiledWorkflow>, key: string, loaded: LoadedWorkflow, readAt: number): CompiledWorkflow {
    const compiled = compileWorkflow(loaded.workflow, loaded, loaded.document, registry, vault);
    if (readAt !== changes) return compiled;
    setBounded(cache, key, compiled, MAX_COMPILED);
    return compiled;
  }

  async function findInStorage(hookKey: string): Promise<CompiledWorkflow | undefined> {
    const readAt = changes;
    const loaded = await documents.byHookKey(hookKey);
    return loaded && fresh(keep(byKey, hookKey, loaded, readAt));
  }

  function fresh(compiled: CompiledWorkflow): CompiledWorkflow | Promise<CompiledWorkflow> {
    const refreshing = compiled.secrets && vault.refresh(compiled.secrets);
    return refreshing === undefined ? compiled : refreshing.then(() => compiled);
  }

  return {
    find(hookKey) {
      const known = byKey.get(hookKey);
      return known === undefined ? findInStorage(hookKey) : fresh(known);
    },

    async load(workflowId, revision) {
      const key = `${workflowId}:${revision ?? 'live'}`;
      const known = byId.get(key);
      if (known) return fresh(known);
      const readAt = changes;
      const loaded = await documents.byId(workflowId, revision);
      if (loaded) return fresh(keep(byId, key, loaded, readAt));
      throw revision === undefined
        ? new HooklineError('workflow_not_found', `There is no workflow ${workflowId}.`)
        : new HooklineError('revision_not_found', `Workflow ${workflowId} has no revision ${revision}.`);
    },

    forgetAll() {
      changes += 1;
      byKey.clear();
      byId.clear();
    },

    forget(workflowId) {
      changes += 1;
      for (const cache of [byKey, byId]) {
        for (const [key, { workflow }] of cache) if (workflow.id === workflowId) cache.delete(key);
      }
    },
  };
}
