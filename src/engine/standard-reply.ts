// The replies of sync workflows that end without a response node.

import type { ExecutionStatus, Reply } from './model.ts';
import { buildReply } from './reply.ts';

/** 200 `ok` when it succeeded, 504 past the deadline, 503 when it was stopped from outside, otherwise 500 with the execution's id. */
export function standardReply(executionId: string, status: ExecutionStatus): Reply {
  if (status === 'succeeded') return buildReply({ body: 'ok' });
  const isLate = status === 'timed_out';
  return buildReply({
    status: isLate ? 504 : status === 'canceled' ? 503 : 500,
    body: {
      error: {
        code: isLate ? 'deadline_exceeded' : 'workflow_failed',
        message: isLate ? 'The workflow did not answer in time.' : 'The workflow did not succeed.',
        details: { executionId, status },
      },
    },
  });
}
