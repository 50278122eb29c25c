// The statuses and sources of executions for lists to choose from, without the schemas that the server checks them with.

import type { ExecutionSource, ExecutionStatus } from '../../../src/engine/model.ts';

/** Every one: the type says so when one is added to the server. */
const STATUSES: Readonly<Record<ExecutionStatus, true>> = {
  succeeded: true,
  failed: true,
  error: true,
  timed_out: true,
  canceled: true,
  running: true,
  waiting: true,
  queued: true,
};
const SOURCES: Readonly<Record<ExecutionSource, true>> = {
  webhook: true,
  manual: true,
  replay: true,
  event: true,
  subflow: true,
  failure: true,
  trigger: true,
};

export const EXECUTION_STATUSES = Object.keys(STATUSES) as readonly ExecutionStatus[];
export const EXECUTION_SOURCES = Object.keys(SOURCES) as readonly ExecutionSource[];
