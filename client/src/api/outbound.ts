// Endpoints, the event catalogue, messages and deliveries, as the API gives them.

import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import type {
  AttemptJson,
  DeliveryJson,
  DeliveryWithAttemptsJson,
  EndpointJson,
  EndpointWithSecretJson,
  EventTypeJson,
  MessageJson,
  MessageSummaryJson,
} from '../../../src/http/routes/outbound-views.ts';
import { type Page, request } from './request.ts';
import { refreshQueries, useDeletion } from './stale.ts';

export type {
  AttemptJson,
  DeliveryJson,
  DeliveryWithAttemptsJson,
  EndpointJson,
  EndpointWithSecretJson,
  EventTypeJson,
  MessageJson,
  MessageSummaryJson,
};

export interface EndpointStats {
  attempts: number;
  succeeded: number;
  failed: number;
  successRate: number | null;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  pending: number;
  held: number;
  oldestUndeliveredMs: number | null;
}

export interface Snippet {
  language: string;
  title: string;
  fileName: string;
  code: string;
}

export interface Verification {
  accepted: boolean;
  rejectsBadSignature: boolean;
  warnings: { message: string }[];
  attempts: AttemptJson[];
}

export const endpointsQuery = (filter: { search?: string; status?: string; cursor?: string }) =>
  queryOptions({
    queryKey: ['endpoints', filter],
    queryFn: () => request<Page<EndpointJson>>('GET', '/api/endpoints', { query: { ...filter } }),
  });

export const endpointQuery = (id: string) =>
  queryOptions({ queryKey: ['endpoint', id], queryFn: () => request<EndpointJson>('GET', `/api/endpoints/${id}`) });

export const endpointStatsQuery = (id: string) =>
  queryOptions({
    queryKey: ['endpoint-stats', id],
    queryFn: () => request<EndpointStats>('GET', `/api/endpoints/${id}/stats`, { query: { window: '24h' } }),
  });

export const snippetsQuery = (id: string) =>
  queryOptions({
    queryKey: ['snippets', id],
    queryFn: () => request<{ data: Snippet[] }>('GET', `/api/endpoints/${id}/snippets`),
  });

export const attemptsQuery = (id: string) =>
  queryOptions({
    queryKey: ['attempts', id],
    queryFn: () => request<Page<AttemptJson>>('GET', `/api/endpoints/${id}/attempts`, { query: { limit: 20 } }),
  });

export const eventTypesQuery = queryOptions({
  queryKey: ['event-types'],
  queryFn: () => request<{ data: EventTypeJson[] }>('GET', '/api/event-types'),
});

export interface DeliveryFilter {
  endpointId?: string;
  messageId?: string;
  type?: string;
  status?: string;
  cursor?: string;
  limit?: number;
}

export const deliveriesQuery = (filter: DeliveryFilter) =>
  queryOptions({
    queryKey: ['deliveries', filter],
    queryFn: () => request<Page<DeliveryJson>>('GET', '/api/deliveries', { query: { ...filter } }),
  });

export const deliveryQuery = (id: string) =>
  queryOptions({ queryKey: ['delivery', id], queryFn: () => request<DeliveryWithAttemptsJson>('GET', `/api/deliveries/${id}`) });

export const messagesQuery = (filter: { type?: string; cursor?: string }) =>
  queryOptions({
    queryKey: ['messages', filter],
    queryFn: () => request<Page<MessageSummaryJson>>('GET', '/api/messages', { query: { ...filter } }),
  });

export const messageQuery = (id: string) =>
  queryOptions({ queryKey: ['message', id], queryFn: () => request<MessageJson>('GET', `/api/messages/${id}`) });

/** What every change of the outbound part makes stale. */
const STALE = [
  'endpoints',
  'endpoint',
  'endpoint-stats',
  'attempts',
  'deliveries',
  'delivery',
  'messages',
  'message',
  'event-types',
];

function useChange<Input, Result>(change: (input: Input) => Promise<Result>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => {
      void refreshQueries(client, STALE);
    },
  });
}

export const useCreateEndpoint = () =>
  useChange((body: object) => request<EndpointWithSecretJson>('POST', '/api/endpoints', { body }));
export const useUpdateEndpoint = (id: string) =>
  useChange((body: object) => request<EndpointJson>('PATCH', `/api/endpoints/${id}`, { body }));
export const useDeleteEndpoint = () =>
  useDeletion(
    STALE,
    (id: string) => request<void>('DELETE', `/api/endpoints/${id}`),
    (id) => id,
  );
export const useUnblock = (id: string) => useChange(() => request<EndpointJson>('POST', `/api/endpoints/${id}/unblock`));
export const useRotateSecret = (id: string) =>
  useChange((body: { overlapMs?: number }) =>
    request<EndpointWithSecretJson>('POST', `/api/endpoints/${id}/rotate-secret`, { body }),
  );
export const useTestEndpoint = (id: string) =>
  useChange((body: { eventType?: string }) => request<AttemptJson>('POST', `/api/endpoints/${id}/test`, { body }));
export const useVerifyEndpoint = (id: string) => useChange(() => request<Verification>('POST', `/api/endpoints/${id}/verify`));
export const useRetryFailed = (id: string) =>
  useChange((since: string) => request<{ deliveries: number }>('POST', `/api/endpoints/${id}/retry-failed`, { body: { since } }));

export const useDeliveryAction = () =>
  useChange(({ id, action }: { id: string; action: 'retry' | 'cancel' }) =>
    request<DeliveryJson>('POST', `/api/deliveries/${id}/${action}`),
  );

export const usePublish = () =>
  useChange((body: { type: string; data: unknown }) =>
    request<MessageSummaryJson & { deliveries: number }>('POST', '/api/messages', { body }),
  );
export const useReplayMessage = (id: string) =>
  useChange((endpointId: string) => request<DeliveryJson>('POST', `/api/messages/${id}/replay`, { body: { endpointId } }));

export interface EventTypeFields {
  title: string;
  description: string;
  schema: unknown;
  example: unknown;
  downConversion: string | null;
}

export const useSaveEventType = () =>
  useChange(({ name, version, fields }: { name: string; version: number | 'new' | 'next'; fields: Partial<EventTypeFields> }) => {
    const path = `/api/event-types/${encodeURIComponent(name)}` as const;
    if (version === 'new') return request<EventTypeJson>('POST', '/api/event-types', { body: { name, ...fields } });
    if (version === 'next') return request<EventTypeJson>('POST', `${path}/versions`, { body: fields });
    return request<EventTypeJson>('PATCH', `${path}/versions/${version}`, { body: fields });
  });
export const useDeleteEventType = () =>
  useDeletion(
    STALE,
    ({ name, version }: { name: string; version: number }) =>
      request<void>('DELETE', `/api/event-types/${encodeURIComponent(name)}/versions/${version}`),
    ({ name, version }) => `${name} ${version}`,
  );
