// Makes messages of events: checks them against the catalogue, and finds out which endpoints get them.

import { createHash } from 'node:crypto';
import { setBounded } from '../engine/bounded-cache.ts';
import { createIdSource } from '../engine/id.ts';
import { toJsonValue } from '../engine/json-value.ts';
import {
  type Attempt,
  type Delivery,
  type Endpoint,
  type EventType,
  eventTypeNameSchema,
  eventVersionSchema,
  type Message,
} from '../engine/outbound-model.ts';
import type { NewMessage, OutboundStore, Publisher } from '../engine/outbound-ports.ts';
import { compilePath, type Path } from '../engine/path.ts';
import type { OutgoingEvent } from '../engine/plugin.ts';
import type { Bus, SecretBox } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';
import type { Catalogue } from './catalogue.ts';
import { sentResult } from './delivery/settle.ts';
import { newDelivery } from './new-delivery.ts';
import { concealMessage, concealTarget } from './sealed-message.ts';
import { isSubscribed } from './subscriptions.ts';
import { createTargetEndpoints } from './target-endpoint.ts';

/** Most data of one event, in bytes of JSON. */
const MAX_DATA_BYTES = 1024 ** 2;
const MAX_USER_ID_LENGTH = 1_000;
/** Longer ordering keys are replaced by their hash. */
const MAX_ORDERING_KEY_LENGTH = 200;
/** Event types whose subscribers are remembered. */
const MAX_TYPES = 1_000;
/** Endpoints that other processes are told of by name. */
const MAX_NAMED_ENDPOINTS = 100;
/** Latest moment that a date can hold, in milliseconds since 1970 (ECMA-262, section 21.4.1.1). */
const MAX_TIME = 8.64e15;

export interface PublisherOptions {
  readonly store: OutboundStore;
  readonly catalogue: Pick<Catalogue, 'versionsOf' | 'validate'>;
  readonly bus: Bus;
  readonly secretBox: SecretBox;
  /** Milliseconds since 1970. */
  now(): number;
  /** UUIDv7 for a time. Default: from a source of its own. */
  createId?(time: number): string;
  /** Tells the dispatcher of this process of endpoints that have new deliveries. */
  notify(endpointIds: readonly string[]): void;
}

/** The port, and what its owner needs. */
export interface CachingPublisher extends Publisher {
  /** Endpoints were changed by this process. */
  refresh(): void;
  /** Listens to other processes no more. */
  close(): void;
}

/** An endpoint as publishing needs it. */
interface Subscriber {
  readonly id: string;
  readonly patterns: readonly string[];
  /** Of the value in the data by which deliveries are ordered; null: in any order. */
  readonly ordering: Path | null;
}

export function createPublisher(options: PublisherOptions): CachingPublisher {
  const { store, catalogue, bus, now, notify } = options;
  const createId = options.createId ?? createIdSource();
  const endpointOf = createTargetEndpoints(options.secretBox, now);
  let known: Promise<Subscribers> | undefined;
  /** Endpoints that other processes are to be told of. */
  let untold = new Set<string>();
  let isTelling = false;

  function subscribers(): Promise<Subscribers> {
    if (known) return known;
    const reading = store.endpoints.listSubscribed().then(createSubscribers);
    known = reading;
    reading.catch(() => {
      if (known === reading) known = undefined;
    });
    return reading;
  }

  function refresh(): void {
    known = undefined;
  }

  const unsubscribe = bus.subscribe(({ type }) => {
    if (type === 'endpoint-changed' || type === 'messages-missed') refresh();
  });

  const makeId = (prefix: 'msg' | 'dlv', time: number): string => `${prefix}_${createId(time).replaceAll('-', '')}`;

  function deliver(message: Message, endpointId: string, orderingKey: string | null, url: string | null): Delivery {
    return newDelivery(message, { id: makeId('dlv', message.createdAt), endpointId, orderingKey, url });
  }

  /** One after the other: what comes while one is on its way is told together. */
  async function tellOthers(): Promise<void> {
    if (isTelling) return;
    isTelling = true;
    while (untold.size > 0) {
      const endpointIds = untold.size > MAX_NAMED_ENDPOINTS ? [] : [...untold];
      untold = new Set();
      await bus.publish({ type: 'deliveries-added', endpointIds });
    }
    isTelling = false;
  }

  return {
    async prepare(event, { source = null, idempotencyKey, concealer } = {}) {
      const type = readType(event.type);
      const data = toJsonValue(event.data);
      const text = readData(data, type);
      const target = event.target && concealer ? concealTarget(event.target, concealer) : event.target;
      const stored = (message: NewMessage): NewMessage =>
        concealer === undefined ? message : concealMessage(message, concealer, options.secretBox);
      const endpoint = target && endpointOf(target);
      const eventType = pickVersion(event, type, await catalogue.versionsOf(type));
      if (eventType) await requireFit(catalogue, eventType, data);
      const found = endpoint ? [] : (await subscribers()).of(type);
      const createdAt = now();
      const message: Message = {
        id: makeId('msg', createdAt),
        type,
        version: eventType?.version ?? null,
        data: text,
        timestamp: readTime(event.timestamp) ?? createdAt,
        userId: readUserId(event.userId),
        idempotencyKey: idempotencyKey ?? null,
        source,
        createdAt,
      };
      if (endpoint && target) {
        const key = orderingKeyOf(orderingOf(endpoint), data);
        return {
          endpoints: [endpoint],
          messages: [stored({ ...message, deliveries: [deliver(message, endpoint.id, key, target.url)] })],
        };
      }
      const deliveries = found.map(({ id, ordering }) => deliver(message, id, orderingKeyOf(ordering, data), null));
      return { messages: [stored({ ...message, deliveries })] };
    },

    committed(messages: readonly NewMessage[]) {
      const ids = new Set(messages.flatMap(({ deliveries }) => deliveries.map(({ endpointId }) => endpointId)));
      if (ids.size === 0) return;
      notify([...ids]);
      for (const id of ids) untold.add(id);
      void tellOthers();
    },

    async outcome(messageId) {
      const deliveries = await store.deliveries.ofMessage(messageId);
      if (deliveries.some(({ status }) => status === 'pending')) return undefined;
      const last: (Attempt | undefined)[] = [];
      for (const { id, attempts } of deliveries) {
        last.push(attempts === 0 ? undefined : (await store.attempts.ofDelivery(id)).at(-1));
      }
      const output = sentResult(messageId, deliveries, last);
      return { output, branch: output.delivered ? 'delivered' : 'failed' };
    },

    refresh,
    close: unsubscribe,
  };
}

interface Subscribers {
  of(type: string): readonly Subscriber[];
}

function createSubscribers(endpoints: readonly Endpoint[]): Subscribers {
  const all = endpoints.map((endpoint): Subscriber => {
    return { id: endpoint.id, patterns: endpoint.config.eventTypes, ordering: orderingOf(endpoint) };
  });
  const byType = new Map<string, readonly Subscriber[]>();
  return {
    of(type) {
      const remembered = byType.get(type);
      if (remembered) return remembered;
      const found = all.filter(({ patterns }) => isSubscribed(patterns, type));
      setBounded(byType, type, found, MAX_TYPES);
      return found;
    },
  };
}

/** One whose path can no longer be read gets its deliveries in any order rather than not at all. */
function orderingOf({ config: { ordering } }: Endpoint): Path | null {
  if (ordering.type !== 'key') return null;
  try {
    return compilePath(ordering.path);
  } catch (error) {
    if (error instanceof HooklineError) return null;
    throw error;
  }
}

function orderingKeyOf(ordering: Path | null, data: unknown): string | null {
  const value = ordering?.get(data);
  if (value === undefined) return null;
  const text = JSON.stringify(value);
  return text.length <= MAX_ORDERING_KEY_LENGTH ? text : `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

function readType(type: string): string {
  const parsed = eventTypeNameSchema.safeParse(type);
  if (parsed.success) return parsed.data;
  const fault = parsed.error.issues[0]?.message ?? 'is not an event type';
  throw new HooklineError('invalid_event', `The event type ${JSON.stringify(String(type).slice(0, 200))} ${fault}.`);
}

/** @returns the data as JSON text */
function readData(data: unknown, type: string): string {
  const text = JSON.stringify(data);
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_DATA_BYTES) return text;
  throw new HooklineError(
    'invalid_event',
    `The data of the event ${type} has ${bytes} bytes; at most ${MAX_DATA_BYTES} can be sent. Send a link to the rest.`,
  );
}

function readTime(timestamp: number | undefined): number | undefined {
  if (timestamp === undefined || (Number.isInteger(timestamp) && Math.abs(timestamp) <= MAX_TIME)) return timestamp;
  throw new HooklineError('invalid_event', 'The time of the event must be a whole number of milliseconds since 1970.');
}

function readUserId(userId: string | undefined): string | null {
  if (userId === undefined) return null;
  // PostgreSQL has no texts with U+0000.
  if (userId.length <= MAX_USER_ID_LENGTH && !userId.includes('\0')) return userId;
  throw new HooklineError(
    'invalid_event',
    `The user id of the event must have at most ${MAX_USER_ID_LENGTH} characters, and none that is U+0000.`,
  );
}

/** @returns undefined when the type is not in the catalogue, which allows it any data */
function pickVersion(event: OutgoingEvent, type: string, versions: readonly EventType[]): EventType | undefined {
  const { version } = event;
  if (version === undefined) return versions.at(-1);
  const found = eventVersionSchema.safeParse(version).success ? versions.find((one) => one.version === version) : undefined;
  if (found) return found;
  const known =
    versions.length === 0
      ? 'it is not in the event catalogue'
      : `the event catalogue has ${versions.map((one) => one.version).join(', ')}`;
  throw new HooklineError('invalid_event', `The event type ${type} has no version ${String(version).slice(0, 50)}: ${known}.`);
}

/** @throws HooklineError `invalid_event` with the problems */
async function requireFit(catalogue: Pick<Catalogue, 'validate'>, eventType: EventType, data: unknown): Promise<void> {
  const problems = await catalogue.validate(eventType, data);
  const [first] = problems;
  if (first === undefined) return;
  const where = first.path === '' ? 'data' : `data, ${first.path}`;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  throw new HooklineError(
    'invalid_event',
    `The ${where}: ${first.message}${more}. This is what the schema of ${eventType.name}, version ${eventType.version}, says.`,
    { details: { problems } },
  );
}
