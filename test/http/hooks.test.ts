// The trigger URL, row by row of its table of answers, over real sockets.

import { once } from 'node:events';
import net from 'node:net';
import zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHookline, type TestHookline } from '../start-hookline.ts';

describe.each(['server', 'koa'] as const)('mounted as %s', (mount) => {
  let hookline: TestHookline;
  beforeAll(async () => {
    hookline = await startHookline({ maxBodyBytes: 2_000_000, mount });
  });
  afterAll(() => hookline.stop());

  const webhook = (config: object = {}): object => ({ type: 'webhook', config });
  const reply = (body: unknown, more: object = {}): object => ({ key: 'answer', type: 'response', config: { body, ...more } });

  describe('who may call', () => {
    it('answers 404 for an unknown key, a key with more behind it, and a disabled workflow', async () => {
      const { id, hookUrl } = await hookline.workflow({ mode: 'sync', trigger: webhook() });
      for (const url of [
        `${hookline.url}/hooks/unknown`,
        `${hookline.url}/hooks/`,
        `${hookUrl}/more`,
        `${hookline.url}/hooks/${'x'.repeat(5000)}`,
      ]) {
        const { status, body } = await hookline.post(url, {});
        expect([status, body.error.code]).toEqual([404, 'hook_not_found']);
      }
      await hookline.api('PATCH', `/api/workflows/${id}`, { enabled: false });
      expect((await hookline.post(hookUrl, {})).status).toBe(404);
      await hookline.api('PATCH', `/api/workflows/${id}`, { enabled: true });
      expect((await hookline.post(hookUrl, {})).status).toBe(200);
    });

    it('gives every workflow a key of 128 random bits of its own', async () => {
      const keys = await Promise.all(
        [1, 2, 3].map(async () => (await hookline.workflow({ mode: 'sync', trigger: webhook() })).hookKey),
      );
      expect(new Set(keys).size).toBe(3);
      for (const key of keys) expect(Buffer.from(key, 'base64url')).toHaveLength(16);
    });

    it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('answers 405 with Allow: POST to %s', async (method) => {
      const { hookUrl } = await hookline.workflow({ mode: 'sync', trigger: webhook() });
      const response = await fetch(hookUrl, { method });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('POST');
    });

    it('takes the alias path', async () => {
      const { hookKey } = await hookline.workflow({
        mode: 'sync',
        trigger: webhook(),
        nodes: [reply({ q: '{{$context.query.query}}' })],
      });
      const { status, body } = await hookline.post(`${hookline.url}/api/webhook:trigger/${hookKey}?query=1`, {});
      expect([status, body]).toEqual([200, { q: '1' }]);
    });

    it('asks for Basic credentials and compares them whole, in UTF-8, with colons in the password', async () => {
      const auth = { type: 'basic', username: 'zoë', password: 'pass:wörd:' };
      const { id, hookUrl } = await hookline.workflow({ mode: 'sync', trigger: webhook({ auth }) });
      const send = (text: string): Promise<{ status: number; headers: Headers }> =>
        hookline.post(hookUrl, {}, { Authorization: `Basic ${Buffer.from(text).toString('base64')}` });
      const missing = await hookline.post(hookUrl, {});
      expect(missing.status).toBe(401);
      expect(missing.headers.get('www-authenticate')).toBe('Basic realm="Hookline", charset="UTF-8"');
      for (const wrong of ['zoë:pass:wörd', 'zoe:pass:wörd:', ':', '', 'zoë:pass:wörd::'])
        expect((await send(wrong)).status).toBe(401);
      expect(
        (await hookline.post(hookUrl, {}, { Authorization: 'Bearer zoë'.normalize('NFD').replace(/[^\x20-\x7e]/g, '') })).status,
      ).toBe(401);
      expect((await send('zoë:pass:wörd:')).status).toBe(200);

      const { body } = await hookline.api('GET', `/api/workflows/${id}`);
      expect(body.trigger.config.auth).toEqual({ type: 'basic' });
      // What was read can be written back without losing the password.
      await hookline.api('PATCH', `/api/workflows/${id}`, { trigger: body.trigger });
      expect((await send('zoë:pass:wörd:')).status).toBe(200);
      expect((await send('zoë:other')).status).toBe(401);
    });
  });

  describe('bodies', () => {
    const echo = { mode: 'sync', trigger: webhook({ maxBodyBytes: 2000 }), nodes: [reply({ got: '{{$context.body}}' })] };

    it('answers 413 to a body over the limit, announced, streamed or inflated', async () => {
      const { hookUrl } = await hookline.workflow(echo);
      const big = JSON.stringify({ text: 'x'.repeat(3000) });
      expect((await hookline.post(hookUrl, big)).body.error).toMatchObject({
        code: 'payload_too_large',
        details: { maxBytes: 2000 },
      });
      const streamed = await fetch(hookUrl, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: new Blob([big]).stream(),
        duplex: 'half',
      } as RequestInit);
      expect(streamed.status).toBe(413);
      const encodings: [string, Buffer][] = [
        ['gzip', zlib.gzipSync(big)],
        ['deflate', zlib.deflateSync(big)],
        ['br', zlib.brotliCompressSync(big)],
      ];
      for (const [encoding, body] of encodings) {
        const headers = { 'Content-Type': 'application/json', 'Content-Encoding': encoding };
        expect((await fetch(hookUrl, { method: 'POST', headers, body: new Uint8Array(body) })).status).toBe(413);
      }
    });

    it('inflates gzip, deflate and br, and refuses other codings and damaged data', async () => {
      const { hookUrl } = await hookline.workflow(echo);
      const send = async (encoding: string, body: Buffer): Promise<[number, unknown]> => {
        const headers = { 'Content-Type': 'application/json', 'Content-Encoding': encoding };
        const response = await fetch(hookUrl, { method: 'POST', headers, body: new Uint8Array(body) });
        return [response.status, await response.json()];
      };
      const text = '{"a":1}';
      for (const [encoding, body] of [
        ['gzip', zlib.gzipSync(text)],
        ['deflate', zlib.deflateSync(text)],
        ['br', zlib.brotliCompressSync(text)],
        ['GZIP', zlib.gzipSync(text)],
      ] as const) {
        expect(await send(encoding, body)).toEqual([200, { got: { a: 1 } }]);
      }
      expect((await send('zstd', Buffer.from(text)))[0]).toBe(415);
      expect((await send('gzip', Buffer.from('not gzip')))[0]).toBe(400);
    });

    it('takes JSON types with parameters, and refuses others', async () => {
      const { hookUrl } = await hookline.workflow(echo);
      for (const type of [
        'application/json',
        'application/json; charset=utf-8',
        'application/cloudevents+json',
        'Application/JSON;charset="UTF-8"',
      ]) {
        expect((await hookline.post(hookUrl, '{"a":1}', { 'Content-Type': type })).status).toBe(200);
      }
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'text/json-ish', 'json']) {
        expect((await hookline.post(hookUrl, '{"a":1}', { 'Content-Type': type })).body.error.code).toBe(
          'unsupported_media_type',
        );
      }
      expect((await hookline.post(hookUrl, '{"a":1}', { 'Content-Type': 'application/json; charset=klingon' })).status).toBe(415);
    });

    it('is fine with an empty body, with and without a type', async () => {
      const { hookUrl } = await hookline.workflow(echo);
      expect(await hookline.post(hookUrl)).toMatchObject({ status: 200, body: { got: null } });
      expect(await hookline.post(hookUrl, '')).toMatchObject({ status: 200, body: { got: null } });
    });

    it('says where the JSON broke, and refuses what is nested too deep, wrongly encoded or dangerous', async () => {
      const { hookUrl } = await hookline.workflow(echo);
      const broken = await hookline.post(hookUrl, '{"a": 1,\n "b": }');
      expect(broken.body.error).toMatchObject({ code: 'invalid_json' });
      expect(broken.body.error.message).toMatch(/line 2/);
      for (const body of ['[', '{"a"}', 'nul', '"\u0001"', `${'['.repeat(200)}${']'.repeat(200)}`, '{"__proto__":{"x":1}}']) {
        expect((await hookline.post(hookUrl, body)).body.error.code).toBe('invalid_json');
      }
      const headers = { 'Content-Type': 'application/json' };
      const invalid = await fetch(hookUrl, { method: 'POST', headers, body: new Uint8Array([0x22, 0xff, 0x22]) });
      expect(invalid.status).toBe(400);
    });

    it('survives a request that breaks off, and one with absurd headers', async () => {
      const { hookUrl, hookKey } = await hookline.workflow(echo);
      const socket = net.connect(hookline.port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(
        `POST /hooks/${hookKey} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a":`,
      );
      socket.destroy();
      const long = net.connect(hookline.port, '127.0.0.1');
      await once(long, 'connect');
      long.write(`POST /hooks/${hookKey} HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(100_000)}\r\n\r\n`);
      const [chunk] = (await once(long, 'data')) as [Buffer];
      expect(chunk.toString()).toContain('431');
      long.destroy();
      expect((await hookline.post(hookUrl, { a: 1 })).status).toBe(200);
    });
  });

  describe('variables', () => {
    it('parses the named headers, query paths and body paths, and nothing else', async () => {
      const { hookUrl } = await hookline.workflow({
        mode: 'sync',
        trigger: webhook({
          headers: [{ name: 'X-Request-Id', alias: 'Request' }],
          query: [{ path: 'query[0].a' }, { path: 'lang', default: 'nl' }],
          body: [
            { path: 'payment.status' },
            { path: 'items[0].sku' },
            { path: 'items.price' },
            { path: '$.items[*].sku', name: 'skus' },
            { path: 'payment.id', name: 'id' },
          ],
        }),
        nodes: [
          reply({
            context: '{{$context}}',
            header: '{{$context.headers.X-Request-Id}}',
            first: '{{$context.body.items[0].sku}}',
            prices: '{{$context.body.items.price}}',
            skus: '{{$context.body.skus}}',
            text: 'Paid {{$context.body.id}} ({{$context.query.lang}})',
            raw: '{{$request.body.payment.method}}',
            method: '{{$request.method}}',
          }),
        ],
      });
      const sent = {
        payment: { status: 'paid', id: 'p1', method: 'ideal' },
        items: [
          { sku: 'A', price: 1 },
          { sku: 'B', price: 2 },
        ],
      };
      const { body } = await hookline.post(`${hookUrl}?query[0][a]=7&other=1`, sent, { 'X-Request-Id': 'r1', 'X-Other': 'o' });
      expect(body).toEqual({
        context: {
          headers: { 'x-request-id': 'r1' },
          query: { query: [{ a: '7' }], lang: 'nl' },
          body: {
            payment: { status: 'paid' },
            items: [{ sku: 'A', price: 1 }, { price: 2 }],
            skus: ['A', 'B'],
            id: 'p1',
          },
        },
        header: 'r1',
        first: 'A',
        prices: [1, 2],
        skus: ['A', 'B'],
        text: 'Paid p1 (nl)',
        raw: 'ideal',
        method: 'POST',
      });
    });

    it('answers 422 naming a required path that is missing, and stores nothing', async () => {
      const { id, hookUrl } = await hookline.workflow({
        mode: 'async',
        trigger: webhook({ body: [{ path: 'order.id', required: true }], headers: [{ name: 'X-Shop', required: true }] }),
      });
      const noHeader = await hookline.post(hookUrl, { order: { id: 1 } });
      expect(noHeader).toMatchObject({
        status: 422,
        body: { error: { code: 'missing_value', details: { part: 'headers', path: 'X-Shop' } } },
      });
      const noPath = await hookline.post(hookUrl, { order: {} }, { 'X-Shop': 's' });
      expect(noPath.body.error).toMatchObject({ code: 'missing_value', details: { part: 'body', path: 'order.id' } });
      expect((await hookline.api('GET', `/api/executions?workflowId=${id}`)).body.data).toEqual([]);
    });

    it('never stores a secret header, nor shows it to the flow', async () => {
      const { hookUrl } = await hookline.workflow({ mode: 'sync', trigger: webhook(), nodes: [reply('{{$context.headers}}')] });
      const secret = 'very-secret-value';
      const { text, headers } = await hookline.post(
        hookUrl,
        {},
        { Authorization: `Bearer ${secret}`, Cookie: `a=${secret}`, 'X-Api-Key': secret },
      );
      expect(text).not.toContain(secret);
      const stored = await hookline.api('GET', `/api/executions/${headers.get('x-hookline-execution-id')}`);
      expect(stored.text).toContain('[redacted]');
      expect(stored.text).not.toContain(secret);
    });
  });

  describe('answers', () => {
    it('answers an async call with 200 ok in plain text by default', async () => {
      const { hookUrl } = await hookline.workflow({ mode: 'async', trigger: webhook() });
      const { status, text, headers } = await hookline.post(hookUrl, { a: 1 });
      expect([status, text, headers.get('content-type')]).toEqual([200, 'ok', 'text/plain; charset=utf-8']);
      expect(await hookline.finished(headers.get('x-hookline-execution-id') ?? '')).toMatchObject({ status: 'succeeded' });
    });

    it('answers an async call as configured, with templates', async () => {
      const response = {
        status: 202,
        headers: [{ name: 'X-Order', value: '{{$context.body.id}}' }],
        body: { id: '{{$execution.id}}', order: '{{$context.body.id}}' },
      };
      const { hookUrl } = await hookline.workflow({ mode: 'async', trigger: webhook({ response }) });
      const { status, body, headers } = await hookline.post(hookUrl, { id: 12 });
      expect(status).toBe(202);
      expect(headers.get('x-order')).toBe('12');
      expect(body).toEqual({ id: headers.get('x-hookline-execution-id'), order: 12 });
    });

    it('answers a sync call from the response node, as text or JSON, and never lets a header be injected', async () => {
      const { hookUrl } = await hookline.workflow({
        mode: 'sync',
        trigger: webhook(),
        nodes: [
          reply('Hello {{$context.body.name}}', {
            status: '{{$context.body.status}}',
            headers: [{ name: 'X-Name', value: '{{$context.body.name}}' }],
          }),
          { key: 'never', type: 'variable', config: { value: 1 } },
        ],
      });
      const good = await hookline.post(hookUrl, { name: 'Ann', status: 201 });
      expect([good.status, good.text, good.headers.get('x-name')]).toEqual([201, 'Hello Ann', 'Ann']);
      const injected = await hookline.post(hookUrl, { name: 'Ann\r\nSet-Cookie: a=b', status: 200 });
      expect(injected.status).toBe(500);
      expect(injected.headers.get('set-cookie')).toBeNull();
      const execution = await hookline.finished(injected.headers.get('x-hookline-execution-id') ?? '');
      expect(execution).toMatchObject({ status: 'error', error: { code: 'invalid_reply' } });
      expect(execution.jobs.map((job: { key: string }) => job.key)).toEqual(['answer']);
    });

    it('answers 200 when a sync flow without a response succeeds, and 500 with the execution id when it does not', async () => {
      const fine = await hookline.workflow({ mode: 'sync', trigger: webhook() });
      expect((await hookline.post(fine.hookUrl, {})).status).toBe(200);
      const failing = await hookline.workflow({
        mode: 'sync',
        trigger: webhook(),
        nodes: [{ key: 'stop', type: 'end', config: { status: 'failed' } }],
      });
      const { status, body, headers } = await hookline.post(failing.hookUrl, {});
      expect([status, body.error.code, body.error.details.status]).toEqual([500, 'workflow_failed', 'failed']);
      expect(body.error.details.executionId).toBe(headers.get('x-hookline-execution-id'));
    });
  });
});
