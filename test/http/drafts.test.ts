// What the designer tries before it saves: checks, expressions, nodes, and what real runs have shown.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHookline, type TestHookline } from '../start-hookline.ts';

const VALUE = 'value of the secret +/&"é';
let hookline: TestHookline;
const received: { headers: Record<string, unknown>; body: string }[] = [];
const echo = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  received.push({ headers: request.headers, body });
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify({ got: body, key: request.headers['x-key'] }));
});
let echoUrl = '';

beforeAll(async () => {
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  echoUrl = `http://127.0.0.1:${(echo.address() as AddressInfo).port}/`;
  hookline = await startHookline({ outboundAllow: ['127.0.0.1'] });
  await hookline.api('POST', '/api/secrets', { name: 'KEY', value: VALUE });
});
afterAll(async () => {
  await hookline.stop();
  echo.close();
});

const webhook = { type: 'webhook', config: {} };
const variable = (value: unknown) => ({ key: 'v', type: 'variable', config: { value } });

describe('a check', () => {
  it('says what a save would say, and saves nothing', async () => {
    const draft = { mode: 'sync', trigger: webhook, nodes: [variable('{{$nodes.nobody}}'), variable('{{$secrets.NONE}}')] };
    const { status, body } = await hookline.api('POST', '/api/workflows/check', draft);
    expect(status).toBe(200);
    expect(body.problems.map(({ code }: { code: string }) => code)).toEqual(
      expect.arrayContaining(['unknown_node', 'duplicate_key', 'unknown_secret', 'no_response']),
    );
    expect((await hookline.api('GET', '/api/workflows')).body.data).toEqual([]);
  });

  it('takes write-only values that are left out from the workflow', async () => {
    const auth = { type: 'basic', username: 'ada', password: 'a-long-password' };
    const { id } = await hookline.workflow({ mode: 'async', trigger: { type: 'webhook', config: { auth } } });
    const draft = { mode: 'async', trigger: { type: 'webhook', config: { auth: { type: 'basic' } } }, nodes: [] };
    const alone = await hookline.api('POST', '/api/workflows/check', draft);
    expect(alone.body.problems.map(({ code }: { code: string }) => code)).toContain('missing_secret');
    const edit = await hookline.api('POST', '/api/workflows/check', { ...draft, workflowId: id });
    expect(edit.body.problems).toEqual([]);
    expect((await hookline.api('POST', '/api/workflows/check', { ...draft, workflowId: 'nobody' })).status).toBe(404);
  });
});

describe('a write-only value that may be absent', () => {
  const send = (to: object) => ({ key: 'send', type: 'send-webhook', config: { to: { type: 'url', ...to }, data: 1 } });
  const url = 'https://example.com/hooks';
  const SIGNING = 'whsec_c2VjcmV0LW9mLXRoZS1ob29rLTAxMjM0NTY3ODk=';

  it('is named while it is set, stays when it is left out, and is taken away by null', async () => {
    const auth = { type: 'basic', username: 'ada', password: 'a-long-password' };
    const nodes = [send({ url, secret: SIGNING }), { ...send({ url }), key: 'other' }];
    const { id } = await hookline.workflow({ mode: 'async', trigger: { type: 'webhook', config: { auth } }, nodes });
    const places = async () => (await hookline.api('GET', `/api/workflows/${id}/write-only`)).body;
    const atFirst = { trigger: ['auth.username', 'auth.password'], nodes: { send: ['to.secret'] } };
    expect(await places()).toEqual(atFirst);
    const edit = (to: object) => hookline.api('PATCH', `/api/workflows/${id}`, { nodes: [send(to)] });
    expect((await edit({ url: `${url}/2` })).status).toBe(200);
    expect(await places()).toEqual(atFirst);

    const check = { workflowId: id, mode: 'async', trigger: { type: 'webhook', config: { auth: { type: 'basic' } } } };
    const checked = await hookline.api('POST', '/api/workflows/check', { ...check, nodes: [send({ url, secret: null })] });
    expect(checked.body.problems).toEqual([]);
    expect(await places()).toEqual(atFirst);
    const saved = await edit({ url, secret: null });
    expect(saved.status).toBe(200);
    expect(saved.text).not.toContain(SIGNING);
    expect(await places()).toEqual({ ...atFirst, nodes: {} });
    // Once more, and where there was none: nothing is to be done.
    expect((await edit({ url, secret: null })).status).toBe(200);
    const copied = { ...send({ url, secret: null }), key: 'copied' };
    expect((await hookline.api('PATCH', `/api/workflows/${id}`, { nodes: [copied] })).status).toBe(200);
  });

  it('is not taken away where it is required', async () => {
    const auth = { type: 'basic', username: 'ada', password: 'a-long-password' };
    const { id } = await hookline.workflow({ mode: 'async', trigger: { type: 'webhook', config: { auth } } });
    const trigger = { type: 'webhook', config: { auth: { ...auth, password: null } } };
    const refused = await hookline.api('PATCH', `/api/workflows/${id}`, { trigger });
    expect(refused.status).toBe(422);
    expect(refused.body.error.details.problems[0].path).toBe('trigger.config.auth.password');
    expect((await hookline.api('GET', `/api/workflows/${id}/write-only`)).body.trigger).toContain('auth.password');
    expect((await hookline.api('GET', '/api/workflows/nobody/write-only')).status).toBe(404);
  });
});

describe('an expression', () => {
  const variables = {
    context: { body: { n: 3, list: [{ a: 1 }, { a: 2 }] } },
    nodes: { before: 'x' },
    scopes: { each: { item: 7 } },
  };

  it.each([
    ['template', 'n is {{$context.body.n}}', 'n is 3'],
    ['template', { deep: ['{{$nodes.before}}', '{{$scopes.each.item}}'] }, { deep: ['x', 7] }],
    ['jsonata', '$sum($context.body.list.a)', 3],
    ['mathjs', '{{$context.body.n}} * 2', 6],
    ['formula', 'SUM({{$context.body.n}}, 1)', 4],
    ['jmespath', '"$context".body.list[].a', [1, 2]],
    ['jsonpath', '$.$context.body.list[*].a', [1, 2]],
    ['basic', { all: [{ left: '{{$context.body.n}}', operator: 'gt', right: 2 }] }, true],
    ['jsonata', '$secrets.KEY & "!"', '[secret KEY]!'],
    ['jmespath', '"$secrets".KEY', '[secret KEY]'],
    ['template', 'Bearer {{$secrets.KEY}}', 'Bearer [secret KEY]'],
    ['jsonata', '$keys($secrets)', 'KEY'],
    ['jsonata', '$lookup($secrets, "K" & "EY")', '[secret KEY]'],
  ])('in %s, %j, is evaluated', async (engine, expression, value) => {
    const { status, body } = await hookline.api('POST', '/api/evaluate', { engine, expression, variables });
    expect(status).toBe(200);
    expect(body).toEqual({ value, durationMs: expect.any(Number) });
  });

  it('looks at a source', async () => {
    const draft = { engine: 'jsonpath', expression: '$.k', source: { k: '{{$secrets.KEY}}' } };
    expect((await hookline.api('POST', '/api/evaluate', draft)).body.value).toEqual(['[secret KEY]']);
  });

  it.each([
    ['jsonata', '$error($secrets.KEY)', 'expression_failed'],
    ['jsonata', '1 +', 'expression_failed'],
    ['jsonata', '$secrets.NONE', 'secret_not_found'],
    ['template', '{{$secrets.NONE}}', 'secret_not_found'],
    ['template', '{{$secrets}}', 'invalid_template'],
    ['mathjs', 7, 'invalid_expression'],
    ['basic', { all: 'no' }, 'invalid_expression'],
  ])('in %s, %j, that fails is an answer', async (engine, expression, code) => {
    const { status, body, text } = await hookline.api('POST', '/api/evaluate', { engine, expression });
    expect(status).toBe(200);
    expect(body.error.code).toBe(code);
    expect(text).not.toContain('value of the secret');
  });
});

describe('a test of a node', () => {
  const test = (node: object, more: object = {}) =>
    hookline.api('POST', '/api/test-node', { mode: 'async', node, effects: false, ...more });

  it('runs it with chosen variables and shows its configuration', async () => {
    const { body } = await test(variable('{{$context.a}} {{$secrets.KEY}}'), { variables: { context: { a: 1 } } });
    expect(body).toEqual({
      status: 'succeeded',
      output: '1 [secret KEY]',
      branch: null,
      error: null,
      log: [],
      reply: null,
      config: { value: '1 [secret KEY]' },
      durationMs: expect.any(Number),
    });
  });

  it('says which branch a condition takes, and runs it when it is there', async () => {
    const node = { key: 'c', type: 'condition', config: { test: { all: [{ left: 1, operator: 'equal', right: 1 }] } } };
    expect((await test(node)).body).toMatchObject({ status: 'succeeded', output: true, branch: 'true' });
    const failing = { key: 'e', type: 'end', config: { status: 'failed' } };
    expect((await test({ ...node, branches: { true: [failing] } })).body).toMatchObject({ status: 'failed', branch: 'true' });
  });

  it('runs the rounds of a loop', async () => {
    const inside = { key: 'i', type: 'javascript', config: { code: 'return 1', timeoutMs: 60_000 } };
    const node = { key: 'l', type: 'loop', config: { over: '{{$context.list}}' }, branches: { body: [inside] } };
    expect((await test(node, { variables: { context: { list: [1, 2] } } })).body.output).toEqual({ rounds: 2, failures: 0 });
  });

  it('shows what a response would answer', async () => {
    const node = { key: 'r', type: 'response', config: { status: 201, body: { k: '{{$secrets.KEY}}' } } };
    const { body } = await test(node, { mode: 'sync' });
    expect(body.reply).toMatchObject({ status: 201, body: '{"k":"[secret KEY]"}' });
    expect((await test(node)).status).toBe(400);
  });

  it('says what a node waits for', async () => {
    const waiting = (await test({ key: 'w', type: 'wait', config: {} })).body;
    expect(waiting).toMatchObject({ status: 'waiting', output: { waitsFor: 'callback', until: null } });
    const delayed = (await test({ key: 'd', type: 'delay', config: { duration: 1, unit: 'hours' } })).body;
    expect(delayed).toMatchObject({ status: 'waiting', output: { waitsFor: 'time', until: expect.any(String) } });
  });

  it('tells failures and what a script wrote', async () => {
    const script = {
      key: 's',
      type: 'javascript',
      config: { code: 'console.log("a"); return [k]', arguments: [{ name: 'k', value: '{{$secrets.KEY}}' }], timeoutMs: 60_000 },
    };
    expect((await test(script)).body).toMatchObject({ output: ['[secret KEY]'], log: ['a'] });
    const failing = (await test({ ...script, config: { code: 'throw new Error("no " + 1)', timeoutMs: 60_000 } })).body;
    expect(failing).toMatchObject({ status: 'error', error: { code: 'script_failed' } });
    const wrong = (await test({ key: 'j', type: 'json-mapping', config: { nothing: 1 } })).body;
    expect(wrong).toMatchObject({ status: 'error', error: { code: 'invalid_config' }, config: null });
    expect((await test({ key: 'x', type: 'nobody', config: {} })).status).toBe(400);
  });

  it('calls other systems only with leave, then with the real secret', async () => {
    const config = {
      url: echoUrl,
      method: 'POST',
      headers: [{ name: 'X-Key', value: '{{$nodes.k}}' }],
      body: { type: 'text', value: '{{$secrets.KEY}}' },
    };
    const node = { key: 'h', type: 'http-request', config };
    expect((await test(node)).status).toBe(409);
    expect((await test({ key: 'p', type: 'parallel', config: {}, branches: { a: [node] } })).status).toBe(409);
    expect(received).toEqual([]);
    const { body } = await test(node, { effects: true, variables: { nodes: { k: 'v' } } });
    expect(received[0]?.body).toBe(VALUE);
    expect(body).toMatchObject({ status: 'succeeded', output: { ok: true, body: { got: '[secret KEY]', key: 'v' } } });
  });

  it('uses the write-only values of the workflow and hides them', async () => {
    const node = (auth: object) => ({
      key: 'h',
      type: 'http-request',
      config: { url: echoUrl, auth: { type: 'bearer', ...auth } },
    });
    const { id } = await hookline.workflow({ mode: 'async', trigger: webhook, nodes: [node({ token: 'token-of-the-bank' })] });
    received.length = 0;
    const { body, text } = await test(node({}), { workflowId: id, effects: true });
    expect(body.status).toBe('succeeded');
    expect(received[0]?.headers.authorization).toBe('Bearer token-of-the-bank');
    expect(text).not.toContain('token-of-the-bank');
  });

  it('publishes a real message with leave', async () => {
    const config = { to: { type: 'url', url: echoUrl }, data: { k: '{{$secrets.KEY}}' } };
    const node = { key: 's', type: 'send-webhook', config };
    expect((await test(node)).status).toBe(409);
    received.length = 0;
    const { body } = await test(node, { effects: true });
    expect(body).toMatchObject({ status: 'succeeded', output: { deliveries: 1 } });
    await expect.poll(() => received.length).toBe(1);
    expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({ data: { k: VALUE } });
    const stored = await hookline.api('GET', `/api/messages/${body.output.messageId}`);
    expect(stored.body.data).toEqual({ k: '[secret KEY]' });
    const awaited = await test({ ...node, config: { ...config, wait: true } }, { effects: true });
    expect(awaited.body).toMatchObject({ status: 'waiting', output: { waitsFor: 'message' } });
  });

  it('stores no execution', async () => {
    expect((await hookline.api('GET', '/api/executions')).body.data).toEqual([]);
  });

  it('is told of by the types themselves', async () => {
    const { nodes } = (await hookline.api('GET', '/api/plugins')).body;
    const effects = nodes.filter(({ hasEffect }: { hasEffect: boolean }) => hasEffect).map(({ type }: { type: string }) => type);
    expect(effects.sort()).toEqual(['http-request', 'send-webhook', 'subflow']);
  });
});

describe('what runs have shown', () => {
  it('is listed by variable, with types, examples and aliases', async () => {
    const config = {
      body: [{ path: 'payment.status', alias: 'Status' }, { path: 'items' }],
      query: [{ path: 'q', name: 'found', alias: 'Query' }],
    };
    const nodes = [
      { key: 'sum', type: 'variable', config: { value: { total: '{{$context.body.items.n}}', key: '{{$secrets.KEY}}' } } },
      {
        key: 'each',
        type: 'loop',
        config: { over: '{{$context.body.items}}' },
        branches: { body: [{ key: 'inner', type: 'variable', config: { value: '{{$scopes.each.item.n}}' } }] },
      },
    ];
    const { id, hookUrl } = await hookline.workflow({ mode: 'sync', trigger: { type: 'webhook', config }, nodes });
    const empty = (await hookline.api('GET', `/api/workflows/${id}/learned`)).body;
    expect(empty).toMatchObject({ execution: null, executions: 0, context: [], nodes: {}, scopes: {}, secrets: ['KEY'] });
    await hookline.post(`${hookUrl}?q=1`, { payment: { status: null }, items: [{ n: 1, sku: 'a' }] });
    const last = await hookline.post(`${hookUrl}?q=2`, { payment: { status: 'paid' }, items: [{ n: 2 }, { n: 'x' }] });
    const { status, body } = await hookline.api('GET', `/api/workflows/${id}/learned`);
    expect(status).toBe(200);
    expect(body.execution.id).toBe(last.headers.get('x-hookline-execution-id'));
    expect(body.executions).toBe(2);
    expect(body.context).toEqual(
      expect.arrayContaining([
        { path: 'body.payment.status', types: ['string', 'null'], example: 'paid', alias: 'Status' },
        { path: 'body.items', types: ['array'] },
        { path: 'body.items[0].n', types: ['number', 'string'], example: 2 },
        { path: 'query.found', types: ['string'], example: '2', alias: 'Query' },
      ]),
    );
    expect(body.request.map(({ path }: { path: string }) => path)).toEqual(
      expect.arrayContaining(['method', 'headers.host', 'body.payment.status']),
    );
    expect(body.nodes.sum).toEqual(expect.arrayContaining([{ path: 'key', types: ['string'], example: '[secret KEY]' }]));
    expect(body.nodes.inner).toEqual([{ path: '', types: ['string', 'number'], example: 'x' }]);
    expect(body.scopes.each).toEqual(
      expect.arrayContaining([
        { path: 'item.n', types: ['number'], example: 2 },
        { path: 'index', types: ['number'], example: 0 },
      ]),
    );
    expect(body.variables.context.body.payment.status).toBe('paid');
    expect(body.variables.nodes.sum.key).toBe('[secret KEY]');
    expect((await hookline.api('GET', '/api/workflows/nobody/learned')).status).toBe(404);
  });

  it('is taken from the pinned sample when nothing has run', async () => {
    const { id } = await hookline.workflow({ mode: 'async', trigger: webhook });
    const request = { method: 'POST', url: '/hooks/x?a=1', headers: {}, body: '{"b":[1]}', address: '' };
    expect((await hookline.api('POST', `/api/workflows/${id}/sample`, { request })).status).toBeLessThan(300);
    const { body } = await hookline.api('GET', `/api/workflows/${id}/learned`);
    expect(body.context.map(({ path }: { path: string }) => path)).toEqual(expect.arrayContaining(['query.a', 'body.b[0]']));
    expect(body.variables.context.body).toEqual({ b: [1] });
  });
});
