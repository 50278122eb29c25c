// The tables of webhooks that are sent: their rows and columns, for `models.ts`.

import { DataTypes } from 'sequelize';
import { type DefineTable, key, optional, required, type Table } from './table.ts';

export interface EndpointRow {
  id: string;
  kind: string;
  /** These three are in the configuration, too; here to be searched by. */
  url: string;
  workspace: string;
  description: string;
  /** Of the state, as `probeAt`. */
  status: string;
  /** JSON of `EndpointConfig`. */
  config: string;
  sealedSecrets: string;
  /** JSON of `EndpointState`. */
  state: string;
  stateSequence: number;
  probeAt: number | null;
  /** The process that leases it (PostgreSQL only); null when nobody does. */
  owner: string | null;
  createdAt: number;
  updatedAt: number;
}

export interface EventTypeRow {
  name: string;
  version: number;
  title: string;
  description: string;
  /** JSON; null for any data. */
  schema: string | null;
  /** JSON. */
  example: string | null;
  downConversion: string | null;
  createdAt: number;
  updatedAt: number;
}

/** Written by the committers alone, as are deliveries and attempts; see `outbound/rows.ts`. */
export interface MessageRow {
  id: string;
  type: string;
  version: number | null;
  /** JSON. */
  data: string;
  timestamp: number;
  userId: string | null;
  idempotencyKey: string | null;
  /** JSON `{ executionId, jobPath }`. */
  source: string | null;
  /** Whether the execution of its source waits for the outcome. */
  awaited: boolean;
  /** See `Message.sealed`. */
  sealed: string | null;
  /** When that execution was told. */
  settledAt: number | null;
  createdAt: number;
}

export interface DeliveryRow {
  id: string;
  messageId: string;
  endpointId: string;
  eventType: string;
  status: string;
  dueAt: number;
  attempts: number;
  attemptsBefore: number;
  orderingKey: string | null;
  batchId: string | null;
  url: string | null;
  lastStatus: number | null;
  /** JSON. */
  error: string | null;
  createdAt: number;
  finishedAt: number | null;
}

export interface AttemptRow {
  id: string;
  endpointId: string;
  /** Null for tests, and for those of several deliveries: see `AttemptBatchRow`. */
  deliveryId: string | null;
  kind: string;
  number: number;
  succeeded: boolean;
  status: number | null;
  /** JSON. */
  error: string | null;
  startedAt: number;
  durationMs: number;
  /** JSON of `AttemptDetail` in `outbound/rows.ts`. */
  detail: string;
  body: string | null;
  responseBody: string | null;
}

/** One delivery of an attempt that had several. */
export interface AttemptBatchRow {
  attemptId: string;
  position: number;
  deliveryId: string;
}

export interface OutboundModels {
  readonly endpoints: Table<EndpointRow>;
  readonly eventTypes: Table<EventTypeRow>;
  readonly messages: Table<MessageRow>;
  readonly deliveries: Table<DeliveryRow>;
  readonly attempts: Table<AttemptRow>;
  readonly attemptBatches: Table<AttemptBatchRow>;
}

export function defineOutboundModels(table: DefineTable): OutboundModels {
  const { BIGINT, BOOLEAN, INTEGER, TEXT } = DataTypes;
  const DOUBLE = 'DOUBLE PRECISION';
  return {
    endpoints: table<EndpointRow>('endpoints', {
      id: key(TEXT),
      kind: required(TEXT),
      url: required(TEXT),
      workspace: required(TEXT),
      description: required(TEXT),
      status: required(TEXT),
      config: required(TEXT),
      sealedSecrets: required(TEXT),
      state: required(TEXT),
      stateSequence: required(BIGINT),
      probeAt: optional(BIGINT),
      owner: optional(TEXT),
      createdAt: required(BIGINT),
      updatedAt: required(BIGINT),
    }),
    eventTypes: table<EventTypeRow>('event_types', {
      name: key(TEXT),
      version: key(INTEGER),
      title: required(TEXT),
      description: required(TEXT),
      schema: optional(TEXT),
      example: optional(TEXT),
      downConversion: optional(TEXT),
      createdAt: required(BIGINT),
      updatedAt: required(BIGINT),
    }),
    messages: table<MessageRow>('messages', {
      id: key(TEXT),
      type: required(TEXT),
      version: optional(INTEGER),
      data: required(TEXT),
      timestamp: required(BIGINT),
      userId: optional(TEXT),
      idempotencyKey: { ...optional(TEXT), unique: true },
      source: optional(TEXT),
      awaited: required(BOOLEAN),
      sealed: optional(TEXT),
      settledAt: optional(BIGINT),
      createdAt: required(BIGINT),
    }),
    deliveries: table<DeliveryRow>('deliveries', {
      id: key(TEXT),
      messageId: required(TEXT),
      endpointId: required(TEXT),
      eventType: required(TEXT),
      status: required(TEXT),
      dueAt: required(BIGINT),
      attempts: required(INTEGER),
      attemptsBefore: required(INTEGER),
      orderingKey: optional(TEXT),
      batchId: optional(TEXT),
      url: optional(TEXT),
      lastStatus: optional(INTEGER),
      error: optional(TEXT),
      createdAt: required(BIGINT),
      finishedAt: optional(BIGINT),
    }),
    attempts: table<AttemptRow>('attempts', {
      id: key(TEXT),
      endpointId: required(TEXT),
      deliveryId: optional(TEXT),
      kind: required(TEXT),
      number: required(INTEGER),
      succeeded: required(BOOLEAN),
      status: optional(INTEGER),
      error: optional(TEXT),
      startedAt: required(BIGINT),
      durationMs: required(DOUBLE),
      detail: required(TEXT),
      body: optional(TEXT),
      responseBody: optional(TEXT),
    }),
    attemptBatches: table<AttemptBatchRow>('attempt_batches', {
      attemptId: key(TEXT),
      position: key(INTEGER),
      deliveryId: required(TEXT),
    }),
  };
}
