// Executions, as the API gives them.

import { queryOptions } from '@tanstack/react-query';
import type { ExecutionJson, ExecutionSummaryJson, JobJson } from '../../../src/http/routes/views.ts';
import { type Page, request } from './request.ts';

export type { ExecutionJson, ExecutionSummaryJson, JobJson };

export interface ExecutionFilter {
  workflowId?: string;
  /** Comma list. */
  status?: string;
  /** Comma list. */
  source?: string;
  from?: string;
  to?: string;
  replayOf?: string;
  limit?: number;
  cursor?: string;
}

export const executionQuery = (id: string) =>
  queryOptions({ queryKey: ['execution', id], queryFn: () => request<ExecutionJson>('GET', `/api/executions/${id}`) });

export const executionsQuery = (filter: ExecutionFilter) =>
  queryOptions({
    queryKey: ['executions', filter],
    queryFn: () => request<Page<ExecutionSummaryJson>>('GET', '/api/executions', { query: { ...filter } }),
  });
