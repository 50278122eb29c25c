// Which of trigger URLs, designer and API exist at which host, and from where the latter two can be reached.

import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHookline, type TestHookline, TOKEN } from '../start-hookline.ts';

interface Seen {
  readonly status: number;
  readonly code: string | undefined;
  readonly message: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: ReturnType<typeof JSON.parse>;
}

/** A request that names a host of its own. */
function ask(
  port: number,
  host: string,
  path: string,
  more: { method?: string; headers?: object; from?: string } = {},
): Promise<Seen> {
  const { method = 'GET', headers = {}, from } = more;
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        port,
        host: '127.0.0.1',
        path,
        method,
        localAddress: from,
        headers: { host, authorization: `Bearer ${TOKEN}`, ...headers },
      },
      (reply) => {
        let text = '';
        reply.on('data', (part) => {
          text += part;
        });
        reply.on('end', () => {
          const isJson = /json/.test(reply.headers['content-type'] ?? '') && text !== '';
          const body = isJson ? JSON.parse(text) : undefined;
          const { code, message = '' } = body?.error ?? {};
          resolve({ status: reply.statusCode ?? 0, code, message, headers: reply.headers, body });
        });
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

const sync = { mode: 'sync', trigger: { type: 'webhook', config: {} } };
const statusOf = async (seen: Promise<Seen>): Promise<unknown> => {
  const { status, code } = await seen;
  return code === undefined ? status : `${status} ${code}`;
};

describe.each(['server', 'koa'] as const)('one origin, mounted as %s', (mount) => {
  let hookline: TestHookline;
  let key: string;
  beforeAll(async () => {
    hookline = await startHookline({
      mount,
      publicUrl: 'https://hooks.example.com',
      allowedHosts: 'hookline.internal,*.cluster.local',
      prefix: '/automation',
    });
    key = (await hookline.workflow(sync)).hookKey;
  });
  afterAll(() => hookline.stop());

  it.each([
    'hooks.example.com',
    'HOOKS.example.com',
    'hooks.example.com:443',
    'hooks.example.com.',
    'hooks.example.com:8080',
    'localhost',
    'localhost:9',
    '127.0.0.1:3000',
    '127.8.8.8',
    '[::1]:3000',
    'hookline.internal',
    'hookline.internal:3000',
    'a.b.cluster.local',
  ])('the designer and the API answer by the host %s', async (host) => {
    expect(await statusOf(ask(hookline.port, host, '/automation/api/workflows'))).toBe(200);
    expect(await statusOf(ask(hookline.port, host, '/automation/designer'))).toBe(302);
  });

  it.each([
    'evil.example',
    'hooks.example.com.evil.example',
    'xhooks.example.com',
    'cluster.local',
    '203.0.113.9',
    '[2001:db8::1]',
    'localhost.evil.example',
  ])('and not by the host %j, which trigger URLs and probes take', async (host) => {
    for (const path of [
      '/automation/api/workflows',
      '/automation/api/session',
      '/automation/api/openapi.json',
      '/automation/designer/',
      '/automation/api',
    ]) {
      const { status, code, message } = await ask(hookline.port, host, path);
      expect([status, code], path).toEqual([421, 'unknown_host']);
      expect(message).toContain('HOOKLINE_PUBLIC_URL');
    }
    expect(await statusOf(ask(hookline.port, host, `/automation/hooks/${key}`, { method: 'POST' }))).toBe(200);
    expect(await statusOf(ask(hookline.port, host, '/automation/resume/x', { method: 'POST' }))).toBe('404 not_found');
    for (const path of ['/automation/healthz', '/automation/readyz', '/automation/metrics']) {
      expect(await statusOf(ask(hookline.port, host, path)), path).toBe(200);
    }
  });

  it('what a caller says of a forwarded host counts for nothing', async () => {
    const headers = { 'x-forwarded-host': 'hooks.example.com', forwarded: 'host=hooks.example.com' };
    expect(await statusOf(ask(hookline.port, 'evil.example', '/automation/api/workflows', { headers }))).toBe('421 unknown_host');
    expect(await statusOf(ask(hookline.port, '203.0.113.9', '/automation/api/workflows', { headers }))).toBe('421 unknown_host');
  });
});

describe('a proxy in front that names another host', () => {
  let hookline: TestHookline;
  beforeAll(async () => {
    hookline = await startHookline({
      publicUrl: 'https://app.example.com',
      hooksUrl: 'https://hooks.example.com',
      allowedHosts: ['hookline.internal.example'],
      trustedProxies: '127.0.0.2',
    });
  });
  afterAll(() => hookline.stop());

  const through = (host: string, forwarded: string, path: string, from = '127.0.0.2') =>
    statusOf(
      ask(hookline.port, host, path, {
        from,
        headers: { 'x-forwarded-host': forwarded },
        method: path.includes('hooks') ? 'POST' : 'GET',
      }),
    );

  it.each(['10.0.0.5:3000', 'hookline:3000', 'localhost:3000', '[fd00::1]:3000', 'hookline.internal.example'])(
    'is believed when it calls us %s',
    async (host) => {
      expect(await through(host, 'app.example.com', '/api/workflows')).toBe(200);
      expect(await through(host, 'app.example.com', '/hooks/x')).toBe('404 not_found');
      expect(await through(host, 'hooks.example.com', '/api/workflows')).toBe('404 not_found');
      expect(await through(host, 'hooks.example.com', '/hooks/x')).toBe('404 hook_not_found');
      expect(await through(host, 'evil.example, app.example.com', '/api/workflows')).toBe(200);
      expect(await through(host, 'evil.example', '/api/workflows')).toBe('421 unknown_host');
    },
  );

  it('and not when the host is a name of the Internet, or when it is not trusted', async () => {
    expect(await through('evil.example', 'app.example.com', '/api/workflows')).toBe('421 unknown_host');
    expect(await through('app.example.com', 'hooks.example.com', '/api/workflows')).toBe(200);
    expect(await through('10.0.0.5:3000', 'app.example.com', '/api/workflows', '127.0.0.3')).toBe('421 unknown_host');
  });
});

describe.each(['server', 'koa'] as const)('two origins, mounted as %s', (mount) => {
  let hookline: TestHookline;
  let key: string;
  beforeAll(async () => {
    hookline = await startHookline({ mount, publicUrl: 'https://app.example.com', hooksUrl: 'https://hooks.example.com/base/' });
    key = (await hookline.workflow(sync)).hookKey;
  });
  afterAll(() => hookline.stop());

  const on = (host: string, path: string, method = 'GET') => statusOf(ask(hookline.port, host, path, { method }));

  it('trigger and resume URLs are at theirs alone', async () => {
    for (const path of [`/hooks/${key}`, `/api/webhook:trigger/${key}`]) {
      expect(await on('hooks.example.com', path, 'POST')).toBe(200);
      expect(await on('elsewhere.example', path, 'POST')).toBe(200);
      for (const host of ['app.example.com', 'app.example.com:8443', 'localhost:3000']) {
        const { status, code, message, headers } = await ask(hookline.port, host, path, { method: 'POST' });
        expect([status, code]).toEqual([404, 'not_found']);
        expect(message).toContain('https://hooks.example.com/base');
        expect(headers['content-security-policy']).toMatch(/^sandbox/);
      }
    }
    expect(await on('app.example.com', '/resume/x', 'POST')).toBe('404 not_found');
  });

  it('the designer, the API and the metrics do not exist there; probes are answered', async () => {
    for (const path of [
      '/designer/',
      '/designer',
      '/api/session',
      '/api/workflows',
      '/api/openapi.json',
      '/api/nothing',
      '/metrics',
      '/hooks',
    ]) {
      expect(await on('hooks.example.com', path), path).toBe('404 not_found');
    }
    for (const path of ['/healthz', '/readyz']) expect(await on('hooks.example.com', path)).toBe(200);
    expect(await on('hooks.example.com', '/')).toBe(mount === 'server' ? '404 not_found' : 404);
    expect(await on('elsewhere.example', '/api/session')).toBe('421 unknown_host');
    expect(await on('app.example.com', '/api/workflows')).toBe(200);
  });

  it('replies may be pages with scripts there, and nowhere else', async () => {
    const policyAt = async (host: string): Promise<unknown> => {
      const { headers } = await ask(hookline.port, host, `/hooks/${key}`, { method: 'POST' });
      expect(headers['x-content-type-options']).toBe('nosniff');
      return headers['content-security-policy'];
    };
    expect(await policyAt('hooks.example.com')).toBe("frame-ancestors 'none'");
    expect(await policyAt('elsewhere.example')).toMatch(/^sandbox [^;]*; default-src 'none'/);
  });

  it('its URLs are what the API, OpenAPI and resume URLs say', async () => {
    const api = async (path: string) => (await ask(hookline.port, 'app.example.com', path)).body;
    const { data } = await api('/api/workflows');
    expect(data[0].hookUrl).toBe(`https://hooks.example.com/base/hooks/${key}`);
    const { info, servers } = await api('/api/openapi.json');
    expect(servers).toEqual([{ url: 'https://app.example.com' }]);
    expect(info.description).toContain('POST https://hooks.example.com/base/hooks/{key}');
    const settings = await api('/api/settings');
    expect([settings.publicUrl, settings.hooksUrl]).toEqual(['https://app.example.com', 'https://hooks.example.com/base']);
    const { hookKey } = await hookline.workflow({
      mode: 'async',
      trigger: { type: 'webhook', config: {} },
      nodes: [
        { key: 'url', type: 'variable', config: { value: '{{$resume.hold}}' } },
        { key: 'hold', type: 'wait', config: {} },
      ],
    });
    const { headers } = await ask(hookline.port, 'hooks.example.com', `/hooks/${hookKey}`, { method: 'POST' });
    const id = String(headers['x-hookline-execution-id']);
    await expect
      .poll(async () => (await hookline.api('GET', `/api/executions/${id}`)).body.jobs[0]?.output)
      .toMatch(/^https:\/\/hooks\.example\.com\/base\/resume\//);
  });
});

describe('a port of their own', () => {
  let hookline: TestHookline;
  let port: number;
  const second = createServer((req, res) => hookline.hookline.hooksCallback()(req, res));
  beforeAll(async () => {
    second.listen(0, '127.0.0.1');
    await once(second, 'listening');
    ({ port } = second.address() as AddressInfo);
    hookline = await startHookline({ hooksUrl: `http://127.0.0.1:${port}` });
  });
  afterAll(async () => {
    await hookline.stop();
    second.closeAllConnections();
    second.close();
  });

  it('has trigger URLs alone, whatever host a request names', async () => {
    const { hookKey, hookUrl } = await hookline.workflow(sync);
    expect(hookUrl).toBe(`http://127.0.0.1:${port}/hooks/${hookKey}`);
    for (const host of [`127.0.0.1:${port}`, `127.0.0.1:${hookline.port}`, 'evil.example', `localhost:${port}`]) {
      const reply = await ask(port, host, `/hooks/${hookKey}`, { method: 'POST' });
      expect(reply.status).toBe(200);
      // A script that could set cookies could sign its visitor in as somebody else.
      expect(reply.headers['content-security-policy']).toMatch(
        /^sandbox (?!.*allow-same-origin).*allow-scripts; frame-ancestors 'none'$/,
      );
      for (const path of ['/api/session', '/designer/', '/metrics', '/']) {
        expect(await statusOf(ask(port, host, path)), `${host}${path}`).toBe('404 not_found');
      }
      expect(await statusOf(ask(port, host, '/readyz'))).toBe(200);
    }
    expect(await statusOf(ask(hookline.port, `127.0.0.1:${hookline.port}`, `/hooks/${hookKey}`, { method: 'POST' }))).toBe(
      '404 not_found',
    );
    expect(await statusOf(ask(hookline.port, `localhost:${port}`, '/api/session'))).toBe('404 not_found');
  });
});

describe('addresses that may reach the designer and the API', () => {
  let hookline: TestHookline;
  beforeAll(async () => {
    hookline = await startHookline({ adminAddresses: '127.0.0.1,10.0.0.0/8', trustedProxies: '127.0.0.9', metrics: 'public' });
  });
  afterAll(() => hookline.stop());

  it('others get 403, and trigger URLs, resume URLs and probes as before', async () => {
    const { hookKey } = await hookline.workflow(sync);
    const host = `127.0.0.1:${hookline.port}`;
    const at = (path: string, from: string, forwarded?: string) =>
      statusOf(
        ask(hookline.port, host, path, {
          from,
          method: path.startsWith('/hooks') ? 'POST' : 'GET',
          headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
        }),
      );
    for (const path of ['/api/workflows', '/api/session', '/designer/', '/metrics', '/api/nothing']) {
      expect(await at(path, '127.0.0.2'), path).toBe('403 client_address_refused');
      expect(await at(path, '127.0.0.2', '10.0.0.1'), path).toBe('403 client_address_refused');
      expect(await at(path, '127.0.0.9', '192.0.2.1'), path).toBe('403 client_address_refused');
    }
    expect(await at('/api/workflows', '127.0.0.1')).toBe(200);
    expect(await at('/api/workflows', '127.0.0.9', '10.9.9.9')).toBe(200);
    expect(await at('/metrics', '127.0.0.1')).toBe(200);
    expect(await at(`/hooks/${hookKey}`, '127.0.0.2')).toBe(200);
    for (const path of ['/healthz', '/readyz']) expect(await at(path, '127.0.0.2')).toBe(200);
  });
});
