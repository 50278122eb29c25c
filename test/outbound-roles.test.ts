// Outgoing webhooks with several Hooklines on one database: a web process accepts what worker processes send.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Receiver, startReceiver } from './outbound/receivers.ts';
import { PATIENCE } from './patience.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';
import { startHookline, type TestHookline } from './start-hookline.ts';

let folder: string;
let postgres: TestPostgres;
let url: string;
let web: TestHookline;
/** The workers that run. */
const workers: TestHookline[] = [];
let receiver: Receiver;
/** Paths whose requests get no answer. */
const silent = new Set<string>();

const startWorker = async (): Promise<void> => void workers.push(await start('worker'));
const start = (role: 'web' | 'worker'): Promise<TestHookline> =>
  startHookline({
    ...{ folder, databaseUrl: url, role, outboundAllow: '127.0.0.1', expressionWorkers: 1 },
    // A stop waits no longer for receivers that do not answer.
    shutdownGraceMs: 200,
  });

beforeAll(async () => {
  postgres = await startPostgres();
  url = await postgres.createDatabase();
  folder = await mkdtemp(join(tmpdir(), 'hookline-roles-'));
  receiver = await startReceiver((response, { path }) => {
    if (!silent.has(path)) response.setHeader('Content-Type', 'application/json').end('{"taken":true}');
  });
  web = await start('web');
});
afterAll(async () => {
  for (const running of [...workers, web]) await running.stop();
  await receiver.close();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

async function makeEndpoint(type: string, more: object = {}): Promise<string> {
  const endpoint = { url: `${receiver.url}/${type}`, eventTypes: [type], ...more };
  const { status, text, body } = await web.api('POST', '/api/endpoints', endpoint);
  expect(status, text).toBe(201);
  return body.id;
}

async function publish(type: string): Promise<string> {
  const { status, text, body } = await web.api('POST', '/api/messages', { type, data: { id: 7 } });
  expect(status, text).toBe(201);
  return body.id;
}

/** The delivery of a message as the web process shows it. */
const deliveryOf = async (messageId: string) => (await web.api('GET', `/api/deliveries?messageId=${messageId}`)).body.data[0];
const idsAt = (path: string) =>
  receiver.requests.filter((request) => request.path === path).map(({ headers }) => headers['webhook-id']);
const ownerOf = async (endpointId: string): Promise<string | null | undefined> =>
  (await postgres.query<{ owner: string | null }>(url, 'SELECT owner FROM endpoints WHERE id = $1', [endpointId]))[0]?.owner;

it('what a web process accepts is sent by a worker, also when that starts later', async () => {
  await makeEndpoint('order.made');
  const before = await publish('order.made');
  expect(await deliveryOf(before)).toMatchObject({ status: 'pending', attemptCount: 0 });
  expect(receiver.requests).toEqual([]);
  await startWorker();
  await expect.poll(() => deliveryOf(before), PATIENCE).toMatchObject({ status: 'succeeded', lastStatus: 200 });
  const after = await publish('order.made');
  await expect.poll(() => deliveryOf(after), PATIENCE).toMatchObject({ status: 'succeeded', attemptCount: 1 });
  expect(idsAt('/order.made')).toEqual([before, after]);
});

it('a worker hears what is changed on a web process', async () => {
  const id = await makeEndpoint('order.paid');
  const sent = await publish('order.paid');
  await expect.poll(() => deliveryOf(sent), PATIENCE).toMatchObject({ status: 'succeeded' });
  await web.api('PATCH', `/api/endpoints/${id}`, { url: `${receiver.url}/elsewhere`, headers: [{ name: 'X-Shop', value: '5' }] });
  const moved = await publish('order.paid');
  await expect.poll(() => deliveryOf(moved), PATIENCE).toMatchObject({ status: 'succeeded' });
  expect([idsAt('/order.paid'), idsAt('/elsewhere')]).toEqual([[sent], [moved]]);
  expect(receiver.requests.at(-1)?.headers['x-shop']).toBe('5');
});

it('a flow that a web process accepts gets the answer to its webhook', async () => {
  const { hookUrl } = await web.workflow({
    mode: 'async',
    trigger: { type: 'webhook', config: {} },
    nodes: [
      {
        key: 'ask',
        type: 'send-webhook',
        config: { to: { type: 'url', url: `${receiver.url}/flow` }, event: 'flow.asks', data: { n: 1 }, wait: true },
        branches: { delivered: [{ key: 'fine', type: 'variable', config: { value: '{{$nodes.ask.headers.content-type}}' } }] },
      },
    ],
  });
  const reply = await web.post(hookUrl, {});
  const execution = await web.finished(reply.headers.get('x-hookline-execution-id') ?? '');
  expect(execution).toMatchObject({ status: 'succeeded', error: null });
  const [ask, fine] = execution.jobs;
  expect(ask).toMatchObject({ branch: 'delivered', output: { delivered: true, status: 200, body: { taken: true } } });
  expect(fine.output).toBe('application/json');
});

it('another worker takes over what the first was sending when it stopped, under the same id', async () => {
  silent.add('/order.lost');
  const id = await makeEndpoint('order.lost');
  const sent = await publish('order.lost');
  await expect.poll(() => idsAt('/order.lost'), PATIENCE).toEqual([sent]);
  const owner = await ownerOf(id);
  expect(owner).toMatch(/^[0-9a-f-]{36}$/);
  await startWorker();
  // Whoever has it keeps it while it lives.
  expect(await ownerOf(id)).toBe(owner);
  silent.clear();
  await workers.shift()?.stop();
  await expect.poll(() => deliveryOf(sent), PATIENCE).toMatchObject({ status: 'succeeded' });
  expect(idsAt('/order.lost')).toEqual([sent, sent]);
  const next = await publish('order.lost');
  await expect.poll(() => deliveryOf(next), PATIENCE).toMatchObject({ status: 'succeeded', attemptCount: 1 });
  expect(await ownerOf(id)).not.toBe(owner);
});
