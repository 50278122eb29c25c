// What the editor does to a workflow's revisions.

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { request } from './request.ts';
import { useRefreshWorkflows, type WorkflowJson } from './workflows.ts';

/** Makes a revision the live one. */
export function useActivateRevision(id: string) {
  const client = useQueryClient();
  const refresh = useRefreshWorkflows();
  return useMutation({
    mutationFn: (revision: number) => request<WorkflowJson>('POST', `/api/workflows/${id}/revisions/${revision}/activate`),
    onSuccess: (workflow) => {
      refresh(workflow);
      // Which one is live is told with each.
      void client.invalidateQueries({ queryKey: ['revision', id] });
    },
  });
}
