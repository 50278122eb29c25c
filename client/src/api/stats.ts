// Numbers for the overview.

import { queryOptions } from '@tanstack/react-query';
import type { StatsView } from '../../../src/http/routes/designer-views.ts';
import { request } from './request.ts';

export type { StatsView };

/** @param from ISO 8601 */
export const statsQuery = (from: string, to: string, workflowId: string | null) =>
  queryOptions({
    queryKey: ['stats', from, to, workflowId],
    queryFn: () => request<StatsView>('GET', '/api/stats', { query: { from, to, workflowId } }),
  });
