import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Receiver, startReceiver } from '../outbound/receivers.ts';
import { startApi, type TestApi, TOKEN } from './support.ts';

let api: TestApi;
let receiver: Receiver;
/** What the receiver answers with. */
let status = 204;

beforeAll(async () => {
  receiver = await startReceiver((response) => response.writeHead(status).end());
  api = await startApi({
    outboundAllow: ['127.0.0.1'],
    senderAddresses: ['203.0.113.7', '2001:db8::/48'],
    expressionWorkers: 1,
  });
});
afterAll(async () => {
  await api.close();
  await receiver.close();
});
beforeEach(() => {
  status = 204;
});

let count = 0;
/** An endpoint that gets the events of one test alone. */
async function makeEndpoint(input: object = {}) {
  const type = `test${count++}.happened`;
  const { body } = await api.call('POST', '/api/endpoints', {
    body: { url: `${receiver.url}/${type}`, eventTypes: [type], retry: { type: 'none' }, ...input },
    status: 201,
  });
  return { id: body.id as string, secret: body.secret as string, type, body };
}

async function publish(type: string, data: unknown = { id: 'o_1' }) {
  const { body } = await api.call('POST', '/api/messages', { body: { type, data }, status: 201 });
  return body;
}

/** The delivery of a message, when it has come to its end. */
async function finished(messageId: string) {
  for (;;) {
    const { body } = await api.call('GET', `/api/deliveries?messageId=${messageId}`, { status: 200 });
    const [delivery] = body.data;
    // `held`: the list was read while the attempt that disabled its endpoint was being committed.
    if (delivery.status !== 'pending' && delivery.status !== 'held') return delivery;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('endpoints', () => {
  test('are made, listed, read, changed and deleted', async () => {
    const { id, secret, body } = await makeEndpoint({
      workspace: 'acme',
      secretHeaders: [{ name: 'X-Token', value: 'tok-12345' }],
    });
    expect(secret).toMatch(/^whsec_/);
    expect(body).toMatchObject({ workspace: 'acme', enabled: true, status: 'active', secretHeaders: [{ name: 'X-Token' }] });
    const list = await api.call('GET', '/api/endpoints?workspace=acme&status=active&search=127.0&limit=5', { status: 200 });
    expect(list.body.data.map((one: { id: string }) => one.id)).toContain(id);
    const changed = await api.call('PATCH', `/api/endpoints/${id}`, { body: { timeoutMs: 2_000, enabled: false }, status: 200 });
    expect(changed.body).toMatchObject({ timeoutMs: 2_000, enabled: false, status: 'disabled' });
    const read = await api.call('GET', `/api/endpoints/${id}`, { status: 200 });
    expect(read.body).toEqual(changed.body);
    expect(list.text + changed.text + read.text).not.toMatch(new RegExp(`${secret.slice(6, 20)}|tok-12345`));
    await api.call('DELETE', `/api/endpoints/${id}`, { status: 204 });
    await api.call('GET', `/api/endpoints/${id}`, { status: 404 });
    await api.call('DELETE', `/api/endpoints/${id}`, { status: 404 });
  });

  test('that cannot be are refused with every problem', async () => {
    const { body } = await api.call('POST', '/api/endpoints', {
      body: { url: 'https://10.0.0.1/', timeoutMs: 'x' },
      status: 422,
    });
    expect(body.error.code).toBe('invalid_endpoint');
    expect(body.error.details.problems).toMatchObject([{ path: 'timeoutMs' }]);
    const { body: second } = await api.call('POST', '/api/endpoints', { body: { url: 'https://10.0.0.1/' }, status: 422 });
    expect(second.error.details.problems).toMatchObject([{ path: 'url', code: 'invalid_url', severity: 'error' }]);
    await api.call('POST', '/api/endpoints', { body: [], status: 400 });
    const { id } = await makeEndpoint();
    await api.call('PATCH', `/api/endpoints/${id}`, { body: { url: 'ftp://x/' }, status: 422 });
  });

  test('are for holders of the token', async () => {
    for (const path of ['/api/endpoints', '/api/messages', '/api/deliveries', '/api/event-types', '/api/sender-addresses']) {
      await api.call('GET', path, { token: null, status: 401 });
    }
  });

  test('have their secret rotated and are unblocked', async () => {
    const { id, secret } = await makeEndpoint({ profiles: [{ type: 'standard' }, { type: 'github' }] });
    const { body } = await api.call('POST', `/api/endpoints/${id}/rotate-secret`, { status: 200 });
    expect(body.secret).not.toBe(secret);
    expect(body.warnings).toMatchObject([{ path: 'profiles[1]', code: 'no_overlap', severity: 'warning' }]);
    expect(Date.parse(body.previousKeyUntil)).toBeGreaterThan(Date.now() + 86_000_000);
    await api.call('POST', `/api/endpoints/${id}/rotate-secret`, { body: { overlapMs: -1 }, status: 400 });
    await api.call('POST', `/api/endpoints/${id}/rotate-secret`, { body: { secret: 'x' }, status: 422 });
    await api.call('POST', `/api/endpoints/${id}/unblock`, { status: 200 });
  });

  test('are tested: the outcome comes back and is kept', async () => {
    const { id, type } = await makeEndpoint();
    const { body } = await api.call('POST', `/api/endpoints/${id}/test`, { status: 200 });
    expect(body).toMatchObject({ kind: 'test', succeeded: true, status: 204, deliveryIds: [], error: null });
    expect(JSON.parse(body.body)).toMatchObject({ type: 'hookline.test', data: { test: true } });
    expect(body.timings.totalMs).toBeGreaterThan(0);
    expect(receiver.requests.some(({ path, headers }) => path === `/${type}` && headers['webhook-signature'] !== undefined)).toBe(
      true,
    );
    status = 500;
    const failed = await api.call('POST', `/api/endpoints/${id}/test`, { body: {}, status: 200 });
    expect(failed.body).toMatchObject({ succeeded: false, status: 500 });
    const log = await api.call('GET', `/api/endpoints/${id}/attempts?limit=1`, { status: 200 });
    expect(log.body.data).toMatchObject([{ id: failed.body.id }]);
    expect(log.body.nextCursor).not.toBeNull();
    await api.call('POST', `/api/endpoints/${id}/test`, { body: { eventType: 'not.known' }, status: 404 });
  });

  test('are tested ten times a minute at most', async () => {
    const { id } = await makeEndpoint();
    for (let index = 0; index < 10; index++) await api.call('POST', `/api/endpoints/${id}/test`, { status: 200 });
    const { body, headers } = await api.call('POST', `/api/endpoints/${id}/verify`, { status: 429 });
    expect(body.error.code).toBe('too_many_requests');
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  });

  test('are verified: a receiver that takes anything is warned of', async () => {
    const { id, type } = await makeEndpoint();
    const { body } = await api.call('POST', `/api/endpoints/${id}/verify`, { status: 200 });
    expect(body).toMatchObject({ accepted: true, rejectsBadSignature: false, warnings: [{ code: 'accepts_bad_signature' }] });
    expect(body.attempts).toMatchObject([{ kind: 'verification' }, { kind: 'verification' }]);
    const signatures = receiver.requests
      .filter(({ path }) => path === `/${type}`)
      .map(({ headers }) => headers['webhook-signature']);
    expect(new Set(signatures).size).toBe(2);
  });

  test('have statistics and snippets', async () => {
    const { id, type } = await makeEndpoint();
    await finished((await publish(type)).id);
    const { body } = await api.call('GET', `/api/endpoints/${id}/stats?window=1h`, { status: 200 });
    expect(body).toMatchObject({ window: '1h', attempts: 1, succeeded: 1, successRate: 1, pending: 0, held: 0 });
    expect(body.p99Ms).toBeGreaterThan(0);
    await api.call('GET', `/api/endpoints/${id}/stats?window=1y`, { status: 400 });
    const snippets = await api.call('GET', `/api/endpoints/${id}/snippets?language=node`, { status: 200 });
    expect(snippets.body.data).toMatchObject([{ language: 'node', fileName: 'verify-webhook.mjs' }]);
    await api.call('GET', `/api/endpoints/${id}/snippets?language=cobol`, { status: 400 });
  });

  test('are sent from these addresses', async () => {
    const { body } = await api.call('GET', '/api/sender-addresses', { status: 200 });
    expect(body).toEqual({ data: ['203.0.113.7', '2001:db8::/48'] });
  });
});

describe('event types', () => {
  test('are made, versioned, changed and deleted', async () => {
    const schema = { type: 'object', required: ['total'], properties: { total: { type: 'number' } } };
    const first = { name: 'shop.sold', title: 'Sold', schema, example: { total: 1 } };
    const made = await api.call('POST', '/api/event-types', { body: first, status: 201 });
    expect(made.body).toMatchObject({ name: 'shop.sold', latestVersion: 1, versions: [{ version: 1, title: 'Sold', schema }] });
    await api.call('POST', '/api/event-types', { body: first, status: 409 });
    await api.call('POST', '/api/event-types', { body: { ...first, name: 'shop.x', example: {} }, status: 422 });
    const second = { example: { sum: 1 }, downConversion: '{ "total": sum }' };
    const added = await api.call('POST', '/api/event-types/shop.sold/versions', { body: second, status: 201 });
    expect(added.body.latestVersion).toBe(2);
    const changed = await api.call('PATCH', '/api/event-types/shop.sold/versions/2', { body: { title: 'Sold!' }, status: 200 });
    expect(changed.body.versions[1]).toMatchObject({ title: 'Sold!', downConversion: '{ "total": sum }' });
    const list = await api.call('GET', '/api/event-types', { status: 200 });
    expect(list.body.data).toContainEqual(changed.body);

    const { id } = await makeEndpoint({ eventTypes: ['shop.*'], versions: { 'shop.sold': 1 } });
    const { body } = await api.call('DELETE', '/api/event-types/shop.sold/versions/1', { status: 409 });
    expect(body.error.details).toEqual({ endpoints: 1 });
    const sent = await publish('shop.sold', { sum: 7 });
    expect(sent.version).toBe(2);
    const delivery = await finished(sent.id);
    const read = await api.call('GET', `/api/deliveries/${delivery.id}`, { status: 200 });
    expect(JSON.parse(read.body.attempts[0].body)).toMatchObject({ type: 'shop.sold', version: 1, data: { total: 7 } });

    await api.call('DELETE', `/api/endpoints/${id}`, { status: 204 });
    await api.call('DELETE', '/api/event-types/shop.sold/versions/1', { status: 204 });
    await api.call('DELETE', '/api/event-types/shop.sold/versions/2', { status: 204 });
    await api.call('GET', '/api/event-types/shop.sold', { status: 404 });
    await api.call('GET', '/api/event-types/no..name', { status: 400 });
  });
});

describe('messages', () => {
  test('are published, found and read with their deliveries', async () => {
    const { id, type } = await makeEndpoint();
    const sent = await publish(type, { id: 'o_1', list: [1, 2] });
    expect(sent).toMatchObject({ type, version: null, deliveries: 1, idempotencyKey: null, executionId: null });
    const delivery = await finished(sent.id);
    expect(delivery).toMatchObject({
      endpointId: id,
      status: 'succeeded',
      attemptCount: 1,
      lastStatus: 204,
      error: null,
      dueAt: null,
    });
    const read = await api.call('GET', `/api/messages/${sent.id}`, { status: 200 });
    expect(read.body).toMatchObject({ id: sent.id, data: { id: 'o_1', list: [1, 2] }, deliveries: [delivery] });
    const list = await api.call('GET', `/api/messages?type=${type}&from=2020-01-01`, { status: 200 });
    expect(list.body.data.map((one: { id: string }) => one.id)).toEqual([sent.id]);
    await api.call('GET', '/api/messages?from=yesterday', { status: 400 });
    await api.call('GET', '/api/messages/msg_x', { status: 404 });
  });

  test('with the same Idempotency-Key are published once', async () => {
    const { type } = await makeEndpoint();
    const headers = { 'Idempotency-Key': `key-${type}` };
    const first = await api.call('POST', '/api/messages', { body: { type, data: 1 }, headers, status: 201 });
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    const again = await api.call('POST', '/api/messages', { body: { type, data: 1 }, headers, status: 201 });
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(again.body).toEqual(first.body);
    await api.call('POST', '/api/messages', { body: { type, data: 2 }, headers, status: 409 });
    const { body } = await api.call('POST', '/api/messages', {
      body: { type, data: 1 },
      headers: { 'Idempotency-Key': 'k'.repeat(256) },
      status: 400,
    });
    expect(body.error.message).toContain('headers.Idempotency-Key');
  });

  test.each([
    {},
    { type: 'a.b' },
    { type: 'a b', data: 1 },
    { type: 'a.b', data: 1, timestamp: 'now' },
    { type: 'a.b', data: 1, to: 'x' },
  ])('such as %j are refused', async (body) => {
    await api.call('POST', '/api/messages', { body, status: 400 });
  });

  test('are replayed to one endpoint', async () => {
    const { id, type } = await makeEndpoint();
    const sent = await publish(type);
    await finished(sent.id);
    const { body } = await api.call('POST', `/api/messages/${sent.id}/replay`, { body: { endpointId: id }, status: 201 });
    expect(body).toMatchObject({ messageId: sent.id, endpointId: id });
    await finished(sent.id);
    const requests = receiver.requests.filter(({ path }) => path === `/${type}`);
    expect(requests.map(({ headers }) => headers['webhook-id'])).toEqual([sent.id, sent.id]);
    await api.call('POST', `/api/messages/${sent.id}/replay`, { body: { endpointId: 'ep_x' }, status: 404 });
    await api.call('POST', '/api/messages/msg_x/replay', { body: { endpointId: id }, status: 404 });
  });
});

describe('deliveries', () => {
  test('that have failed say why, with request and answer, and are sent again', async () => {
    const { id, type } = await makeEndpoint({ secretHeaders: [{ name: 'X-Token', value: 'tok-12345' }] });
    status = 503;
    const sent = await publish(type);
    const failed = await finished(sent.id);
    expect(failed).toMatchObject({ status: 'failed', attemptCount: 1, lastStatus: 503 });
    const read = await api.call('GET', `/api/deliveries/${failed.id}`, { status: 200 });
    const [attempt] = read.body.attempts;
    expect(attempt).toMatchObject({ kind: 'delivery', number: 1, status: 503, succeeded: false, deliveryIds: [failed.id] });
    expect(attempt.error.message).toMatch(/503/);
    expect(attempt.requestHeaders).toMatchObject({ 'webhook-id': sent.id });
    expect(read.text).not.toContain('tok-12345');
    expect(JSON.parse(attempt.body)).toMatchObject({ type, data: { id: 'o_1' } });
    const found = await api.call('GET', `/api/deliveries?endpointId=${id}&status=failed&type=${type}`, { status: 200 });
    expect(found.body.data).toEqual([failed]);

    status = 204;
    await api.call('POST', `/api/deliveries/${failed.id}/retry`, { status: 200 });
    expect(await finished(sent.id)).toMatchObject({ id: failed.id, status: 'succeeded', attemptCount: 2 });
    const after = await api.call('GET', `/api/deliveries/${failed.id}`, { status: 200 });
    expect(after.body.attempts.map((one: { body: string }) => one.body)).toEqual([attempt.body, attempt.body]);
  });

  test('of an endpoint are all sent again since a time', async () => {
    const { id, type } = await makeEndpoint();
    status = 500;
    const messages = [await publish(type), await publish(type)];
    for (const message of messages) expect((await finished(message.id)).status).toBe('failed');
    status = 204;
    const { body } = await api.call('POST', `/api/endpoints/${id}/retry-failed`, { body: { since: '2020-01-01' }, status: 200 });
    expect(body).toEqual({ deliveries: 2 });
    for (const message of messages) expect((await finished(message.id)).status).toBe('succeeded');
    await api.call('POST', `/api/endpoints/${id}/retry-failed`, { body: {}, status: 400 });
  });

  test('are held while the endpoint is disabled, and can be canceled', async () => {
    const { id, type } = await makeEndpoint();
    status = 410;
    expect((await finished((await publish(type)).id)).status).toBe('failed');
    const { body } = await api.call('GET', `/api/endpoints/${id}`, { status: 200 });
    expect(body).toMatchObject({ status: 'disabled', enabled: false });
    const other = await makeEndpoint();
    const held = await publish(other.type);
    await finished(held.id);
    await api.call('PATCH', `/api/endpoints/${other.id}`, { body: { enabled: false }, status: 200 });
    const replayed = await api.call('POST', `/api/messages/${held.id}/replay`, { body: { endpointId: other.id }, status: 201 });
    expect(replayed.body.status).toBe('held');
    const canceled = await api.call('POST', `/api/deliveries/${replayed.body.id}/cancel`, { status: 200 });
    expect(canceled.body.status).toBe('canceled');
    await api.call('POST', `/api/deliveries/${replayed.body.id}/cancel`, { status: 409 });
    await api.call('GET', '/api/deliveries?status=lost', { status: 400 });
    await api.call('GET', '/api/deliveries/dlv_x', { status: 404 });
    await api.call('POST', '/api/deliveries/dlv_x/retry', { status: 404 });
  });
});

test('the metrics tell what was sent', async () => {
  const { id, type } = await makeEndpoint();
  await finished((await publish(type)).id);
  const { text } = await api.agent.get('/metrics').set('Authorization', `Bearer ${TOKEN}`);
  expect(text).toContain(`hookline_delivery_attempts_total{endpoint="${id}",outcome="succeeded"} 1`);
  expect(text).toMatch(/hookline_endpoints\{status="active"\} \d/);
  expect(text).toMatch(/hookline_deliveries\{status="succeeded"\} \d/);
});
