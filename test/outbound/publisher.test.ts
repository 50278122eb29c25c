// Messages of events: what the catalogue allows, who gets them, and what goes to one URL.

import { randomBytes } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createLocalBus } from '../../src/cluster/bus.ts';
import { type Endpoint, type EndpointConfig, type EventType, endpointConfigSchema } from '../../src/engine/outbound-model.ts';
import type { OutgoingEvent, OutgoingTarget } from '../../src/engine/plugin.ts';
import type { BusMessage } from '../../src/engine/ports.ts';
import { HooklineError } from '../../src/errors.ts';
import { createEvaluator } from '../../src/expressions/evaluator.ts';
import { createCatalogue, createDataValidator } from '../../src/outbound/catalogue.ts';
import { INITIAL_STATE } from '../../src/outbound/delivery/breaker.ts';
import { openEndpoint } from '../../src/outbound/open-endpoint.ts';
import { createPublisher } from '../../src/outbound/publisher.ts';
import { createSecretBox } from '../../src/secrets/secret-box.ts';
import { createMemoryOutbound } from '../engine/memory-outbound.ts';
import { keepLog } from '../engine/running.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const evaluator = createEvaluator({ timeoutMs: 30_000, maxWorkers: 1, memoryMb: 96 });
afterAll(() => evaluator.close());

const endpoint = (id: string, config: Partial<EndpointConfig> = {}, state: Partial<Endpoint['state']> = {}): Endpoint => ({
  id,
  kind: 'endpoint',
  config: endpointConfigSchema.parse({ url: 'https://example.com/', ...config }),
  sealedSecrets: '',
  state: { ...INITIAL_STATE, ...state },
  stateSequence: 0,
  createdAt: NOW,
  updatedAt: NOW,
});

const eventType = (name: string, version: number, schema: unknown = null): EventType => ({
  name,
  version,
  title: name,
  description: '',
  schema,
  example: null,
  downConversion: null,
  createdAt: NOW,
  updatedAt: NOW,
});

function start() {
  const memory = createMemoryOutbound();
  const local = createLocalBus(keepLog());
  const sent: BusMessage[] = [];
  const waiting: (() => void)[] = [];
  const bus = {
    ...local,
    publish: (message: BusMessage) =>
      new Promise<void>((resolve) => {
        sent.push(message);
        waiting.push(resolve);
      }),
  };
  const notified: (readonly string[])[] = [];
  const box = createSecretBox(randomBytes(32));
  const catalogue = createCatalogue({ store: memory.store.eventTypes, bus, validate: createDataValidator(evaluator) });
  const publisher = createPublisher({
    store: memory.store,
    catalogue,
    bus,
    secretBox: box,
    now: () => NOW,
    notify: (ids) => notified.push(ids),
  });
  return { ...memory, local, sent, waiting, notified, box, catalogue, publisher };
}

let world: ReturnType<typeof start>;
beforeEach(() => {
  world = start();
});

const prepare = (event: Partial<OutgoingEvent> = {}) =>
  world.publisher.prepare({ type: 'order.created', data: { id: 7 }, ...event });
const refusal = (event: Partial<OutgoingEvent>) =>
  prepare(event).then(
    () => Promise.reject(new Error('It was not refused.')),
    (error: unknown) => (error instanceof HooklineError ? error : Promise.reject(error)),
  );

describe('an event', () => {
  it('becomes a message with a delivery for each endpoint that subscribes', async () => {
    world.endpoints.push(
      endpoint('ep_exact', { eventTypes: ['order.created'] }),
      endpoint('ep_group', { eventTypes: ['invoice.paid', 'order.*'] }),
      endpoint('ep_all'),
      endpoint('ep_other', { eventTypes: ['orders.*', 'order.created.late'] }),
      endpoint('ep_blocked', {}, { status: 'blocked' }),
      endpoint('ep_disabled', {}, { status: 'disabled' }),
    );
    const source = { executionId: 'e', jobPath: 'send', isAwaited: true };
    const prepared = await world.publisher.prepare(
      { type: 'order.created', data: { id: 7 } },
      { source, idempotencyKey: 'once' },
    );
    const [{ deliveries, ...message }] = prepared.messages;
    expect(prepared.endpoints).toBeUndefined();
    expect(message).toEqual({
      id: expect.stringMatching(/^msg_[0-9a-f]{12}7[0-9a-f]{19}$/),
      type: 'order.created',
      version: null,
      data: '{"id":7}',
      timestamp: NOW,
      userId: null,
      idempotencyKey: 'once',
      source,
      createdAt: NOW,
    });
    expect(deliveries.map(({ endpointId }) => endpointId)).toEqual(['ep_exact', 'ep_group', 'ep_all', 'ep_blocked']);
    expect(deliveries[0]).toEqual({
      id: expect.stringMatching(/^dlv_[0-9a-f]{32}$/),
      messageId: message.id,
      endpointId: 'ep_exact',
      eventType: 'order.created',
      status: 'pending',
      dueAt: NOW,
      attempts: 0,
      attemptsBefore: 0,
      orderingKey: null,
      batchId: null,
      url: null,
      lastStatus: null,
      error: null,
      createdAt: NOW,
      finishedAt: null,
    });
    expect(new Set(deliveries.map(({ id }) => id)).size).toBe(4);
  });

  it('keeps its own time and user, and data that is missing is null', async () => {
    const [message] = (await prepare({ timestamp: 5, userId: 'ada', data: undefined })).messages;
    expect(message).toMatchObject({ timestamp: 5, userId: 'ada', data: 'null', deliveries: [] });
  });

  it('reads endpoints once, and again after they have changed here or elsewhere', async () => {
    const count = async () => (await prepare()).messages[0].deliveries.length;
    world.endpoints.push(endpoint('ep_1'));
    expect([await count(), await count()]).toEqual([1, 1]);
    world.endpoints.push(endpoint('ep_2'));
    expect([await count(), world.reads.subscribed]).toEqual([1, 1]);
    world.publisher.refresh();
    expect([await count(), await count(), world.reads.subscribed]).toEqual([2, 2, 2]);
    world.endpoints.push(endpoint('ep_3'));
    world.local.deliver({ type: 'endpoint-changed', endpointId: 'ep_3' });
    expect(await count()).toBe(3);
    world.endpoints.pop();
    world.local.deliver({ type: 'messages-missed' });
    expect(await count()).toBe(2);
    world.publisher.close();
    world.local.deliver({ type: 'messages-missed' });
    expect([await count(), world.reads.subscribed]).toEqual([2, 4]);
  });

  it('orders by the value at a path, whatever it is', async () => {
    world.endpoints.push(endpoint('ep', { ordering: { type: 'key', path: 'customer.id' } }));
    const key = async (data: unknown) => (await prepare({ data })).messages[0].deliveries[0]?.orderingKey;
    expect(await key({ customer: { id: 7 } })).toBe('7');
    expect(await key({ customer: { id: '7' } })).toBe('"7"');
    expect(await key({ customer: {} })).toBeNull();
    expect(await key([])).toEqual(await key([]));
    const long = await key({ customer: { id: 'x'.repeat(500) } });
    expect(long).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await key({ customer: { id: 'x'.repeat(501) } })).not.toBe(long);
  });

  it.each([
    [{ type: 'order created' }, /event type "order created" must be segments/],
    [{ type: '' }, /event type/],
    [{ type: 'order.*' }, /event type/],
    [{ version: 1 }, /no version 1: it is not in the event catalogue/],
    [{ timestamp: Number.NaN }, /time of the event/],
    [{ timestamp: 9e15 }, /time of the event/],
    [{ userId: 'a\0b' }, /user id/],
    [{ data: 'x'.repeat(1024 ** 2) }, /1048578 bytes; at most 1048576/],
    [{ data: 'ü'.repeat(600_000) }, /bytes/],
  ])('that cannot be sent is refused: %#', async (event, message) => {
    expect(await refusal(event)).toMatchObject({ code: 'invalid_event', message: expect.stringMatching(message) });
  });

  it('of exactly 1 MiB can be sent', async () => {
    expect((await prepare({ data: 'x'.repeat(1024 ** 2 - 2) })).messages).toHaveLength(1);
  });
});

describe('an event of the catalogue', () => {
  const price = { type: 'object', required: ['total'], properties: { total: { type: 'number' } } };

  it('has the newest version unless it says which, and must fit the schema of that', async () => {
    world.eventTypes.push(
      eventType('order.created', 2, price),
      eventType('order.created', 1),
      eventType('order.created', 10, price),
    );
    const version = async (event: Partial<OutgoingEvent>) => (await prepare(event)).messages[0].version;
    expect(await version({ data: { total: 1 } })).toBe(10);
    expect(await version({ version: 2, data: { total: 1 } })).toBe(2);
    expect(await version({ version: 1, data: 'anything' })).toBe(1);
    expect(await version({ type: 'other' })).toBeNull();
    expect((await refusal({ version: 3 })).message).toContain('has no version 3: the event catalogue has 1, 2, 10');
    const refused = await refusal({ data: { total: 'much', secret: 'hush' } });
    expect(refused).toMatchObject({
      code: 'invalid_event',
      message: 'The data, total: must be number. This is what the schema of order.created, version 10, says.',
      details: { problems: [{ path: 'total', message: 'must be number' }] },
    });
  });

  it('whose schema takes too long, or cannot be used, is refused and says so', async () => {
    world.eventTypes.push(
      eventType('slow', 1, { pattern: '^(a+)+$' }),
      eventType('broken', 1, { $ref: '#/nowhere' }),
      eventType('never', 1, false),
      eventType('always', 1, true),
    );
    expect(await refusal({ type: 'slow', data: `${'a'.repeat(60)}!` })).toMatchObject({
      code: 'invalid_event',
      message: /slow, version 1/,
    });
    expect(await refusal({ type: 'broken' })).toMatchObject({ code: 'invalid_event', message: /leads to nothing/ });
    expect(await refusal({ type: 'never' })).toMatchObject({ message: expect.stringContaining('The data: is not allowed') });
    expect((await prepare({ type: 'always' })).messages).toHaveLength(1);
  });

  it('is read once, and again after the catalogue has changed', async () => {
    await prepare();
    await prepare();
    expect(world.reads.eventTypes).toBe(1);
    world.eventTypes.push(eventType('order.created', 1, false));
    world.local.deliver({ type: 'event-types-changed' });
    expect((await refusal({})).code).toBe('invalid_event');
    world.eventTypes.pop();
    world.catalogue.refresh();
    await prepare();
    expect(world.reads.eventTypes).toBe(3);
    world.catalogue.close();
    world.local.deliver({ type: 'event-types-changed' });
    await prepare();
    expect(world.reads.eventTypes).toBe(3);
  });
});

describe('an event for one URL', () => {
  const target = (change: Partial<OutgoingTarget> = {}): Partial<OutgoingEvent> => ({
    target: { url: 'https://example.com:8443/a?b=1', scope: 'w/send', secret: SECRET, ...change },
  });

  it('brings its endpoint along, and goes to nobody else', async () => {
    world.endpoints.push(endpoint('ep_all'));
    const settings = {
      headers: [{ name: 'X-A', value: '1' }],
      secretHeaders: [{ name: 'X-Key', value: 'hush-hush' }],
      timeoutMs: 500,
    };
    const { endpoints = [], messages } = await prepare(target({ settings }));
    const [made] = endpoints;
    if (made === undefined) throw new Error('no endpoint');
    expect(messages[0].deliveries).toMatchObject([{ endpointId: made.id, url: 'https://example.com:8443/a?b=1' }]);
    expect(made).toMatchObject({ id: expect.stringMatching(/^url_[0-9a-f]{32}$/), kind: 'url', state: { status: 'active' } });
    expect(JSON.stringify(made)).not.toContain(SECRET);
    expect(JSON.stringify(made)).not.toContain('hush-hush');
    const { config, secrets } = openEndpoint(made, world.box);
    expect(secrets).toEqual({ secret: SECRET });
    expect(config).toMatchObject({
      url: 'https://example.com:8443',
      profiles: [{ type: 'standard' }],
      blocking: { enabled: false },
      timeoutMs: 500,
      secretHeaders: [{ name: 'X-Key', value: 'hush-hush' }],
    });
  });

  it('shares it with what goes from the same node to the same origin', async () => {
    const of = async (change: Partial<OutgoingTarget>) => (await prepare(target(change))).endpoints?.[0];
    const first = await of({});
    expect(await of({ url: 'https://example.com:8443/other' })).toBe(first);
    expect((await of({ url: 'https://example.com/' }))?.id).not.toBe(first?.id);
    expect((await of({ scope: 'w/other' }))?.id).not.toBe(first?.id);
    const changed = await of({ secret: undefined });
    expect(changed?.id).toBe(first?.id);
    expect(changed?.sealedSecrets).not.toBe(first?.sealedSecrets);
    expect(world.reads.subscribed).toBe(0);
  });

  it('is not signed without a secret, unless its profiles bring their own', async () => {
    const open = async (change: Partial<OutgoingTarget>) => {
      const made = (await prepare(target({ secret: undefined, ...change }))).endpoints?.[0];
      return made && openEndpoint(made, world.box).config.profiles;
    };
    expect(await open({})).toEqual([]);
    const profiles = [{ type: 'github' as const, secret: 'github-secret' }];
    expect(await open({ settings: { profiles } })).toEqual(profiles);
  });

  it.each([
    [{ url: 'ftp://example.com/' }, /must begin with https/],
    [{ url: 'https://user:hush@example.com/' }, /holds credentials/],
    [{ url: 'nonsense' }, /not a complete one/],
    [{ secret: 'not-of-the-kind' }, /profiles\[0\].*whsec_/],
    [{ secret: undefined, settings: { profiles: [{ type: 'github' as const }] } }, /profiles\[0\]/],
    [{ settings: { profiles: [{ type: 'standard-v1a' as const }] } }, /no signing key/],
    [{ settings: { headers: [{ name: 'X-A', value: 'a\r\nb' }] } }, /headers\[0\]/],
    [{ settings: { secretHeaders: [{ name: 'Host', value: 'hush' }] } }, /secretHeaders\[0\]/],
    [{ settings: { headers: [{ name: 'Webhook-ID', value: 'hush' }] } }, /headers\[0\].*set by the sender/],
    [{ settings: { headers: [{ name: 'webhook-signature', value: 'hush' }] } }, /headers\[0\].*set by the sender/],
    [{ settings: { timeoutMs: 5 } }, /timeoutMs/],
  ])('that cannot be sent is refused without repeating secrets: %#', async (change, message) => {
    const error = await refusal(target(change));
    expect(error).toMatchObject({ code: 'invalid_event', message: expect.stringMatching(message) });
    expect(JSON.stringify([error.message, error.details])).not.toMatch(/hush|not-of-the-kind/);
  });
});

describe('committed messages', () => {
  it('are told here at once and to other processes one after the other, endpoints together', async () => {
    world.endpoints.push(endpoint('ep_1'), endpoint('ep_2', { eventTypes: ['a'] }));
    const [one] = (await prepare({ type: 'a' })).messages;
    const [two] = (await prepare({ type: 'b' })).messages;
    const [none] = (await start().publisher.prepare({ type: 'a', data: 1 })).messages;
    world.publisher.committed([none]);
    expect([world.notified, world.sent]).toEqual([[], []]);
    world.publisher.committed([one]);
    world.publisher.committed([two]);
    world.publisher.committed([two, one]);
    expect(world.notified).toEqual([['ep_1', 'ep_2'], ['ep_1'], ['ep_1', 'ep_2']]);
    expect(world.sent).toEqual([{ type: 'deliveries-added', endpointIds: ['ep_1', 'ep_2'] }]);
    world.waiting[0]?.();
    await expect.poll(() => world.sent, { interval: 1 }).toHaveLength(2);
    expect(world.sent[1]).toEqual({ type: 'deliveries-added', endpointIds: ['ep_1', 'ep_2'] });
  });

  it('of very many endpoints are told without names', async () => {
    world.endpoints.push(...Array.from({ length: 101 }, (_, index) => endpoint(`ep_${index}`)));
    world.publisher.committed((await prepare()).messages);
    expect(world.sent).toEqual([{ type: 'deliveries-added', endpointIds: [] }]);
  });
});

describe('the outcome of a message', () => {
  it('is there when all deliveries are at their end', async () => {
    world.endpoints.push(endpoint('ep_1'), endpoint('ep_2'));
    const [{ id, deliveries }] = (await prepare()).messages;
    world.deliveries.push(
      ...deliveries.map((delivery) => ({ ...delivery, status: 'succeeded' as const, attempts: 1, lastStatus: 204 })),
    );
    expect(await world.publisher.outcome(id)).toMatchObject({
      branch: 'delivered',
      output: { messageId: id, delivered: true, deliveries: [{ endpointId: 'ep_1', status: 'succeeded', httpStatus: 204 }, {}] },
    });
    Object.assign(world.deliveries[1] ?? {}, { status: 'failed', error: { code: 'request_failed', message: 'Nobody answers.' } });
    expect(await world.publisher.outcome(id)).toMatchObject({ branch: 'failed', output: { delivered: false } });
    Object.assign(world.deliveries[0] ?? {}, { status: 'pending' });
    expect(await world.publisher.outcome(id)).toBeUndefined();
  });
});
