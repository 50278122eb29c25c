// Makes the messages of nodes that publish, which tell the execution that they come from.

import { createEventOrigin } from './event-origin.ts';
import type { Publisher } from './outbound-ports.ts';
import type { ExecutionStore } from './ports.ts';
import type { RunnerServices } from './run.ts';

/** @param executions where the callers of subflows are found */
export function createPublish(
  publisher: Pick<Publisher, 'prepare'>,
  executions: Pick<ExecutionStore, 'get'>,
): RunnerServices['publish'] {
  const isOfEvent = createEventOrigin(executions);
  return ({ execution, scope: { concealer } }, jobPath, event, isAwaited) => {
    const from = { executionId: execution.id, jobPath, isAwaited };
    const prepareOf = (isOf: boolean) =>
      publisher.prepare(event, { source: isOf ? { ...from, isOfEvent: true } : from, concealer });
    const origin = isOfEvent(execution);
    return origin instanceof Promise ? origin.then(prepareOf) : prepareOf(origin);
  };
}
