// The storage port of deliveries in memory: as much of it as sending needs, with the same rules as the real ones.

import type {
  Attempt,
  Delivery,
  Endpoint,
  EndpointConfig,
  Message,
  OperationalEvent,
} from '../../../src/engine/outbound-model.ts';
import { endpointConfigSchema } from '../../../src/engine/outbound-model.ts';
import type { DeliveryChange, DueDelivery, EventSink, OutboundStore, OutboundWrite } from '../../../src/engine/outbound-ports.ts';
import type { ExecutionWrite } from '../../../src/engine/ports.ts';
import { HooklineError } from '../../../src/errors.ts';
import { INITIAL_STATE } from '../../../src/outbound/delivery/breaker.ts';

/** What the dispatcher asks of storage. */
export interface UsedStore {
  readonly endpoints: Pick<OutboundStore['endpoints'], 'get'>;
  readonly messages: Pick<OutboundStore['messages'], 'listUnsettled'>;
  readonly deliveries: Pick<OutboundStore['deliveries'], 'ofMessage'>;
  readonly attempts: Pick<OutboundStore['attempts'], 'ofDelivery'>;
  readonly queue: OutboundStore['queue'];
}

export interface Added {
  readonly endpoint: string;
  readonly key?: string;
  readonly createdAt?: number;
  readonly source?: Message['source'];
  readonly messageId?: string;
}

const failure = (): HooklineError => new HooklineError('storage_unavailable', 'The database does not answer.');

export class MemoryStore {
  readonly endpoints = new Map<string, Endpoint>();
  readonly messages = new Map<string, Message>();
  readonly deliveries = new Map<string, Delivery>();
  readonly attempts: Attempt[] = [];
  readonly settled = new Set<string>();
  readonly signals: NonNullable<ExecutionWrite['signal']>[] = [];
  readonly events: OperationalEvent[] = [];
  readonly leased = new Set<string>();
  /** Sizes of the pages that were asked for, and how many queries there were. */
  readonly queries = { due: 0, lease: 0, nextDueAt: 0, get: 0, commits: 0 };
  /** Everything fails while it is set. */
  isDown = false;
  /** Commits wait for it. */
  gate: Promise<void> | undefined;
  #count = 0;
  readonly #pending = new Map<string, Set<string>>();

  addEndpoint(id: string, config: Record<string, unknown> = {}, change: Partial<Endpoint> = {}): Endpoint {
    const parsed: EndpointConfig = endpointConfigSchema.parse({ url: `https://${id.replaceAll('_', '-')}.example`, ...config });
    const kind = id.startsWith('url_') ? 'url' : 'endpoint';
    const made: Endpoint = {
      ...{ id, kind, config: parsed, sealedSecrets: '', state: INITIAL_STATE, stateSequence: 0, createdAt: 0, updatedAt: 0 },
      ...change,
    };
    this.endpoints.set(id, made);
    return made;
  }

  add({ endpoint, key, createdAt = Date.now(), source = null, messageId }: Added): Delivery {
    this.#count += 1;
    const number = String(this.#count).padStart(8, '0');
    const message: Message = {
      ...{ id: messageId ?? `msg_${number}`, type: 'order.created', version: null, data: `{"n":${this.#count}}` },
      ...{ timestamp: createdAt, userId: null, idempotencyKey: null, source, createdAt },
    };
    if (!this.messages.has(message.id)) this.messages.set(message.id, message);
    const delivery: Delivery = {
      ...{ id: `dlv_${number}`, messageId: message.id, endpointId: endpoint, eventType: message.type, status: 'pending' },
      ...{ dueAt: createdAt, attempts: 0, attemptsBefore: 0, orderingKey: key ?? null, batchId: null, url: null },
      ...{ lastStatus: null, error: null, createdAt, finishedAt: null },
    };
    this.deliveries.set(delivery.id, delivery);
    const pending = this.#pending.get(endpoint) ?? new Set();
    this.#pending.set(endpoint, pending.add(delivery.id));
    return delivery;
  }

  /** What a person changes. */
  change(id: string, change: Partial<Endpoint>): void {
    const endpoint = this.endpoints.get(id);
    if (!endpoint) throw new Error(`There is no endpoint ${id}.`);
    const stateSequence = change.state ? endpoint.stateSequence + 1_000 : endpoint.stateSequence;
    this.endpoints.set(id, { ...endpoint, ...change, stateSequence, updatedAt: endpoint.updatedAt + 1 });
  }

  delivery(id: string): Delivery {
    const delivery = this.deliveries.get(id);
    if (!delivery) throw new Error(`There is no delivery ${id}.`);
    return delivery;
  }

  endpoint(id: string): Endpoint {
    const endpoint = this.endpoints.get(id);
    if (!endpoint) throw new Error(`There is no endpoint ${id}.`);
    return endpoint;
  }

  count(status: Delivery['status']): number {
    return [...this.deliveries.values()].filter((delivery) => delivery.status === status).length;
  }

  readonly commit = async (...unit: readonly [ExecutionWrite, ...ExecutionWrite[]]): Promise<void> => {
    await (this.gate ?? Promise.resolve());
    if (this.isDown) throw failure();
    this.queries.commits += 1;
    for (const { outbound, signal } of unit) {
      if (outbound) this.#write(outbound);
      if (signal) this.signals.push(signal);
    }
  };

  readonly sink: EventSink = {
    prepare: (event) =>
      this.isDown ? Promise.reject(failure()) : Promise.resolve({ writes: [], committed: () => void this.events.push(event) }),
  };

  #write({ attempts = [], deliveries = [], states = [], settled = [] }: OutboundWrite): void {
    this.attempts.push(...attempts);
    for (const change of deliveries) this.#change(change);
    for (const { endpointId, state, stateSequence } of states) {
      const endpoint = this.endpoints.get(endpointId);
      if (endpoint && stateSequence > endpoint.stateSequence)
        this.endpoints.set(endpointId, { ...endpoint, state, stateSequence });
    }
    for (const id of settled) this.settled.add(id);
  }

  #change({ knownAttempts, ...change }: DeliveryChange): void {
    const delivery = this.deliveries.get(change.id);
    if (delivery?.status !== 'pending' || delivery.attempts !== knownAttempts) return;
    this.deliveries.set(change.id, { ...delivery, ...change });
    if (change.status !== 'pending') this.#pending.get(delivery.endpointId)?.delete(change.id);
  }

  #pendingOf(endpointId: string): Delivery[] {
    return [...(this.#pending.get(endpointId) ?? [])].map((id) => this.delivery(id));
  }

  #answer<Value>(make: () => Value): Promise<Value> {
    return this.isDown ? Promise.reject(failure()) : Promise.resolve(make());
  }

  /** Only the first of each key. */
  #freeOf(endpointId: string): Delivery[] {
    const seen = new Set<string>();
    return this.#pendingOf(endpointId).filter(({ orderingKey }) => {
      if (orderingKey === null) return true;
      const isFirst = !seen.has(orderingKey);
      seen.add(orderingKey);
      return isFirst;
    });
  }

  #due(endpointId: string, now: number, limit: number, without: ReadonlySet<string>): DueDelivery[] {
    const due = this.#freeOf(endpointId).filter(({ id, dueAt }) => dueAt <= now && !without.has(id));
    due.sort((one, other) => one.dueAt - other.dueAt || (one.id < other.id ? -1 : 1));
    return due.slice(0, limit).flatMap((delivery) => {
      const message = this.messages.get(delivery.messageId);
      return message ? [{ delivery, message }] : [];
    });
  }

  readonly store: UsedStore = {
    endpoints: {
      get: (id) => {
        this.queries.get += 1;
        return this.#answer(() => this.endpoints.get(id));
      },
    },
    messages: {
      listUnsettled: (limit) =>
        this.#answer(() => {
          const open = new Set([...this.deliveries.values()].filter((d) => d.status === 'pending').map((d) => d.messageId));
          const all = [...this.messages.values()].filter(
            ({ id, source }) => source?.isAwaited && !this.settled.has(id) && !open.has(id),
          );
          return all.slice(0, limit);
        }),
    },
    deliveries: {
      ofMessage: (messageId) => this.#answer(() => [...this.deliveries.values()].filter((d) => d.messageId === messageId)),
    },
    attempts: { ofDelivery: (id) => this.#answer(() => this.attempts.filter(({ deliveryIds }) => deliveryIds.includes(id))) },
    queue: {
      lease: (now, limit, held) =>
        this.#answer(() => {
          this.queries.lease += 1;
          const mine = new Set(held);
          const free = [...this.endpoints.values()].filter(({ id, state }) => {
            const isOpen = state.status === 'active' || (state.status === 'blocked' && (state.probeAt ?? 0) <= now);
            return isOpen && !mine.has(id) && this.#pendingOf(id).some(({ dueAt }) => dueAt <= now);
          });
          const taken = free.slice(0, limit);
          for (const { id } of taken) this.leased.add(id);
          return taken;
        }),
      release: (ids) =>
        this.#answer(() => {
          for (const id of ids) this.leased.delete(id);
        }),
      due: (endpointId, now, limit, without) => {
        this.queries.due += 1;
        return this.#answer(() => this.#due(endpointId, now, limit, new Set(without)));
      },
      nextDueAt: (endpointId, without) => {
        this.queries.nextDueAt += 1;
        const busy = new Set(without);
        const times = this.#freeOf(endpointId).filter(({ id }) => !busy.has(id));
        return this.#answer(() => (times.length === 0 ? null : Math.min(...times.map(({ dueAt }) => dueAt))));
      },
      listOverdueHeld: (endpointId, before, count, limit) =>
        this.#answer(() => {
          const all = this.#pendingOf(endpointId);
          const beyond = new Set(all.slice(0, Math.max(0, all.length - count)).map(({ id }) => id));
          const overdue = all.filter(({ id, createdAt }) => createdAt < before || beyond.has(id)).slice(0, limit);
          return overdue.map((one) => ({ ...one, isOfEvent: this.messages.get(one.messageId)?.source?.isOfEvent === true }));
        }),
      listHolding: () =>
        this.#answer(() =>
          [...this.endpoints.values()].filter(({ id, state }) => state.status !== 'active' && this.#pendingOf(id).length > 0),
        ),
    },
  };
}
