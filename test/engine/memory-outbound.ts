// What outgoing webhooks need of storage, in memory, as far as tests of what is above it ask for it.

import type { Attempt, Delivery, Endpoint, EventType } from '../../src/engine/outbound-model.ts';
import type { OutboundStore } from '../../src/engine/outbound-ports.ts';

export interface MemoryOutbound {
  readonly store: OutboundStore;
  readonly endpoints: Endpoint[];
  readonly eventTypes: EventType[];
  readonly deliveries: Delivery[];
  readonly attempts: Attempt[];
  /** How often the lists that are to be cached were read. */
  readonly reads: { subscribed: number; eventTypes: number };
}

export function createMemoryOutbound(): MemoryOutbound {
  const no = (): Promise<never> => Promise.reject(new Error('not in these tests'));
  const endpoints: Endpoint[] = [];
  const eventTypes: EventType[] = [];
  const deliveries: Delivery[] = [];
  const attempts: Attempt[] = [];
  const reads = { subscribed: 0, eventTypes: 0 };
  const store: OutboundStore = {
    endpoints: {
      insert: no,
      get: no,
      list: no,
      async listSubscribed() {
        reads.subscribed += 1;
        return structuredClone(endpoints.filter(({ kind, state }) => kind === 'endpoint' && state.status !== 'disabled'));
      },
      update: no,
      delete: no,
      countByStatus: no,
      counts: no,
    },
    eventTypes: {
      insert: no,
      get: no,
      async listAll() {
        reads.eventTypes += 1;
        return structuredClone(eventTypes);
      },
      update: no,
      delete: no,
    },
    messages: { get: no, findByIdempotencyKey: no, list: no, listUnsettled: no, deleteOld: no },
    deliveries: {
      get: no,
      list: no,
      ofMessage: async (messageId) => structuredClone(deliveries.filter((delivery) => delivery.messageId === messageId)),
      reopen: no,
      reopenFailed: no,
      countByStatus: no,
      backlog: no,
    },
    attempts: {
      get: no,
      list: no,
      ofDelivery: async (id) => structuredClone(attempts.filter(({ deliveryIds }) => deliveryIds.includes(id))),
    },
    queue: { lease: no, release: no, due: no, nextDueAt: no, listOverdueHeld: no, listHolding: no },
  };
  return { store, endpoints, eventTypes, deliveries, attempts, reads };
}
