// Named secrets over HTTP: kept, used by flows, and never seen again.

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { keepLog } from '../engine/running.ts';
import { startHookline, type TestHookline } from '../start-hookline.ts';

const VALUE = 'Tr0ub4dor & 3/äß+"quote"';
const OTHER = 'whsec_c2VjcmV0LW9mLXRoZS1ob29rLTAxMjM0NTY3ODk=';

let hookline: TestHookline;
const closers: (() => void)[] = [];
afterEach(async () => {
  await hookline.stop();
  for (const close of closers.splice(0)) close();
});

interface Received {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver that sends back whatever it gets. */
async function startEcho(): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { url = '', headers } = request;
    received.push({ url, headers, body });
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ url, headers, body }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

const keep = (name: string, value: string, description?: string) =>
  hookline.api('POST', '/api/secrets', { name, value, ...(description === undefined ? {} : { description }) });

/** Every file of the database as text. */
function database(): string {
  const files = readdirSync(hookline.folder).filter((name) => name.startsWith('hookline.db'));
  return files.map((name) => readFileSync(join(hookline.folder, name), 'latin1')).join('\n');
}

/** A secret as somebody may find it in a file or a reply. */
function formsOf(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  return [
    value,
    json,
    encodeURIComponent(value),
    Buffer.from(value).toString('base64').slice(0, -4),
    Buffer.from(value).toString('latin1'),
  ];
}

function expectHidden(place: string, text: string, values: readonly string[] = [VALUE, OTHER]): void {
  for (const value of values) {
    for (const form of formsOf(value)) expect(text.includes(form), `${form} in the ${place}`).toBe(false);
  }
}

describe('keeping them', () => {
  it('have no name that every object has a member of', async () => {
    hookline = await startHookline();
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf']) {
      const { status, body, text } = await hookline.api('POST', '/api/secrets', { name, value: 'a-value-of-some-length' });
      expect([status, body.error.code], name).toEqual([400, 'invalid_request']);
      expect(text).toContain('every object has already');
      // One from before can still be deleted: the name itself is accepted there.
      expect((await hookline.api('DELETE', `/api/secrets/${name}`)).body.error.code).toBe('secret_not_found');
    }
  });

  it('answers with everything but the value', async () => {
    hookline = await startHookline();
    const made = await keep('API_KEY', VALUE, 'Of the bank');
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      name: 'API_KEY',
      description: 'Of the bank',
      allowedHosts: null,
      usedBy: [],
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      updatedBy: expect.any(String),
    });
    const changed = await hookline.api('PATCH', '/api/secrets/API_KEY', { description: 'Of the other bank' });
    expect(changed.body.description).toBe('Of the other bank');
    const listed = await hookline.api('GET', '/api/secrets');
    expect(listed.body.data).toEqual([changed.body]);
    expectHidden('replies', made.text + changed.text + listed.text);
    expect((await hookline.api('DELETE', '/api/secrets/API_KEY')).status).toBe(204);
    expect((await hookline.api('GET', '/api/secrets')).body.data).toEqual([]);
    await hookline.hookline.stop();
    expectHidden('database', database());
  });

  it.each([
    ['a name that is taken', 'POST', '/api/secrets', { name: 'TAKEN', value: VALUE }, 409],
    ['a name that no template could name', 'POST', '/api/secrets', { name: 'a-b', value: VALUE }, 400],
    ['a value that is too short to be replaced', 'POST', '/api/secrets', { name: 'SHORT', value: 'abc1234' }, 400],
    ['a value of backslashes', 'POST', '/api/secrets', { name: 'SLASHES', value: '\\'.repeat(20) }, 400],
    ['an unknown one', 'PATCH', '/api/secrets/NOBODY', { value: VALUE }, 404],
    ['a short new value', 'PATCH', '/api/secrets/TAKEN', { value: 'abc1234' }, 400],
    ['an unknown one to be deleted', 'DELETE', '/api/secrets/NOBODY', undefined, 404],
  ])('refuses %s', async (_what, method, path, body, status) => {
    hookline = await startHookline();
    await keep('TAKEN', VALUE);
    const answer = await hookline.api(method, path, body);
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain('abc1234');
  });

  it('tells which workflows use one, also in credentials, and does not delete it from under them', async () => {
    hookline = await startHookline();
    await keep('API_KEY', VALUE);
    await keep('UNUSED', OTHER);
    const trigger = { type: 'webhook', config: { auth: { type: 'basic', username: 'ada', password: '{{$secrets.API_KEY}}' } } };
    const { id } = await hookline.workflow({ title: 'Bank', mode: 'async', trigger });
    const nodes = [{ key: 'a', type: 'calculation', config: { engine: 'jsonata', expression: '$secrets.API_KEY' } }];
    const second = await hookline.workflow({ title: 'Sums', mode: 'async', trigger: { type: 'webhook' }, nodes });
    const { data } = (await hookline.api('GET', '/api/secrets')).body;
    expect(data[0].usedBy).toHaveLength(2);
    expect(data[0].usedBy).toEqual(
      expect.arrayContaining([
        { workflowId: id, title: 'Bank' },
        { workflowId: second.id, title: 'Sums' },
      ]),
    );
    expect(data[1].usedBy).toEqual([]);
    const refused = await hookline.api('DELETE', '/api/secrets/API_KEY');
    expect(refused.status).toBe(409);
    expect(refused.body.error.message).toContain('"Bank"');
    expect((await hookline.api('DELETE', '/api/secrets/API_KEY?force=true')).status).toBe(204);
  });
});

describe('a workflow that names one', () => {
  it('is saved with a warning when it does not exist, and fails with an error that names it', async () => {
    hookline = await startHookline();
    await keep('API_KEY', VALUE);
    const nodes = [
      { key: 'v', type: 'variable', config: { value: 'Bearer {{$secrets.API_KYE}}' } },
      { key: 'w', type: 'calculation', config: { engine: 'jsonata', expression: '$secrets.GONE & "x"' } },
    ];
    const made = await hookline.api('POST', '/api/workflows', { title: 'x', mode: 'sync', trigger: { type: 'webhook' }, nodes });
    expect(made.status).toBe(201);
    expect(made.body.problems.filter(({ code }: { code: string }) => code === 'unknown_secret')).toMatchObject([
      {
        path: 'nodes[0].config.value',
        code: 'unknown_secret',
        message: 'there is no secret "API_KYE"; did you mean "API_KEY"?',
        severity: 'warning',
      },
      {
        path: 'nodes[1].config.expression',
        code: 'unknown_secret',
        message: 'there is no secret "GONE": add it to the secrets',
        severity: 'warning',
      },
    ]);
    const run = await hookline.api('POST', `/api/workflows/${made.body.id}/run`, {});
    expect(run.body).toMatchObject({
      status: 'error',
      error: { code: 'secret_not_found', message: expect.stringContaining('"API_KYE"') },
    });
  });

  it('lets callers in by its present value', async () => {
    hookline = await startHookline();
    await keep('DOOR', VALUE);
    const trigger = { type: 'webhook', config: { auth: { type: 'basic', username: 'ada', password: '{{ $secrets.DOOR }}' } } };
    const { hookUrl } = await hookline.workflow({ mode: 'sync', trigger });
    const knock = async (password: string) => {
      const credentials = Buffer.from(`ada:${password}`).toString('base64');
      return (await hookline.post(hookUrl, {}, { Authorization: `Basic ${credentials}` })).status;
    };
    expect(await knock(VALUE)).toBe(200);
    expect(await knock('{{ $secrets.DOOR }}')).toBe(401);
    await hookline.api('PATCH', '/api/secrets/DOOR', { value: OTHER });
    expect(await knock(VALUE)).toBe(401);
    expect(await knock(OTHER)).toBe(200);
    await hookline.api('DELETE', '/api/secrets/DOOR?force=true');
    const answer = await hookline.post(hookUrl, {}, { Authorization: 'Basic YTpi' });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('DOOR');
  });
});

describe('a flow', () => {
  it('computes, answers and sends the value, and leaves its name', async () => {
    const log = keepLog();
    const echo = await startEcho();
    hookline = await startHookline({ log, outboundAllow: ['127.0.0.1'] });
    await keep('API_KEY', VALUE);
    await keep('HOOK', OTHER);
    await keep('PIN', '73519246');
    const nodes = [
      { key: 'v', type: 'variable', config: { value: { deep: ['a {{$secrets.API_KEY}} b'] } } },
      { key: 'change', type: 'variable', config: { assign: 'v', value: { deep: ['{{$secrets.API_KEY}}'] } } },
      {
        key: 'base',
        type: 'calculation',
        config: { engine: 'jsonata', expression: '$base64encode("user:" & $secrets.API_KEY)' },
      },
      { key: 'number', type: 'calculation', config: { engine: 'formula', expression: '{{$secrets.PIN}} + 0' } },
      {
        key: 'path',
        type: 'json-query',
        config: { engine: 'jsonpath', source: { a: '{{$secrets.API_KEY}}' }, expression: '$.a' },
      },
      { key: 'map', type: 'json-mapping', config: { source: { a: '{{$secrets.API_KEY}}' }, variables: [{ path: 'a' }] } },
      {
        key: 'script',
        type: 'javascript',
        config: {
          code: 'console.log("key " + key); return { [key]: key }',
          arguments: [{ name: 'key', value: '{{$secrets.API_KEY}}' }],
          timeoutMs: 60_000,
        },
      },
      {
        key: 'call',
        type: 'http-request',
        config: {
          url: `${echo.url}/x`,
          query: [{ name: 'k', value: '{{$secrets.API_KEY}}' }],
          headers: [{ name: 'X-Key', value: '{{$secrets.HOOK}}' }],
          method: 'POST',
          body: { type: 'json', value: { secret: '{{$secrets.API_KEY}}' } },
        },
      },
      {
        key: 'send',
        type: 'send-webhook',
        config: {
          to: {
            type: 'url',
            url: `${echo.url}/{{$secrets.PIN}}`,
            secret: '{{$secrets.HOOK}}',
            headers: [{ name: 'X-Plain', value: '{{$secrets.PIN}}' }],
          },
          data: { secret: '{{$secrets.API_KEY}}' },
          userId: '{{$secrets.PIN}}',
        },
      },
      {
        key: 'answer',
        type: 'response',
        config: {
          status: 200,
          headers: [{ name: 'X-Pin', value: '{{$secrets.PIN}}' }],
          body: { all: '{{$nodes.v}}', call: '{{$nodes.call.body.body}}' },
        },
      },
    ];
    const { hookUrl } = await hookline.workflow({ mode: 'sync', trigger: { type: 'webhook' }, nodes });
    const answer = await hookline.post(hookUrl, {});
    expect(answer.text).toContain('Tr0ub4dor');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-pin')).toBe('73519246');
    expect(answer.body.all).toEqual({ deep: [VALUE] });
    expect(JSON.parse(answer.body.call)).toEqual({ secret: VALUE });
    expect(echo.received[0]?.headers['x-key']).toBe(OTHER);

    await expect.poll(() => echo.received.length).toBe(2);
    expect(echo.received[1]?.url).toBe('/73519246');
    expect(echo.received[1]?.headers['x-plain']).toBe('73519246');
    expect(echo.received[1]?.headers['webhook-signature']).toMatch(/^v1,/);
    expect(JSON.parse(echo.received[1]?.body ?? '')).toMatchObject({ data: { secret: VALUE } });

    const id = answer.headers.get('x-hookline-execution-id');
    const execution = await hookline.finished(String(id));
    const outputs = Object.fromEntries(execution.jobs.map((job: { key: string; output: unknown }) => [job.key, job.output]));
    expect(outputs.v).toEqual({ deep: ['a [secret API_KEY] b'] });
    expect(outputs.number).toBe('[secret PIN]');
    expect(outputs.path).toEqual(expect.objectContaining({}));
    expect(outputs.map).toEqual({ a: '[secret API_KEY]' });
    expect(outputs.script).toEqual({ '[secret API_KEY]': '[secret API_KEY]' });
    expect(execution.jobs.find(({ key }: { key: string }) => key === 'script').log).toEqual(['key [secret API_KEY]']);
    expect(execution.response.headers['x-pin']).toBe('[secret PIN]');

    const texts = [JSON.stringify(execution)];
    await expect.poll(async () => (await hookline.api('GET', '/api/deliveries')).body.data[0]?.status).toBe('succeeded');
    const deliveries = await hookline.api('GET', '/api/deliveries');
    const delivery = await hookline.api('GET', `/api/deliveries/${deliveries.body.data[0].id}`);
    const messages = await hookline.api('GET', '/api/messages');
    const message = await hookline.api('GET', `/api/messages/${messages.body.data[0].id}`);
    expect(message.body.data).toEqual({ secret: '[secret API_KEY]' });
    expect(message.body.userId).toBe('[secret PIN]');
    expect(delivery.body.url).toBe(`${echo.url}/[secret PIN]`);
    texts.push(deliveries.text, delivery.text, messages.text, message.text);
    const replayed = await hookline.api('POST', `/api/executions/${id}/replay`);
    expect(replayed.body.status).toBe('succeeded');
    texts.push(replayed.text, (await hookline.api('GET', '/api/executions')).text);
    await hookline.hookline.stop();
    expectHidden('replies', texts.join('\n'), [VALUE, OTHER, '73519246']);
    expectHidden('log', JSON.stringify(log.lines), [VALUE, OTHER, '73519246']);
    expectHidden('database', database(), [VALUE, OTHER, '73519246']);
  });

  it('shows no value in its errors', async () => {
    hookline = await startHookline();
    await keep('API_KEY', VALUE);
    const nodes = [{ key: 'a', type: 'calculation', config: { engine: 'jsonata', expression: '$error($secrets.API_KEY)' } }];
    const { hookUrl } = await hookline.workflow({ mode: 'sync', trigger: { type: 'webhook' }, nodes });
    const answer = await hookline.post(hookUrl, {});
    expect(answer.status).toBe(500);
    const execution = await hookline.finished(String(answer.headers.get('x-hookline-execution-id')));
    expect(execution.error.message).toContain('[secret API_KEY]');
    expect(execution.jobs[0].error.message).toContain('[secret API_KEY]');
    expectHidden('execution', JSON.stringify(execution) + answer.text);
  });
});
