// Endpoints, messages, deliveries and attempts for the storage tests.

import type { Attempt, Delivery, Endpoint, EndpointState, Message } from '../../src/engine/outbound-model.ts';
import { endpointConfigSchema } from '../../src/engine/outbound-model.ts';
import type { DeliveryChange, NewMessage } from '../../src/engine/outbound-ports.ts';
import { lowestIdAt } from '../../src/storage/execution-id.ts';
import { START } from './contract.ts';

/** An id whose time is `START + offset` milliseconds; `serial` tells ids of one millisecond apart. */
export function outboundId(prefix: string, offset: number, serial = 0): string {
  return `${prefix}_${lowestIdAt(START + offset)
    .replaceAll('-', '')
    .slice(0, -8)}${serial.toString(16).padStart(8, '0')}`;
}

export function makeState(change: Partial<EndpointState> = {}): EndpointState {
  return {
    ...{ status: 'active', reason: null, since: null, failures: 0, probeAt: null, probes: 0 },
    ...{ throttledUntil: null, drainBefore: null, failingSince: null },
    ...change,
  };
}

export function makeEndpoint(id: string, change: Partial<Endpoint> & { url?: string } = {}): Endpoint {
  const { url = `https://example.com/${id}`, ...rest } = change;
  return {
    ...{ id, kind: 'endpoint', config: endpointConfigSchema.parse({ url }), sealedSecrets: 'sealed', state: makeState() },
    ...{ stateSequence: 0, createdAt: START, updatedAt: START },
    ...rest,
  };
}

export function makeMessage(id: string, change: Partial<NewMessage> = {}): NewMessage {
  return {
    ...{ id, type: 'order.created', version: 1, data: '{"a":1}', timestamp: START, userId: null, idempotencyKey: null },
    ...{ source: null, createdAt: START, deliveries: [] },
    ...change,
  };
}

export function makeDelivery(id: string, messageId: string, endpointId: string, change: Partial<Delivery> = {}): Delivery {
  return {
    ...{ id, messageId, endpointId, eventType: 'order.created', status: 'pending', dueAt: START, attempts: 0 },
    ...{ attemptsBefore: 0, orderingKey: null, batchId: null, url: null, lastStatus: null, error: null },
    ...{ createdAt: START, finishedAt: null },
    ...change,
  };
}

export function makeAttempt(id: string, endpointId: string, deliveryIds: string[], change: Partial<Attempt> = {}): Attempt {
  return {
    ...{ id, endpointId, deliveryIds, kind: 'delivery', number: 1, succeeded: true, status: 200, error: null },
    startedAt: START,
    timings: { dnsMs: null, connectMs: 1, tlsMs: 2.5, firstByteMs: 3, totalMs: 4.25 },
    ...{ url: 'https://example.com/', requestHeaders: { 'webhook-id': 'm' }, body: '{"a":1}' },
    ...{ responseHeaders: { 'x-a': 'b' }, responseBody: 'ok', isResponseCut: false },
    ...change,
  };
}

/** The outcome of the first attempt of a delivery. */
export function makeChange(id: string, change: Partial<DeliveryChange> = {}): DeliveryChange {
  const ended = { status: 'succeeded', dueAt: START + 5, attempts: 1, batchId: null, lastStatus: 200, error: null } as const;
  return { id, knownAttempts: 0, ...ended, finishedAt: START + 5, ...change };
}

/** A message as it is read back. */
export function withoutDeliveries({ deliveries: _, ...message }: NewMessage): Message {
  return message;
}
