// What happened to workflows lately, and the tags that they carry.

import { queryOptions, useMutation } from '@tanstack/react-query';
import type { ActivityView } from '../../../src/http/routes/designer-views.ts';
import type { WorkflowJson } from '../../../src/http/routes/views.ts';
import { request } from './request.ts';
import { deletes } from './stale.ts';
import { useRefreshWorkflows } from './workflows.ts';

export type { ActivityView };

/** The last 24 hours of up to 100 workflows, by their ids. */
export const activityQuery = (ids: readonly string[]) =>
  queryOptions({
    queryKey: ['activity', ids],
    queryFn: async () => {
      const { data } = await request<{ data: ActivityView[] }>('GET', '/api/activity', { query: { ids: ids.join(',') } });
      return new Map(data.map((entry) => [entry.workflowId, entry]));
    },
    enabled: ids.length > 0,
  });

export const tagsQuery = queryOptions({
  queryKey: ['tags'],
  queryFn: () => request<{ data: { tag: string; count: number }[] }>('GET', '/api/tags'),
});

export interface WorkflowAction {
  readonly id: string;
  readonly action: 'enable' | 'disable' | 'duplicate' | 'trash' | 'restore' | 'delete';
}

/** What the list does to one workflow. */
export function useWorkflowAction() {
  const refresh = useRefreshWorkflows();
  return useMutation({
    meta: deletes(({ id, action }: WorkflowAction) => (action === 'delete' ? id : undefined)),
    mutationFn: ({ id, action }: WorkflowAction): Promise<WorkflowJson | undefined> => {
      const path = `/api/workflows/${id}` as const;
      switch (action) {
        case 'enable':
        case 'disable':
          return request('PATCH', path, { body: { enabled: action === 'enable' } });
        case 'duplicate':
        case 'restore':
          return request('POST', `${path}/${action}`);
        case 'trash':
          return request('DELETE', path);
        case 'delete':
          return request('DELETE', path, { query: { forever: true } });
      }
    },
    onSuccess: (workflow) => refresh(workflow),
  });
}

export function useImportWorkflow() {
  const refresh = useRefreshWorkflows();
  return useMutation({
    mutationFn: (document: object) => request<WorkflowJson>('POST', '/api/workflows/import', { body: document }),
    onSuccess: (workflow) => refresh(workflow),
  });
}

/** Fetches a workflow's export and hands it to the browser as a file. */
export async function downloadWorkflow(id: string, title: string): Promise<void> {
  const document_ = await request<object>('GET', `/api/workflows/${id}/export`);
  const url = URL.createObjectURL(new Blob([JSON.stringify(document_, null, 2)], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${fileName(title)}.hookline.json`;
  link.click();
  URL.revokeObjectURL(url);
}

/** A title as a file name: letters and digits of any script stay. */
export function fileName(title: string): string {
  return (
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 80) || 'workflow'
  );
}
