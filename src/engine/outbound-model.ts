// What outgoing webhooks are made of: zod schemas and types of endpoints, event types, messages, deliveries and attempts.

import { z } from 'zod';
import type { Failure } from './model.ts';

// Times are milliseconds since 1970, as everywhere inside the server. Values marked `writeOnly` are sealed when stored; those that are
// not marked `isSent: false` go to the URL marked as `target`, see `credential-targets.ts`.

/** Dot-delimited segments, as Standard Webhooks 1.0.0 has them. */
const EVENT_TYPE = /^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$/;
/** The same with `*` as the last segment: everything that begins like this; `*` alone is everything. */
const EVENT_PATTERN = /^(\*|[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*(\.\*)?)$/;

export const eventTypeNameSchema = z
  .string()
  .max(200)
  .regex(EVENT_TYPE, 'must be segments of letters, digits and _ with dots between them, such as order.created');

export const eventPatternSchema = z
  .string()
  .max(200)
  .regex(EVENT_PATTERN, 'must be an event type such as order.created, a group such as order.*, or * for all');

export const eventVersionSchema = z.int().min(1).max(10_000);

// --- endpoints -------------------------------------------------------------------------------------------------------------

const secretText = z.string().min(8).max(1_000);
/** A profile may keep the key that its receiver knows already; default the endpoint's own secret. */
const ownSecret = {
  secret: secretText.optional().meta({
    title: 'Own key',
    description: "Instead of the endpoint's secret, for a receiver that has a key already.",
    writeOnly: true,
    isSent: false,
  }),
};

const headerName = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'must be a header name (RFC 9110)');

/** How a request is signed; see `outbound/signing`. */
export const signatureProfileSchema = z.discriminatedUnion('type', [
  /** Standard Webhooks, HMAC-SHA256. */
  z.strictObject({ type: z.literal('standard'), ...ownSecret }),
  /** Standard Webhooks, Ed25519. Its key pair belongs to the endpoint. */
  z.strictObject({ type: z.literal('standard-v1a') }),
  z.strictObject({ type: z.literal('dastra'), ...ownSecret }),
  z.strictObject({ type: z.literal('logto'), header: headerName.default('X-Webhook-Signature'), ...ownSecret }),
  z.strictObject({ type: z.literal('github'), ...ownSecret }),
  z.strictObject({ type: z.literal('stripe'), ...ownSecret }),
  z.strictObject({ type: z.literal('shopify'), ...ownSecret }),
  z.strictObject({
    type: z.literal('custom'),
    header: headerName,
    algorithm: z.enum(['sha1', 'sha256', 'sha512']).default('sha256'),
    encoding: z.enum(['hex', 'base64']).default('hex'),
    /** In front of the digest, such as `sha256=`. */
    prefix: z
      .string()
      .max(100)
      .regex(/^[\x20-\x7e]*$/, 'must be printable ASCII')
      .default(''),
    /** `{body}`, `{timestamp}` (seconds), `{id}`, `{url}` and `{method}` are replaced. */
    signed: z
      .string()
      .max(500)
      .default('{body}')
      .refine((text) => text.includes('{body}'), 'must contain {body}'),
    keyEncoding: z.enum(['text', 'hex', 'base64']).default('text'),
    ...ownSecret,
  }),
]);
export type SignatureProfile = z.infer<typeof signatureProfileSchema>;

/** What the body is made of. */
export const envelopeSchema = z.discriminatedUnion('type', [
  /** `{ type, timestamp, data }`. */
  z.strictObject({ type: z.literal('standard') }),
  /** `{ webhookId, signatureUrl, userId, eventType, eventName, data, date }`. */
  z.strictObject({ type: z.literal('dastra') }),
  /** `{ version, event, timestamp, data }`. */
  z.strictObject({ type: z.literal('logto') }),
  /** The data alone. */
  z.strictObject({ type: z.literal('raw') }),
  /** JSONata over `{ id, type, version, timestamp, data, userId, endpoint: { id, url, workspace } }`. */
  z.strictObject({ type: z.literal('jsonata'), expression: z.string().min(1).max(20_000) }),
]);
export type Envelope = z.infer<typeof envelopeSchema>;

/** Longest pause between two attempts, in milliseconds: a week. */
const MAX_DELAY_MS = 7 * 86_400_000;
const jitter = z
  .number()
  .min(0)
  .max(0.5)
  .default(0.2)
  .meta({ title: 'Jitter', description: 'Share by which a pause is made shorter or longer by chance.' });

/** When a delivery that failed is tried again. The first attempt is at once; `delaysMs` are the pauses behind each failed one. */
export const retryScheduleSchema = z.discriminatedUnion('type', [
  /** 10 attempts over three days, as Standard Webhooks suggests. */
  z.strictObject({ type: z.literal('standard') }),
  /** 4 attempts within three minutes, for flows that wait for the outcome. */
  z.strictObject({ type: z.literal('short') }),
  /** One attempt: Dastra replays nothing. */
  z.strictObject({ type: z.literal('dastra') }),
  z.strictObject({ type: z.literal('none') }),
  z.strictObject({
    type: z.literal('custom'),
    delaysMs: z.array(z.int().min(0).max(MAX_DELAY_MS)).max(50),
    jitter,
  }),
  z.strictObject({
    type: z.literal('exponential'),
    /** All attempts, the first one included. */
    attempts: z.int().min(1).max(50),
    firstDelayMs: z.int().min(1).max(MAX_DELAY_MS),
    factor: z.number().min(1).max(10).default(2),
    maxDelayMs: z.int().min(1).max(MAX_DELAY_MS).default(86_400_000),
    jitter,
  }),
]);
export type RetrySchedule = z.infer<typeof retryScheduleSchema>;

const plainHeader = z.strictObject({ name: headerName, value: z.string().max(8_000) });
const secretHeader = z.strictObject({ name: headerName, value: z.string().min(1).max(8_000).meta({ writeOnly: true }) });

export const blockingSchema = z.strictObject({
  enabled: z.boolean().default(true),
  after: z.int().min(1).max(1_000).default(5).meta({ description: 'More consecutive failures than this block the endpoint.' }),
  count: z
    .enum(['attempt', 'delivery'])
    .default('attempt')
    .meta({ description: 'What is counted: each failed attempt, or each delivery whose attempts are used up.' }),
  probeAfterMs: z.int().min(1_000).max(86_400_000).default(300_000).meta({
    description:
      'How long after blocking one delivery is tried by itself, in milliseconds; doubled after each probe that fails, up to six hours.',
  }),
  holdMs: z
    .int()
    .min(60_000)
    .max(30 * 86_400_000)
    .default(3 * 86_400_000)
    .meta({ description: 'How long deliveries of a blocked endpoint are held, in milliseconds.' }),
  holdCount: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(10_000)
    .meta({ description: 'How many deliveries are held at most; the oldest go first.' }),
  drainPerSecond: z
    .number()
    .min(0.1)
    .max(1_000)
    .default(10)
    .meta({ description: 'How many held deliveries are sent per second once it is unblocked.' }),
});

export const alertSchema = z.strictObject({
  enabled: z.boolean().default(true),
  failureRate: z.number().min(0.01).max(1).default(0.5).meta({ description: 'Share of failed attempts.' }),
  windowMs: z.int().min(60_000).max(86_400_000).default(3_600_000),
  minAttempts: z.int().min(1).max(100_000).default(20),
});

/** What somebody says of an endpoint; stored with its write-only values sealed. */
export const endpointConfigSchema = z.strictObject({
  url: z.string().min(1).max(2_048).meta({ title: 'URL', description: 'Such as https://example.com/webhooks.', target: 'url' }),
  description: z.string().max(1_000).default('').meta({ title: 'Description' }),
  workspace: z.string().max(200).default('').meta({ title: 'Workspace', description: 'A free label to filter by.' }),
  eventTypes: z.array(eventPatternSchema).min(1).max(200).default(['*']).meta({ title: 'Event types' }),
  /** Version by event type; one that is missing is the lowest that the catalogue has. */
  versions: z.record(eventTypeNameSchema, eventVersionSchema).default({}).meta({ title: 'Versions' }),
  headers: z.array(plainHeader).max(50).default([]).meta({ title: 'Headers' }),
  secretHeaders: z.array(secretHeader).max(20).default([]).meta({ title: 'Secret headers' }),
  profiles: z
    .array(signatureProfileSchema)
    .min(1)
    .max(8)
    .default([{ type: 'standard' }])
    .meta({ title: 'Signatures' }),
  envelope: envelopeSchema.default({ type: 'standard' }).meta({ title: 'Envelope' }),
  /** `2xx`, or exactly these statuses. */
  success: z
    .union([z.literal('2xx'), z.array(z.int().min(200).max(299)).min(1).max(50)])
    .default('2xx')
    .meta({ title: 'Success' }),
  timeoutMs: z
    .int()
    .min(100)
    .max(60_000)
    .default(10_000)
    .meta({ title: 'Time limit', description: 'For the whole exchange, in milliseconds.' }),
  retry: retryScheduleSchema.default({ type: 'standard' }).meta({ title: 'Retries' }),
  concurrency: z.int().min(1).max(64).default(4).meta({ title: 'Requests at once' }),
  rateLimit: z
    .strictObject({ count: z.int().min(1).max(100_000), perMs: z.int().min(100).max(86_400_000).default(1_000) })
    .optional()
    .meta({ title: 'Rate limit' }),
  /** `key`: deliveries with the same value at this path of the data go one after the other, in the order of the messages. */
  ordering: z
    .discriminatedUnion('type', [
      z.strictObject({ type: z.literal('none') }),
      z.strictObject({ type: z.literal('key'), path: z.string().min(1).max(500) }),
    ])
    .default({ type: 'none' })
    .meta({ title: 'Ordering' }),
  batch: z
    .strictObject({ maxMessages: z.int().min(2).max(1_000), maxWaitMs: z.int().min(0).max(60_000).default(1_000) })
    .optional()
    .meta({ title: 'Batching' }),
  blocking: blockingSchema.prefault({}).meta({ title: 'Blocking' }),
  alert: alertSchema.prefault({}).meta({ title: 'Alert' }),
});
export type EndpointConfig = z.infer<typeof endpointConfigSchema>;

export const endpointStatusSchema = z.enum(['active', 'blocked', 'disabled']);
export type EndpointStatus = z.infer<typeof endpointStatusSchema>;

/** The reason of an endpoint that somebody has disabled. */
export const DISABLED_BY_HAND = 'It was disabled by hand.';

/** What has become of an endpoint. Written by the process that leases it, and by people. */
export interface EndpointState {
  status: EndpointStatus;
  /** In plain words, of `blocked` and `disabled`. */
  reason: string | null;
  /** When it got this status. */
  since: number | null;
  /** Consecutive failures, counted as `blocking.count` says. */
  failures: number;
  /** When a blocked endpoint is tried next. */
  probeAt: number | null;
  /** Probes that failed since it was blocked. */
  probes: number;
  /** Nothing is sent before: the receiver asked for a pause. */
  throttledUntil: number | null;
  /** Deliveries accepted before this moment are sent at `blocking.drainPerSecond`: they were held. */
  drainBefore: number | null;
  /** Since when its failure rate is over the alert's; null when it is not. */
  failingSince: number | null;
}

/** The keys of an endpoint, sealed in storage. */
export interface EndpointSecrets {
  /** `whsec_` and base64 of 24 to 64 bytes, or a text that somebody has brought along. */
  secret: string;
  /** Signs as well until then. */
  previous?: { secret: string; until: number } | undefined;
  /** `whsk_` and base64 of the 32-byte seed and the 32-byte public key; there while a profile is `standard-v1a`. */
  signingKey?: string | undefined;
  previousKey?: { signingKey: string; until: number } | undefined;
}

/** `url`: made by a workflow's node for one origin; not in lists unless asked for, never blocked. */
export type EndpointKind = 'endpoint' | 'url';

/** Somebody else's URL that we send webhooks to, as it is stored. */
export interface Endpoint {
  /** `ep_` and 32 hexadecimal digits of a UUIDv7; of kind `url` `url_` and a hash. */
  id: string;
  kind: EndpointKind;
  /** Write-only values are sealed. */
  config: EndpointConfig;
  /** `EndpointSecrets` as JSON, sealed. */
  sealedSecrets: string;
  state: EndpointState;
  /** Rises with every change of `state`: a write that does not know the latest one is dropped. */
  stateSequence: number;
  createdAt: number;
  updatedAt: number;
  /** What of the row could not be read, and is a stand-in here: see `storage/row-reader.ts`. Undefined: all was read. */
  unreadable?: string | undefined;
}

// --- event catalogue -------------------------------------------------------------------------------------------------------

/** One version of an event type. */
export interface EventType {
  name: string;
  version: number;
  /** For people, such as `Order created`. */
  title: string;
  description: string;
  /** JSON Schema (draft 2020-12) of the data; null for anything. */
  schema: unknown;
  /** An example of the data; null for none. */
  example: unknown;
  /** JSONata that makes data of this version into data of the version before; null when the data fits that one as it is. */
  downConversion: string | null;
  createdAt: number;
  updatedAt: number;
  /** What of the row could not be read, and is a stand-in here: see `storage/row-reader.ts`. Undefined: all was read. */
  unreadable?: string | undefined;
}

// --- messages, deliveries, attempts ----------------------------------------------------------------------------------------

/** One event to be sent. */
export interface Message {
  /** `msg_` and 32 hexadecimal digits of a UUIDv7; it is the `webhook-id`. */
  id: string;
  type: string;
  /** Of the data; null when the type is not in the catalogue. */
  version: number | null;
  /** The data as JSON text. */
  data: string;
  /** Time of the event. */
  timestamp: number;
  /** Who caused the event, for envelopes that say so. */
  userId: string | null;
  /** What a publisher gave to be able to publish again without sending twice. */
  idempotencyKey: string | null;
  /**
   * The node that sent it; `isAwaited`: its execution waits for the outcome; `isOfEvent` (default false): that was started by an
   * operational event or a failure, so no event tells of its own failure. Null: it came over the API.
   */
  source: { executionId: string; jobPath: string; isAwaited: boolean; isOfEvent?: boolean } | null;
  /** What is sent, sealed, where the rest shows `[secret NAME]`. Default null: it is sent as it is shown. */
  sealed?: string | null | undefined;
  createdAt: number;
  /** What of the row could not be read, and is a stand-in here: see `storage/row-reader.ts`. Undefined: all was read. */
  unreadable?: string | undefined;
}

/** `pending`: to be sent, at `dueAt`; shown as `held` while its endpoint is blocked or disabled. */
export const deliveryStatusSchema = z.enum(['pending', 'succeeded', 'failed', 'expired', 'canceled']);
export type DeliveryStatus = z.infer<typeof deliveryStatusSchema>;

/** One message for one endpoint. */
export interface Delivery {
  /** `dlv_` and 32 hexadecimal digits of a UUIDv7: ordered by acceptance. */
  id: string;
  messageId: string;
  endpointId: string;
  /** Of the message, to search by. */
  eventType: string;
  status: DeliveryStatus;
  /** When it is to be sent next; of a final one when it was. */
  dueAt: number;
  /** Attempts so far. */
  attempts: number;
  /** Of these, those before somebody asked for another try: the retry schedule counts from here. */
  attemptsBefore: number;
  /** Deliveries of one endpoint with the same key are sent in order; null: in any. */
  orderingKey: string | null;
  /** Of a batch that has failed and is sent again as it was; its `webhook-id`. */
  batchId: string | null;
  /** Instead of the endpoint's URL; of kind `url` only. */
  url: string | null;
  /** Status of the last answer; null when there was none. */
  lastStatus: number | null;
  /** Why the last attempt failed; null when it did not. */
  error: Failure | null;
  createdAt: number;
  finishedAt: number | null;
  /** What of the row could not be read, and is a stand-in here: see `storage/row-reader.ts`. Undefined: all was read. */
  unreadable?: string | undefined;
}

/** When something in an exchange was there, in milliseconds from its start; null when it was not needed or did not happen. */
export interface Timings {
  dnsMs: number | null;
  connectMs: number | null;
  tlsMs: number | null;
  firstByteMs: number | null;
  totalMs: number;
}

/** One HTTP request and its outcome. */
export interface Attempt {
  /** `atm_` and 32 hexadecimal digits of a UUIDv7. */
  id: string;
  endpointId: string;
  /** In order; several of a batch, none of a test. */
  deliveryIds: readonly string[];
  kind: 'delivery' | 'test' | 'verification';
  /** 1 for the first of a delivery. */
  number: number;
  succeeded: boolean;
  /** Status of the answer; null when there was none. */
  status: number | null;
  /** Why it failed, in plain words. */
  error: Failure | null;
  startedAt: number;
  timings: Timings;
  url: string;
  /** As sent; secret ones redacted. */
  requestHeaders: Readonly<Record<string, string>>;
  /** The exact text that was signed and sent; null: the same as in the attempt before. */
  body: string | null;
  responseHeaders: Readonly<Record<string, string>> | null;
  /** The first 16 KiB, as text; secrets redacted. */
  responseBody: string | null;
  /** Whether the answer was longer. */
  isResponseCut: boolean;
  /** What of the row could not be read, and is a stand-in here: see `storage/row-reader.ts`. Undefined: all was read. */
  unreadable?: string | undefined;
}

// --- operational events ----------------------------------------------------------------------------------------------------

export const OPERATIONAL_EVENTS = [
  'endpoint.blocked',
  'endpoint.unblocked',
  'endpoint.disabled',
  'endpoint.failing',
  'endpoint.recovered',
  'delivery.failed',
  'delivery.expired',
] as const;
export type OperationalEventType = (typeof OPERATIONAL_EVENTS)[number];

/** What happens inside Hookline; workflows with the trigger `hookline-event` run on it. */
export interface OperationalEvent {
  type: OperationalEventType;
  timestamp: number;
  /** `{ endpoint: { id, url, description, workspace }, … }`. */
  data: Readonly<Record<string, unknown>>;
}
