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

/** The first step; the answer is a session, or says that a code is needed, too. */
export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: { email: string; password: string }) =>
      request<SessionView | { secondFactor: true }>('POST', '/api/session', { body: input }),
    onSuccess(answer) {
      if ('user' in answer) client.setQueryData(KEY, remember(answer));
    },
  });
}

/** The second step, for users with a second factor. */
export function useSignInWithCode() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (code: string) =>
      remember(await request<SessionView>('POST', '/api/session/second-factor', { body: { code } })),
    onSuccess: (session) => client.setQueryData(KEY, session),
  });
}

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => request<void>('DELETE', '/api/session'),
    onSuccess: () => {
      // The session stays, as nobody's: the pages go, and do not ask again for what is removed.
      client.setQueryData<SessionView>(
        KEY,
        (session) => session && { ...session, user: null, permissions: [], csrfToken: null, mustEnrol: false },
      );
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
    mutationFn: async (input: {
      token: string;
      password: string;
      email?: string;
      name?: string;
      revokeTokens?: boolean;
      code?: string;
    }) => remember(await request<SessionView>('POST', '/api/links/accept', { body: input })),
    onSuccess: (session) => client.setQueryData(KEY, session),
  });
}
