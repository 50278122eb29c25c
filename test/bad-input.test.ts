// Bad input through the real server: whatever is sent, the answer is a clear error in the one shape, and the server goes on.

import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createHookline, defineNode, definePlugin } from '../src/index.ts';
import { type Answer, startHookline, type TestHookline, TOKEN } from './start-hookline.ts';

const webhook = { type: 'webhook', config: {} };
const reply = (body: unknown, more: object = {}): object => ({ key: 'answer', type: 'response', config: { body, ...more } });
const echo = { mode: 'sync', trigger: webhook, nodes: [reply({ body: '{{$context.body}}', query: '{{$context.query}}' })] };

let hookline: TestHookline;
/** Answers with what it got. */
let echoUrl: string;
beforeAll(async () => {
  hookline = await startHookline({ expressionTimeoutMs: 300, maxBodyBytes: 20_000_000 });
  echoUrl = (await hookline.workflow(echo)).hookUrl;
});
afterAll(() => hookline.stop());

/** Below 500, and in the one error shape when it is an error. */
function expectFine(status: number, text: string): void {
  expect(status).toBeLessThan(500);
  if (status < 400) return;
  const { error } = JSON.parse(text);
  expect(Object.keys(error).every((name) => ['code', 'message', 'details'].includes(name))).toBe(true);
  expect(error.code).toMatch(/^[a-z_]+$/);
  expect(error.message.length).toBeGreaterThan(5);
}

function expectError({ status, body, text }: Answer, code: string): void {
  expectFine(status, text);
  expect(body.error.code).toBe(code);
}

async function expectAlive(): Promise<void> {
  expect(await hookline.post(`${echoUrl}?a=1`, { n: 1 })).toMatchObject({
    status: 200,
    body: { body: { n: 1 }, query: { a: '1' } },
  });
}

/** Our side of the connection is closed, the other one is still open. */
const HALF_CLOSE = null;

/** Sends bytes on a connection of its own and gives everything that comes back until it is closed. */
async function sendRaw(...parts: (string | Buffer | null)[]): Promise<string> {
  const socket = net.connect(hookline.port, '127.0.0.1');
  await once(socket, 'connect');
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
  });
  // A server that refuses may close while we still write.
  const failures: Error[] = [];
  socket.on('error', (error) => failures.push(error));
  for (const part of parts) {
    if (part === HALF_CLOSE) socket.end();
    else socket.write(part);
  }
  await once(socket, 'close');
  return received;
}

const hookPath = (): string => new URL(echoUrl).pathname;

/** The head of a request to the echo workflow; the connection is closed after the answer. */
function head(...lines: string[]): string {
  return [`POST ${hookPath()} HTTP/1.1`, 'Host: x', 'Content-Type: application/json', 'Connection: close', ...lines, '', ''].join(
    '\r\n',
  );
}

function statusOf(response: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(response)?.[1] ?? Number.NaN);
}

describe('requests to a trigger URL', () => {
  it('answers arbitrary bytes with arbitrary types below 500', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.json().map((text) => new TextEncoder().encode(text)),
      fc.string({ unit: 'binary' }).map((text) => new TextEncoder().encode(`"${text}"`)),
      fc.json().map((text) => new TextEncoder().encode(text.slice(0, -1))),
    );
    const types = fc.constantFrom(
      'application/json',
      'application/json; charset=utf-16le',
      'application/json; charset="utf-8"',
      'application/json; charset=',
      'application/json; charset=latin1; charset=x',
      'application/x+json',
      'text/plain',
      'multipart/form-data; boundary=x',
      ';',
      '',
    );
    const encodings = fc.constantFrom(undefined, undefined, undefined, 'gzip', 'br', 'deflate', 'identity', 'gzip, br', 'x');
    await fc.assert(
      fc.asyncProperty(bytes, types, encodings, async (body, type, encoding) => {
        const headers = { 'Content-Type': type, ...(encoding === undefined ? {} : { 'Content-Encoding': encoding }) };
        const response = await fetch(echoUrl, { method: 'POST', headers, body: body as Uint8Array<ArrayBuffer> });
        expectFine(response.status, await response.text());
      }),
      { numRuns: 200 },
    );
    await expectAlive();
  });

  it('answers arbitrary query strings and JSON bodies below 500, and what it takes comes back', async () => {
    const queries = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'a1[]=&.%+;\\"\'{}$ é', '%00', '%5B', '__proto__', 'constructor', '[0]') }),
      fc.webQueryParameters(),
    );
    await fc.assert(
      fc.asyncProperty(queries, fc.jsonValue(), async (query, value) => {
        const { status, text, body } = await hookline.post(
          `${echoUrl}?${encodeURI(query).replaceAll('#', '%23')}`,
          JSON.stringify(value),
        );
        expectFine(status, text);
        if (status === 200) expect(body.body).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 150 },
    );
    await expectAlive();
  });

  it('answers arbitrary header names and values', async () => {
    const names = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'abcXYZ-_.!#$1'), minLength: 1, maxLength: 20 }),
      fc.constantFrom(
        '__proto__',
        'constructor',
        'x-request-id',
        'authorization',
        'cookie',
        'forwarded',
        'accept-encoding',
        'te',
      ),
    );
    const values = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(names, values), { maxLength: 12 }), async (headers) => {
        const lines = headers
          .filter(([name]) => !/^(host|te|connection)$/i.test(name))
          .map(([name, value]) => `${name}: ${value}`);
        const response = await sendRaw(Buffer.from(`${head('Content-Length: 2', ...lines)}{}`, 'latin1'));
        // 400 is Node's own parser; everything else reaches the workflow.
        expect([200, 400]).toContain(statusOf(response));
      }),
      { numRuns: 100 },
    );
    await expectAlive();
  });

  it.each([
    [
      'pipelined requests',
      [200, 200],
      () => [`${head('Content-Length: 2').replace('Connection: close\r\n', '')}{}${head('Content-Length: 2')}{}`],
    ],
    ['a half-closed connection', [], () => [head('Content-Length: 2'), '{}', HALF_CLOSE]],
    ['Expect: 100-continue', [100, 200], () => [head('Content-Length: 2', 'Expect: 100-continue'), '{}']],
    ['an unknown expectation', [417], () => [head('Content-Length: 2', 'Expect: a-miracle'), '{}']],
    [
      'chunks with trailers',
      [200],
      () => [head('Transfer-Encoding: chunked', 'Trailer: X-Sum'), '1\r\n{\r\n1;ext=1\r\n}\r\n0\r\nX-Sum: 1\r\n\r\n'],
    ],
    ['broken chunks', [400], () => [head('Transfer-Encoding: chunked'), 'zz\r\n{}\r\n0\r\n\r\n']],
    ['both a length and chunks', [400], () => [head('Content-Length: 2', 'Transfer-Encoding: chunked'), '2\r\n{}\r\n0\r\n\r\n']],
    ['two lengths', [400], () => [head('Content-Length: 2', 'Content-Length: 3'), '{}']],
    ['a length that is no number', [400], () => [head('Content-Length: two'), '{}']],
    ['more bytes than announced', [200, 400], () => [head('Content-Length: 2'), '{}{}{}']],
    ['a body that never comes', [], () => [head('Content-Length: 50'), '{}', HALF_CLOSE]],
    ['a coding that is not chunked', [400], () => [head('Transfer-Encoding: gzip'), '{}']],
    ['a bare line feed in a header', [400], () => [`POST ${hookPath()} HTTP/1.1\nHost: x\nA\0: b\n\n`]],
    ['no host', [400], () => [`POST ${hookPath()} HTTP/1.1\r\nContent-Length: 0\r\n\r\n`]],
    ['HTTP/1.0', [200], () => [`POST ${hookPath()} HTTP/1.0\r\nContent-Length: 0\r\n\r\n`]],
    ['HTTP/9.9', [400], () => [`POST ${hookPath()} HTTP/9.9\r\nContent-Length: 0\r\n\r\n`]],
    ['a TLS hello', [400], () => [Buffer.from('16030100ff010000fb0303', 'hex')]],
    ['3,000 headers', [200, 431], () => [head('Content-Length: 2', ...Array.from({ length: 3000 }, (_, n) => `a${n}: b`)), '{}']],
    ['CONNECT', [], () => ['CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n']],
    ['an upgrade', [200], () => [head('Content-Length: 2', 'Upgrade: websocket').replace('close', 'upgrade, close'), '{}']],
    ['a path that cannot be decoded', [404], () => [head('Content-Length: 2').replace(hookPath(), '/hooks/%E0%A4%A'), '{}']],
    ['a URL with a host', [200], () => [head('Content-Length: 2').replace(hookPath(), `http://x${hookPath()}`), '{}']],
    ['a path of slashes', [404], () => [head('Content-Length: 2').replace(hookPath(), '//////hooks//'), '{}']],
    ['an asterisk', [404], () => [head('Content-Length: 2').replace(`POST ${hookPath()}`, 'OPTIONS *'), '{}']],
  ] as const)('stands %s', async (_, allowed, parts) => {
    const response = await sendRaw(...parts());
    const statuses = [...response.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
    if (allowed.length === 0) expect(statuses.every((status) => status < 500)).toBe(true);
    if (allowed.length > 0) expect(statuses.length).toBeGreaterThan(0);
    if (allowed.length > 0) for (const status of statuses) expect(allowed).toContain(status);
    await expectAlive();
  });

  it('answers every other path of the server below 500, with a token and without one', async () => {
    const segments = fc.constantFrom(
      'api',
      'workflows',
      'executions',
      'hooks',
      '%00',
      '%ff',
      '..',
      '.',
      '',
      '%2e%2e',
      "'",
      '{id}',
      'x',
      '__proto__',
      'metrics',
      'parse',
      'body',
      'run',
      'é',
    );
    const methods = fc.constantFrom('GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'OPTIONS', 'HEAD', 'PROPFIND');
    const queries = fc.constantFrom(
      '',
      '?limit=0',
      '?limit=1e9',
      '?cursor=%00',
      '?limit=1&limit=2',
      '?__proto__=1',
      '?from=x',
      '?%',
      '?a[b]=c',
    );
    await fc.assert(
      fc.asyncProperty(
        methods,
        fc.array(segments, { maxLength: 6 }),
        queries,
        fc.boolean(),
        async (method, path, query, isKnown) => {
          const headers = isKnown ? { Authorization: `Bearer ${TOKEN}` } : {};
          const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
            const sent = httpRequest(
              { port: hookline.port, method, headers, path: encodeURI(`/${path.join('/')}`).replaceAll('%25', '%') + query },
              (response) => {
                let text = '';
                response.on('data', (chunk) => {
                  text += chunk;
                });
                response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
              },
            );
            sent.on('error', reject).end();
          });
          if (method === 'HEAD') expect(answer.status).toBeLessThan(500);
          else expectFine(answer.status, answer.text);
        },
      ),
      { numRuns: 200 },
    );
    await expectAlive();
  });
});

describe('workflow documents', () => {
  const create = (document: object): Promise<Answer> =>
    hookline.api('POST', '/api/workflows', { title: 'Bad', mode: 'sync', trigger: webhook, nodes: [], ...document });
  const variable = (key: string, value: unknown = 1): object => ({ key, type: 'variable', config: { value } });

  async function sendText(method: string, path: string, body: string): Promise<Answer> {
    const headers = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' };
    const response = await fetch(hookline.url + path, { method, headers, body });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: text === '' ? undefined : JSON.parse(text) };
  }

  it('refuses 2,001 nodes, 51 levels of nodes and 10 MiB, and takes 2,000 nodes', async () => {
    const nodes = Array.from({ length: 2001 }, (_, n) => variable(`n${n}`));
    const tooMany = await create({ nodes });
    expectError(tooMany, 'invalid_workflow');
    expect(tooMany.body.error.message).toMatch(/2000 nodes/);
    expect((await create({ nodes: nodes.slice(1) })).status).toBe(201);
    const nest = (levels: number): object[] =>
      levels === 1
        ? [variable('last')]
        : [{ key: `c${levels}`, type: 'condition', config: { test: { all: [] } }, branches: { true: nest(levels - 1) } }];
    for (const levels of [51, 60]) expectError(await create({ nodes: nest(levels) }), 'invalid_workflow');
    expectError(await create({ nodes: nest(500) }), 'invalid_json');
    expectError(await create({ nodes: [variable('large', 'x'.repeat(10 * 1024 * 1024))] }), 'payload_too_large');
    await expectAlive();
  });

  it.each(['__proto__', 'constructor', 'prototype'])('refuses the key %s at every level', async (name) => {
    const text = JSON.stringify({
      title: 'Bad',
      mode: 'sync',
      trigger: { type: 'webhook', config: { response: { status: 200, headers: [], body: {} } } },
      nodes: [{ key: 'c', type: 'condition', config: { test: { all: [] } }, branches: { true: [variable('v', { a: [{}] })] } }],
    });
    const places = [...text.matchAll(/\{/g)].map(({ index }) => index);
    expect(places.length).toBeGreaterThan(8);
    for (const at of places) {
      const rest = text.slice(at + 1);
      const broken = `${text.slice(0, at + 1)}"${name}":{}${rest.startsWith('}') ? '' : ','}${rest}`;
      for (const [method, path] of [
        ['POST', '/api/workflows'],
        ['POST', '/api/workflows/import'],
      ] as const) {
        const answer = await sendText(method, path, broken);
        expectFine(answer.status, answer.text);
        expect(answer.status).toBeGreaterThanOrEqual(400);
      }
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('answers arbitrary JSON on every route that takes a body with a 4xx or success, never a 500', async () => {
    const { id } = await hookline.workflow({ ...echo, title: 'Fuzzed' });
    const names = fc.constantFrom(
      'title',
      'mode',
      'enabled',
      'trigger',
      'nodes',
      'key',
      'type',
      'config',
      'branches',
      'test',
      'all',
      'left',
      'operator',
      'right',
      'body',
      'headers',
      'query',
      'sample',
      'revision',
      'context',
      'hookline',
      'value',
      'engine',
      'expression',
      'status',
      'true',
      '$sealed',
      'path',
      'name',
      'constructor',
      'length',
      'toString',
    );
    const leaves = fc.constantFrom<unknown>(
      null,
      true,
      0,
      -1,
      1e308,
      '',
      'sync',
      'webhook',
      'condition',
      'response',
      'variable',
      'jsonata',
      '{{$context.body}}',
      '{{',
      '{{$nodes.x}}',
      '$',
      'a[',
      '\u0000',
      '\ud800',
      [],
      {},
    );
    const json = fc.letrec<{ any: unknown }>((tie) => ({
      any: fc.oneof(
        { maxDepth: 5, depthSize: 'small' },
        leaves,
        fc.array(tie('any'), { maxLength: 4 }),
        fc.dictionary(names, tie('any'), { maxKeys: 6 }),
      ),
    })).any;
    const node = fc.record(
      {
        key: fc.oneof(fc.constantFrom('a', 'b'), json),
        type: fc.oneof(
          fc.constantFrom('condition', 'response', 'variable', 'calculation', 'json-query', 'multi-conditions', 'end'),
          json,
        ),
        config: json,
        branches: json,
      },
      { requiredKeys: [] },
    );
    const workflow = fc.record(
      {
        hookline: fc.constant(1),
        title: fc.oneof(fc.constant('A title'), json),
        mode: fc.oneof(fc.constantFrom('sync', 'async'), json),
        enabled: fc.oneof(fc.boolean(), json),
        trigger: fc.oneof(fc.record({ type: fc.constant('webhook'), config: json }), json),
        nodes: fc.oneof(fc.array(node, { maxLength: 3 }), json),
      },
      { requiredKeys: ['title', 'mode', 'trigger'] },
    );
    const routes = fc.constantFrom(
      ['POST', '/api/workflows'],
      ['PATCH', `/api/workflows/${id}`],
      ['POST', '/api/workflows/import'],
      ['POST', `/api/workflows/${id}/run`],
      ['POST', '/api/parse/query'],
      ['POST', '/api/parse/body'],
      ['POST', `/api/workflows/${id}/revisions/1/activate`],
    );
    await fc.assert(
      fc.asyncProperty(routes, fc.oneof(workflow, json), async ([method = '', path = ''], body) => {
        const { status, text } = await hookline.api(method, path, body);
        expectFine(status, text);
      }),
      { numRuns: 400 },
    );
    expect((await hookline.api('GET', '/api/workflows?limit=100')).status).toBe(200);
    expect((await hookline.api('GET', `/api/workflows/${id}`)).status).toBe(200);
    await expectAlive();
  });

  it('says what is wrong with an object that looks like text by its length', async () => {
    const odd = { length: { toString: null, valueOf: null } };
    for (const document of [
      { title: odd },
      { trigger: { type: odd } },
      { nodes: [{ key: 'a', type: odd }] },
      { trigger: { type: 'webhook', config: { query: [{ path: odd }], headers: odd } } },
      { nodes: [{ key: 'a', type: 'calculation', config: { engine: 'mathjs', expression: odd } }] },
      { nodes: [{ key: 'a', type: 'multi-conditions', config: { cases: odd } }] },
    ]) {
      expectError(await create(document), 'invalid_workflow');
    }
  });

  it('takes the last of duplicate keys, says where JSON broke, and refuses invalid UTF-8', async () => {
    const duplicate = await sendText(
      'POST',
      '/api/workflows',
      '{"title":1,"title":"Last","mode":"sync","trigger":{"type":"webhook"}}',
    );
    expect([duplicate.status, duplicate.body.title]).toEqual([201, 'Last']);
    const broken = await sendText('POST', '/api/workflows', '{"title":\n"a",}');
    expectError(broken, 'invalid_json');
    expect(broken.body.error.message).toMatch(/line 2/);
  });
});

describe('executions that go wrong', () => {
  /** Calls a workflow and gives the answer with its execution. */
  async function call(input: object, body: unknown = {}): Promise<{ answer: Answer; execution: Answer['body'] }> {
    const { hookUrl } = await hookline.workflow({ mode: 'sync', trigger: webhook, ...input });
    const answer = await hookline.post(hookUrl, body);
    return { answer, execution: await hookline.finished(answer.headers.get('x-hookline-execution-id') ?? '') };
  }

  /** Formulas have no loops of their own; this one counts days for years. */
  const SLOW_FORMULA = 'WORKDAY(DATE(2000, 1, 1), 1000000000000)';
  const ENDLESS = '($f := function($n) { $f($n + 1) }; $f(0))';
  it.each([
    ['a calculation', 'jsonata', { type: 'calculation', config: { engine: 'jsonata', expression: ENDLESS } }],
    ['a condition', 'mathjs', { type: 'condition', config: { engine: 'mathjs', test: 'map(1:1000000000, g(x) = x)' } }],
    ['a calculation', 'formula', { type: 'calculation', config: { engine: 'formula', expression: SLOW_FORMULA } }],
    ['a query', 'jsonata', { type: 'json-query', config: { engine: 'jsonata', expression: ENDLESS } }],
  ])('ends %s in %s that never ends as an error, with other calls unharmed', async (_, _engine, node) => {
    const pending = call({ nodes: [{ key: 'slow', ...node }, reply('done')] });
    for (let n = 0; n < 5; n++) await expectAlive();
    const { answer, execution } = await pending;
    expect([answer.status, execution.status]).toEqual([500, 'error']);
    expect(execution.error.code).toBe('expression_timeout');
    expect(execution.error.details).toEqual({ node: 'slow' });
    expect(execution.jobs).toMatchObject([{ key: 'slow', status: 'error' }]);
  });

  it('matches a catastrophic regular expression in linear time', async () => {
    const test = { all: [{ left: '{{$context.body.text}}', operator: 'matches', right: '^(a+)+$' }] };
    const { hookUrl } = await hookline.workflow({
      mode: 'sync',
      trigger: webhook,
      nodes: [
        {
          key: 'm',
          type: 'condition',
          config: { test },
          branches: { true: [reply('yes')], false: [{ ...reply('no'), key: 'no' }] },
        },
      ],
    });
    expect((await hookline.post(hookUrl, { text: `${'a'.repeat(50_000)}!` })).text).toBe('no');
    expect((await hookline.post(hookUrl, { text: 'a'.repeat(50_000) })).text).toBe('yes');
  });

  it('refuses a header that is too large for a reply, and says so in the execution', async () => {
    for (const value of ['{{$context.body.text}}', 'x{{$context.body.text}}']) {
      const { answer, execution } = await call(
        { nodes: [reply('ok', { headers: [{ name: 'X-Text', value }] })] },
        { text: 'x'.repeat(1024 * 1024 - 100) },
      );
      expect([answer.status, execution.status, execution.error.code]).toEqual([500, 'error', 'invalid_reply']);
      expect(execution.error.message).toMatch(/x-text/);
    }
  });

  it('replies with 5 MiB and keeps 100,000 items', async () => {
    const trigger = { type: 'webhook', config: { maxBodyBytes: 20_000_000 } };
    const text = 'x'.repeat(5 * 1024 * 1024);
    const large = await call({ trigger, nodes: [reply({ text: '{{$context.body.text}}' })] }, { text });
    expect(large.answer.body.text).toHaveLength(text.length);
    expect(JSON.parse(large.execution.response.body).text).toHaveLength(text.length);
    const items = Array.from({ length: 100_000 }, (_, n) => n);
    const many = await call(
      {
        trigger,
        nodes: [{ key: 'items', type: 'variable', config: { value: '{{$context.body.items}}' } }, reply('{{$nodes.items}}')],
      },
      { items },
    );
    expect(many.answer.body).toEqual(items);
    expect(many.execution.jobs[0].output).toEqual(items);
  });

  it.each([
    ['text', '{{$nodes.n}}{{$nodes.n}}', 'path_too_costly'],
    ['objects', { a: '{{$nodes.n}}', b: '{{$nodes.n}}' }, 'node_failed'],
  ])('stops a flow whose %s double with every node before they fill the memory', async (_, value, code) => {
    const doublings = Array.from({ length: 40 }, (_, n) => ({
      key: `n${n + 1}`,
      type: 'variable',
      config: { value: JSON.parse(JSON.stringify(value).replaceAll('$nodes.n', `$nodes.n${n}`)) },
    }));
    const nodes = [
      { key: 'n0', type: 'variable', config: { value: '{{$context.body.text}}' } },
      ...doublings,
      reply('{{$nodes.n1}}'),
    ];
    const { execution } = await call({ nodes }, { text: 'x'.repeat(1000) });
    expect([execution.status, execution.error.code]).toEqual(['error', code]);
    expect(execution.error.message).toMatch(/larger than|more than 1000000 values/);
    await expectAlive();
  });

  it('refuses a reply that repeats large values beyond all measure', async () => {
    const body = Array.from({ length: 2000 }, () => '{{$context.body}}');
    const { execution } = await call({ nodes: [reply(body)] }, { text: 'x'.repeat(500_000) });
    expect([execution.status, execution.error.code]).toEqual(['error', 'invalid_reply']);
    await expectAlive();
  });

  it('keeps an async request whose reply cannot be made, as an execution with the error', async () => {
    const response = { status: '{{$context.body.status}}', headers: [{ name: 'X-Text', value: '{{$context.body.text}}' }] };
    const { hookUrl, id } = await hookline.workflow({ mode: 'async', trigger: { type: 'webhook', config: { response } } });
    for (const body of [{ status: 'nine' }, { status: 99 }, { text: 'a\r\nb' }, { text: { a: 1 } }]) {
      const answer = await hookline.post(hookUrl, body);
      expect([answer.status, answer.body.error.code]).toEqual([500, 'workflow_failed']);
      const execution = await hookline.finished(answer.headers.get('x-hookline-execution-id') ?? '');
      expect([execution.status, execution.error.code]).toEqual(['error', 'invalid_reply']);
    }
    expect((await hookline.post(hookUrl, { status: 202, text: 'a' })).status).toBe(202);
    expect((await hookline.api('GET', `/api/workflows/${id}`)).body.executionCount).toBe(5);
  });

  it('refuses a workflow whose fixed reply cannot be sent', async () => {
    for (const response of [
      { headers: [{ name: 'Content-Length', value: '5' }] },
      { headers: [{ name: 'a b', value: 'c' }] },
      { headers: [{ name: 'X', value: 'a\nb' }] },
    ]) {
      const answer = await hookline.api('POST', '/api/workflows', {
        title: 'Bad',
        mode: 'async',
        trigger: { type: 'webhook', config: { response } },
      });
      expectError(answer, 'invalid_workflow');
      expect(answer.body.error.details.problems[0].path).toMatch(/^trigger\.config\.response/);
    }
  });
});

describe('a node type that is no longer installed', () => {
  it('shows its workflows, refuses to run them, ends their queued executions, and leaves the others alone', async () => {
    let isHeld = true;
    const away = defineNode({
      type: 'away',
      title: 'Away',
      description: 'Waits, so that executions stay queued.',
      config: z.strictObject({ password: z.string().meta({ writeOnly: true }) }),
      run: ({ signal }) =>
        new Promise((resolve) =>
          isHeld ? signal.addEventListener('abort', () => resolve({ type: 'done' })) : resolve({ type: 'done' }),
        ),
    });
    const before = await startHookline({
      plugins: [definePlugin({ name: 'test', nodes: [away] })],
      concurrency: 1,
      shutdownGraceMs: 0,
    });
    const nodes = [{ key: 'gone', type: 'away', config: { password: 'very-secret' } }];
    const broken = await before.workflow({ mode: 'async', trigger: webhook, nodes });
    const fine = await before.workflow(echo);
    const queued = [await before.post(broken.hookUrl, { n: 1 }), await before.post(broken.hookUrl, { n: 2 })];
    const { folder } = before;
    await before.hookline.stop();
    isHeld = false;

    const after = await startHookline({ folder });
    const at = (url: string): string => after.url + new URL(url).pathname;
    const shown = await after.api('GET', `/api/workflows/${broken.id}`);
    expect(shown.status).toBe(200);
    expect(shown.text).not.toContain('very-secret');
    expect(shown.body.problems).toMatchObject([{ path: 'nodes[0].type', code: 'unknown_type' }]);
    for (const path of ['/api/workflows', `/api/workflows/${broken.id}/revisions`, `/api/workflows/${broken.id}/export`]) {
      expect((await after.api('GET', path)).status).toBe(200);
    }
    const refused = await after.post(at(broken.hookUrl), { n: 3 });
    expect([refused.status, refused.body.error.code]).toEqual([500, 'unknown_type']);
    expect(refused.body.error.message).toMatch(/"away" is not installed/);
    for (const { headers } of queued) {
      const execution = await after.finished(headers.get('x-hookline-execution-id') ?? '');
      expect([execution.status, execution.error.code]).toEqual(['error', 'unknown_type']);
    }
    expect((await after.post(at(fine.hookUrl), { n: 1 })).status).toBe(200);
    // Without the node it runs again.
    expect((await after.api('PATCH', `/api/workflows/${broken.id}`, { nodes: [] })).status).toBe(200);
    expect((await after.post(at(broken.hookUrl), { n: 4 })).status).toBe(200);
    await after.stop();
    await before.stop();
  });
});

describe('two servers on one database', () => {
  it('refuses the second one with a clear message, and the first goes on', async () => {
    const second = createHookline({
      databaseUrl: `sqlite:${join(hookline.folder, 'hookline.db')}`,
      secretKeyFile: join(hookline.folder, 'secret.key'),
      logLevel: 'silent',
    });
    await expect(second.start()).rejects.toMatchObject({
      code: 'invalid_configuration',
      message: expect.stringContaining('Another Hookline server is using the database'),
    });
    await expectAlive();
  });
});
