import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineNode, definePlugin, defineTrigger } from '../../src/index.ts';
import { payment, quiet, startApi, type TestApi } from './support.ts';

/** Ends only when the execution is cancelled. */
const hang = defineNode({
  type: 'hang',
  title: 'Hang',
  description: 'Waits for its end.',
  config: z.strictObject({}),
  run: ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
});

/** Is started by nothing but the API. */
const bell = defineTrigger({
  type: 'bell',
  title: 'Bell',
  description: 'Rings when somebody runs it by hand.',
  config: z.strictObject({}),
  create: () => ({ listen: () => () => {} }),
});

let api: TestApi;
let paymentId = '';
let quietId = '';
let paymentUrl = '';

beforeAll(async () => {
  api = await startApi({ plugins: [definePlugin({ name: 'test/bell', triggers: [bell], nodes: [hang] })] });
  const made = (await api.call('POST', '/api/workflows', { body: payment, status: 201 })).body;
  paymentId = made.id;
  paymentUrl = `/hooks/${made.hookKey}`;
  quietId = (await api.call('POST', '/api/workflows', { body: quiet, status: 201 })).body.id;
});
afterAll(() => api.close());

async function run(body: object, id = paymentId) {
  return (await api.call('POST', `/api/workflows/${id}/run`, { body, status: 201 })).body;
}

const paid = { payment: { id: 'p1', status: 'paid' } };

/** Waits until an execution has ended, by asking as a client would. */
async function ended(id: string) {
  for (;;) {
    const { body } = await api.call('GET', `/api/executions/${id}`, { status: 200 });
    if (body.finishedAt !== null) return body;
  }
}

describe('reading', () => {
  test('an execution shows its request without secrets, its reply and the job of each node', async () => {
    const reply = await api.agent
      .post(`${paymentUrl}?from=test`)
      .set('Authorization', 'Bearer hidden-secret')
      .set('X-Order', '7')
      .send(paid);
    expect(reply.status).toBe(200);
    const { body: list } = await api.call('GET', `/api/executions?workflowId=${paymentId}&limit=1`, { status: 200 });
    const { body } = await api.call('GET', `/api/executions/${list.data[0].id}`, { status: 200 });
    expect(body).toMatchObject({
      workflowId: paymentId,
      revision: 1,
      status: 'succeeded',
      source: 'webhook',
      error: null,
      replayOf: null,
      request: { method: 'POST', url: `${paymentUrl}?from=test`, body: JSON.stringify(paid), headers: { 'x-order': '7' } },
      response: { status: 200, body: '{"received":"p1"}' },
      output: null,
      parent: null,
      lane: null,
      wakeAt: null,
      jobs: [
        { key: 'paid', path: 'paid', type: 'condition', status: 'succeeded', branch: 'true', error: null },
        { key: 'ok', path: 'ok', type: 'response', status: 'succeeded', branch: null, error: null },
      ],
    });
    expect(JSON.stringify(body)).not.toContain('hidden-secret');
    expect(body.durationMs).toBe(Date.parse(body.finishedAt) - Date.parse(body.startedAt));
    // Lists leave out what may be large and what only one execution is asked for.
    const { request, response, jobs, context, output, parent, lane, ...summary } = body;
    expect(list.data[0]).toEqual({ ...summary, workflowTitle: payment.title });
    expect(context).toBeNull();
  });

  test('an unknown execution is 404 on every route', async () => {
    const calls = [
      ['GET', ''],
      ['POST', '/replay'],
      ['POST', '/cancel'],
    ] as const;
    for (const [method, rest] of calls) {
      for (const id of ['nobody', '0190a0a0-0000-7000-8000-000000000000']) {
        const reply = await api.call(method, `/api/executions/${id}${rest}`, { status: 404 });
        expect(reply.body.error.code).toBe('execution_not_found');
      }
    }
  });
});

test.each(['%00', '..%2F..%2Fetc', "'%20OR%201=1", 'ü', 'x'.repeat(100), '%25', '__proto__', 'constructor'])(
  'the odd id %j is simply not there',
  async (id) => {
    await api.call('GET', `/api/executions/${encodeURI(decodeURIComponent(id)).replaceAll('/', '%2F')}`, { status: 404 });
  },
);

test('an id of absurd length is refused', async () => {
  await api.call('GET', `/api/executions/${'x'.repeat(5000)}`, { status: 400 });
});

describe('running by hand', () => {
  test('a sync workflow comes back finished', async () => {
    const execution = await run({ body: { payment: { id: 'p2', status: 'open' } } });
    expect(execution).toMatchObject({ source: 'manual', status: 'succeeded', response: { status: 422 } });
    expect((await api.call('GET', `/api/executions/${execution.id}`)).body.response.status).toBe(422);
  });

  test('an async workflow comes back accepted and runs on', async () => {
    const execution = await run({}, quietId);
    expect(execution.source).toBe('manual');
    expect(await ended(execution.id)).toMatchObject({ status: 'succeeded', jobs: [] });
  });

  test('headers and query reach the workflow, the query as text or as values', async () => {
    const one = await run({ headers: { 'X-Shop': 'a' }, query: '?page=2&tags[0]=x', body: paid });
    expect(one.request).toMatchObject({ headers: { 'x-shop': 'a' }, url: expect.stringContaining('page=2') });
    const two = await run({ query: { page: 2, tags: ['x', { deep: 'y' }] }, body: paid });
    expect(decodeURIComponent(two.request.url)).toMatch(/\?page=2&tags\[0\]=x&tags\[1\]\[deep\]=y$/);
  });

  test('no body at all is fine where the workflow needs none', async () => {
    await api.call('POST', `/api/workflows/${quietId}/run`, { status: 201 });
  });

  test('a revision can be named, and must be there', async () => {
    expect(await run({ body: paid, revision: 1 })).toMatchObject({ revision: 1 });
    const reply = await api.call('POST', `/api/workflows/${paymentId}/run`, { body: { body: paid, revision: 7 }, status: 404 });
    expect(reply.body.error.code).toBe('revision_not_found');
  });

  test('wrong input is refused with its path', async () => {
    const body = { headers: { a: 1 }, query: 3, revision: 'x', extra: 1 };
    const reply = await api.call('POST', `/api/workflows/${paymentId}/run`, { body, status: 400 });
    const paths = reply.body.error.details.problems.map(({ path }: { path: string }) => path).sort();
    expect(paths).toEqual(['body.extra', 'body.headers.a', 'body.query', 'body.revision']);
  });

  test('an external trigger is started with its context', async () => {
    const { body: made } = await api.call('POST', '/api/workflows', {
      body: { ...quiet, title: 'Bell', trigger: { type: 'bell' } },
      status: 201,
    });
    const execution = await run({ context: { rings: 3 } }, made.id);
    expect(await ended(execution.id)).toMatchObject({ request: null, context: { rings: 3 }, status: 'succeeded' });
    const replay = await api.call('POST', `/api/executions/${execution.id}/replay`, { status: 201 });
    expect(await ended(replay.body.id)).toMatchObject({ context: { rings: 3 }, source: 'replay', replayOf: execution.id });
  });
});

describe('replaying', () => {
  test('the stored request runs on the live revision, or on a named one', async () => {
    const made = (await api.call('POST', '/api/workflows', { body: payment, status: 201 })).body;
    const first = await run({ body: paid }, made.id);
    const nodes = [{ key: 'new', type: 'response', config: { status: 202, body: 'new' } }];
    await api.call('PATCH', `/api/workflows/${made.id}`, { body: { nodes }, status: 200 });
    const live = await api.call('POST', `/api/executions/${first.id}/replay`, { status: 201 });
    expect(live.body).toMatchObject({
      revision: 2,
      source: 'replay',
      replayOf: first.id,
      request: first.request,
      response: { status: 202 },
    });
    const old = await api.call('POST', `/api/executions/${first.id}/replay`, { body: { revision: 1 }, status: 201 });
    expect(old.body).toMatchObject({ revision: 1, response: { status: 200, body: '{"received":"p1"}' } });
    const gone = await api.call('POST', `/api/executions/${first.id}/replay`, { body: { revision: 3 }, status: 404 });
    expect(gone.body.error.code).toBe('revision_not_found');
    await api.call('POST', `/api/executions/${first.id}/replay`, { body: { revision: 'live' }, status: 400 });
  });
});

describe('cancelling', () => {
  test('a running execution ends as canceled', async () => {
    const nodes = [{ key: 'wait', type: 'hang' }];
    const { body: made } = await api.call('POST', '/api/workflows', { body: { ...quiet, nodes }, status: 201 });
    const { id } = await run({}, made.id);
    const { body } = await api.call('POST', `/api/executions/${id}/cancel`, { status: 200 });
    expect(body).toMatchObject({ id, status: 'canceled', error: { code: 'canceled' } });
    expect(await ended(id)).toMatchObject({ status: 'canceled' });
    await api.call('POST', `/api/executions/${id}/cancel`, { status: 409 });
  });

  test('what has ended cannot be cancelled', async () => {
    const { id } = await run({ body: paid });
    const reply = await api.call('POST', `/api/executions/${id}/cancel`, { status: 409 });
    expect(reply.body.error.code).toBe('conflict');
  });
});

describe('listing', () => {
  test('pages follow each other to the end, newest first, nothing twice', async () => {
    const made = (await api.call('POST', '/api/workflows', { body: payment, status: 201 })).body;
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) ids.unshift((await run({ body: paid }, made.id)).id);
    const seen: string[] = [];
    let cursor = '';
    for (;;) {
      const { body } = await api.call('GET', `/api/executions?workflowId=${made.id}&limit=2${cursor}`, { status: 200 });
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      if (body.nextCursor === null) break;
      cursor = `&cursor=${encodeURIComponent(body.nextCursor)}`;
    }
    expect(seen).toEqual(ids);
  });

  test('filters by status and time', async () => {
    const { createdAt } = await run({ body: paid });
    const after = new Date(Date.parse(createdAt) + 1).toISOString();
    const list = async (query: string) =>
      (await api.call('GET', `/api/executions?workflowId=${paymentId}&${query}`, { status: 200 })).body.data;
    expect(await list('status=canceled')).toEqual([]);
    expect((await list('status=succeeded')).length).toBeGreaterThan(0);
    expect((await list(`from=${createdAt}&to=${after}`)).map((item: { createdAt: string }) => item.createdAt)).toContain(
      createdAt,
    );
    expect(await list('to=2001-01-01')).toEqual([]);
    expect((await list('from=2001-01-01T00:00:00%2B02:00')).length).toBeGreaterThan(0);
  });

  test.each([
    'status=done',
    'from=yesterday',
    'from=2026-13-01',
    'to=1700000000',
    'limit=1000',
    'cursor=%00',
    'workflowId=',
    'since=1',
  ])('%s is refused', async (query) => {
    const reply = await api.call('GET', `/api/executions?${query}`, { status: 400 });
    expect(reply.body.error.code).toBe('invalid_request');
  });
});
