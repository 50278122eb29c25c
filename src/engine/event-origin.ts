// Finds out whether an execution runs because Hookline told it of something.

import type { Execution } from './model.ts';
import type { ExecutionStore } from './ports.ts';

/**
 * Says of an execution whether an operational event or a failure started it, itself or through the subflows above it. What it
 * sends is told to nobody when it fails: it might start itself for ever.
 * @throws HooklineError `storage_unavailable` when a caller cannot be read
 */
export type IsOfEvent = (execution: Execution) => boolean | Promise<boolean>;

export function createEventOrigin(executions: Pick<ExecutionStore, 'get'>): IsOfEvent {
  /** Of subflows that run here: they may publish often, and who called them does not change. */
  const known = new WeakMap<Execution, boolean>();

  async function isCallerOfEvent(execution: Execution): Promise<boolean> {
    const remembered = known.get(execution);
    if (remembered !== undefined) return remembered;
    // No deeper than subflows may be nested. A caller that retention has deleted ended long ago.
    let caller: Execution | undefined = execution;
    while (caller?.parent) caller = await executions.get(caller.parent.executionId);
    const isOfEvent = caller !== undefined && isStartedByEvent(caller);
    known.set(execution, isOfEvent);
    return isOfEvent;
  }

  return (execution) => (execution.parent === null ? isStartedByEvent(execution) : isCallerOfEvent(execution));
}

function isStartedByEvent({ source }: Execution): boolean {
  return source === 'event' || source === 'failure';
}
