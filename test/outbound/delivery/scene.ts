// A dispatcher over the store in memory with a scripted sender: what is sent, when, and what the receivers say.

import { vi } from 'vitest';
import type { Attempt, Endpoint } from '../../../src/engine/outbound-model.ts';
import type { OutboundStore } from '../../../src/engine/outbound-ports.ts';
import type { Bus, BusMessage } from '../../../src/engine/ports.ts';
import type { AttemptOrder, AttemptResult } from '../../../src/outbound/delivery/attempt.ts';
import { createDispatcher, type Dispatcher, type DispatcherOptions } from '../../../src/outbound/delivery/dispatcher.ts';
import { MemoryStore } from './memory-store.ts';

/** What a receiver says. Default: 200 at once. */
export interface Answer {
  readonly status?: number | null;
  /** How long it takes, in milliseconds. */
  readonly afterMs?: number;
  readonly retryAfterMs?: number;
  /** Data that cannot be sent. */
  readonly isPermanent?: boolean;
  readonly responseBody?: string;
  readonly responseHeaders?: Record<string, string>;
  /** Thrown instead. */
  readonly error?: Error;
}

export interface Sent {
  readonly at: number;
  readonly endpointId: string;
  readonly deliveryIds: readonly string[];
  readonly batchId: string | null;
  readonly number: number;
  readonly body: string;
}

export interface Scene {
  readonly store: MemoryStore;
  readonly dispatcher: Dispatcher;
  readonly sent: Sent[];
  readonly published: BusMessage[];
  readonly logged: string[];
  /** Requests under way, by endpoint, and the most that there were. */
  readonly open: Map<string, number>;
  readonly most: Map<string, number>;
  signaled: number;
  counted: number;
  /** What another process says, or somebody in this one to all. */
  tell(message: BusMessage): void;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
  /** Times at which something was sent to an endpoint, from the start. */
  times(endpointId: string): number[];
}

export const START = Date.UTC(2026, 0, 1);

export function makeScene(
  answer: (order: AttemptOrder, sent: Sent) => Answer = () => ({}),
  options: Partial<DispatcherOptions> & { readonly memory?: MemoryStore } = {},
): Scene {
  const store = options.memory ?? new MemoryStore();
  const listeners = new Set<(message: BusMessage) => void>();
  const published: BusMessage[] = [];
  const bus: Bus = {
    publish: (message) => {
      published.push(message);
      return Promise.resolve();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const logged: string[] = [];
  const note = (_fields: object, message: string): void => void logged.push(message);
  const log = { debug: note, info: note, warn: note, error: note };
  const sent: Sent[] = [];
  const open = new Map<string, number>();
  const most = new Map<string, number>();
  const sender = { send: (order: AttemptOrder) => send(order) };

  async function send(order: AttemptOrder): Promise<AttemptResult> {
    const { endpoint, deliveries, batchId, number, signal } = order;
    const body = JSON.stringify(deliveries.map(({ message }) => message.data));
    const deliveryIds = deliveries.map(({ delivery }) => delivery.id);
    const one: Sent = { at: Date.now(), endpointId: endpoint.id, deliveryIds, batchId, number, body };
    sent.push(one);
    const given = answer(order, one);
    const { status = 200, afterMs = 0, retryAfterMs = null, isPermanent = false, error } = given;
    const now = (open.get(endpoint.id) ?? 0) + 1;
    open.set(endpoint.id, now);
    most.set(endpoint.id, Math.max(most.get(endpoint.id) ?? 0, now));
    try {
      if (afterMs > 0) await pause(afterMs, signal);
    } finally {
      open.set(endpoint.id, (open.get(endpoint.id) ?? 1) - 1);
    }
    if (error) throw error;
    const succeeded = !isPermanent && status !== null && status >= 200 && status < 300;
    const code = isPermanent ? 'conversion_failed' : status === null ? 'request_failed' : 'unexpected_status';
    const attempt: Attempt = {
      ...{ id: `atm_${sent.length}`, endpointId: endpoint.id, deliveryIds, kind: order.kind, number, succeeded },
      ...{ status: isPermanent ? null : status, startedAt: one.at, url: endpoint.config.url, requestHeaders: {}, body },
      error: succeeded ? null : { code, message: `The receiver answered ${status}.` },
      timings: { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: Date.now() - one.at },
      responseHeaders: given.responseHeaders ?? {},
      responseBody: given.responseBody ?? '',
      isResponseCut: false,
    };
    const wish = status === 410 ? 'gone' : status === 429 || status === 502 || status === 504 ? 'throttle' : 'none';
    return { attempt, wish, retryAfterMs, isPermanent, countsForEndpoint: !isPermanent };
  }

  const dispatcher = createDispatcher({
    store: store.store as unknown as OutboundStore,
    commit: store.commit,
    sender,
    open: ({ sealedSecrets: _, ...endpoint }: Endpoint) => ({ ...endpoint, secrets: { secret: 'whsec_' } }),
    events: store.sink,
    bus,
    log,
    now: () => Date.now(),
    random: () => 0.5,
    onSignaled: () => {
      scene.signaled += 1;
    },
    onAttempt: () => {
      scene.counted += 1;
    },
    ...options,
  });
  const scene: Scene = {
    store,
    dispatcher,
    sent,
    published,
    logged,
    open,
    most,
    signaled: 0,
    counted: 0,
    tell: (message) => {
      for (const listener of listeners) listener(message);
    },
    pass: async (ms) => {
      await vi.advanceTimersByTimeAsync(ms);
    },
    times: (endpointId) => sent.filter((one) => one.endpointId === endpointId).map(({ at }) => at - START),
  };
  return scene;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop);
  });
}
