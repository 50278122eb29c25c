// What a commit writes of outgoing webhooks, as rows that every database takes as parameters.

import type { Attempt, Delivery, Endpoint, EndpointState, Message } from '../../engine/outbound-model.ts';
import type { DeliveryChange, OutboundWrite } from '../../engine/outbound-ports.ts';
import type { EndpointRow } from '../outbound-models.ts';

type Value = string | number | boolean | null;
/** Values in the order of the columns below; the first one is an id. */
export type Row = readonly [string, ...Value[]];

type ColumnType = 'text' | 'int' | 'bigint' | 'boolean' | 'float8';
export type Columns = Readonly<Record<string, ColumnType>>;

/** The columns that are written, in order. What is no plain value is JSON text. */
export const COLUMNS = {
  endpoints: {
    ...{ id: 'text', kind: 'text', url: 'text', workspace: 'text', description: 'text', status: 'text', config: 'text' },
    ...{ sealed_secrets: 'text', state: 'text', state_sequence: 'bigint', probe_at: 'bigint' },
    ...{ created_at: 'bigint', updated_at: 'bigint' },
  },
  messages: {
    ...{ id: 'text', type: 'text', version: 'int', data: 'text', timestamp: 'bigint', user_id: 'text' },
    ...{ idempotency_key: 'text', source: 'text', awaited: 'boolean', sealed: 'text', created_at: 'bigint' },
  },
  deliveries: {
    ...{ id: 'text', message_id: 'text', endpoint_id: 'text', event_type: 'text', status: 'text', due_at: 'bigint' },
    ...{ attempts: 'int', attempts_before: 'int', ordering_key: 'text', batch_id: 'text', url: 'text', last_status: 'int' },
    ...{ error: 'text', created_at: 'bigint', finished_at: 'bigint' },
  },
  attempts: {
    ...{ id: 'text', endpoint_id: 'text', delivery_id: 'text', kind: 'text', number: 'int', succeeded: 'boolean' },
    ...{ status: 'int', error: 'text', started_at: 'bigint', duration_ms: 'float8', detail: 'text', body: 'text' },
    ...{ response_body: 'text' },
  },
  batches: { attempt_id: 'text', position: 'int', delivery_id: 'text' },
  changes: {
    ...{ id: 'text', known_attempts: 'int', status: 'text', due_at: 'bigint', attempts: 'int', batch_id: 'text' },
    ...{ last_status: 'int', error: 'text', finished_at: 'bigint' },
  },
  states: { id: 'text', state_sequence: 'bigint', status: 'text', state: 'text', probe_at: 'bigint' },
  settled: { id: 'text', settled_at: 'bigint' },
} as const satisfies Record<string, Columns>;
export type OutboundKind = keyof typeof COLUMNS;

/** Rows for one statement. */
export interface OutboundRows {
  readonly kind: OutboundKind;
  readonly rows: readonly Row[];
}

/** What is stored of an attempt as JSON. */
export type AttemptDetail = Pick<Attempt, 'timings' | 'url' | 'requestHeaders' | 'responseHeaders' | 'isResponseCut'>;

/** What not every database's texts can hold: U+0000, and halves of surrogate pairs. JSON texts have both escaped. */
const UNSTORABLE = /[\0\p{Surrogate}]/gu;

/** A text that every database can store: what cannot be stored becomes U+FFFD. */
export function storable(text: string): string {
  return text.replace(UNSTORABLE, '\ufffd');
}

const storableOrNull = (text: string | null): string | null => (text === null ? null : storable(text));

/** JSON text of a value; null without one. */
export function jsonOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}

/**
 * The rows of several writes, in the order in which they are written; kinds without rows are left out. Changed rows are sorted
 * by id, so that two processes lock them in the same order.
 */
export function toOutboundRows(writes: readonly OutboundWrite[]): OutboundRows[] {
  const newMessages = writes.flatMap(({ messages = [] }) => messages);
  const attempts = writes.flatMap((write) => write.attempts ?? []);
  const states = writes.flatMap((write) => write.states ?? []).toSorted((a, b) => a.stateSequence - b.stateSequence);
  const settledAt = Date.now();
  const rows: OutboundRows[] = [
    { kind: 'endpoints', rows: latestById(writes.flatMap((write) => write.endpoints ?? []).map(endpointRow)) },
    { kind: 'messages', rows: newMessages.map(messageRow) },
    { kind: 'deliveries', rows: newMessages.flatMap((message) => message.deliveries).map(deliveryRow) },
    { kind: 'attempts', rows: attempts.map(attemptRow) },
    { kind: 'batches', rows: attempts.flatMap(batchRows) },
    ...rounds(writes.flatMap((write) => write.deliveries ?? []).map(changeRow)).map((round) => ({
      kind: 'changes' as const,
      rows: round.toSorted(byId),
    })),
    { kind: 'states', rows: latestById(states.map(stateRow)) },
    { kind: 'settled', rows: latestById(writes.flatMap((write) => write.settled ?? []).map((id) => [id, settledAt])) },
  ];
  return rows.filter((some) => some.rows.length > 0);
}

/** What the large texts of a write weigh, in characters; small rows in great number weigh, too. */
export function weightOfOutbound({ messages = [], attempts = [] }: OutboundWrite): number {
  let weight = 0;
  for (const { data, sealed, deliveries } of messages) {
    weight += data.length + (sealed?.length ?? 0) + ROW_LENGTH * deliveries.length;
  }
  for (const { body, responseBody } of attempts) weight += ROW_LENGTH + (body?.length ?? 0) + (responseBody?.length ?? 0);
  return weight;
}

/** About what a delivery, or an attempt without its bodies, takes. */
const ROW_LENGTH = 400;

const byId = ([a]: Row, [b]: Row): number => (a < b ? -1 : Number(a > b));

/** The last one of each id, by id. */
function latestById(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((row) => [row[0], row])).values()].toSorted(byId);
}

/** Rows that name no id twice, one list behind the other: a statement that changes a row twice does only one of both. */
function rounds(rows: readonly Row[]): Row[][] {
  const lists: Row[][] = [];
  const seen = new Map<string, number>();
  for (const row of rows) {
    const round = seen.get(row[0]) ?? 0;
    seen.set(row[0], round + 1);
    const list = lists[round];
    if (list) list.push(row);
    else lists.push([row]);
  }
  return lists;
}

/** What an endpoint is searched by, as columns. */
export function searchColumns({
  url,
  workspace,
  description,
}: Endpoint['config']): Pick<EndpointRow, 'url' | 'workspace' | 'description'> {
  return { url: storable(url), workspace: storable(workspace), description: storable(description) };
}

function endpointRow(endpoint: Endpoint): Row {
  const { url, workspace, description } = searchColumns(endpoint.config);
  const { status, probeAt } = endpoint.state;
  const [config, state] = [JSON.stringify(endpoint.config), JSON.stringify(endpoint.state)];
  const named: Row = [endpoint.id, endpoint.kind, url, workspace, description, status, config, endpoint.sealedSecrets];
  return [...named, state, endpoint.stateSequence, probeAt, endpoint.createdAt, endpoint.updatedAt];
}

function messageRow(message: Message): Row {
  const { id, type, version, data, timestamp, userId, idempotencyKey, source, sealed = null, createdAt } = message;
  const key = storableOrNull(idempotencyKey);
  const from = source && JSON.stringify({ ...source, isAwaited: undefined });
  const isAwaited = source?.isAwaited ?? false;
  const named: Row = [id, storable(type), version, storable(data), timestamp, storableOrNull(userId), key, from];
  return [...named, isAwaited, sealed, createdAt];
}

function deliveryRow(delivery: Delivery): Row {
  const { id, messageId, endpointId, eventType, status, dueAt, attempts, attemptsBefore, lastStatus } = delivery;
  const [orderingKey, url] = [storableOrNull(delivery.orderingKey), storableOrNull(delivery.url)];
  const queued: Row = [id, messageId, endpointId, storable(eventType), status, dueAt, attempts, attemptsBefore];
  const { batchId, error, createdAt, finishedAt } = delivery;
  return [...queued, orderingKey, batchId, url, lastStatus, jsonOrNull(error), createdAt, finishedAt];
}

function attemptRow(attempt: Attempt): Row {
  const { id, endpointId, deliveryIds, kind, number, succeeded, status, error, startedAt, timings } = attempt;
  const { url, requestHeaders, responseHeaders, isResponseCut } = attempt;
  const deliveryId = deliveryIds.length === 1 ? (deliveryIds[0] ?? null) : null;
  const detail: AttemptDetail = { timings, url, requestHeaders, responseHeaders, isResponseCut };
  const [body, responseBody] = [storableOrNull(attempt.body), storableOrNull(attempt.responseBody)];
  const outcome: Row = [id, endpointId, deliveryId, kind, number, succeeded, status, jsonOrNull(error), startedAt];
  return [...outcome, timings.totalMs, JSON.stringify(detail), body, responseBody];
}

function batchRows({ id, deliveryIds }: Attempt): Row[] {
  return deliveryIds.length < 2 ? [] : deliveryIds.map((deliveryId, position) => [id, position, deliveryId]);
}

function changeRow(change: DeliveryChange): Row {
  const { id, knownAttempts, status, dueAt, attempts, batchId, lastStatus, error, finishedAt } = change;
  return [id, knownAttempts, status, dueAt, attempts, batchId, lastStatus, jsonOrNull(error), finishedAt];
}

function stateRow(change: { endpointId: string; state: EndpointState; stateSequence: number }): Row {
  const { endpointId, state, stateSequence } = change;
  return [endpointId, stateSequence, state.status, JSON.stringify(state), state.probeAt];
}
