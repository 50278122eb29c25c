// Users, tokens, secrets, the audit log and settings, as the API gives them.

import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import type {
  AuditEntryView,
  OneTimeLinkView,
  Permission,
  Role,
  SecretView,
  TokenView,
  UserView,
} from '../../../src/access/model.ts';
import type { SettingsView } from '../../../src/http/routes/designer-views.ts';
import { type Page, request } from './request.ts';
import { useDeletion } from './stale.ts';

export type { AuditEntryView, OneTimeLinkView, Permission, Role, SecretView, SettingsView, TokenView, UserView };

interface List<Item> {
  readonly data: Item[];
}

export const usersQuery = queryOptions({ queryKey: ['users'], queryFn: () => request<List<UserView>>('GET', '/api/users') });
export const tokensQuery = queryOptions({ queryKey: ['tokens'], queryFn: () => request<List<TokenView>>('GET', '/api/tokens') });
export const secretsQuery = queryOptions({
  queryKey: ['secrets'],
  queryFn: () => request<List<SecretView>>('GET', '/api/secrets'),
});
export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: () => request<SettingsView>('GET', '/api/settings'),
});

export interface AuditQuery {
  readonly actor: string;
  readonly outcome: AuditEntryView['outcome'] | '';
}

export const auditPage = (query: AuditQuery, cursor: string) =>
  request<Page<AuditEntryView>>('GET', '/api/audit', { query: { ...query, cursor, limit: 50 } });

/** A change of one of these lists; the list is read again after it. */
function useChange<Input, Result>(key: string, change: (input: Input) => Promise<Result>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => client.invalidateQueries({ queryKey: [key] }),
  });
}

export const useInvite = () =>
  useChange('users', (body: { email: string; name: string; role: Role }) =>
    request<{ user: UserView; link: OneTimeLinkView }>('POST', '/api/users', { body }),
  );
export const useChangeUser = () =>
  useChange('users', ({ id, ...body }: { id: string; role?: Role; disabled?: boolean; name?: string }) =>
    request<UserView>('PATCH', `/api/users/${id}`, { body }),
  );
export const useDeleteUser = () =>
  useDeletion(
    ['users'],
    (id: string) => request<void>('DELETE', `/api/users/${id}`),
    (id) => id,
  );
export const useUserLink = () => useChange('users', (id: string) => request<OneTimeLinkView>('POST', `/api/users/${id}/link`));

export const useCreateToken = () =>
  useChange('tokens', (body: { name: string; permissions: readonly Permission[]; expiresAt: string | null }) =>
    request<{ token: TokenView; secret: string }>('POST', '/api/tokens', { body }),
  );
export const useDeleteToken = () =>
  useDeletion(
    ['tokens'],
    (id: string) => request<void>('DELETE', `/api/tokens/${id}`),
    (id) => id,
  );

export const useCreateSecret = () =>
  useChange('secrets', (body: { name: string; value: string; description: string; allowedHosts: readonly string[] | null }) =>
    request<SecretView>('POST', '/api/secrets', { body }),
  );
export const useChangeSecret = () =>
  useChange(
    'secrets',
    ({ name, ...body }: { name: string; value?: string; description?: string; allowedHosts?: readonly string[] | null }) =>
      request<SecretView>('PATCH', `/api/secrets/${encodeURIComponent(name)}`, { body }),
  );
export const useDeleteSecret = () =>
  useDeletion(
    ['secrets'],
    ({ name, force }: { name: string; force: boolean }) =>
      request<void>('DELETE', `/api/secrets/${encodeURIComponent(name)}`, { query: { force: force ? true : undefined } }),
    ({ name }) => name,
  );

export const useChangeSettings = () =>
  useChange(
    'settings',
    (body: {
      retention?: Record<string, number | null | 'default'>;
      messageRetentionMs?: number | null | 'default';
      auditsReads?: boolean;
      secondFactorForOwners?: boolean;
    }) => request<SettingsView>('PATCH', '/api/settings', { body }),
  );

export const useChangeProfile = () =>
  useChange('session', (body: { name?: string; password?: { current: string; new: string; revokeTokens: boolean } }) =>
    request<UserView>('PATCH', '/api/me', { body }),
  );
