// The signed-in user's own second factor, and that of others.

import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import type { SecondFactorView } from '../../../src/access/model.ts';
import { request } from './request.ts';

export type { SecondFactorView };

const PATH = '/api/me/second-factor';

interface NewCodes {
  readonly recoveryCodes: readonly string[];
}

export const secondFactorQuery = queryOptions({
  queryKey: ['second-factor'],
  queryFn: () => request<SecondFactorView>('GET', PATH),
});

/** The key for an app, which counts once a code of it was confirmed. */
export const useBeginSecondFactor = () =>
  useMutation({ mutationFn: () => request<{ secret: string; uri: string }>('POST', PATH) });

/** Call `useRefreshSecondFactor` after the codes were shown: until then the page must stay. */
export const useEnableSecondFactor = () =>
  useMutation({ mutationFn: (code: string) => request<NewCodes>('POST', `${PATH}/enable`, { body: { code } }) });

export const useRenewRecoveryCodes = () =>
  useMutation({ mutationFn: (code: string) => request<NewCodes>('POST', `${PATH}/recovery-codes`, { body: { code } }) });

export const useDisableSecondFactor = () =>
  useMutation({
    mutationFn: (body: { password: string; code: string }) => request<void>('POST', `${PATH}/disable`, { body }),
  });

export function useRemoveSecondFactor() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (userId: string) => request<void>('DELETE', `/api/users/${userId}/second-factor`),
    onSuccess: () => client.invalidateQueries({ queryKey: ['users'] }),
  });
}

/** After a change: who is signed in, and what is known of the factor, is asked for again. */
export function useRefreshSecondFactor() {
  const client = useQueryClient();
  return async () => {
    await Promise.all(['second-factor', 'session', 'users'].map((key) => client.invalidateQueries({ queryKey: [key] })));
  };
}
