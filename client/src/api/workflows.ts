// Workflows, their revisions and the installed types, as the API gives them.

import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import type { NodeDescription, TriggerDescription } from '../../../src/engine/registry.ts';
import type { ComparisonJson, RevisionJson } from '../../../src/http/routes/revisions.ts';
import type { WorkflowJson } from '../../../src/http/routes/views.ts';
import { type Page, request } from './request.ts';

export type { ComparisonJson, NodeDescription, RevisionJson, TriggerDescription, WorkflowJson };

export interface PluginList {
  triggers: TriggerDescription[];
  nodes: NodeDescription[];
}

/** The installed trigger and node types; they change with a restart of the server only. */
export const pluginsQuery = queryOptions({
  queryKey: ['plugins'],
  queryFn: () => request<PluginList>('GET', '/api/plugins'),
  staleTime: Number.POSITIVE_INFINITY,
});

export const workflowQuery = (id: string) =>
  queryOptions({ queryKey: ['workflow', id], queryFn: () => request<WorkflowJson>('GET', `/api/workflows/${id}`) });

export interface WorkflowFilter {
  search?: string;
  tag?: string;
  mode?: string;
  enabled?: string;
  trashed?: boolean;
  cursor?: string;
}

export const workflowsQuery = (filter: WorkflowFilter) =>
  queryOptions({
    queryKey: ['workflows', filter],
    queryFn: () => request<Page<WorkflowJson>>('GET', '/api/workflows', { query: { ...filter } }),
  });

export const revisionsQuery = (id: string) =>
  queryOptions({
    queryKey: ['revisions', id],
    queryFn: () => request<Page<RevisionJson>>('GET', `/api/workflows/${id}/revisions`, { query: { limit: 100 } }),
  });

export const revisionQuery = (id: string, revision: number) =>
  queryOptions({
    queryKey: ['revision', id, revision],
    queryFn: () => request<RevisionJson>('GET', `/api/workflows/${id}/revisions/${revision}`),
  });

export const comparisonQuery = (id: string, from: number, to: number) =>
  queryOptions({
    queryKey: ['comparison', id, from, to],
    queryFn: () => request<ComparisonJson>('GET', `/api/workflows/${id}/revisions/${from}/compare/${to}`),
  });

/** After any change of a workflow: what shows it is asked for again. */
export function useRefreshWorkflows() {
  const client = useQueryClient();
  return (workflow?: WorkflowJson) => {
    if (workflow) client.setQueryData(['workflow', workflow.id], workflow);
    void client.invalidateQueries({ queryKey: ['workflows'] });
    if (workflow) void client.invalidateQueries({ queryKey: ['revisions', workflow.id] });
  };
}

export function useCreateWorkflow() {
  const refresh = useRefreshWorkflows();
  return useMutation({
    mutationFn: (body: object) => request<WorkflowJson>('POST', '/api/workflows', { body }),
    onSuccess: (workflow) => refresh(workflow),
  });
}

export function useUpdateWorkflow(id: string) {
  const refresh = useRefreshWorkflows();
  return useMutation({
    mutationFn: ({ body, ifUpdatedAt }: { body: object; ifUpdatedAt?: string }) =>
      request<WorkflowJson>('PATCH', `/api/workflows/${id}`, { body, query: { ifUpdatedAt } }),
    onSuccess: (workflow) => refresh(workflow),
  });
}
