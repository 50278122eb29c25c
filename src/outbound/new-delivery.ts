// Pure: a delivery that nobody has tried yet.

import type { Delivery, Message } from '../engine/outbound-model.ts';

/** What one new delivery has that another has not. */
export interface NewDelivery extends Pick<Delivery, 'id' | 'endpointId'> {
  /** When it was accepted, and is due. Default the message's acceptance. */
  readonly createdAt?: number;
  /** Default null: in any order. */
  readonly orderingKey?: string | null;
  /** Instead of the endpoint's. Default null. */
  readonly url?: string | null;
}

/** One of a message, pending and due at once. */
export function newDelivery(message: Pick<Message, 'id' | 'type' | 'createdAt'>, given: NewDelivery): Delivery {
  const { id, endpointId, createdAt = message.createdAt, orderingKey = null, url = null } = given;
  return {
    id,
    messageId: message.id,
    endpointId,
    eventType: message.type,
    status: 'pending',
    dueAt: createdAt,
    attempts: 0,
    attemptsBefore: 0,
    orderingKey,
    batchId: null,
    url,
    lastStatus: null,
    error: null,
    createdAt,
    finishedAt: null,
  };
}
