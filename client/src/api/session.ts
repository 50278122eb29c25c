// Who is signed in, and what they may do.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { LinkView, Permission, SessionView } from '../../../src/access/model.ts';
import { rememberCsrfToken, request } from './request.ts';

const KEY = ['session'];

function remember(session: SessionView): SessionView {
  rememberCsrfToken(session.csrfToken);
  return session;
}

export function useSession() {
  return useQuery({
    queryKey: KEY,
    queryFn: async () => remember(await request<SessionView>('GET', '/api/session')),
    staleTime: 60_000,
  });
}

/** Whether whoever is signed in may do something; false until that is known. */
export function usePermission(permission: Permission): boolean {
  return useSession().data?.permissions.includes(permission) ?? false;
}

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (input: { email: string; password: string }) =>
      remember(await request<SessionView>('POST', '/api/session', { body: input })),
    onSuccess: (session) => client.setQueryData(KEY, session),
  });
}

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => request<void>('DELETE', '/api/session'),
    onSuccess: () => {
      // The session stays, as nobody's: the pages go, and do not ask again for what is removed.
      client.setQueryData<SessionView>(KEY, (session) => session && { ...session, user: null, permissions: [], csrfToken: null });
      client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
      rememberCsrfToken(null);
    },
  });
}

/** Confirms the password, for what needs a fresh one. */
export function useConfirmPassword() {
  return useMutation({
    mutationFn: (password: string) => request<void>('POST', '/api/session/confirm', { body: { password } }),
  });
}

/** What a one-time link is for. */
export function useLink(token: string) {
  return useQuery({
    queryKey: ['link', token],
    queryFn: () => request<LinkView>('POST', '/api/links/check', { body: { token } }),
    retry: false,
    enabled: token !== '',
  });
}

export function useAcceptLink() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (input: { token: string; password: string; email?: string; name?: string; revokeTokens?: boolean }) =>
      remember(await request<SessionView>('POST', '/api/links/accept', { body: input })),
    onSuccess: (session) => client.setQueryData(KEY, session),
  });
}
