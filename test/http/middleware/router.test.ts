import { Agent, createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import Koa from 'koa';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { HooklineError } from '../../../src/errors.ts';
import { errors, notFound } from '../../../src/http/middleware/errors.ts';
import { MAX_BODY_BYTES } from '../../../src/http/middleware/json-body.ts';
import { router } from '../../../src/http/middleware/router.ts';
import { createReach } from '../../../src/http/reach.ts';
import { defineRoute, ReplyWithHeaders, type RouteContext } from '../../../src/http/route.ts';
import { createConnections } from '../../../src/http/trusted-proxies.ts';

const reachOf = createReach('http://localhost', createConnections([]));
const logged: { level: string; fields: object; message: string }[] = [];
const note = (level: string) => (fields: object, message: string) => void logged.push({ level, fields, message });
const log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };

const common = { tag: 'Test', summary: 'A route of this test' };
const things = [
  defineRoute({
    ...common,
    method: 'GET',
    path: '/api/things/{id}',
    name: 'getThing',
    permission: 'none',
    params: z.strictObject({ id: z.string() }),
    query: z.strictObject({ size: z.coerce.number<string>().int().max(10).default(3), tag: z.string().optional() }),
    response: z.unknown(),
    handle: ({ params, query }) => ({ ...params, ...query }),
  }),
  defineRoute({
    ...common,
    method: 'POST',
    path: '/api/things',
    name: 'makeThing',
    permission: 'none',
    body: z.strictObject({
      name: z.string(),
      list: z.array(z.strictObject({ n: z.number() })).optional(),
      free: z.unknown().optional(),
    }),
    response: z.unknown(),
    status: 201,
    handle: ({ body }) => body,
  }),
  defineRoute({
    ...common,
    method: 'POST',
    path: '/api/things/{id}/poke',
    name: 'pokeThing',
    permission: 'none',
    params: z.strictObject({ id: z.string() }),
    body: z.strictObject({ hard: z.boolean().optional() }).prefault({}),
    response: z.unknown(),
    handle: ({ body }) => body,
  }),
  defineRoute({
    ...common,
    method: 'GET',
    path: '/api/headers',
    name: 'readHeaders',
    permission: 'none',
    headers: z.strictObject({ 'X-Key': z.string().min(2), 'X-Optional': z.string().optional() }),
    response: z.unknown(),
    handle: ({ headers }) => new ReplyWithHeaders(headers, { 'X-Echo': headers['X-Key'], 'Cache-Control': 'public' }),
  }),
  defineRoute({
    ...common,
    method: 'DELETE',
    path: '/api/things/{id}',
    name: 'deleteThing',
    permission: 'none',
    params: z.strictObject({ id: z.string() }),
    response: z.undefined(),
    status: 204,
    handle: () => undefined,
  }),
  defineRoute({
    ...common,
    method: 'GET',
    path: '/api/broken/{how}',
    name: 'break',
    permission: 'none',
    params: z.strictObject({ how: z.string() }),
    response: z.unknown(),
    handle({ params }) {
      if (params.how === 'bug') throw Object.assign(new TypeError('x is undefined'), { parameters: ['a-secret-value'] });
      if (params.how === 'full')
        throw new HooklineError('storage_unavailable', 'The disk is full.', { headers: { 'Retry-After': '5' } });
      if (params.how === 'cycle') return new Map().set('n', 1n).get('n');
      throw 'not an error at all';
    },
  }),
];

const app = new Koa();
// Koa prints requests that are cut off.
app.silent = true;
app
  .use(errors(log))
  .use(router(things, { reachOf, revealFor: () => undefined } as unknown as RouteContext))
  .use(notFound(log));
const server = createServer(app.callback());
const agent = supertest(server);
let port = 0;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

function postThing(body: string | Buffer, headers: Record<string, string> = {}) {
  // supertest would turn a Buffer into JSON when the type is JSON.
  const call = agent.post('/api/things').set({ 'Content-Type': 'application/json', ...headers });
  call.serialize((data: unknown) => data as string);
  return call.send(body as string);
}

describe('headers', () => {
  test('that a route names reach its handler, and its own go with the reply', async () => {
    const reply = await agent.get('/api/headers').set({ 'x-key': 'abc', 'X-Other': 'nobody asks' });
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({ 'X-Key': 'abc' });
    expect(reply.headers).toMatchObject({ 'x-echo': 'abc', 'cache-control': 'no-store' });
  });

  test.each([
    [{}, 'headers.X-Key: is missing.'],
    [{ 'X-Key': 'a' }, 'headers.X-Key: must have at least 2 characters.'],
  ])('%j are refused', async (headers, message) => {
    const reply = await agent.get('/api/headers').set(headers);
    expect(reply.status).toBe(400);
    expect(reply.body.error.message).toBe(message);
  });
});

describe('finding a route', () => {
  test('parsed input reaches the handler, and its data the caller', async () => {
    const reply = await agent.get('/api/things/a%2Fb?size=7');
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({ id: 'a/b', size: 7 });
    expect(reply.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
  });

  test('HEAD works wherever GET does', async () => {
    const reply = await agent.head('/api/things/1');
    expect(reply.status).toBe(200);
    expect(reply.text).toBeUndefined();
    expect(Number(reply.headers['content-length'])).toBeGreaterThan(0);
  });

  test('a known path with another method answers 405 and names the methods that work', async () => {
    const reply = await agent.put('/api/things/1');
    expect(reply.status).toBe(405);
    expect(reply.headers.allow).toBe('DELETE, GET, HEAD, OPTIONS');
    expect(reply.body.error.code).toBe('method_not_allowed');
    expect((await agent.get('/api/things')).headers.allow).toBe('OPTIONS, POST');
  });

  test('OPTIONS names the methods', async () => {
    const reply = await agent.options('/api/things/1');
    expect(reply.status).toBe(204);
    expect(reply.headers.allow).toBe('DELETE, GET, HEAD, OPTIONS');
  });

  test('an unknown path answers 404, and so does one in other letters', async () => {
    for (const path of ['/api/other', '/api/Things/1', '/api', '/api/things/1/2/3', '/api/things/%E0%A4%A/x']) {
      const reply = await agent.get(path);
      expect(reply.status, path).toBe(404);
      expect(reply.body.error.code).toBe('not_found');
    }
  });

  test('204 has no body and no type', async () => {
    const reply = await agent.delete('/api/things/1');
    expect(reply.status).toBe(204);
    expect(reply.headers['content-type']).toBeUndefined();
  });
});

describe('bad input', () => {
  test('every problem is reported at once, each with its path', async () => {
    const reply = await agent.post('/api/things').send({ name: 1, extra: true, list: [{ n: 1 }, { n: 'x', 'odd key': 1 }] });
    expect(reply.status).toBe(400);
    expect(reply.body.error.code).toBe('invalid_request');
    const { problems } = reply.body.error.details;
    expect(problems.map((problem: { path: string }) => problem.path).sort()).toEqual([
      'body.extra',
      'body.list[1].n',
      'body.list[1].odd key',
      'body.name',
    ]);
    expect(problems[0]).toEqual({ path: 'body.name', code: 'invalid_type', message: expect.any(String), severity: 'error' });
  });

  test('problems of query and path have their paths too', async () => {
    const reply = await agent.get('/api/things/1?size=11&tag=a&tag=b&other=1&__proto__=1');
    expect(reply.body.error.details.problems.map((problem: { path: string }) => problem.path).sort()).toEqual([
      'query.__proto__',
      'query.other',
      'query.size',
      'query.tag',
    ]);
  });

  test.each([
    ['not JSON', '{"name": oops}', 400, 'invalid_json'],
    ['truncated JSON', '{"name": "x"', 400, 'invalid_json'],
    ['a prototype key', '{"name":"x","__proto__":{"admin":true}}', 400, 'invalid_json'],
    ['a nested prototype key in disguise', '{"name":"x","free":{"\\u005f_proto__":1}}', 400, 'invalid_json'],
    ['very deep JSON', `{"name":"x","free":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 400, 'invalid_json'],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 400, 'invalid_json'],
    ['another type of value', '"text"', 400, 'invalid_request'],
    ['null', 'null', 400, 'invalid_request'],
    ['no body', '', 400, 'invalid_request'],
    ['a body of 11 MiB', Buffer.alloc(11 * 1024 * 1024, 0x20), 413, 'payload_too_large'],
  ])('%s', async (_what, body, status, code) => {
    const reply = await postThing(body);
    expect(reply.status).toBe(status);
    expect(reply.body.error.code).toBe(code);
    expect(Object.prototype).not.toHaveProperty('admin');
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/xml',
    'multipart/form-data; boundary=x',
    'nonsense',
    '',
  ])('the content type %j is refused', async (type) => {
    const reply = await postThing('{"name":"x"}', { 'Content-Type': type });
    expect(reply.status).toBe(415);
    expect(reply.body.error.code).toBe('unsupported_media_type');
  });

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'APPLICATION/JSON;charset="UTF-8"',
    'application/vnd.api+json',
  ])('the content type %j is fine', async (type) => {
    expect((await postThing('{"name":"é"}', { 'Content-Type': type })).body).toEqual({ name: 'é' });
  });

  test('JSON in another charset is refused', async () => {
    const reply = await postThing('{"name":"x"}', { 'Content-Type': 'application/json; charset=utf-16' });
    expect(reply.status).toBe(415);
  });

  test('where no body is needed an empty one is fine', async () => {
    expect((await agent.post('/api/things/1/poke')).body).toEqual({});
    expect((await agent.post('/api/things/1/poke').send({ hard: true })).body).toEqual({ hard: true });
    expect((await agent.post('/api/things/1/poke').send({ soft: true })).status).toBe(400);
  });

  test('arbitrary bytes never get more than a 4xx', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (bytes) => {
        const reply = await postThing(Buffer.from(bytes));
        expect(reply.status).toBeGreaterThanOrEqual(400);
        expect(reply.status).toBeLessThan(500);
      }),
      { numRuns: 50 },
    );
  });

  test('arbitrary JSON is taken or refused, never an accident', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), async (text) => {
        const reply = await postThing(`{"name":"x","free":${text}}`);
        expect([201, 400]).toContain(reply.status);
        if (reply.status === 201) expect(reply.body.free).toEqual(JSON.parse(text));
        else expect(text).toContain('__proto__');
      }),
      { numRuns: 100 },
    );
  });
});

describe('compressed bodies', () => {
  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('%s is inflated, and its limit counts what comes out', async (encoding, compress) => {
    const small = await postThing(compress('{"name":"x"}'), { 'Content-Encoding': encoding });
    expect(small.body).toEqual({ name: 'x' });
    const bomb = await postThing(compress(Buffer.alloc(MAX_BODY_BYTES + 1, 0x20)), { 'Content-Encoding': encoding });
    expect(bomb.status).toBe(413);
  });

  test('a damaged or unknown encoding is refused', async () => {
    const damaged = await postThing('this is not gzip', { 'Content-Encoding': 'gzip' });
    expect(damaged.status).toBe(400);
    expect(damaged.body.error.code).toBe('invalid_request');
    expect((await postThing('{"name":"x"}', { 'Content-Encoding': 'zip' })).status).toBe(415);
  });
});

test('after a body that was too large the connection goes on', async () => {
  const keepAlive = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = (body: Buffer) =>
    new Promise<number>((resolve, reject) => {
      const options = {
        port,
        path: '/api/things',
        method: 'POST',
        agent: keepAlive,
        headers: { 'Content-Type': 'application/json' },
      };
      const call = httpRequest(options, (reply) => reply.resume().on('end', () => resolve(reply.statusCode ?? 0)));
      call.on('error', reject).end(body);
    });
  expect(await send(Buffer.alloc(MAX_BODY_BYTES * 2, 0x20))).toBe(413);
  expect(await send(Buffer.from('{"name":"x"}'))).toBe(201);
  keepAlive.destroy();
});

test('a request that is cut off leaves the server answering', async () => {
  const headers = { 'Content-Type': 'application/json', 'Content-Length': '1000' };
  const call = httpRequest({ port, path: '/api/things', method: 'POST', headers });
  const gone = new Promise((resolve) => call.on('error', resolve).on('close', resolve));
  await new Promise<void>((resolve) => call.write('{"name":', () => resolve()));
  call.destroy();
  await gone;
  expect((await postThing('{"name":"x"}')).status).toBe(201);
});

describe('errors of our own', () => {
  test('a bug says nothing about the inside; the log has it under the same request id, without parameters', async () => {
    logged.length = 0;
    const reply = await agent
      .get('/api/broken/bug?token=hidden')
      .set('X-Request-Id', 'call-17')
      .set('Authorization', 'Bearer hidden');
    expect(reply.status).toBe(500);
    expect(reply.body).toEqual({ error: { code: 'internal', message: expect.not.stringContaining('undefined') } });
    expect(reply.headers['x-request-id']).toBe('call-17');
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatchObject({
      level: 'error',
      fields: { requestId: 'call-17', method: 'GET', path: '/api/broken/bug', err: { message: 'x is undefined' } },
    });
    expect(JSON.stringify(logged)).not.toMatch(/hidden|a-secret-value/);
  });

  test('a request id that is not plain is replaced', async () => {
    const reply = await agent.get('/api/broken/bug').set('X-Request-Id', 'a b"<script>');
    expect(reply.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('what cannot be written as JSON and what is no Error are bugs too', async () => {
    expect((await agent.get('/api/broken/cycle')).status).toBe(500);
    expect((await agent.get('/api/broken/text')).body.error.code).toBe('internal');
  });

  test('an unavailable storage is said, with its headers, and only warned about', async () => {
    logged.length = 0;
    const reply = await agent.get('/api/broken/full');
    expect(reply.status).toBe(503);
    expect(reply.headers['retry-after']).toBe('5');
    expect(reply.body.error).toEqual({ code: 'storage_unavailable', message: 'The disk is full.' });
    expect(logged.map(({ level }) => level)).toEqual(['warn']);
  });
});
