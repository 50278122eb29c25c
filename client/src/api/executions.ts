// Executions, as the API gives them.

import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
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

export type ExecutionAction =
  | { readonly action: 'replay'; readonly revision?: number }
  | { readonly action: 'retry' }
  | { readonly action: 'rerun'; readonly from: string }
  | { readonly action: 'cancel' };

/** Replay, retry, run again from a node, cancel. Gives the execution that came of it. */
export function useExecutionAction(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ action, ...body }: ExecutionAction) =>
      request<ExecutionJson>('POST', `/api/executions/${id}/${action}`, {
        body: action === 'replay' || action === 'rerun' ? body : undefined,
      }),
    onSuccess: (execution) => {
      client.setQueryData(['execution', execution.id], execution);
      void client.invalidateQueries({ queryKey: ['executions'] });
    },
  });
}

/** What a node was given: its configuration with the variables filled in as they were, secrets replaced; and `$scopes`. */
export const jobInputQuery = (id: string, path: string) =>
  queryOptions({
    queryKey: ['job-input', id, path],
    queryFn: () =>
      request<{ input: unknown; error: { message: string } | null; scopes: Record<string, unknown> }>(
        'GET',
        `/api/executions/${id}/input`,
        { query: { path } },
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });
