// Outgoing webhooks read back from their rows.

import type { Failure } from '../../engine/model.ts';
import type {
  Attempt,
  Delivery,
  Endpoint,
  EndpointConfig,
  EndpointState,
  EventType,
  Message,
} from '../../engine/outbound-model.ts';
import { deliveryStatusSchema, endpointConfigSchema, endpointStatusSchema } from '../../engine/outbound-model.ts';
import type { AttemptRow, DeliveryRow, EndpointRow, EventTypeRow, MessageRow } from '../outbound-models.ts';
import {
  createRowReader,
  type Fields,
  isAnything,
  isNumber,
  isObject,
  isText,
  isTexts,
  listOf,
  objectOf,
  oneOfTexts,
  orNull,
  type RowReader,
} from '../row-reader.ts';
import type { AttemptDetail } from './rows.ts';

// SQLite gives BOOLEAN as 0 or 1; hence Boolean.

const isFailure = objectOf({ code: isText, message: isText });
/** Whether a value is the stored state of an endpoint. */
export const isEndpointState = objectOf({
  ...{ status: oneOfTexts(endpointStatusSchema.options), reason: orNull(isText), since: orNull(isNumber), failures: isNumber },
  ...{ probeAt: orNull(isNumber), probes: isNumber, throttledUntil: orNull(isNumber), drainBefore: orNull(isNumber) },
  failingSince: orNull(isNumber),
});
const isConfig = objectOf({
  ...{ url: isText, description: isText, workspace: isText, eventTypes: listOf(isText), versions: isObject },
  ...{ headers: listOf(isObject), secretHeaders: listOf(isObject), profiles: listOf(isObject), envelope: isObject },
  ...{ timeoutMs: isNumber, retry: isObject, concurrency: isNumber, ordering: isObject, blocking: isObject, alert: isObject },
});
const isDetail = objectOf({
  ...{ timings: objectOf({ totalMs: isNumber }), url: isText, requestHeaders: isTexts, responseHeaders: orNull(isTexts) },
});
const isSource = objectOf({ executionId: isText, jobPath: isText });

/** One that cannot be read gets nothing, whatever is stored of its state. */
export function toEndpoint(rows: RowReader, row: EndpointRow): Endpoint {
  const { config, state, unreadable, ...counts } = rows.read('endpoints', row.id, (fields) => ({
    config: fields.json<EndpointConfig | undefined>('config', row.config, undefined, isConfig),
    state: fields.json<EndpointState | undefined>('state', row.state, undefined, isEndpointState),
    sealedSecrets: fields.text('sealed_secrets', row.sealedSecrets),
    stateSequence: fields.count('state_sequence', row.stateSequence),
    createdAt: fields.time('created_at', row.createdAt),
    updatedAt: fields.time('updated_at', row.updatedAt),
  }));
  return {
    id: row.id,
    kind: row.kind === 'url' ? 'url' : 'endpoint',
    config: config ?? endpointConfigSchema.parse(nameOf(row)),
    state: state ?? { ...NO_STATE, reason: 'Its row in the database cannot be read.' },
    ...counts,
    ...(unreadable === undefined ? {} : { unreadable }),
  };
}

/** What else is known of an endpoint, by columns of their own. */
function nameOf({ url, description, workspace }: EndpointRow) {
  return { url: url || 'https://unreadable.invalid/', description, workspace };
}

const NO_STATE: EndpointState = {
  ...{ status: 'disabled', reason: null, since: null, failures: 0, probeAt: null, probes: 0 },
  ...{ throttledUntil: null, drainBefore: null, failingSince: null },
};

export function toEventType(rows: RowReader, row: EventTypeRow): EventType {
  return rows.read('event_types', `${row.name} ${row.version}`, (fields) => ({
    name: row.name,
    version: fields.count('version', row.version),
    title: fields.text('title', row.title),
    description: fields.text('description', row.description),
    schema: jsonOrNullOf(fields, 'schema', row.schema, isAnything),
    example: jsonOrNullOf(fields, 'example', row.example, isAnything),
    downConversion: fields.textOrNull('down_conversion', row.downConversion),
    createdAt: fields.time('created_at', row.createdAt),
    updatedAt: fields.time('updated_at', row.updatedAt),
  }));
}

function jsonOrNullOf<Value>(
  fields: Fields,
  column: string,
  json: string | null,
  fits: (value: unknown) => boolean,
): Value | null {
  return json === null ? null : fields.json<Value | null>(column, json, null, fits);
}

/** Of a message, without what has a column of its own. */
type StoredSource = Omit<NonNullable<Message['source']>, 'isAwaited'>;

/** @param source the column of a message, as a query of its own gives it; one that cannot be read is of no event */
export function isOfEvent(source: unknown): boolean {
  if (typeof source !== 'string') return false;
  return (
    createRowReader().read('messages', '', (fields) => ({
      source: fields.json<StoredSource | null>('source', source, null, isSource),
    })).source?.isOfEvent === true
  );
}

export function toMessage(rows: RowReader, row: MessageRow): Message {
  return rows.read('messages', row.id, (fields) => {
    const source = jsonOrNullOf<StoredSource>(fields, 'source', row.source, isSource);
    return {
      id: row.id,
      type: fields.text('type', row.type),
      version: fields.countOrNull('version', row.version),
      data: fields.text('data', row.data),
      timestamp: fields.time('timestamp', row.timestamp),
      userId: row.userId,
      idempotencyKey: row.idempotencyKey,
      source: source && { ...source, isAwaited: Boolean(row.awaited) },
      ...(row.sealed === null ? {} : { sealed: row.sealed }),
      createdAt: fields.time('created_at', row.createdAt),
    };
  });
}

/** @param isMessageUnreadable whether the row of its message was read, and could not be */
export function toDelivery(rows: RowReader, row: DeliveryRow, isMessageUnreadable = false): Delivery {
  return rows.read('deliveries', row.id, (fields) => {
    if (isMessageUnreadable) fields.fault('message_id', 'has a message that cannot be read');
    return readDelivery(fields, row);
  });
}

function readDelivery(fields: Fields, row: DeliveryRow): Delivery {
  return {
    id: row.id,
    messageId: row.messageId,
    endpointId: row.endpointId,
    eventType: fields.text('event_type', row.eventType),
    status: fields.oneOf('status', row.status, deliveryStatusSchema.options, 'failed'),
    dueAt: fields.time('due_at', row.dueAt),
    attempts: fields.count('attempts', row.attempts),
    attemptsBefore: fields.count('attempts_before', row.attemptsBefore),
    orderingKey: row.orderingKey,
    batchId: row.batchId,
    url: row.url,
    lastStatus: row.lastStatus,
    error: jsonOrNullOf<Failure>(fields, 'error', row.error, isFailure),
    createdAt: fields.time('created_at', row.createdAt),
    finishedAt: fields.timeOrNull('finished_at', row.finishedAt),
  };
}

const KINDS = ['delivery', 'test', 'verification'] as const satisfies Attempt['kind'][];
const NO_DETAIL: AttemptDetail = {
  timings: { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 0 },
  ...{ url: '', requestHeaders: {}, responseHeaders: null, isResponseCut: false },
};

export function toAttempt(rows: RowReader, row: AttemptRow, deliveryIds: readonly string[]): Attempt {
  return rows.read('attempts', row.id, (fields) => ({
    id: row.id,
    endpointId: row.endpointId,
    deliveryIds,
    kind: fields.oneOf('kind', row.kind, KINDS, 'delivery'),
    number: fields.count('number', row.number),
    succeeded: Boolean(row.succeeded),
    status: row.status,
    error: jsonOrNullOf<Failure>(fields, 'error', row.error, isFailure),
    startedAt: fields.time('started_at', row.startedAt),
    body: fields.textOrNull('body', row.body),
    responseBody: fields.textOrNull('response_body', row.responseBody),
    ...fields.json('detail', row.detail, NO_DETAIL, isDetail),
  }));
}
