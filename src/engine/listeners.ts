// The triggers that listen by themselves, one for each enabled workflow that has such a trigger.

import { isEventTrigger, isHttpTrigger } from './compile.ts';
import { toFailure } from './failure.ts';
import { isLive } from './model.ts';
import type { Log } from './plugin.ts';
import type { RevisionCache } from './revision-cache.ts';

export interface Listeners {
  /** Listens for a workflow; does nothing when its trigger is called over HTTP or hears operational events. */
  start(workflowId: string): Promise<void>;
  stop(workflowId: string): Promise<void>;
  /** Stops all, also those that are just starting; one that cannot stop is logged. */
  stopAll(): Promise<void>;
}

export interface ListenersOptions {
  readonly revisions: Pick<RevisionCache, 'load'>;
  /** Starts one execution of the live revision; `context` is its `$context`. */
  fire(workflowId: string, context: unknown): Promise<{ executionId: string }>;
  readonly log: Log;
}

export function createListeners({ revisions, fire, log }: ListenersOptions): Listeners {
  const stops = new Map<string, () => Promise<void> | void>();
  const starting = new Set<Promise<void>>();

  async function stop(workflowId: string): Promise<void> {
    const stopListening = stops.get(workflowId);
    stops.delete(workflowId);
    await stopListening?.();
  }

  async function start(workflowId: string): Promise<void> {
    const { trigger, workflow } = await revisions.load(workflowId, undefined);
    if (isHttpTrigger(trigger) || isEventTrigger(trigger) || !isLive(workflow)) return;
    stops.set(workflowId, await trigger.listen((context) => fire(workflowId, context)));
  }

  async function stopOrLog(workflowId: string): Promise<void> {
    try {
      await stop(workflowId);
    } catch (error) {
      log.error({ workflow: workflowId, error: toFailure(error) }, 'the trigger of a workflow could not stop');
    }
  }

  return {
    async start(workflowId) {
      const started = start(workflowId);
      starting.add(started);
      try {
        await started;
      } finally {
        starting.delete(started);
      }
    },
    stop,
    async stopAll() {
      // Who started them hears of a failure.
      await Promise.allSettled(starting);
      await Promise.all([...stops.keys()].map(stopOrLog));
    },
  };
}
