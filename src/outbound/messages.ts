// The message service: publishing, and what people do with messages and deliveries.

import { isDeepStrictEqual } from 'node:util';
import type { Concealer } from '../engine/concealer.ts';
import { createIdSource } from '../engine/id.ts';
import { toJsonValue } from '../engine/json-value.ts';
import type { Attempt, Message } from '../engine/outbound-model.ts';
import type {
  DeliveryFilter,
  DeliverySummary,
  MessageFilter,
  NewMessage,
  OutboundStore,
  PreparedMessage,
  Publisher,
} from '../engine/outbound-ports.ts';
import type { OutgoingEvent } from '../engine/plugin.ts';
import type { Bus, ExecutionStore, Page } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';
import { newDelivery } from './new-delivery.ts';

export interface MessageServiceOptions {
  readonly store: OutboundStore;
  readonly commit: ExecutionStore['commit'];
  readonly publisher: Pick<Publisher, 'prepare' | 'committed'>;
  readonly bus: Pick<Bus, 'publish'>;
  /** Tells whoever delivers in this process that these endpoints may have something to send. */
  notify(endpointIds: readonly string[]): void;
  /** Milliseconds since 1970. */
  now(): number;
}

/** An event that somebody publishes to all endpoints that subscribe to its type. */
export type PublishedEvent = Omit<OutgoingEvent, 'target'>;

export interface Published {
  readonly message: Message;
  /** How many endpoints get it. */
  readonly deliveries: number;
  /** Whether it is the message of an earlier call with the same idempotency key: nothing was published now. */
  readonly replayed: boolean;
}

/** What has an id is answered with `message_not_found` or `delivery_not_found` when there is none. */
export interface MessageService {
  /**
   * Resolves when the message and its deliveries are committed.
   * @param idempotencyKey who publishes again with the same one gets the first message
   * @throws HooklineError `invalid_event`, `conflict` when the key was used for another event
   */
  publish(event: PublishedEvent, idempotencyKey?: string): Promise<Published>;
  /** Publishes an event of a node, also to one URL; what is stored shows no secrets. @throws HooklineError `invalid_event` */
  send(event: OutgoingEvent, concealer: Concealer | undefined): Promise<PreparedMessage>;
  list(filter: MessageFilter): Promise<Page<Message>>;
  /** With all its deliveries, in order of their acceptance. */
  get(id: string): Promise<{ readonly message: Message; readonly deliveries: readonly DeliverySummary[] }>;
  /** One more delivery of a message, to an endpoint whatever it subscribes to. @throws HooklineError `endpoint_not_found`, `conflict` */
  replay(id: string, endpointId: string): Promise<DeliverySummary>;
  listDeliveries(filter: DeliveryFilter): Promise<Page<DeliverySummary>>;
  /** With its attempts, each with the body that was sent. */
  getDelivery(id: string): Promise<{ readonly delivery: DeliverySummary; readonly attempts: readonly Attempt[] }>;
  /** One more schedule of attempts, from now on. @throws HooklineError `conflict` when it is pending, or its endpoint is gone */
  retryDelivery(id: string): Promise<DeliverySummary>;
  /** What is under way is not stopped, and counts no more. @throws HooklineError `conflict` when it is not pending */
  cancelDelivery(id: string): Promise<DeliverySummary>;
}

/** Deliveries of a message that are read at once. */
const PAGE = 100;
/** How often a cancel meets an attempt that ends at the same moment. */
const MAX_CANCEL_TRIES = 5;

export function createMessageService(options: MessageServiceOptions): MessageService {
  const { store, publisher, now } = options;
  const createId = createIdSource();

  async function findMessage(id: string): Promise<Message> {
    const message = await store.messages.get(id);
    if (message) return message;
    throw new HooklineError('message_not_found', `There is no message ${id.slice(0, 100)}.`);
  }

  async function findDelivery(id: string): Promise<DeliverySummary> {
    const delivery = await store.deliveries.get(id);
    if (delivery) return delivery;
    throw new HooklineError('delivery_not_found', `There is no delivery ${id.slice(0, 100)}.`);
  }

  async function mayDeliver(endpointId: string): Promise<void> {
    options.notify([endpointId]);
    await options.bus.publish({ type: 'deliveries-added', endpointIds: [endpointId] });
  }

  async function repeated(message: Message, event: PublishedEvent): Promise<Published> {
    if (!isSameEvent(message, event)) {
      throw new HooklineError(
        'conflict',
        `This Idempotency-Key was used for another event (${message.id}). Use a new key for each event.`,
      );
    }
    return { message, deliveries: (await store.deliveries.ofMessage(message.id)).length, replayed: true };
  }

  return {
    async publish(event, idempotencyKey) {
      const earlier = idempotencyKey === undefined ? undefined : await store.messages.findByIdempotencyKey(idempotencyKey);
      if (earlier) return repeated(earlier, event);
      const prepared = await publisher.prepare(event, { idempotencyKey });
      const [message] = prepared.messages;
      await options.commit({ outbound: prepared });
      // Of several that came at the same time, one is stored.
      const stored = idempotencyKey === undefined ? undefined : await store.messages.findByIdempotencyKey(idempotencyKey);
      if (stored && stored.id !== message.id) return repeated(stored, event);
      publisher.committed(prepared.messages);
      return { message, deliveries: message.deliveries.length, replayed: false };
    },

    async send(event, concealer) {
      const prepared = await publisher.prepare(event, { concealer });
      await options.commit({ outbound: prepared });
      publisher.committed(prepared.messages);
      return prepared;
    },

    list: (filter) => store.messages.list(filter),

    async get(id) {
      const message = await findMessage(id);
      const deliveries: DeliverySummary[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.deliveries.list({ messageId: id, limit: PAGE, cursor });
        deliveries.push(...page.items);
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      return { message, deliveries: deliveries.reverse() };
    },

    async replay(id, endpointId) {
      const message = await findMessage(id);
      const endpoint = await store.endpoints.get(endpointId);
      if (!endpoint) throw endpointNotFound(endpointId);
      if (endpoint.kind !== 'endpoint') {
        throw new HooklineError('conflict', `${endpointId} belongs to a node that sends to a URL. Retry the delivery instead.`);
      }
      const createdAt = now();
      // Without an ordering key: those that it was to come before or behind may be long gone.
      const deliveryId = `dlv_${createId(createdAt).replaceAll('-', '')}`;
      const delivery = newDelivery(message, { id: deliveryId, endpointId, createdAt });
      const again: NewMessage = { ...message, deliveries: [delivery] };
      await options.commit({ outbound: { messages: [again] } });
      const stored = await store.deliveries.get(delivery.id);
      if (!stored) {
        // Either was deleted at that moment.
        await findMessage(id);
        throw endpointNotFound(endpointId);
      }
      publisher.committed([again]);
      return stored;
    },

    listDeliveries: (filter) => store.deliveries.list(filter),

    async getDelivery(id) {
      const delivery = await findDelivery(id);
      return { delivery, attempts: await store.attempts.ofDelivery(id) };
    },

    async retryDelivery(id) {
      const { endpointId } = await findDelivery(id);
      if (!(await store.endpoints.get(endpointId))) {
        throw new HooklineError('conflict', `The endpoint ${endpointId} is gone. Replay the message to another one.`);
      }
      await store.deliveries.reopen(id, now());
      await mayDeliver(endpointId);
      return findDelivery(id);
    },

    async cancelDelivery(id) {
      for (let tries = 0; tries < MAX_CANCEL_TRIES; tries++) {
        const delivery = await findDelivery(id);
        const { status, dueAt, attempts, lastStatus, error, endpointId } = delivery;
        if (status !== 'pending') throw new HooklineError('conflict', `The delivery is not pending: it is ${status}.`);
        const change = { id, dueAt, attempts, lastStatus, error, batchId: null, knownAttempts: attempts };
        await options.commit({ outbound: { deliveries: [{ ...change, status: 'canceled', finishedAt: now() }] } });
        const after = await findDelivery(id);
        if (after.status === 'canceled') {
          // Others may have waited for it: those with the same ordering key, an execution.
          await mayDeliver(endpointId);
          return after;
        }
      }
      throw new HooklineError('conflict', 'The delivery was attempted at the same moment. Cancel it again.');
    },
  };
}

/** What a caller leaves out is not compared: the time of the event is the first call's, and so is the version. */
function isSameEvent(message: Message, event: PublishedEvent): boolean {
  return (
    message.type === event.type &&
    (event.version === undefined || message.version === event.version) &&
    (event.timestamp === undefined || message.timestamp === event.timestamp) &&
    message.userId === (event.userId ?? null) &&
    isDeepStrictEqual(JSON.parse(message.data), toJsonValue(event.data))
  );
}

function endpointNotFound(id: string): HooklineError {
  return new HooklineError('endpoint_not_found', `There is no endpoint ${id.slice(0, 100)}.`);
}
