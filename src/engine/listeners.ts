// The triggers that listen by themselves, one for each enabled workflow that has such a trigger.

import { type CompiledWorkflow, isHttpTrigger } from './compile.ts';
import type { RevisionCache } from './revision-cache.ts';

export interface Listeners {
  /** Listens for a workflow; does nothing when its trigger is called over HTTP. */
  start(workflowId: string): Promise<void>;
  stop(workflowId: string): Promise<void>;
  stopAll(): Promise<void>;
}

/** @param fire starts one execution; `context` is its `$context` */
export function createListeners(
  revisions: Pick<RevisionCache, 'load'>,
  fire: (target: CompiledWorkflow, context: unknown) => Promise<{ executionId: string }>,
): Listeners {
  const stops = new Map<string, () => Promise<void> | void>();

  async function stop(workflowId: string): Promise<void> {
    const stopListening = stops.get(workflowId);
    stops.delete(workflowId);
    await stopListening?.();
  }

  return {
    async start(workflowId) {
      const target = await revisions.load(workflowId, undefined);
      if (isHttpTrigger(target.trigger) || !target.workflow.enabled) return;
      stops.set(workflowId, await target.trigger.listen((context) => fire(target, context)));
    },
    stop,
    async stopAll() {
      await Promise.all([...stops.keys()].map(stop));
    },
  };
}
