// How the API shows endpoints, event types, messages, deliveries and attempts, and the parts that their routes share.

import { z } from 'zod';
import { problemSchema } from '../../engine/model.ts';
import {
  type Attempt,
  type DeliveryStatus,
  deliveryStatusSchema,
  type EventType,
  endpointConfigSchema,
  endpointStatusSchema,
  type Message,
} from '../../engine/outbound-model.ts';
import type { DeliverySummary } from '../../engine/outbound-ports.ts';
import type { EndpointView, EndpointWithSecret } from '../../outbound/endpoints.ts';
import type { EventTypeView } from '../../outbound/event-types.ts';
import { failureView, timeSchema, toTime, toTimeOrNull, unreadableOf, unreadableView } from './views.ts';

export const idParams = z.strictObject({ id: z.string().min(1).max(100) });

// --- endpoints -------------------------------------------------------------------------------------------------------------

const endpointShape = {
  id: z.string(),
  kind: z.enum(['endpoint', 'url']).meta({ description: '`url`: made by a node that sends to a URL.' }),
  ...endpointConfigSchema.shape,
  // Without their values.
  secretHeaders: z.array(z.strictObject({ name: z.string() })),
  enabled: z.boolean(),
  status: endpointStatusSchema.meta({
    description: '`blocked`: too much has failed; `disabled`: nothing is sent until it is enabled.',
  }),
  reason: z.string().nullable().meta({ description: 'Why it is blocked or disabled.' }),
  since: timeSchema.nullable().meta({ description: 'When it got this status.' }),
  failures: z.int().meta({ description: 'Consecutive failures.' }),
  probeAt: timeSchema.nullable().meta({ description: 'When it is tried by itself while it is blocked.' }),
  probes: z.int().meta({ description: 'How often that has failed.' }),
  throttledUntil: timeSchema.nullable().meta({ description: 'The receiver has asked for a pause.' }),
  failingSince: timeSchema.nullable().meta({ description: 'Since when more fails than the alert allows.' }),
  publicKey: z.string().nullable().meta({ description: '`whpk_…`, to verify Ed25519 signatures with.' }),
  previousKeyUntil: timeSchema.nullable().meta({ description: 'During a rotation: until when the key before signs as well.' }),
  createdAt: timeSchema,
  updatedAt: timeSchema,
  warnings: z.array(problemSchema),
  unreadable: unreadableView,
};

export const endpointView = z
  .strictObject(endpointShape)
  .meta({ id: 'Endpoint', description: 'Without secrets: the values of secret headers and own keys are left out.' });

export const endpointWithSecretView = z
  .strictObject({ ...endpointShape, secret: z.string().meta({ description: 'Shown in this reply and never again.' }) })
  .meta({ id: 'EndpointWithSecret' });

function endpointFields(view: EndpointView) {
  const { config, since, probeAt, throttledUntil, failingSince, previousKeyUntil, createdAt, updatedAt, warnings, ...rest } =
    view;
  return {
    // Checked when it was saved; what is write-only is left out of it.
    ...(config as z.input<typeof endpointView>),
    ...rest,
    since: toTimeOrNull(since),
    probeAt: toTimeOrNull(probeAt),
    throttledUntil: toTimeOrNull(throttledUntil),
    failingSince: toTimeOrNull(failingSince),
    previousKeyUntil: toTimeOrNull(previousKeyUntil),
    createdAt: toTime(createdAt),
    updatedAt: toTime(updatedAt),
    warnings: [...warnings],
  };
}

export function showEndpoint(view: EndpointView): z.input<typeof endpointView> {
  return endpointFields(view);
}

export function showEndpointWithSecret({ endpoint, secret }: EndpointWithSecret): z.input<typeof endpointWithSecretView> {
  return { ...endpointFields(endpoint), secret };
}

// --- event types -----------------------------------------------------------------------------------------------------------

const eventVersionView = z
  .strictObject({
    version: z.int(),
    title: z.string(),
    description: z.string(),
    schema: z.unknown().optional().meta({ description: 'JSON Schema (draft 2020-12) of the data; null for anything.' }),
    example: z.unknown().optional(),
    downConversion: z.string().nullable(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
    unreadable: unreadableView,
  })
  .meta({ id: 'EventTypeVersion' });

export const eventTypeView = z
  .strictObject({
    name: z.string(),
    latestVersion: z.int(),
    versions: z.array(eventVersionView).meta({ description: 'The lowest first.' }),
  })
  .meta({ id: 'EventType' });

export function showEventType({ name, versions }: EventTypeView): z.input<typeof eventTypeView> {
  return { name, latestVersion: Math.max(0, ...versions.map(({ version }) => version)), versions: versions.map(showVersion) };
}

function showVersion({ name: _name, createdAt, updatedAt, ...version }: EventType): z.input<typeof eventVersionView> {
  return { ...version, createdAt: toTime(createdAt), updatedAt: toTime(updatedAt) };
}

// --- messages and deliveries -----------------------------------------------------------------------------------------------

const messageShape = {
  id: z.string().meta({ description: 'Goes along as `webhook-id`.' }),
  type: z.string(),
  version: z.int().nullable().meta({ description: 'Of the data; null when the type is not in the catalogue.' }),
  timestamp: timeSchema.meta({ description: 'Time of the event.' }),
  userId: z.string().nullable(),
  idempotencyKey: z.string().nullable(),
  executionId: z.string().nullable().meta({ description: 'The execution whose node has sent it; null: it came over the API.' }),
  jobPath: z.string().nullable(),
  createdAt: timeSchema,
  unreadable: unreadableView,
};

export const messageSummaryView = z.strictObject(messageShape).meta({ id: 'MessageSummary' });

export const publishedView = z
  .strictObject({ ...messageShape, deliveries: z.int().meta({ description: 'How many endpoints get it.' }) })
  .meta({ id: 'PublishedMessage' });

export function showMessage(message: Message): z.input<typeof messageSummaryView> {
  const { id, type, version, timestamp, userId, idempotencyKey, source, createdAt } = message;
  return {
    id,
    type,
    version,
    timestamp: toTime(timestamp),
    userId,
    idempotencyKey,
    executionId: source?.executionId ?? null,
    jobPath: source?.jobPath ?? null,
    createdAt: toTime(createdAt),
    ...unreadableOf(message),
  };
}

/** As people see it: `held` is what is pending for an endpoint that gets nothing now. */
export const shownDeliveryStatusSchema = z
  .enum([...deliveryStatusSchema.options, 'held'])
  .meta({ description: '`held`: pending, and its endpoint is blocked or disabled.' });

const deliveryShape = {
  id: z.string(),
  messageId: z.string(),
  endpointId: z.string(),
  eventType: z.string(),
  status: shownDeliveryStatusSchema,
  dueAt: timeSchema.nullable().meta({ description: 'When it is sent next; null when it is not to be sent.' }),
  attemptCount: z.int().meta({ description: 'Attempts so far.' }),
  orderingKey: z.string().nullable().meta({ description: 'Deliveries with the same key are sent in order.' }),
  url: z.string().nullable().meta({ description: "Instead of the endpoint's, of kind `url`." }),
  lastStatus: z.int().nullable().meta({ description: 'Status of the last answer.' }),
  error: failureView.nullable().meta({ description: 'Why the last attempt failed.' }),
  createdAt: timeSchema,
  finishedAt: timeSchema.nullable(),
  unreadable: unreadableView,
};

export const deliveryView = z.strictObject(deliveryShape).meta({ id: 'Delivery' });

export function showDelivery(delivery: DeliverySummary): z.input<typeof deliveryView> {
  const { id, messageId, endpointId, eventType, status, isHeld, dueAt, attempts, orderingKey, url, lastStatus, error } = delivery;
  const shown: DeliveryStatus | 'held' = status === 'pending' && isHeld ? 'held' : status;
  return {
    ...{ id, messageId, endpointId, eventType, attemptCount: attempts, orderingKey, url, lastStatus, error },
    status: shown,
    dueAt: status === 'pending' ? toTime(dueAt) : null,
    createdAt: toTime(delivery.createdAt),
    finishedAt: toTimeOrNull(delivery.finishedAt),
    ...unreadableOf(delivery),
  };
}

export const messageView = z
  .strictObject({ ...messageShape, data: z.unknown(), deliveries: z.array(deliveryView) })
  .meta({ id: 'Message' });

// --- attempts --------------------------------------------------------------------------------------------------------------

const millisecondsView = z.number().nullable();

export const attemptView = z
  .strictObject({
    id: z.string(),
    endpointId: z.string(),
    deliveryIds: z.array(z.string()).meta({ description: 'Several of a batch, none of a test.' }),
    kind: z.enum(['delivery', 'test', 'verification']),
    number: z.int(),
    succeeded: z.boolean(),
    status: z.int().nullable().meta({ description: 'Of the answer; null when there was none.' }),
    error: failureView.nullable(),
    startedAt: timeSchema,
    timings: z
      .strictObject({
        dnsMs: millisecondsView,
        connectMs: millisecondsView,
        tlsMs: millisecondsView,
        firstByteMs: millisecondsView,
        totalMs: z.number(),
      })
      .meta({ description: 'Milliseconds from the start of the request; null: not needed, or it did not happen.' }),
    url: z.string(),
    requestHeaders: z.record(z.string(), z.string()),
    body: z
      .string()
      .nullable()
      .meta({ description: 'The exact text that was sent; in lists null when it was that of the attempt before.' }),
    responseHeaders: z.record(z.string(), z.string()).nullable(),
    responseBody: z.string().nullable().meta({ description: 'The first 16 KiB, as text.' }),
    isResponseCut: z.boolean(),
    unreadable: unreadableView,
  })
  .meta({ id: 'Attempt', description: 'One HTTP request and its outcome; secret values are redacted.' });

export function showAttempt({
  startedAt,
  deliveryIds,
  requestHeaders,
  responseHeaders,
  ...attempt
}: Attempt): z.input<typeof attemptView> {
  return {
    ...attempt,
    deliveryIds: [...deliveryIds],
    requestHeaders: { ...requestHeaders },
    responseHeaders: responseHeaders && { ...responseHeaders },
    startedAt: toTime(startedAt),
  };
}

export const deliveryWithAttemptsView = z
  .strictObject({ ...deliveryShape, attempts: z.array(attemptView).meta({ description: 'All attempts, the first one first.' }) })
  .meta({ id: 'DeliveryWithAttempts' });

// What the designer reads, as types.
export type EndpointJson = z.output<typeof endpointView>;
export type EndpointWithSecretJson = z.output<typeof endpointWithSecretView>;
export type EventTypeJson = z.output<typeof eventTypeView>;
export type MessageSummaryJson = z.output<typeof messageSummaryView>;
export type MessageJson = z.output<typeof messageView>;
export type DeliveryJson = z.output<typeof deliveryView>;
export type DeliveryWithAttemptsJson = z.output<typeof deliveryWithAttemptsView>;
export type AttemptJson = z.output<typeof attemptView>;
