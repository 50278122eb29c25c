// What the trigger's panel asks the server: paths of samples, the pinned sample, the next calls, test calls, a new URL.

import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { CaptureView, ListenEvent, PathView, TestCallView } from '../../../src/http/routes/designer-views.ts';
import { apiUrl, request } from './request.ts';
import { useRefreshWorkflows, type WorkflowJson } from './workflows.ts';

export type { CaptureView, PathView, TestCallView };

/** The parts of a request that variables are made of. */
export type Part = 'headers' | 'query' | 'body';

/** Every path in a URL's query. @throws ApiError `invalid_query` */
export async function parseQuerySample(sample: string): Promise<PathView[]> {
  return (await request<{ paths: PathView[] }>('POST', '/api/parse/query', { body: { sample } })).paths;
}

/** Every path in a JSON text. @throws ApiError `invalid_json` that says where the text broke */
export async function parseBodySample(sample: string): Promise<PathView[]> {
  return (await request<{ paths: PathView[] }>('POST', '/api/parse/body', { body: { sample } })).paths;
}

interface Sample {
  readonly sample: CaptureView | null;
  /** There is one, and it cannot be read: why. */
  readonly unreadable?: string;
}

export const sampleQuery = (workflowId: string) =>
  queryOptions({
    queryKey: ['sample', workflowId],
    queryFn: () => request<Sample>('GET', `/api/workflows/${workflowId}/sample`),
  });

/** Keeps a request as the example to build by; null forgets it. */
export function usePinSample(workflowId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (sample: { request: CaptureView['request'] } | { executionId: string } | null): Promise<Sample> => {
      if (sample !== null) return request('POST', `/api/workflows/${workflowId}/sample`, { body: sample });
      await request<void>('DELETE', `/api/workflows/${workflowId}/sample`);
      return { sample: null };
    },
    onSuccess: (answer) => {
      client.setQueryData(['sample', workflowId], answer);
      void client.invalidateQueries({ queryKey: ['learned', workflowId] });
    },
  });
}

export interface TestCallInput {
  readonly headers: Record<string, string>;
  readonly query: string;
  readonly body: string;
  readonly authenticate: boolean;
}

/** Calls the saved workflow as another system would. */
export function useCallWorkflow(workflowId: string) {
  return useMutation({
    mutationFn: (input: TestCallInput) => request<TestCallView>('POST', `/api/workflows/${workflowId}/call`, { body: input }),
  });
}

/** A new trigger URL; the old one is gone at once. */
export function useRotateKey(workflowId: string) {
  const refresh = useRefreshWorkflows();
  return useMutation({
    mutationFn: () => request<WorkflowJson>('POST', `/api/workflows/${workflowId}/rotate-key`),
    onSuccess: (workflow) => refresh(workflow),
  });
}

/** `lost`: the server ended it or cannot be reached. `ended`: its time is over. */
export type ListenState = 'idle' | 'connecting' | 'listening' | 'lost' | 'ended';

export interface Listening {
  readonly state: ListenState;
  /** When the server ends it by itself, in milliseconds since 1970; null until it listens. */
  readonly until: number | null;
  /** The latest first. */
  readonly calls: readonly CaptureView[];
  start(): void;
  stop(): void;
}

/** Calls that are kept on screen. */
const MAX_CALLS = 20;

/** Listens for the next calls of a workflow until it is stopped, its time is over, or the page is left. */
export function useListening(workflowId: string): Listening {
  const [state, setState] = useState<ListenState>('idle');
  const [until, setUntil] = useState<number | null>(null);
  const [calls, setCalls] = useState<readonly CaptureView[]>([]);
  const source = useRef<EventSource | null>(null);

  const close = useCallback((next: ListenState) => {
    source.current?.close();
    source.current = null;
    setUntil(null);
    setState(next);
  }, []);

  const start = useCallback(() => {
    source.current?.close();
    const stream = new EventSource(apiUrl(`/api/workflows/${workflowId}/listen`));
    source.current = stream;
    setState('connecting');
    let end = Number.POSITIVE_INFINITY;
    stream.addEventListener('listening', (event) => {
      end = Date.parse(read<'listening'>(event).until);
      setUntil(end);
      setState('listening');
    });
    stream.addEventListener('request', (event) => {
      const call = read<'request'>(event);
      setCalls((before) => [call, ...before].slice(0, MAX_CALLS));
    });
    // The browser would connect again by itself, and listen for ever.
    stream.addEventListener('error', () => {
      if (source.current === stream) close(Date.now() >= end - 1_000 ? 'ended' : 'lost');
    });
  }, [workflowId, close]);

  const stop = useCallback(() => close('idle'), [close]);
  useEffect(() => () => source.current?.close(), []);
  return { state, until, calls, start, stop };
}

function read<Name extends ListenEvent['event']>(event: MessageEvent<string>): Extract<ListenEvent, { event: Name }>['data'] {
  return JSON.parse(event.data);
}
