// One's own sessions, and what one is told about one's own account.

import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import type { NoticeView, UserSessionView } from '../../../src/access/model.ts';
import { request } from './request.ts';

export type { NoticeView, UserSessionView };

export const sessionsQuery = queryOptions({
  queryKey: ['own-sessions'],
  queryFn: () => request<{ data: UserSessionView[] }>('GET', '/api/me/sessions'),
});

export const noticesQuery = queryOptions({
  queryKey: ['notices'],
  queryFn: () => request<{ data: NoticeView[]; unread: number }>('GET', '/api/me/notices'),
  refetchInterval: 60_000,
});

/** @param id undefined: all but the present one */
export function useEndOwnSession() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string | undefined) =>
      request<void>('DELETE', id === undefined ? '/api/me/sessions' : `/api/me/sessions/${id}`),
    onSettled: () => client.invalidateQueries({ queryKey: sessionsQuery.queryKey }),
  });
}

export function useReadNotices() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => request<void>('POST', '/api/me/notices/read'),
    onSuccess: () => client.invalidateQueries({ queryKey: noticesQuery.queryKey }),
  });
}
