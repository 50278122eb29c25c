// One's own sessions, and what one is told about one's own account.

import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import type { NoticeView, UserSessionView } from '../../../src/access/model.ts';
import { request } from './request.ts';
import { refreshQueries } from './stale.ts';

export type { NoticeView, UserSessionView };

export const sessionsQuery = queryOptions({
  queryKey: ['own-sessions'],
  queryFn: () => request<{ data: UserSessionView[] }>('GET', '/api/me/sessions'),
});

export const noticesQuery = queryOptions({
  queryKey: ['notices'],
  queryFn: () => request<{ data: NoticeView[]; unread: number }>('GET', '/api/me/notices'),
  // The stream of changes tells sooner; this is for when it is interrupted.
  refetchInterval: 300_000,
});

/** Where another user is signed in, for those who may see users. */
export const userSessionsQuery = (userId: string) =>
  queryOptions({
    queryKey: ['user-sessions', userId],
    queryFn: () => request<{ data: UserSessionView[] }>('GET', `/api/users/${userId}/sessions`),
  });

/** Ends one session by its id; undefined: all of them, of one's own all but the present one. @param userId default oneself */
export function useEndSession(userId?: string) {
  const client = useQueryClient();
  const path = userId === undefined ? ('/api/me/sessions' as const) : (`/api/users/${userId}/sessions` as const);
  return useMutation({
    mutationFn: (id: string | undefined) => request<void>('DELETE', id === undefined ? path : `${path}/${id}`),
    onSettled: () => refreshQueries(client, ['own-sessions', 'user-sessions']),
  });
}

export function useReadNotices() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => request<void>('POST', '/api/me/notices/read'),
    onSuccess: () => client.invalidateQueries({ queryKey: noticesQuery.queryKey }),
  });
}
