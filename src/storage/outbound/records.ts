// Outgoing webhooks read back from their rows.

import type { Attempt, Delivery, Endpoint, EventType, Message } from '../../engine/outbound-model.ts';
import { deliveryStatusSchema } from '../../engine/outbound-model.ts';
import { parseStored } from '../database.ts';
import type { AttemptRow, DeliveryRow, EndpointRow, EventTypeRow, MessageRow } from '../outbound-models.ts';
import type { AttemptDetail } from './rows.ts';

// PostgreSQL gives BIGINT as text and SQLite BOOLEAN as 0 or 1; hence Number and Boolean.

const numberOrNull = (value: number | null): number | null => (value === null ? null : Number(value));
const parsedOrNull = <Value>(json: string | null): Value | null => (json === null ? null : parseStored<Value>(json));

export function toEndpoint(row: EndpointRow): Endpoint {
  return {
    id: row.id,
    kind: row.kind === 'url' ? 'url' : 'endpoint',
    config: parseStored(row.config),
    sealedSecrets: row.sealedSecrets,
    state: parseStored(row.state),
    stateSequence: Number(row.stateSequence),
    createdAt: Number(row.createdAt),
    updatedAt: Number(row.updatedAt),
  };
}

export function toEventType(row: EventTypeRow): EventType {
  return {
    name: row.name,
    version: row.version,
    title: row.title,
    description: row.description,
    schema: parsedOrNull(row.schema),
    example: parsedOrNull(row.example),
    downConversion: row.downConversion,
    createdAt: Number(row.createdAt),
    updatedAt: Number(row.updatedAt),
  };
}

/** Of a message, without what has a column of its own. */
type StoredSource = Omit<NonNullable<Message['source']>, 'isAwaited'>;

/** @param source the column of a message, as a query of its own gives it */
export function isOfEvent(source: unknown): boolean {
  return typeof source === 'string' && parseStored<StoredSource>(source).isOfEvent === true;
}

export function toMessage(row: MessageRow): Message {
  const source = parsedOrNull<StoredSource>(row.source);
  return {
    id: row.id,
    type: row.type,
    version: row.version,
    data: row.data,
    timestamp: Number(row.timestamp),
    userId: row.userId,
    idempotencyKey: row.idempotencyKey,
    source: source && { ...source, isAwaited: Boolean(row.awaited) },
    ...(row.sealed === null ? {} : { sealed: row.sealed }),
    createdAt: Number(row.createdAt),
  };
}

export function toDelivery(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    messageId: row.messageId,
    endpointId: row.endpointId,
    eventType: row.eventType,
    status: deliveryStatusSchema.parse(row.status),
    dueAt: Number(row.dueAt),
    attempts: row.attempts,
    attemptsBefore: row.attemptsBefore,
    orderingKey: row.orderingKey,
    batchId: row.batchId,
    url: row.url,
    lastStatus: row.lastStatus,
    error: parsedOrNull(row.error),
    createdAt: Number(row.createdAt),
    finishedAt: numberOrNull(row.finishedAt),
  };
}

const ATTEMPT_KINDS: Readonly<Record<string, Attempt['kind']>> = { test: 'test', verification: 'verification' };

export function toAttempt(row: AttemptRow, deliveryIds: readonly string[]): Attempt {
  return {
    id: row.id,
    endpointId: row.endpointId,
    deliveryIds,
    kind: ATTEMPT_KINDS[row.kind] ?? 'delivery',
    number: row.number,
    succeeded: Boolean(row.succeeded),
    status: row.status,
    error: parsedOrNull(row.error),
    startedAt: Number(row.startedAt),
    body: row.body,
    responseBody: row.responseBody,
    ...parseStored<AttemptDetail>(row.detail),
  };
}
