// What the designer sees live: changes, calls as they come, samples, and test calls; over real sockets.

import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { changeEvents, listenEvents, testCallView } from '../../src/http/routes/designer-views.ts';
import { type Receiver, startReceiver } from '../outbound/receivers.ts';
import { PATIENCE } from '../patience.ts';
import type { Answer } from '../start-hookline.ts';
import { startHookline, type TestHookline, TOKEN } from '../start-hookline.ts';
import { type EventReader, type ReadEvent, readEvents } from './event-reader.ts';
import { payment, quiet } from './support.ts';

const AUTHORIZATION = { Authorization: `Bearer ${TOKEN}` };
const PASSWORD = 'never-show-this-password';
const BASIC = `Basic ${Buffer.from(`shop:${PASSWORD}`).toString('base64')}`;
const guarded = { type: 'webhook', config: { auth: { type: 'basic', username: 'shop', password: PASSWORD } } };
const paid = { payment: { status: 'paid', id: 'p1' } };

let server: TestHookline;
let receiver: Receiver;
const readers: EventReader[] = [];
beforeAll(async () => {
  server = await startHookline({ outboundAllow: '127.0.0.1' });
  receiver = await startReceiver((response) => void response.end('taken'));
});
afterAll(async () => {
  await server.stop();
  await receiver.close();
});
afterEach(() => readers.splice(0).forEach((reader) => void reader.hangUp()));

async function open(path: string, from = server): Promise<EventReader> {
  const reader = await readEvents(from.url + path, AUTHORIZATION);
  readers.push(reader);
  return reader;
}

async function listen(id: string): Promise<EventReader> {
  const reader = await open(`/api/workflows/${id}/listen`);
  expect((await reader.next()).event).toBe('listening');
  return reader;
}

/** The next call that a stream shows, checked against what the API says of it. */
async function nextCall(reader: EventReader): Promise<ReadEvent['data']> {
  const { event, data } = await reader.nextOf('request');
  expect(listenEvents.safeParse({ event, data }).error?.issues ?? []).toEqual([]);
  return data;
}

async function testCall(id: string, body: object = {}): Promise<Answer['body']> {
  const answer = await server.api('POST', `/api/workflows/${id}/call`, body);
  expect(answer.status, answer.text).toBe(200);
  expect(testCallView.safeParse(answer.body).error?.issues ?? []).toEqual([]);
  return answer.body;
}

const pathsOf = (paths: { path: string }[]) => paths.map(({ path }) => path);

it('tells of executions, workflows, endpoints and deliveries that change', async () => {
  const reader = await open('/api/events');
  const { id, hookUrl } = await server.workflow(payment);
  expect(await reader.nextOf('workflows')).toMatchObject({ data: { workflowIds: [id] } });
  const answer = await server.post(hookUrl, paid);
  const executionId = answer.headers.get('x-hookline-execution-id');
  expect((await reader.nextOf('executions')).data).toEqual({ workflowIds: [id], executionIds: [executionId] });
  const endpoint = await server.api('POST', '/api/endpoints', { url: receiver.url, eventTypes: ['order.made'] });
  expect((await reader.nextOf('endpoints')).data).toEqual({ endpointIds: [endpoint.body.id] });
  await server.api('POST', '/api/messages', { type: 'order.made', data: {} });
  expect((await reader.nextOf('deliveries')).data).toEqual({ endpointIds: [endpoint.body.id] });
  await vi.waitFor(() => expect(receiver.requests).toHaveLength(1), PATIENCE);
  await server.api('DELETE', `/api/endpoints/${endpoint.body.id}`);
  for (const { event, data } of reader.events) {
    expect(changeEvents.safeParse({ event, data }).error?.issues ?? []).toEqual([]);
  }
});

it('tells of many changes together, four times a second at most', async () => {
  const { id } = await server.workflow({ ...quiet, enabled: false });
  const reader = await open('/api/events');
  await vi.waitFor(() => expect(reader.comments).toBe(1), PATIENCE);
  const began = performance.now();
  await Promise.all(Array.from({ length: 60 }, () => server.api('POST', `/api/workflows/${id}/run`)));
  await vi.waitFor(async () => {
    const { body } = await server.api('GET', `/api/executions?workflowId=${id}&limit=100`);
    expect(body.data.filter(({ status }: { status: string }) => status === 'succeeded')).toHaveLength(60);
  }, PATIENCE);
  await reader.nextOf('executions');
  expect(reader.events.length).toBeLessThanOrEqual(Math.ceil((performance.now() - began) / 250) + 1);
  for (const { data } of reader.events.filter(({ event }) => event === 'executions')) {
    expect(data.workflowIds).toEqual([id]);
    expect(data.executionIds?.length ?? 0).toBeLessThanOrEqual(36);
  }
});

it('needs somebody who is signed in, and a workflow that is there', async () => {
  expect((await fetch(`${server.url}/api/events`)).status).toBe(401);
  expect((await server.api('GET', '/api/workflows/none/listen')).status).toBe(404);
});

it('shows a call with what became of it and the paths in it, and no secret', async () => {
  const { id, hookUrl } = await server.workflow(payment);
  const reader = await listen(id);
  const body = { payment: { status: 'open', id: 'p2', lines: [{ sku: 'A' }] } };
  const headers = { 'X-Shop': 'ghent', Authorization: 'Bearer secret-of-the-shop', 'X-Api-Key': 'another-secret' };
  const answer = await server.post(`${hookUrl}?page[size]=3`, body, headers);
  const call = await nextCall(reader);
  expect(call.outcome).toEqual({ status: 422, executionId: answer.headers.get('x-hookline-execution-id'), error: null });
  expect(call.request).toMatchObject({ method: 'POST', body: JSON.stringify(body), headers: { authorization: '[redacted]' } });
  expect(JSON.stringify(call)).not.toMatch(/secret-of-the-shop|another-secret/);
  expect(pathsOf(call.paths.headers)).toContain('x-shop');
  expect(pathsOf(call.paths.headers)).not.toContain('authorization');
  expect(call.paths.query).toEqual([
    { path: 'page', value: { size: '3' } },
    { path: 'page.size', value: '3' },
  ]);
  expect(call.paths.body).toContainEqual({ path: 'payment.lines[0].sku', value: 'A' });
});

it('shows calls that are refused, with the answer and the body, and answers them as ever', async () => {
  const { id, hookUrl } = await server.workflow({ ...payment, trigger: guarded });
  const reader = await listen(id);
  const wrong = await server.post(hookUrl, paid, { Authorization: 'Basic d3Jvbmc6d3Jvbmc=' });
  expect(wrong.status).toBe(401);
  expect(await nextCall(reader)).toMatchObject({
    request: { body: JSON.stringify(paid), headers: { authorization: '[redacted]' } },
    outcome: { status: 401, executionId: null, error: { code: 'unauthorized' } },
  });
  expect((await server.post(hookUrl, 'no JSON', { Authorization: BASIC })).status).toBe(400);
  const broken = await nextCall(reader);
  expect(broken).toMatchObject({ request: { body: 'no JSON' }, outcome: { status: 400, error: { code: 'invalid_json' } } });
  expect(broken.paths.body).toEqual([]);
  expect((await server.post(hookUrl, 'a=1', { Authorization: BASIC, 'Content-Type': 'text/plain' })).status).toBe(415);
  expect((await nextCall(reader)).outcome.status).toBe(415);
  expect((await fetch(hookUrl, { method: 'PUT', body: '{"a":1}' })).status).toBe(405);
  expect(await nextCall(reader)).toMatchObject({ request: { method: 'PUT', body: '{"a":1}' }, outcome: { status: 405 } });
  const packed = { method: 'POST', body: gzipSync('{"packed":true}'), headers: { 'Content-Encoding': 'gzip' } };
  expect((await fetch(hookUrl, packed)).status).toBe(401);
  expect((await nextCall(reader)).paths.body).toEqual([{ path: 'packed', value: true }]);
});

it('shows the calls of a disabled workflow, whose callers hear 404', async () => {
  const { id, hookUrl } = await server.workflow({ ...quiet, enabled: false });
  const reader = await listen(id);
  expect((await server.post(hookUrl, { a: { b: 1 } })).status).toBe(404);
  const call = await nextCall(reader);
  expect(call.outcome).toMatchObject({ status: 404, executionId: null });
  expect(pathsOf(call.paths.body)).toEqual(['a', 'a.b']);
});

it('shows manual runs and test calls', async () => {
  const { id } = await server.workflow({ ...payment, enabled: false });
  const reader = await listen(id);
  const run = await server.api('POST', `/api/workflows/${id}/run`, { body: paid });
  expect((await nextCall(reader)).outcome).toEqual({ status: 200, executionId: run.body.id, error: null });
  await testCall(id, { body: 'no JSON' });
  expect(await nextCall(reader)).toMatchObject({ request: { body: 'no JSON' }, outcome: { status: 400 } });
  await server.api('PATCH', `/api/workflows/${id}`, { enabled: true });
  const { executionId } = await testCall(id, { body: JSON.stringify(paid) });
  expect((await nextCall(reader)).outcome).toEqual({ status: 200, executionId, error: null });
});

it('cuts long bodies and still lists their paths', async () => {
  const { id, hookUrl } = await server.workflow(quiet);
  const reader = await listen(id);
  const text = 'é'.repeat(200_000);
  expect((await server.post(hookUrl, { text, last: 1 })).status).toBe(200);
  const call = await nextCall(reader);
  expect(Buffer.byteLength(call.request.body)).toBeLessThanOrEqual(256 * 1024);
  expect(call.request.body).toMatch(/^\{"text":"é+$/);
  expect(call.paths.body).toEqual([
    { path: 'text', value: `${'é'.repeat(400)}…` },
    { path: 'last', value: 1 },
  ]);
});

it('a caller that hangs up in the middle of its body is shown with what came', async () => {
  const { id, hookUrl } = await server.workflow(quiet);
  const reader = await listen(id);
  // From here on the workflow is known, and a call is read at once.
  for (const _ of [1, 2]) {
    await server.post(hookUrl, {});
    await nextCall(reader);
  }
  const socket = connect(server.port, '127.0.0.1');
  const begun = once(server.server, 'request');
  const { pathname } = new URL(hookUrl);
  const head = `POST ${pathname} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n`;
  socket.write(`${head}{"half":`);
  await begun;
  await new Promise((resolve) => setImmediate(resolve));
  socket.destroy();
  expect(await nextCall(reader)).toMatchObject({ request: { body: '{"half":' }, outcome: { status: 400, executionId: null } });
});

it('shows a call to everybody who listens, until they hang up', async () => {
  const { id, hookUrl } = await server.workflow(quiet);
  const all = await Promise.all(Array.from({ length: 15 }, () => listen(id)));
  await server.post(hookUrl, { n: 1 });
  for (const reader of all) expect((await nextCall(reader)).request.body).toBe('{"n":1}');
  for (const reader of all.slice(1)) reader.hangUp();
  await server.post(hookUrl, { n: 2 });
  expect((await nextCall(all[0] as EventReader)).request.body).toBe('{"n":2}');
});

it('shows twenty calls a second at most, and answers all of them', async () => {
  const { id, hookUrl } = await server.workflow(quiet);
  const reader = await listen(id);
  const began = performance.now();
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => server.post(hookUrl, { n })));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  await nextCall(reader);
  const seconds = Math.ceil((performance.now() - began) / 1_000);
  expect(reader.events.length).toBeLessThanOrEqual(1 + 20 * (seconds + 1));
});

it('stops although streams are open, and ends them', async () => {
  // A stop that waited for the streams would take longer than a test may.
  const other = await startHookline({ shutdownGraceMs: 600_000 });
  const { id } = await other.workflow(quiet);
  const streams = await Promise.all([open('/api/events', other), open(`/api/workflows/${id}/listen`, other)]);
  await other.hookline.stop();
  await Promise.all(streams.map(({ ended }) => ended));
  await other.stop();
});

it('refuses the twenty-first stream of one caller', async () => {
  const { id } = await server.workflow(quiet);
  await vi.waitFor(async () => {
    const reader = await open('/api/events');
    expect(reader.status).toBe(200);
  }, PATIENCE);
  const others = await Promise.all(Array.from({ length: 20 }, () => open(`/api/workflows/${id}/listen`)));
  expect(others.map(({ status }) => status).sort()).toEqual([...Array(19).fill(200), 429]);
});

it('pins a request as the sample, without its secrets', async () => {
  const { id } = await server.workflow(quiet);
  const path = `/api/workflows/${id}/sample`;
  expect((await server.api('GET', path)).body).toEqual({ sample: null });
  const request = {
    ...{ method: 'POST', url: '/hooks/x?a=1', body: '{"b":[2]}', address: '::1' },
    headers: { 'X-Shop': 'ghent', Cookie: 'session=secret' },
  };
  const pinned = await server.api('POST', path, { request });
  expect(pinned.status, pinned.text).toBe(200);
  expect(pinned.body.sample).toMatchObject({ outcome: null, request: { headers: { 'x-shop': 'ghent', cookie: '[redacted]' } } });
  expect(pinned.body.sample.paths).toEqual({
    headers: [{ path: 'x-shop', value: 'ghent' }],
    query: [{ path: 'a', value: '1' }],
    body: [
      { path: 'b', value: [2] },
      { path: 'b[0]', value: 2 },
    ],
  });
  expect((await server.api('GET', path)).body).toEqual(pinned.body);
  const copy = await server.api('POST', `/api/workflows/${id}/duplicate`);
  expect((await server.api('GET', `/api/workflows/${copy.body.id}/sample`)).body).toEqual({ sample: null });
  const large = await server.api('POST', path, { request: { ...request, body: 'x'.repeat(1024 * 1024) } });
  expect([large.status, large.body.error.code]).toEqual([413, 'payload_too_large']);
  expect((await server.api('DELETE', path)).status).toBe(204);
  expect((await server.api('GET', path)).body).toEqual({ sample: null });
});

it('pins the request of an execution of this workflow, and of no other', async () => {
  const { id, hookUrl } = await server.workflow(payment);
  const other = await server.workflow(quiet);
  const executionId = (await server.post(hookUrl, paid)).headers.get('x-hookline-execution-id');
  const pinned = await server.api('POST', `/api/workflows/${id}/sample`, { executionId });
  expect(pinned.body.sample.request.body).toBe(JSON.stringify(paid));
  const wrong = await server.api('POST', `/api/workflows/${other.id}/sample`, { executionId });
  expect(wrong.body.error.code).toBe('execution_not_found');
  expect((await server.api('POST', '/api/workflows/none/sample', { executionId })).status).toBe(404);
});

it('calls an enabled workflow as its trigger URL is called, with the credentials that nobody sees', async () => {
  const { id } = await server.workflow({ ...payment, trigger: guarded });
  const call = await testCall(id, { body: JSON.stringify(paid), query: '?q=a b#c', headers: { 'X-Shop': 'é'.normalize() } });
  expect(call).toMatchObject({ skippedChecks: false, reply: { status: 200, body: '{"received":"p1"}' } });
  expect(call.reply.headers).toMatchObject({ 'x-hookline-execution-id': call.executionId, 'content-length': '17' });
  expect(call.durationMs).toBeGreaterThan(0);
  expect(JSON.stringify(call)).not.toContain(PASSWORD);
  const { body: execution } = await server.api('GET', `/api/executions/${call.executionId}`);
  expect(execution).toMatchObject({ source: 'webhook', request: { headers: { authorization: '[redacted]', 'x-shop': 'é' } } });
  expect(execution.request.url).toMatch(/\?q=a%20b%23c$/);
});

it('shows the refusals of a trigger URL as replies', async () => {
  const { id } = await server.workflow({ ...payment, trigger: guarded });
  const refused = await testCall(id, { body: '{}', authenticate: false });
  expect(refused).toMatchObject({ executionId: null, skippedChecks: false, reply: { status: 401 } });
  expect(refused.reply.headers).toMatchObject({ 'WWW-Authenticate': expect.stringContaining('Basic') });
  const own = await testCall(id, { body: '{}', headers: { authorization: 'Basic d3Jvbmc6d3Jvbmc=' } });
  expect(own.reply.status).toBe(401);
  expect((await testCall(id, { body: 'a=1', contentType: 'application/x-www-form-urlencoded' })).reply.status).toBe(415);
  const broken = await testCall(id, { body: '{' });
  expect(JSON.parse(broken.reply.body)).toMatchObject({ error: { code: 'invalid_json' } });
  expect((await testCall(id, { body: `"${'x'.repeat(1024 * 1024)}"` })).reply.status).toBe(413);
});

it('runs a disabled workflow by hand, and says so', async () => {
  const { id } = await server.workflow({ ...payment, enabled: false, trigger: guarded });
  const call = await testCall(id, { body: JSON.stringify(paid), authenticate: false });
  expect(call).toMatchObject({ skippedChecks: true, reply: { status: 200, body: '{"received":"p1"}' } });
  expect((await server.api('GET', `/api/executions/${call.executionId}`)).body.source).toBe('manual');
});

it('refuses test calls that no client could make, and those of workflows without a trigger URL', async () => {
  const { id } = await server.workflow(quiet);
  const split = await server.api('POST', `/api/workflows/${id}/call`, { headers: { 'X-A': 'a\r\nX-B: b' } });
  expect([split.status, split.body.error.code]).toEqual([400, 'invalid_request']);
  const subflow = await server.workflow({ ...quiet, trigger: { type: 'subflow', config: {} } });
  expect((await server.api('POST', `/api/workflows/${subflow.id}/call`, {})).body.error.code).toBe('conflict');
  expect((await server.api('POST', '/api/workflows/none/call', {})).status).toBe(404);
});
