// Who called, behind reverse proxies: the reading of their headers, and what becomes of it over real sockets.

import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import Koa from 'koa';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { createConnections, parseProxy, readHop } from '../../src/http/trusted-proxies.ts';
import { startHookline, type TestHookline, TOKEN } from '../start-hookline.ts';
import { PASSWORD, secretOf } from './browser.ts';

const PROXIES = ['10.0.0.0/8', '2001:db8:1::/48', 'loopback'];

function callerOf(remoteAddress: string, forwardedFor?: string | string[], proto?: string, proxies = PROXIES) {
  const headers = {
    ...(forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor as string }),
    ...(proto === undefined ? {} : { 'x-forwarded-proto': proto }),
  };
  return createConnections(proxies).of({ socket: { remoteAddress }, headers });
}

describe('an entry of the configuration', () => {
  test.each(['10.0.0.1', '10.0.0.1/8', '0.0.0.0/0', '::1', '2001:db8::/48', '::ffff:10.0.0.0/104', 'loopback', 'private'])(
    'can be %s',
    (entry) => {
      expect(parseProxy(entry)).toBeDefined();
    },
  );

  test.each(['', 'x', 'proxy.internal', '10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/8/8', '10.1', '0x7f.1', '10.0.0.1:80'])(
    'cannot be %j',
    (entry) => {
      expect(parseProxy(entry)).toBeUndefined();
    },
  );

  test.each(['fe80::1%eth0', '[::1]', 'constructor', '__proto__', 'Loopback', '1.2.3.4/-1', '1.2.3.4/1e1'])(
    'cannot be %j either',
    (entry) => {
      expect(parseProxy(entry)).toBeUndefined();
    },
  );
});

describe('the header X-Forwarded-For', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7'],
    [' 203.0.113.7:1234 ', '203.0.113.7'],
    ['::FFFF:203.0.113.7', '203.0.113.7'],
    ['2001:DB8:0:0::7', '2001:db8::7'],
    ['[2001:db8::7]', '2001:db8::7'],
    ['[2001:db8::7]:443', '2001:db8::7'],
    ['for=203.0.113.7', '203.0.113.7'],
    ['For="[2001:db8::7]:443"', '2001:db8::7'],
    ['"203.0.113.7:80"', '203.0.113.7'],
    ['fe80::7%eth0', 'fe80::7'],
  ])('has %j for %s', (text, address) => {
    expect(readHop(text)?.toString()).toBe(address);
  });

  test.each([
    '',
    'unknown',
    '_hidden',
    '203.0.113',
    '203.0.113.7:',
    '[203.0.113.7]',
    '[::1',
    '::1]',
    '0x7f.0.0.1',
    '1.2.3.4:x',
    '"',
  ])('says nothing by %j', (text) => {
    expect(readHop(text)).toBeUndefined();
  });

  test.each([
    ['nothing forged', '203.0.113.7', '203.0.113.7'],
    ['something forged in front', '1.1.1.1, 203.0.113.7', '203.0.113.7'],
    ['a trusted address forged in front', '10.9.9.9, 203.0.113.7', '203.0.113.7'],
    ['two proxies', '1.1.1.1, 203.0.113.7, 10.0.0.2', '203.0.113.7'],
    ['proxies of both families', '203.0.113.7, 2001:db8:1::5, ::ffff:10.0.0.2', '203.0.113.7'],
    ['a caller who is a proxy himself', '10.0.0.9, 10.0.0.2', '10.0.0.9'],
    ['what cannot be read', '203.0.113.7, unknown, 10.0.0.2', '10.0.0.2'],
    ['nothing between commas', '203.0.113.7, , 10.0.0.2', '10.0.0.2'],
    ['nothing', '', '10.0.0.1'],
    ['nothing that can be read', 'unknown', '10.0.0.1'],
  ])('from a trusted proxy, with %s, names the caller', (_, header, address) => {
    expect(callerOf('10.0.0.1', header).address).toBe(address);
    expect(callerOf('::ffff:10.0.0.1', header.split(',')).address).toBe(address);
  });

  it('says nothing when nobody is trusted', () => {
    expect(callerOf('::ffff:10.0.0.1', '1.1.1.1', 'https', [])).toEqual({ address: '10.0.0.1', isHttps: undefined });
    expect(
      createConnections(PROXIES).of({ socket: { remoteAddress: undefined }, headers: { 'x-forwarded-for': '1.1.1.1' } }).address,
    ).toBe('');
  });

  const v4 = fc.ipV4();
  const trusted = fc.oneof(
    v4.map((address) => address.replace(/^\d+/, '10')),
    fc.constantFrom('2001:db8:1::7', '::ffff:10.1.2.3', '127.0.0.1', '::1'),
  );
  const untrusted = fc.oneof(
    v4.filter((address) => !/^(10|127)\./.test(address)),
    fc.constantFrom('2001:db8:2::7', 'fe80::1', '::ffff:203.0.113.9'),
  );
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'[]:.,"%= 0159afx/'.split('')) }));
  const plain = (address: string) => readHop(address)?.toString();

  it('never makes anything throw, and what comes out is an address that was there', () => {
    fc.assert(
      fc.property(fc.oneof(trusted, untrusted, text), fc.option(text), fc.option(text), (peer, header, proto) => {
        const { address } = callerOf(peer, header ?? undefined, proto ?? undefined);
        const given = [peer.replace(/^::ffff:(?=[\d.]+$)/i, ''), ...[peer, ...(header ?? '').split(',')].map(plain)];
        expect(given).toContain(address);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never changes anything of a connection that is not trusted', () => {
    fc.assert(
      fc.property(untrusted, fc.oneof(text, trusted, untrusted), text, (peer, header, proto) => {
        expect(callerOf(peer, header, proto)).toEqual({ ...callerOf(peer), isHttps: undefined });
      }),
    );
  });

  it('never hides an untrusted caller, whatever stands in front of it and however many proxies behind', () => {
    fc.assert(
      fc.property(
        trusted,
        fc.array(fc.oneof(text, trusted, untrusted)),
        untrusted,
        fc.array(trusted),
        (peer, before, caller, after) => {
          const header = [...before, caller, ...after].join(', ');
          expect(callerOf(peer, header).address).toBe(plain(caller));
        },
      ),
    );
  });
});

describe('the header X-Forwarded-Proto', () => {
  test.each([
    ['https', '203.0.113.7', true],
    ['HTTP', '203.0.113.7', false],
    // The caller's own word in front of the proxy's.
    ['https, http', '203.0.113.7', false],
    // Each of two proxies has added one.
    ['https, http', '203.0.113.7, 10.0.0.2', true],
    ['http, https, http', '203.0.113.7, 10.0.0.2', true],
    // Only the first of two has.
    ['https', '203.0.113.7, 10.0.0.2', true],
    ['wss', '203.0.113.7', undefined],
    ['', '203.0.113.7', undefined],
  ])('%j, for %s, says https: %s', (proto, header, isHttps) => {
    expect(callerOf('10.0.0.1', header, proto).isHttps).toBe(isHttps);
  });
});

/** A reverse proxy as they are: adds its caller to `X-Forwarded-For`, and says `https`. */
async function startProxy(target: string): Promise<Server> {
  const proxy = createServer((req, res) => {
    const chain = [req.headers['x-forwarded-for'], req.socket.remoteAddress].filter((part) => part !== undefined).join(', ');
    const headers = { ...req.headers, 'x-forwarded-for': chain, 'x-forwarded-proto': 'https' };
    const onward = request(target + req.url, { method: req.method ?? 'GET', headers, agent: false }, (reply) => {
      res.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(res);
    });
    req.pipe(onward);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return proxy;
}

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: ReturnType<typeof JSON.parse>;
}

/** Sends a request from an address of this machine. */
function send(from: string, url: string, body: object | null, headers: Record<string, string> = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = { method: body === null ? 'GET' : 'POST', localAddress: from, agent: false };
    const all = body === null ? headers : { 'content-type': 'application/json', ...headers };
    const sending = request(url, { ...options, headers: all }, (reply) => {
      let text = '';
      reply.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      reply.on('end', () =>
        resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: text === '' ? undefined : JSON.parse(text) }),
      );
    });
    sending.on('error', reject);
    sending.end(body === null ? undefined : JSON.stringify(body));
  });
}

describe.each(['server', 'koa'] as const)('behind a proxy, as a %s', (mount) => {
  let server: TestHookline;
  let proxy: Server;
  let url: string;
  const bad = { token: 'x'.repeat(43) };

  beforeEach(async () => {
    server = await startHookline({ mount, trustedProxies: '127.0.0.1' });
    proxy = await startProxy(server.url);
    url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    proxy.closeAllConnections();
    proxy.close();
    await once(proxy, 'close');
    await server.stop();
  });

  it('callers are told apart when they guess, and none gets away with a forged header', async () => {
    for (let n = 0; n < 21; n += 1) {
      const reply = await send('127.0.0.2', `${url}/api/links/check`, bad, { 'x-forwarded-for': `198.51.100.${n}` });
      expect(reply.status).toBe(404);
    }
    const forged = { 'x-forwarded-for': '198.51.100.99' };
    expect((await send('127.0.0.2', `${url}/api/links/check`, bad, forged)).status).toBe(429);
    // Past the proxy the header is worth nothing at all.
    expect((await send('127.0.0.2', `${server.url}/api/links/check`, bad, forged)).status).toBe(429);
    expect((await send('127.0.0.3', `${url}/api/links/check`, bad)).status).toBe(404);
  });

  it('a session begins with a cookie for https, which signs in by https alone', async () => {
    const link = await server.hookline.createSetupLink();
    const use = { token: secretOf(link?.url ?? ''), password: PASSWORD, email: 'ada@example.com', name: 'Ada' };
    const page = await send('127.0.0.2', `${url}/api/links/accept`, use);
    expect(page.headers['set-cookie']).toEqual([
      expect.stringMatching(/^__Host-hookline_session=.+; Path=\/; .*; Secure$/),
      expect.stringMatching(/^__Host-hookline_device=.+; Path=\/; .*; Secure$/),
    ]);
    expect(page.headers['strict-transport-security']).toBe('max-age=31536000');
    const [cookie = ''] = String(page.headers['set-cookie']).split(';');
    expect((await send('127.0.0.2', `${url}/api/session`, null, { cookie })).body.user.email).toBe('ada@example.com');
    expect((await send('127.0.0.2', `${server.url}/api/session`, null, { cookie })).body.user).toBeNull();

    const direct = await send(
      '127.0.0.2',
      `${server.url}/api/session`,
      { email: use.email, password: PASSWORD },
      {
        'x-forwarded-proto': 'https',
      },
    );
    expect(direct.headers['set-cookie']).toEqual([
      expect.stringMatching(/^hookline_session=[^;]+;(?!.*Secure)/),
      expect.stringMatching(/^hookline_device=[^;]+;(?!.*Secure)/),
    ]);
    expect(direct.headers['strict-transport-security']).toBeUndefined();

    const audit = await server.api('GET', '/api/audit');
    expect(audit.body.data.map((entry: { action: string; address: string }) => [entry.action, entry.address])).toEqual([
      ['signIn', '127.0.0.2'],
      ['acceptLink', '127.0.0.2'],
    ]);
  });

  it('a page of the same host without https is a page of another web site', async () => {
    const { host } = new URL(url);
    const check = (origin: string) => send('127.0.0.2', `${url}/api/links/check`, bad, { origin });
    expect((await check(`https://${host}`)).status).toBe(404);
    expect((await check(`http://${host}`)).status).toBe(403);
    expect((await check('https://evil.example')).status).toBe(403);
  });

  it('links begin with https when the public host was asked', async () => {
    const { hookKey } = await server.workflow({ mode: 'sync', trigger: { type: 'webhook', config: {} } });
    const headers = { authorization: `Bearer ${TOKEN}` };
    const given = async (host: string): Promise<string[]> => {
      const list = await send('127.0.0.2', `${url}/api/workflows`, null, { ...headers, host });
      const email = `${host.replaceAll(':', '-')}@example.com`;
      const user = await send('127.0.0.2', `${url}/api/users`, { email, name: 'Bob', role: 'viewer' }, { ...headers, host });
      return [list.body.data[0].hookUrl, user.body.link.url.replace(/#.*/, '')];
    };
    const { host } = new URL(server.url);
    expect(await given(host)).toEqual([`https://${host}/hooks/${hookKey}`, `https://${host}/designer/welcome`]);
    // One that we answer by, and of which nobody knows whether it has https.
    expect(await given('localhost')).toEqual([`http://${host}/hooks/${hookKey}`, `http://${host}/designer/welcome`]);
  });

  it('a workflow sees, and a request is stored with, the address of who called', async () => {
    const nodes = [{ key: 'answer', type: 'response', config: { body: { address: '{{$request.address}}' } } }];
    const { hookKey } = await server.workflow({ mode: 'sync', trigger: { type: 'webhook', config: {} }, nodes });
    const stored = async (base: string): Promise<string[]> => {
      const reply = await send('127.0.0.2', `${base}/hooks/${hookKey}`, {}, { 'x-forwarded-for': '198.51.100.9' });
      const execution = await server.api('GET', `/api/executions/${reply.headers['x-hookline-execution-id']}`);
      return [reply.body.address, execution.body.request.address];
    };
    expect(await stored(url)).toEqual(['127.0.0.2', '127.0.0.2']);
    expect(await stored(server.url)).toEqual(['127.0.0.2', '127.0.0.2']);
    const told = await send('127.0.0.1', `${server.url}/hooks/${hookKey}`, {}, { 'x-forwarded-for': '198.51.100.9' });
    expect(told.body.address).toBe('198.51.100.9');
  });
});

test.each([false, true])('without the option the own Koa app decides (proxy: %s)', async (isProxied) => {
  const server = await startHookline();
  const nodes = [{ key: 'answer', type: 'response', config: { body: { address: '{{$request.address}}' } } }];
  const { hookKey } = await server.workflow({ mode: 'sync', trigger: { type: 'webhook', config: {} }, nodes });
  const app = new Koa({ proxy: isProxied });
  const host = app.use(server.hookline.middleware()).listen(0, '127.0.0.1');
  await once(host, 'listening');
  const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/hooks/${hookKey}`;
  const reply = await send('127.0.0.2', url, {}, { 'x-forwarded-for': '198.51.100.9' });
  expect(reply.body.address).toBe(isProxied ? '198.51.100.9' : '127.0.0.2');
  host.close();
  await once(host, 'close');
  await server.stop();
});
