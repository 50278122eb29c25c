// What every answer of trigger and resume URLs carries, whatever the workflow says, and what a workflow may not say.

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import { defineNode, definePlugin, type Log } from '../../src/index.ts';
import { startHookline, type TestHookline, TOKEN } from '../start-hookline.ts';

interface Line {
  readonly level: string;
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

function keepLog(): Log & { readonly lines: Line[] } {
  const lines: Line[] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields: { ...fields }, message });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A node of a plugin that answers with headers that nobody has looked at. */
const rude = definePlugin({
  name: 'rude',
  nodes: [
    defineNode({
      type: 'rude',
      title: 'Rude',
      description: 'Answers as it likes.',
      config: z.strictObject({}),
      flow: 'ending',
      replies: true,
      modes: ['sync'],
      run: () => ({
        type: 'end',
        status: 'succeeded',
        reply: {
          status: 200,
          headers: {
            'Content-Security-Policy': 'default-src *',
            'X-Content-Type-Options': 'sniff',
            'CONTENT-TYPE': 'text/html',
            'Set-Cookie': '__Host-hookline_session=x',
            Location: 'https://anywhere.example/',
          },
          body: '<script>1</script>',
        },
      }),
    }),
  ],
});

const webhook = (config: object = {}): object => ({ type: 'webhook', config });
const answer = (config: object): object => ({ key: 'answer', type: 'response', config });

function expectSandboxed(headers: Headers, where = ''): void {
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy, where).toMatch(/^sandbox [^;]*; default-src 'none';.*frame-ancestors 'none'/);
  expect(policy, where).not.toMatch(/allow-same-origin|allow-scripts|script-src|,/);
  expect(headers.get('x-content-type-options'), where).toBe('nosniff');
  expect(headers.get('cross-origin-resource-policy'), where).toBe('same-origin');
  expect(headers.get('referrer-policy'), where).toBe('no-referrer');
}

/** Writes bytes and reads until the server ends the connection. */
async function raw(port: number, text: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  let answered = '';
  socket.on('data', (part) => {
    answered += part.toString('latin1');
  });
  socket.write(text);
  await once(socket, 'close');
  return answered;
}

describe.each(['server', 'koa'] as const)('mounted as %s', (mount) => {
  const log = keepLog();
  let hookline: TestHookline;
  beforeAll(async () => {
    hookline = await startHookline({ mount, log, plugins: [rude] });
  });
  afterAll(() => hookline.stop());

  const dropped = (): unknown[] => {
    const found = log.lines.filter(({ message }) => message === 'a header was left out of a reply');
    log.lines.length = 0;
    expect(found.every(({ level }) => level === 'warn')).toBe(true);
    return found.map(({ fields }) => [fields.workflow, fields.header]);
  };

  describe('every answer is sandboxed', () => {
    it.each([
      'text/html',
      'text/html; charset=utf-8',
      'image/svg+xml',
      'application/xhtml+xml',
      'text/xml',
      'application/xml',
      'application/pdf',
      'text/plain',
      'x/y',
      '{{$context.body.type}}',
      '',
    ])('of the type %j', async (type) => {
      const { hookUrl } = await hookline.workflow({
        mode: 'sync',
        trigger: webhook(),
        nodes: [answer({ headers: [{ name: 'Content-Type', value: type }], body: '<b>{{$context.body.text}}</b>' })],
      });
      const reply = await hookline.post(hookUrl, { type: 'text/html', text: '<script>1</script>' });
      expect([reply.status, reply.text]).toEqual([200, '<b><script>1</script></b>']);
      expectSandboxed(reply.headers);
    });

    it.each([200, 201, 204, 301, 302, 304, 400, 401, 404, 418, 500, 599])('with the status %i', async (status) => {
      const config = { status, headers: [{ name: 'Location', value: '/elsewhere' }], body: 'x' };
      const { hookUrl } = await hookline.workflow({ mode: 'sync', trigger: webhook(), nodes: [answer(config)] });
      const reply = await fetch(hookUrl, { method: 'POST', redirect: 'manual' });
      expect([reply.status, reply.headers.get('location')]).toEqual([status, '/elsewhere']);
      expectSandboxed(reply.headers);
    });

    it('of an async workflow, one without a response, one that fails, and one that is listened to', async () => {
      const html = { headers: [{ name: 'Content-Type', value: 'text/html' }], body: '<b>{{$context.query.q}}</b>' };
      const accepted = await hookline.workflow({ mode: 'async', trigger: webhook({ response: html }) });
      const silent = await hookline.workflow({ mode: 'sync', trigger: webhook() });
      const failing = await hookline.workflow({
        mode: 'sync',
        trigger: webhook(),
        nodes: [{ key: 'end', type: 'end', config: { status: 'failed' } }],
      });
      const listened = await hookline.workflow({ mode: 'sync', trigger: webhook(), nodes: [answer(html)] });
      const stop = new AbortController();
      const listening = await fetch(`${hookline.url}/api/workflows/${listened.id}/listen`, {
        headers: { Authorization: `Bearer ${TOKEN}` },
        signal: stop.signal,
      });
      expect(listening.status).toBe(200);
      for (const { hookUrl } of [accepted, silent, failing, listened]) {
        const reply = await hookline.post(`${hookUrl}?q=1`, {});
        expectSandboxed(reply.headers, hookUrl);
      }
      stop.abort();
    });

    it('with any error, on any path, by any method', async () => {
      const { hookKey } = await hookline.workflow({
        mode: 'sync',
        trigger: webhook({ auth: { type: 'basic', username: 'u', password: 'p' } }),
      });
      const { hookKey: open } = await hookline.workflow({ mode: 'sync', trigger: webhook({ maxBodyBytes: 10 }) });
      const json = { 'Content-Type': 'application/json' };
      const calls: [number, string, string, RequestInit?][] = [
        [404, 'POST', '/hooks/unknown'],
        [404, 'GET', '/hooks/'],
        [404, 'GET', '/hooks'],
        [404, 'GET', '/resume'],
        [404, 'POST', `/hooks/${open}/more`],
        [405, 'GET', `/hooks/${open}`],
        [405, 'OPTIONS', `/hooks/${open}`],
        [405, 'DELETE', `/api/webhook:trigger/${open}`],
        [401, 'POST', `/hooks/${hookKey}`],
        [413, 'POST', `/hooks/${open}`, { body: '"0123456789"', headers: json }],
        [415, 'POST', `/hooks/${open}`, { body: 'x', headers: { 'Content-Type': 'text/html' } }],
        [400, 'POST', `/hooks/${open}`, { body: '{', headers: json }],
        [200, 'POST', `/api/webhook:trigger/${open}`],
        [404, 'POST', '/api/webhook:trigger/unknown'],
        [404, 'POST', '/resume/unknown'],
        [404, 'GET', '/resume/unknown'],
      ];
      for (const [status, method, path, init] of calls) {
        const reply = await fetch(hookline.url + path, { method, ...init });
        const text = await reply.text();
        expect([reply.status, reply.status === 200 || typeof JSON.parse(text).error.code], `${method} ${path}`).toEqual([
          status,
          status === 200 || 'string',
        ]);
        expectSandboxed(reply.headers, `${method} ${path}`);
      }
    });

    it('of a resume URL', async () => {
      const { hookUrl } = await hookline.workflow({
        mode: 'async',
        trigger: webhook(),
        nodes: [
          { key: 'url', type: 'variable', config: { value: '{{$resume.hold}}' } },
          { key: 'hold', type: 'wait', config: {} },
        ],
      });
      const { headers } = await hookline.post(hookUrl, {});
      const id = headers.get('x-hookline-execution-id') ?? '';
      const url = await expect
        .poll(async () => (await hookline.api('GET', `/api/executions/${id}`)).body.jobs[0]?.output)
        .toContain('/resume/')
        .then(async () => (await hookline.api('GET', `/api/executions/${id}`)).body.jobs[0].output);
      for (const [method, status] of [
        ['GET', 405],
        ['POST', 200],
        ['POST', 409],
      ] as const) {
        const reply = await fetch(url, { method });
        expect([reply.status, typeof (await reply.json())]).toEqual([status, 'object']);
        expectSandboxed(reply.headers, `${method} ${status}`);
      }
    });

    it('of a plugin that makes its replies itself', async () => {
      const { id, hookUrl } = await hookline.workflow({
        mode: 'sync',
        trigger: webhook(),
        nodes: [{ key: 'rude', type: 'rude' }],
      });
      dropped();
      const reply = await fetch(hookUrl, { method: 'POST', redirect: 'manual' });
      expectSandboxed(reply.headers);
      expect(reply.headers.get('content-type')).toBe('text/html');
      expect(reply.headers.getSetCookie()).toEqual([]);
      expect(reply.headers.get('location')).toBe('https://anywhere.example/');
      expect(dropped()).toEqual([
        [id, 'content-security-policy'],
        [id, 'x-content-type-options'],
        [id, 'set-cookie'],
      ]);
    });
  });

  describe('headers of other origins than the reply', () => {
    const rendered = '{{$context.query.value}}';

    it('are refused when a workflow is saved, with the place and what to do', async () => {
      const config = { headers: [{ name: 'clear-site-DATA', value: '"*"' }] };
      const document = (mode: string) => ({
        title: 'x',
        mode,
        trigger: webhook(mode === 'async' ? { response: config } : {}),
        nodes: mode === 'sync' ? [answer(config)] : [],
      });
      for (const [mode, path] of [
        ['sync', 'nodes[0].config.headers[0]'],
        ['async', 'trigger.config.response.headers[0]'],
      ] as const) {
        const { status, body } = await hookline.api('POST', '/api/workflows', document(mode));
        expect([status, body.error.details.problems]).toEqual([
          422,
          [expect.objectContaining({ path, code: 'header_not_allowed', severity: 'error', text: expect.anything() })],
        ]);
      }
    });

    it('are dropped with a warning when only the rendered reply has them; the rest is sent and stored', async () => {
      const headers = [
        { name: '{{$context.query.name}}', value: rendered },
        { name: 'X-Kept', value: '1' },
      ];
      const sync = await hookline.workflow({ mode: 'sync', trigger: webhook(), nodes: [answer({ headers, body: 'ok' })] });
      const accepted = await hookline.workflow({ mode: 'async', trigger: webhook({ response: { headers, body: 'ok' } }) });
      for (const { id, hookUrl } of [sync, accepted]) {
        for (const [name, value] of [
          ['Set-Cookie', 'HOOKLINE_session=x'],
          ['set-cookie', '=hookline_session=x'],
          ['Strict-Transport-Security', 'max-age=0'],
          ['Content-Security-Policy', 'sandbox allow-scripts allow-same-origin'],
          ['Location', 'https://evil.example/'],
          ['Refresh', '0;url=//evil.example'],
          ['Content-Type', 'multipart/x-mixed-replace;boundary=a'],
        ] as const) {
          dropped();
          const reply = await hookline.post(`${hookUrl}?${new URLSearchParams({ name, value })}`, {});
          expect([reply.status, reply.text, reply.headers.get('x-kept')], name).toEqual([200, 'ok', '1']);
          expectSandboxed(reply.headers, name);
          for (const gone of ['set-cookie', 'strict-transport-security', 'location', 'refresh']) {
            expect(reply.headers.has(gone), gone).toBe(false);
          }
          expect(dropped()).toEqual([[id, name.toLowerCase()]]);
          const { body } = await hookline.api('GET', `/api/executions/${reply.headers.get('x-hookline-execution-id')}`);
          expect(Object.keys(body.response.headers)).not.toContain(name === 'Content-Type' ? 'location' : name.toLowerCase());
        }
      }
    });

    it('a Location from a template leads only to hosts that the workflow lists', async () => {
      const config = { status: 302, headers: [{ name: 'Location', value: rendered }], allowedHosts: ['*.shop.example'] };
      const { allowedHosts: _, ...without } = config;
      const refused = await hookline.api('POST', '/api/workflows', {
        title: 'x',
        mode: 'sync',
        trigger: webhook(),
        nodes: [answer(without)],
      });
      expect(refused.body.error.details.problems).toMatchObject([
        { path: 'nodes[0].config.headers[0]', code: 'location_not_allowed' },
      ]);
      const { hookUrl } = await hookline.workflow({ mode: 'sync', trigger: webhook(), nodes: [answer(config)] });
      const lead = async (value: string): Promise<[number, string | null]> => {
        const reply = await fetch(`${hookUrl}?${new URLSearchParams({ value })}`, { method: 'POST', redirect: 'manual' });
        return [reply.status, reply.headers.get('location')];
      };
      expect(await lead('https://eu.shop.example/x')).toEqual([302, 'https://eu.shop.example/x']);
      expect(await lead('/thanks')).toEqual([302, '/thanks']);
      for (const evil of ['https://evil.example', '//evil.example', '/\\evil.example', 'https:evil.example', 'javascript:1']) {
        expect(await lead(evil), evil).toEqual([302, null]);
      }
    });
  });

  describe('requests that two programs could read differently', () => {
    it.each([
      ['two Host headers', 'POST', 'HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 0'],
      ['two equal Host headers', 'POST', 'HTTP/1.1\r\nHost: 127.0.0.1\r\nhOST: 127.0.0.1\r\nContent-Length: 0'],
      ['a Host with a path', 'POST', 'HTTP/1.1\r\nHost: a/b\r\nContent-Length: 0'],
      ['a Host with credentials', 'POST', 'HTTP/1.1\r\nHost: a@b\r\nContent-Length: 0'],
      ['a target of another host', 'POST http://evil.example', 'HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0'],
      ['a target that is the host of another', 'POST http://127.0.0.1', 'HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0'],
      ['a list of codings', 'POST', 'HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: identity, chunked'],
      ['a coding before chunked', 'POST', 'HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: gzip, chunked'],
      ['a list that begins with nothing', 'POST', 'HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: ,chunked'],
      ['HTTP/0.9', 'POST', ''],
      ['HTTP/1.0 with Transfer-Encoding', 'POST', 'HTTP/1.0\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked'],
    ])('%s: 400, and the connection ends', async (_what, method, rest) => {
      const { hookKey } = await hookline.workflow({ mode: 'sync', trigger: webhook() });
      for (const path of [`/hooks/${hookKey}`, '/resume/x', '/api/workflows', '/healthz', '/designer/']) {
        const body = rest.includes('chunked') ? '0\r\n\r\n' : '';
        const answered = await raw(
          hookline.port,
          `${method}${method.includes('/') ? '' : ' '}${path}${rest && ' '}${rest}\r\n\r\n${body}`,
        );
        expect(answered, path).toMatch(/^HTTP\/1\.1 400 /);
        expect(answered, path).toMatch(/^connection: close\r$/im);
        expect(answered, path).toContain('"code":"invalid_request"');
      }
    });

    it('a whole URL in the request line with another host than the header: 400', async () => {
      const { hookKey } = await hookline.workflow({ mode: 'sync', trigger: webhook() });
      const own = `127.0.0.1:${hookline.port}`;
      const at = async (target: string, host: string) => {
        const answered = await raw(
          hookline.port,
          `POST ${target} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
        );
        return Number(/^HTTP\/1\.1 (\d+) /.exec(answered)?.[1]);
      };
      for (const path of [`/hooks/${hookKey}`, '/resume/x', '/api/workflows', '/designer/', '/healthz']) {
        expect(await at(`http://other.example${path}`, own), path).toBe(400);
        expect(await at(`http://${own}${path}`, 'other.example'), path).toBe(400);
        expect(await at(`http://u@${own}${path}`, own), path).toBe(400);
        expect(await at(`http://127.0.0.1:99999${path}`, own), path).toBe(400);
      }
      expect(await at(`http://${own}/hooks/${hookKey}`, own)).toBe(200);
      expect(await at(`HTTP://LOCALHOST:${hookline.port}/hooks/${hookKey}`, `localhost:${hookline.port}`)).toBe(200);
      expect(await at(`http://localhost:80/hooks/${hookKey}`, 'localhost')).toBe(200);
    });

    it('are refused on every path of a server of its own, and left to the app elsewhere', async () => {
      const answered = await raw(hookline.port, 'GET /elsewhere HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n');
      expect(answered).toMatch(mount === 'server' ? /^HTTP\/1\.1 400 / : /^HTTP\/1\.1 404 /);
    });

    it.each(['127.0.0.1:1', 'hooks.example.com', 'HOOKS.example.com:443', '[::1]:80', 'a_b.internal', 'xn--bcher-kva.example'])(
      'a trigger URL takes the host %s',
      async (host) => {
        const { hookKey } = await hookline.workflow({ mode: 'sync', trigger: webhook() });
        const head = `POST /hooks/${hookKey} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\nConnection: close`;
        expect(await raw(hookline.port, `${head}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
      },
    );
  });

  it('our own cookies never reach a workflow, others are redacted as before', async () => {
    const { hookUrl } = await hookline.workflow({
      mode: 'sync',
      trigger: webhook(),
      nodes: [answer({ body: { seen: '{{$request.headers.cookie}}', parsed: '{{$context.headers.cookie}}' } })],
    });
    const seen = async (cookie: string): Promise<unknown> => {
      const reply = await hookline.post(hookUrl, {}, { Cookie: cookie });
      const { body } = await hookline.api('GET', `/api/executions/${reply.headers.get('x-hookline-execution-id')}`);
      return [reply.body.seen ?? null, reply.body.parsed ?? null, body.request.headers.cookie ?? null];
    };
    for (const own of ['hookline_session=x', '__Host-hookline_session=x; hookline_csrf=y']) {
      expect(await seen(own)).toEqual([null, null, null]);
    }
    expect(await seen('hookline_session=x; cart=1')).toEqual(['[redacted]', '[redacted]', '[redacted]']);
  });
});

test('before it has started, and in a process that runs executions alone, answers are sandboxed, too', async () => {
  const hookline = await startHookline();
  await hookline.hookline.stop();
  for (const path of ['/hooks/x', '/resume/x', '/api/webhook:trigger/x']) {
    const reply = await fetch(hookline.url + path, { method: 'POST' });
    expect(reply.status).toBe(503);
    expectSandboxed(reply.headers, path);
  }
  await hookline.stop();
});

test('a revision that was saved before goes on running, without the headers that it may not have', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hookline-replies-'));
  const before = await startHookline({ folder });
  const headers = [
    { name: 'x-one', value: '"*"' },
    { name: 'x-two', value: '{{$context.query.next}}' },
    { name: 'x-three', value: 'hookline_session=x' },
  ];
  const { id, hookKey } = await before.workflow({ mode: 'sync', trigger: webhook(), nodes: [answer({ headers, body: 'ok' })] });
  await before.stop();
  const names = [
    ['x-one', 'clear-site-data'],
    ['x-two', 'location'],
    ['x-three', 'set-cookie'],
  ];
  const written = names.reduce((sql, [one, other]) => `replace(${sql}, '${one}', '${other}')`, 'document');
  await new Promise<void>((resolve, reject) => {
    const database = new sqlite3.Database(join(folder, 'hookline.db'), () => {
      database.exec(`UPDATE revisions SET document = ${written}`, (error) =>
        database.close(() => (error ? reject(error) : resolve())),
      );
    });
  });

  const log = keepLog();
  const after = await startHookline({ folder, log });
  const call = (next: string) =>
    fetch(`${after.url}/hooks/${hookKey}?${new URLSearchParams({ next })}`, { method: 'POST', redirect: 'manual' });
  const reply = await call('https://evil.example');
  expect([reply.status, await reply.text()]).toEqual([200, 'ok']);
  for (const [, name = ''] of names) expect(reply.headers.has(name), name).toBe(false);
  expect(log.lines.map(({ level, fields }) => [level, fields.workflow, fields.header])).toEqual(
    names.map(([, name]) => ['warn', id, name]),
  );
  expect((await call('/thanks')).headers.get('location')).toBe('/thanks');
  const { body } = await after.api('GET', `/api/workflows/${id}`);
  expect(body.enabled).toBe(true);
  await after.stop();
  await rm(folder, { recursive: true });
});
