import type { IncomingMessage, RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { NodeContext, NodeResult } from '../../src/engine/plugin.ts';
import { createGuardedFetch } from '../../src/outbound/guard/guarded-fetch.ts';
import { httpRequestNode } from '../../src/plugins/http-request/node.ts';
import type { HttpRequestConfig } from '../../src/plugins/http-request/schema.ts';
import { startServer, type TestServer } from '../outbound/guard/servers.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

async function serve(listener: RequestListener): Promise<TestServer> {
  const server = await startServer(listener);
  open.push(server);
  return server;
}

/** Answers with what it was sent. */
function echo(): Promise<TestServer> {
  return serve(async (request: IncomingMessage, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
  });
}

/** Runs the node as the runner does, with the guarded fetch that may call these servers. */
async function run(
  config: unknown,
  servers: readonly TestServer[] = [],
  signal = new AbortController().signal,
): Promise<unknown> {
  const guarded = createGuardedFetch({ allowedTargets: servers.map(({ port }) => `127.0.0.1:${port}`) });
  open.push(guarded);
  const no = () => Promise.reject(new Error('not used'));
  const parsed = httpRequestNode.config.parse(config);
  const context: NodeContext<HttpRequestConfig> = {
    config: parsed,
    render: () => parsed,
    scope: {
      $context: {},
      $request: null,
      $nodes: {},
      $scopes: {},
      $system: { now: '' },
      $execution: {},
      $resume: {},
      $secrets: {},
    },
    signal,
    idempotencyKey: 'execution/each[3]/notify',
    log: { debug() {}, info() {}, warn() {}, error() {} },
    now: () => 0,
    evaluate: no,
    runScript: no,
    fetch: (request) => guarded.fetch({ ...request, signal }),
    assign() {},
    branch: no,
    hasBegun: () => false,
  };
  const result: NodeResult = await httpRequestNode.run(context);
  return result.type === 'done' ? result.output : result;
}

describe('the HTTP request', () => {
  it('sends method, query, headers and the idempotency key', async () => {
    const server = await echo();
    const query = [{ name: 'c', value: 'ü &' }, { name: 'd' }, { name: 'e', value: 1 }];
    const headers = [{ name: 'X-Mine', value: 2 }, { name: 'X-None' }];
    const output = await run({ method: 'DELETE', url: `${server.url}/a?b=%20`, query, headers }, [server]);
    expect(output).toMatchObject({
      ok: true,
      status: 200,
      body: {
        method: 'DELETE',
        url: '/a?b=%20&c=%C3%BC+%26&e=1',
        headers: { 'x-mine': '2', 'idempotency-key': 'execution/each[3]/notify', 'user-agent': 'Hookline' },
      },
    });
    expect(output).not.toHaveProperty('body.headers.x-none');
  });

  it("leaves the designer's own idempotency key alone", async () => {
    const server = await echo();
    const headers = [{ name: 'idempotency-key', value: 'mine' }];
    expect(await run({ url: server.url, headers }, [server])).toMatchObject({ body: { headers: { 'idempotency-key': 'mine' } } });
  });

  it.each([
    [{ type: 'json', value: { a: [1] } }, '{"a":[1]}', 'application/json'],
    [{ type: 'json' }, 'null', 'application/json'],
    [{ type: 'form', fields: [{ name: 'a', value: 'b c' }, { name: 'd' }] }, 'a=b+c', 'application/x-www-form-urlencoded'],
    [{ type: 'text', value: 'hé' }, 'hé', 'text/plain; charset=utf-8'],
    [{ type: 'text', value: '<a/>', contentType: 'application/xml' }, '<a/>', 'application/xml'],
  ])('sends the body %j', async (body, sent, type) => {
    const server = await echo();
    const output = await run({ method: 'POST', url: server.url, body }, [server]);
    expect(output).toMatchObject({ body: { body: sent, headers: { 'content-type': type } } });
  });

  it.each([
    ['application/json', '{"a":1}', { a: 1 }],
    ['application/problem+json; charset=utf-8', '[1]', [1]],
    ['application/json', 'not json', 'not json'],
    ['text/html', '<p>', '<p>'],
    ['image/png', 'png', { base64: 'cG5n' }],
    ['application/json', '', ''],
  ])('reads an answer of %s: %j', async (type, text, body) => {
    const server = await serve((_, response) => response.setHeader('Content-Type', type).end(text));
    expect(await run({ url: server.url }, [server])).toMatchObject({ status: 200, body });
  });

  it('fails with a status that is no success, with an excerpt and without headers', async () => {
    const server = await serve((_, response) =>
      response.writeHead(503, { 'Content-Type': 'text/plain', 'X-Secret': 's' }).end('busy'.repeat(1000)),
    );
    const error = await run({ url: server.url }, [server]).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'unexpected_status', message: '127.0.0.1 answered with status 503.' });
    expect(error).toHaveProperty('details', { status: 503, body: 'busy'.repeat(125) });
    expect(await run({ url: server.url, successStatuses: [503] }, [server])).toMatchObject({ ok: true, status: 503 });
    expect(await run({ url: server.url, ignoreFailure: true }, [server])).toMatchObject({ ok: false, status: 503 });
  });

  it('takes a redirect as the answer', async () => {
    const server = await serve((_, response) => response.writeHead(302, { Location: 'http://127.0.0.1/' }).end());
    await expect(run({ url: server.url }, [server])).rejects.toMatchObject({
      code: 'unexpected_status',
      details: { status: 302 },
    });
  });

  it('goes on after a failed connection when it is told to', async () => {
    const server = await echo();
    const refused = { code: 'address_not_allowed', message: 'The address of 127.0.0.1 is not allowed.' };
    await expect(run({ url: server.url })).rejects.toMatchObject(refused);
    expect(await run({ url: server.url, ignoreFailure: true })).toEqual({ ok: false, error: refused });
    expect(await run({ url: 'nonsense', query: [{ name: 'a', value: 1 }], ignoreFailure: true })).toMatchObject({
      error: { code: 'request_failed' },
    });
    const silent = await serve(() => undefined);
    expect(await run({ url: silent.url, timeoutMs: 30, ignoreFailure: true }, [silent])).toMatchObject({
      error: { code: 'request_timeout' },
    });
  });

  it('is stopped by its signal, also when failures are ignored', async () => {
    const stop = new AbortController();
    const server = await serve(() => stop.abort(new Error('cancelled')));
    await expect(run({ url: server.url, ignoreFailure: true }, [server], stop.signal)).rejects.toThrow('cancelled');
  });

  it.each([
    [{ auth: { type: 'bearer', token: 'hunter2-token' } }, 'authorization'],
    [{ auth: { type: 'basic', username: 'me', password: 'hunter2' } }, 'authorization'],
    [{ secretHeaders: [{ name: 'X-Api-Key', value: 'hunter2"key' }] }, 'x-api-key'],
  ])('sends secrets, and keeps them out of results and errors: %j', async (config, header) => {
    const seen: unknown[] = [];
    const server = await serve((request, response) => {
      seen.push(request.headers[header]);
      response.writeHead(request.url === '/500' ? 500 : 200, {
        'Content-Type': 'application/json',
        'X-Echo': request.headers[header],
      });
      response.end(JSON.stringify({ echo: request.headers[header] }));
    });
    const output = await run({ url: server.url, ...config }, [server]);
    const error = await run({ url: `${server.url}/500`, ...config }, [server]).catch((thrown: unknown) => thrown);
    expect(seen).toHaveLength(2);
    expect(String(seen[0])).toMatch(/hunter2|^Basic bWU6aHVudGVyMg==$/);
    expect(JSON.stringify([output, error])).not.toMatch(/hunter2|bWU6aHVudGVyMg/);
    expect(output).toMatchObject({ body: { echo: expect.stringContaining('[redacted]') } });
  });

  it.each([
    ['bytes', (text: string) => ({ type: 'application/octet-stream', body: text })],
    ['bytes behind one other', (text: string) => ({ type: 'image/png', body: `x${text}` })],
    ['bytes behind two others', (text: string) => ({ type: 'application/pdf', body: `xy${text}zz` })],
    ['no type', (text: string) => ({ type: undefined, body: text })],
    ['base64', (text: string) => ({ type: 'text/plain', body: Buffer.from(text).toString('base64') })],
    ['base64 of more', (text: string) => ({ type: 'text/plain', body: Buffer.from(`x${text}y`).toString('base64url') })],
    ['hex', (text: string) => ({ type: 'text/plain', body: Buffer.from(text).toString('hex') })],
    ['upper case', (text: string) => ({ type: 'text/plain', body: text.toUpperCase() })],
    ['lower case', (text: string) => ({ type: 'text/plain', body: text.toLowerCase() })],
    ['the name of a header', (text: string) => ({ type: 'text/plain', name: text.replace('Bearer ', 'X-'), body: '' })],
    ['UTF-16', (text: string) => ({ type: 'text/plain; charset=utf-16le', body: Buffer.from(text, 'utf16le') })],
  ] as [string, (text: string) => { type: string | undefined; body: string | Buffer; name?: string }][])(
    'keeps secrets out of what comes back as %s',
    async (_, answer) => {
      const token = 'Stored-Bearer-Token-7788';
      const server = await serve((request, response) => {
        const { type, body, name } = answer(request.headers.authorization ?? '');
        if (type !== undefined) response.setHeader('Content-Type', type);
        if (name !== undefined) response.setHeader(name, 'x');
        response.end(body);
      });
      const output = await run({ url: server.url, auth: { type: 'bearer', token } }, [server]);
      const text = JSON.stringify(output);
      expect(text).toContain('[redacted]');
      const decoded = (text.match(/[A-Za-z0-9+/_-]{12,}/g) ?? []).map((part) => Buffer.from(part, 'base64').toString('latin1'));
      for (const shown of [text, ...decoded]) expect(shown.toLowerCase()).not.toMatch(/bearer-token|7788/);
    },
  );

  it.each([
    [{ url: 'ftp://a' }, 'url'],
    [{ url: 'https://me:pw@a/' }, 'url'],
    [{ url: 'https://' }, 'url'],
    [{ url: 'https://a', headers: [{ name: 'X A' }] }, 'headers[0].name'],
    [{ url: 'https://a', headers: [{ name: 'Host' }] }, 'headers[0].name'],
    [{ url: 'https://a', headers: [{ name: 'X-A' }, { name: 'x-a' }] }, 'headers[1].name'],
    [{ url: 'https://a', headers: [{ name: 'Authorization' }], auth: { type: 'bearer', token: 'x' } }, 'headers[0].name'],
    [{ url: '{{$context.body.url}}', headers: [{ name: '{{$context.body.name}}' }] }, undefined],
    [{ url: 'https://{{$context.body.host}}/a', headers: [{ name: 'X-A' }] }, undefined],
  ])('is checked when it is saved: %j', async (config, path) => {
    const found = await httpRequestNode.check?.(httpRequestNode.config.parse(config), { mode: 'sync', earlier: [] });
    expect(found?.map((problem) => problem.path)).toEqual(path === undefined ? [] : [path]);
  });
});
