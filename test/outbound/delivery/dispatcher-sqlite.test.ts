// The dispatcher with everything real around it: a SQLite file, the guarded client, signatures, receivers on 127.0.0.1.

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createIdSource } from '../../../src/engine/id.ts';
import { type Endpoint, endpointConfigSchema } from '../../../src/engine/outbound-model.ts';
import type { NewMessage } from '../../../src/engine/outbound-ports.ts';
import { endpointSecretsPlace } from '../../../src/engine/sealed-places.ts';
import { createSender } from '../../../src/outbound/delivery/attempt.ts';
import { INITIAL_STATE } from '../../../src/outbound/delivery/breaker.ts';
import { createDispatcher, type Dispatcher } from '../../../src/outbound/delivery/dispatcher.ts';
import { createGuardedFetch } from '../../../src/outbound/guard/guarded-fetch.ts';
import { openEndpoint } from '../../../src/outbound/open-endpoint.ts';
import { signRequest } from '../../../src/outbound/signing/sign.ts';
import { createSecretBox } from '../../../src/secrets/secret-box.ts';
import { type OpenStorage, openStorage } from '../../../src/storage/storage.ts';
import { startServer, type TestServer } from '../guard/servers.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const RETRY = { type: 'custom', delaysMs: [20, 40, 80, 160, 320], jitter: 0.2 };
const box = createSecretBox(randomBytes(32));
const newId = createIdSource();
const makeId = (prefix: string): string => `${prefix}_${newId(Date.now()).replaceAll('-', '')}`;

let folder: string;
let storage: OpenStorage;
const open: { close(): Promise<unknown> }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-dispatcher-'));
  storage = await openStorage({ url: `sqlite:${join(folder, 'hookline.db')}`, durability: 'normal' });
});

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
  await storage.close();
  await rm(folder, { recursive: true });
});

type Reply = (request: IncomingMessage, id: string, response: ServerResponse) => void;

/** Takes webhooks whose signature is right, and counts them by id. */
async function receive(reply: Reply): Promise<{ readonly server: TestServer; readonly ids: Map<string, number> }> {
  const ids = new Map<string, number>();
  const webhook = new Webhook(SECRET);
  const server = await startServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      webhook.verify(body, request.headers as Record<string, string>);
      const id = String(request.headers['webhook-id']);
      ids.set(id, (ids.get(id) ?? 0) + 1);
      reply(request, id, response);
    });
  });
  open.push(server);
  return { server, ids };
}

async function addEndpoint(url: string, config: Record<string, unknown> = {}): Promise<string> {
  const now = Date.now();
  const id = makeId('ep');
  const sealedSecrets = box.seal(JSON.stringify({ secret: SECRET }), endpointSecretsPlace(id));
  const endpoint: Endpoint = {
    ...{ id, kind: 'endpoint', config: endpointConfigSchema.parse({ url, retry: RETRY, ...config }) },
    ...{ sealedSecrets, state: INITIAL_STATE, stateSequence: 0 },
    ...{ createdAt: now, updatedAt: now },
  };
  await storage.outbound.endpoints.insert(endpoint);
  return endpoint.id;
}

/** One message for these endpoints. */
function makeMessage(endpointIds: readonly string[], orderingKey: string | null = null): NewMessage {
  const now = Date.now();
  const id = makeId('msg');
  const none = { orderingKey, batchId: null, url: null, lastStatus: null, error: null, finishedAt: null };
  return {
    ...{ id, type: 'order.created', version: null, data: '{"a":1}', timestamp: now, userId: null, idempotencyKey: null },
    ...{ source: null, createdAt: now },
    deliveries: endpointIds.map((endpointId) => ({
      ...{ id: makeId('dlv'), messageId: id, endpointId, eventType: 'order.created', status: 'pending', dueAt: now },
      ...{ attempts: 0, attemptsBefore: 0, ...none, createdAt: now },
    })),
  };
}

function start(): Dispatcher & { readonly events: string[] } {
  const events: string[] = [];
  const guarded = createGuardedFetch({ allowedTargets: ['127.0.0.0/8'] });
  const log = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (fields: object, text: string) => events.push(text + JSON.stringify(fields)),
  };
  const dispatcher = createDispatcher({
    store: storage.outbound,
    commit: storage.executions.commit,
    sender: createSender({
      ...{ fetch: guarded.fetch, sign: signRequest, userAgent: 'Hookline/test', now: Date.now, createId: newId },
      makeBody: ({ deliveries }) => ({ text: JSON.stringify(deliveries.map(({ message }) => message.data)), version: null }),
    }),
    open: (endpoint) => openEndpoint(endpoint, box),
    events: {
      prepare: (event) => Promise.resolve({ writes: [], committed: () => void events.push(event.type) }),
    },
    bus: { publish: () => Promise.resolve(), subscribe: () => () => {} },
    log,
    now: Date.now,
    pollMs: 50,
    onSignaled: () => {},
  });
  dispatcher.start();
  open.push({ close: () => dispatcher.stop(1_000).then(() => guarded.close()) });
  return { ...dispatcher, events };
}

async function until(isDone: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 5));
}

const countPending = async (): Promise<number> => (await storage.outbound.deliveries.countByStatus()).pending;

test('what was committed is received, by endpoints that work and by one that flaps, also when the process stops in between', async () => {
  const good = await receive((_request, _id, response) => response.end('ok'));
  let turn = 0;
  const flapping = await receive((_request, _id, response) => {
    turn += 1;
    response.statusCode = turn % 3 === 0 ? 200 : 500;
    response.end();
  });
  const endpoints = [
    await addEndpoint(good.server.url),
    await addEndpoint(flapping.server.url, { blocking: { enabled: false } }),
  ];
  const messages = Array.from({ length: 40 }, () => makeMessage(endpoints));
  await storage.executions.commit({ outbound: { messages } });
  const first = start();
  await until(() => good.ids.size > 10);
  await first.stop(0);
  const second = start();
  await until(async () => (await countPending()) === 0);
  const wanted = new Set(messages.map(({ id }) => id));
  expect(new Set(good.ids.keys())).toEqual(wanted);
  expect(await storage.outbound.deliveries.countByStatus()).toMatchObject({ pending: 0 });
  for (const { deliveries } of messages) {
    for (const { id } of deliveries) {
      const stored = await storage.outbound.deliveries.get(id);
      const attempts = await storage.outbound.attempts.ofDelivery(id);
      expect(attempts.length).toBe(stored?.attempts);
      expect(attempts.every(({ body }) => body === '["{\\"a\\":1}"]')).toBe(true);
      expect(attempts.at(-1)?.succeeded).toBe(stored?.status === 'succeeded');
    }
  }
  // Only what was under way at the stop has come twice.
  const repeats = [...good.ids.values()].reduce((sum, count) => sum + count - 1, 0);
  expect(repeats).toBeLessThanOrEqual(4);
  expect(second.events.filter((event) => event !== 'delivery.failed' && !event.startsWith('endpoint.'))).toEqual([]);
});

test('an endpoint that refuses connections is blocked with its deliveries held, the others do not notice', async () => {
  const good = await receive((_request, _id, response) => response.end('ok'));
  const dead = await receive((_request, _id, response) => response.end());
  const [goodId, deadId] = [await addEndpoint(good.server.url), await addEndpoint(dead.server.url)];
  await dead.server.close();
  const messages = Array.from({ length: 50 }, () => makeMessage([goodId, deadId]));
  await storage.executions.commit({ outbound: { messages } });
  const { events } = start();
  await until(() => good.ids.size === 50 && events.includes('endpoint.blocked'));
  await until(async () => (await storage.outbound.endpoints.get(deadId))?.state.status === 'blocked');
  const state = (await storage.outbound.endpoints.get(deadId))?.state;
  expect(state).toMatchObject({ status: 'blocked', failures: 6 });
  expect(state?.reason).toMatch(/^6 requests in a row have failed\. The last one: /);
  expect((await storage.outbound.deliveries.list({ limit: 100, endpointId: deadId, status: 'held' })).items.length).toBe(50);
});

test('deliveries with one key arrive in order although one of them fails', async () => {
  const arrived: string[] = [];
  const failed = new Set<string>();
  const { server } = await receive((_request, id, response) => {
    const isFirstTry = !failed.has(id);
    failed.add(id);
    response.statusCode = isFirstTry && failed.size % 4 === 1 ? 500 : 200;
    if (response.statusCode === 200) arrived.push(id);
    response.end();
  });
  const id = await addEndpoint(server.url, { ordering: { type: 'key', path: 'id' }, concurrency: 8 });
  const messages = Array.from({ length: 24 }, (_, index) => makeMessage([id], `key-${index % 3}`));
  await storage.executions.commit({ outbound: { messages } });
  start();
  await until(async () => (await countPending()) === 0);
  for (const key of [0, 1, 2]) {
    const own = messages.filter((_, index) => index % 3 === key).map((message) => message.id);
    expect(arrived.filter((one) => own.includes(one))).toEqual(own);
  }
});
