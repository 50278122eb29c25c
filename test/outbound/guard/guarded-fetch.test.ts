import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { OutgoingRequest } from '../../../src/engine/plugin.ts';
import { HooklineError } from '../../../src/errors.ts';
import { createGuardedFetch, type GuardedFetch, type GuardedFetchOptions } from '../../../src/outbound/guard/guarded-fetch.ts';
import { createTrace } from '../../../src/outbound/guard/trace.ts';
import { withLimit } from '../../patience.ts';
import { makeCertificate, startRawServer, startSecureServer, startServer, type TestServer, until } from './servers.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
  vi.unstubAllEnvs();
});

async function started(server: Promise<TestServer>): Promise<TestServer> {
  open.push(await server);
  return server;
}

function guard(options: GuardedFetchOptions): GuardedFetch {
  const made = createGuardedFetch(options);
  open.push(made);
  return made;
}

/** A guard that may call these servers. */
function guardFor(...servers: TestServer[]): GuardedFetch {
  return guard({ allowedTargets: servers.map(({ port }) => `127.0.0.1:${port}`) });
}

async function failure(promise: Promise<unknown>): Promise<HooklineError> {
  const error = await promise.then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof HooklineError) return error;
  throw error;
}

async function readAll(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

function textOf({ body }: { readonly body: Uint8Array }): string {
  return new TextDecoder().decode(body);
}

describe('what is sent', () => {
  it('is the request, with a user agent, and what comes back is the answer', async () => {
    const server = await started(
      startServer(async (request, response) => {
        const body = await readAll(request);
        response.writeHead(201, { 'X-One': 'a', 'Set-Cookie': ['a=1', 'b=2'] });
        response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
      }),
    );
    const answer = await guardFor(server).fetch({
      url: `${server.url}/a/b?c=d#e`,
      method: 'put',
      headers: { 'X-Mine': 'ü', 'Content-Type': 'text/plain' },
      body: 'héllo',
    });
    expect(answer).toMatchObject({ status: 201, headers: { 'x-one': 'a', 'set-cookie': 'a=1, b=2' } });
    expect(JSON.parse(textOf(answer))).toMatchObject({
      method: 'PUT',
      url: '/a/b?c=d',
      body: 'héllo',
      headers: { host: `127.0.0.1:${server.port}`, 'x-mine': 'ü', 'user-agent': 'Hookline', 'content-length': '6' },
    });
  });

  it.each([
    ['Host', 'a'],
    ['content-length', '1'],
    ['Connection', 'close'],
    ['Transfer-Encoding', 'chunked'],
    ['Upgrade', 'h2c'],
    ['Expect', '100-continue'],
    ['TE', 'trailers'],
    ['Trailer', 'X-Late'],
    ['Keep-Alive', 'timeout=5'],
    ['HTTP2-Settings', 'AAMAAABkAAQAAP__'],
    ['Proxy-Connection', 'keep-alive'],
    ['Proxy-Authorization', 'Basic eA=='],
    ['X-A', 'b\r\nX-Injected: 1'],
    ['X-A', 'b\nc'],
    ['X-A', 'b\0'],
    ['X-A', '→'],
    ['X A', 'b'],
    ['X-A\r\nX-B', 'c'],
    ['', 'b'],
    ['__proto__ ', 'b'],
  ])('has no header %j: %j', async (name, value) => {
    const server = await started(startServer((_, response) => response.end()));
    const error = await failure(guardFor(server).fetch({ url: server.url, headers: { [name]: value } }));
    expect(error.code).toBe('request_failed');
    expect(error.message).toMatch(/header/);
    expect(server.sockets).toHaveLength(0);
  });

  it.each([
    ['https://user:hunter2@example.com/', /holds credentials/],
    ['https://hunter2@example.com/', /holds credentials/],
    ['ftp://example.com/hunter2', /must begin with https:/],
    ['file:///etc/hunter2', /must begin with https:/],
    ['example.com/hunter2', /not a complete one/],
    ['', /not a complete one/],
    ['http://', /not a complete one/],
    [`https://example.com/${'a'.repeat(20_000)}`, /longer than/],
  ])('never goes to %j', async (url, message) => {
    const error = await failure(guard({ allowedTargets: ['0.0.0.0/0'] }).fetch({ url }));
    expect(error.code).toBe('request_failed');
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('hunter2');
  });

  it('has no method that would open a tunnel or split the request', async () => {
    for (const method of ['CONNECT', 'GET / HTTP/1.1\r\nX: y', '']) {
      const error = await failure(guard({ allowedTargets: ['0.0.0.0/0'] }).fetch({ url: 'http://127.0.0.1:9/', method }));
      expect(error.message).toContain('method');
    }
  });
});

describe('the guard', () => {
  it.each([
    '127.0.0.1',
    'localhost',
    '0.0.0.0',
    '[::1]',
    '2130706433',
    '0x7f.1',
    '[::ffff:127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '169.254.169.254',
    '10.0.0.1',
    '192.168.1.1',
    '[fe80::1]',
    '127.0.0.1.',
  ])('refuses %s, and nothing is connected', async (host) => {
    const server = await started(startServer((_, response) => response.end('inside')));
    const error = await failure(guard({}).fetch({ url: `http://${host}:${server.port}/` }));
    expect(error.code).toBe('address_not_allowed');
    expect(error.message).toMatch(/^The address of \S+ is not allowed\.$/);
    expect(error.message).not.toContain(String(server.port));
    expect(server.sockets).toHaveLength(0);
  });

  it('refuses a name with one forbidden address among public ones', async () => {
    const server = await started(startServer((_, response) => response.end('inside')));
    for (const addresses of [
      ['127.0.0.1', '93.184.215.14'],
      ['93.184.215.14', '127.0.0.1'],
      ['2606:4700::1111', '::ffff:10.0.0.1'],
      ['fe80::1%eth0'],
      ['not an address'],
    ]) {
      const { fetch } = guard({ lookup: async () => addresses, plainHttp: true });
      expect(await failure(fetch({ url: `http://mixed.example:${server.port}/` }))).toMatchObject({
        code: 'address_not_allowed',
        message: 'The address of mixed.example is not allowed.',
      });
    }
    expect(server.sockets).toHaveLength(0);
  });

  it('looks a name up once, connects to what was judged, and keeps the name for the receiver', async () => {
    const server = await started(startServer((request, response) => response.end(request.headers.host)));
    const lookups: string[] = [];
    const { fetch } = guard({
      allowedTargets: [`127.0.0.1:${server.port}`],
      lookup: async (host) => {
        lookups.push(host);
        return ['127.0.0.1'];
      },
    });
    const answer = await fetch({ url: `http://Shop.Example:${server.port}/` });
    expect(textOf(answer)).toBe(`shop.example:${server.port}`);
    expect(lookups).toEqual(['shop.example']);
  });

  it('judges again for every request, also when a connection is kept', async () => {
    const server = await started(startServer((_, response) => response.end('x')));
    const other = await started(startServer((_, response) => response.end('x')));
    const answers = [['127.0.0.1'], ['127.0.0.1'], ['127.0.0.2']];
    const { fetch } = guard({
      allowedTargets: [`127.0.0.1:${server.port}`, `127.0.0.1:${other.port}`],
      lookup: async () => answers.shift() ?? [],
    });
    const url = `http://rebinding.example:${server.port}/`;
    await fetch({ url });
    await fetch({ url });
    expect(server.sockets).toHaveLength(1);
    expect(await failure(fetch({ url }))).toMatchObject({ code: 'address_not_allowed' });
    expect(await failure(fetch({ url }))).toMatchObject({ code: 'request_failed' });
    expect(server.sockets).toHaveLength(1);
  });

  it('does not share a kept connection between names or addresses', async () => {
    const server = await started(startServer((request, response) => response.end(request.headers.host)));
    const { fetch } = guard({ allowedTargets: [`127.0.0.1:${server.port}`], lookup: async () => ['127.0.0.1'] });
    for (const host of ['a.example', 'b.example', 'a.example']) {
      expect(textOf(await fetch({ url: `http://${host}:${server.port}/` }))).toBe(`${host}:${server.port}`);
    }
    expect(server.sockets).toHaveLength(2);
  });

  it('hands a redirect back instead of following it', async () => {
    const inside = await started(startServer((_, response) => response.end('inside')));
    for (const status of [301, 302, 303, 307, 308]) {
      const server = await started(
        startServer((_, response) => response.writeHead(status, { Location: `${inside.url}/secret` }).end('moved')),
      );
      const answer = await guardFor(server, inside).fetch({ url: server.url, method: 'POST', body: 'x' });
      expect(answer).toMatchObject({ status, headers: { location: `${inside.url}/secret` } });
    }
    expect(inside.sockets).toHaveLength(0);
  });

  it('uses no proxy of the environment', async () => {
    const proxy = await started(startServer((_, response) => response.end('proxied')));
    const server = await started(startServer((_, response) => response.end('direct')));
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy']) vi.stubEnv(name, proxy.url);
    expect(textOf(await guardFor(server).fetch({ url: server.url }))).toBe('direct');
    expect(proxy.sockets).toHaveLength(0);
  });

  it('refuses ports that were not allowed, unless a target names them', async () => {
    const { fetch } = guard({ allowedTargets: ['10.0.0.0/8', '127.0.0.1:1'] });
    for (const url of ['http://8.8.8.8:25/', 'https://10.0.0.1:22/']) {
      expect(await failure(fetch({ url }))).toMatchObject({
        code: 'address_not_allowed',
        message: expect.stringMatching(/^The port \d+ is not allowed/),
      });
    }
    expect(await failure(fetch({ url: 'http://127.0.0.1:1/' }))).toMatchObject({ code: 'request_failed' });
    expect(await failure(fetch({ url: 'http://127.0.0.2:1/' }))).toMatchObject({ code: 'address_not_allowed' });
  });

  it('refuses targets and ports that cannot be read', () => {
    expect(() => createGuardedFetch({ allowedTargets: ['10.0.0.0/33'] })).toThrow(/10\.0\.0\.0\/33/);
    expect(() => createGuardedFetch({ ports: 'all' })).toThrow(/"all"/);
  });

  it('tries the next address of a name when one refuses or keeps silent', async () => {
    const server = await started(startServer((_, response) => response.end('second')));
    const { fetch } = guard({ allowedTargets: ['shop.example'], lookup: async () => ['127.0.0.2', '127.0.0.1'] });
    expect(textOf(await fetch({ url: `http://shop.example:${server.port}/` }))).toBe('second');
  });
});

describe('TLS', () => {
  it('checks the certificate for the name of the URL, whatever the address', async () => {
    const certificate = makeCertificate('DNS:shop.example,IP:127.0.0.1');
    const server = await started(startSecureServer(certificate, (request, response) => response.end(request.headers.host)));
    const lookup = async () => ['127.0.0.1'];
    const allowedTargets = [`127.0.0.1:${server.port}`];
    const { fetch } = guard({ allowedTargets, lookup, ca: certificate.cert });
    expect(textOf(await fetch({ url: `https://shop.example:${server.port}/` }))).toBe(`shop.example:${server.port}`);
    expect(textOf(await fetch({ url: `https://shop.example:${server.port}/` }))).toBe(`shop.example:${server.port}`);
    expect(server.sockets).toHaveLength(1);
    expect((await fetch({ url: `${server.url}/` })).status).toBe(200);
    expect(await failure(fetch({ url: `https://other.example:${server.port}/` }))).toMatchObject({
      code: 'request_failed',
      message: 'The request to other.example failed: its certificate is for another name.',
    });
    expect(await failure(guard({ allowedTargets, lookup }).fetch({ url: `https://shop.example:${server.port}/` }))).toMatchObject(
      {
        message: 'The request to shop.example failed: its certificate is not trusted.',
      },
    );
  });

  it('fails with a server that speaks none, and with one that keeps silent', async () => {
    const plain = await started(startServer((_, response) => response.end()));
    const error = await failure(guardFor(plain).fetch({ url: plain.url.replace('http:', 'https:') }));
    expect(error).toMatchObject({ code: 'request_failed', message: expect.stringContaining('(TLS)') });
    const silent = await started(startRawServer(() => undefined));
    const url = silent.url.replace('http:', 'https:');
    const { result } = await withLimit(
      (timeoutMs) => failure(guardFor(silent).fetch({ url, timeoutMs })),
      () => silent.sockets.length > 0,
    );
    expect(result).toMatchObject({ code: 'request_timeout' });
    await until(() => silent.sockets.every(({ destroyed }) => destroyed));
  });
});

describe('the deadline', () => {
  const drip = (socket: { write(text: string): unknown; destroyed: boolean }) => {
    const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write('x')), 5);
  };

  it.each([
    ['the lookup', () => undefined, { lookup: () => new Promise<string[]>(() => undefined) }],
    ['the head', () => undefined, {}],
    [
      'a head that comes in drops',
      (socket: { write(text: string): unknown; destroyed: boolean }) => {
        socket.write('HTTP/1.1 200 OK\r\nX-Long: ');
        drip(socket);
      },
      {},
    ],
    [
      'a body that comes in drops',
      (socket: { write(text: string): unknown; destroyed: boolean }) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n');
        drip(socket);
      },
      {},
    ],
  ])('covers %s', async (_, onRequest, options) => {
    const server = await started(startRawServer((socket) => onRequest(socket as never)));
    const { fetch } = guard({ allowedTargets: [`127.0.0.1:${server.port}`], lookup: async () => ['127.0.0.1'], ...options });
    const error = await failure(fetch({ url: `http://slow.example:${server.port}/`, timeoutMs: 60 }));
    expect(error).toMatchObject({
      code: 'request_timeout',
      message: 'The request to slow.example took longer than 60 ms.',
      details: { timeoutMs: 60 },
    });
    await until(() => server.sockets.every((socket) => socket.destroyed));
  });

  it('is the default without one of its own, and never beyond the longest', async () => {
    const server = await started(startRawServer(() => undefined));
    const allowedTargets = [`127.0.0.1:${server.port}`];
    const usual = guard({ allowedTargets, defaultTimeoutMs: 30 });
    expect(await failure(usual.fetch({ url: server.url }))).toMatchObject({ details: { timeoutMs: 30 } });
    const short = guard({ allowedTargets, maxTimeoutMs: 40 });
    expect(await failure(short.fetch({ url: server.url, timeoutMs: 100_000 }))).toMatchObject({ details: { timeoutMs: 40 } });
  });
});

describe('the answer', () => {
  it.each([
    ['gzip', gzipSync],
    ['X-GZIP', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
    ['identity', (data: Buffer) => data],
  ])('is inflated from %s', async (encoding, compress) => {
    const server = await started(
      startServer((_, response) =>
        response.setHeader('Content-Encoding', encoding).end(compress(Buffer.from('hello '.repeat(50)))),
      ),
    );
    expect(textOf(await guardFor(server).fetch({ url: server.url }))).toBe('hello '.repeat(50));
  });

  it.each([
    ['gzip', gzipSync(Buffer.alloc(50_000_000))],
    ['deflate', deflateSync(Buffer.alloc(50_000_000))],
    ['br', brotliCompressSync(Buffer.alloc(50_000_000))],
    ['identity', Buffer.alloc(100_001)],
  ])('is refused when it is too large, counted after %s', async (encoding, body) => {
    const server = await started(startServer((_, response) => response.setHeader('Content-Encoding', encoding).end(body)));
    const error = await failure(guardFor(server).fetch({ url: server.url, maxResponseBytes: 100_000 }));
    expect(error).toMatchObject({ code: 'response_too_large', message: 'The answer of 127.0.0.1 is larger than 100000 bytes.' });
    await until(() => server.sockets.every((socket) => socket.destroyed));
  });

  it('is refused as soon as it is too large, though it never ends', async () => {
    const server = await started(
      startServer((_, response) => {
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(10_000)));
        };
        response.on('drain', more);
        more();
      }),
    );
    expect(await failure(guardFor(server).fetch({ url: server.url }))).toMatchObject({ code: 'response_too_large' });
  });

  it('may be exactly as large as allowed', async () => {
    const server = await started(startServer((_, response) => response.end('12345')));
    expect(textOf(await guardFor(server).fetch({ url: server.url, maxResponseBytes: 5 }))).toBe('12345');
    expect(await failure(guardFor(server).fetch({ url: server.url, maxResponseBytes: 4 }))).toMatchObject({
      code: 'response_too_large',
    });
  });

  it('is refused with headers that are too large', async () => {
    const server = await started(
      startRawServer((socket) => socket.write(`HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(40_000)}\r\nContent-Length: 0\r\n\r\n`)),
    );
    expect(await failure(guardFor(server).fetch({ url: server.url }))).toMatchObject({ code: 'response_too_large' });
  });

  it.each([
    ['is not HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', /^The request to 127\.0\.0\.1 failed: /],
    ['has two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', /not valid HTTP/],
    ['ends early', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab', /without a complete answer|not valid HTTP/],
    ['ends before it began', '', /without a complete answer/],
    ['is damaged', 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab', /not valid gzip data/],
    ['is in an unknown coding', 'HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: 2\r\n\r\nab', /Content-Encoding/],
    ['is coded twice', 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 2\r\n\r\nab', /Content-Encoding/],
    ['changes the protocol', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n', /failed/],
  ])('fails when it %s', async (_, text, message) => {
    const server = await started(startRawServer((socket) => socket.end(text)));
    const error = await failure(guardFor(server).fetch({ url: server.url }));
    expect(error).toMatchObject({ code: 'request_failed', message: expect.stringMatching(message) });
    expect(error.message).not.toContain(String(server.port));
  });

  it('fails with a reset, a refused connection and an unknown name, each with its reason', async () => {
    const server = await started(startRawServer((socket) => socket.resetAndDestroy()));
    expect(await failure(guardFor(server).fetch({ url: server.url }))).toMatchObject({
      code: 'request_failed',
      message: 'The request to 127.0.0.1 failed: it closed the connection without a complete answer.',
    });
    const { fetch } = guardFor(server);
    await server.close();
    expect(await failure(fetch({ url: server.url }))).toMatchObject({
      message: 'The request to 127.0.0.1 failed: it refuses the connection.',
    });
    const unknown = guard({ lookup: () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' })) });
    expect(await failure(unknown.fetch({ url: 'http://nowhere.example/' }))).toMatchObject({
      code: 'request_failed',
      message: 'The request to nowhere.example failed: its name is not known.',
    });
  });

  it('may be without a body, whatever its headers say', async () => {
    const server = await started(
      startServer((request, response) => {
        response
          .writeHead(request.url === '/204' ? 204 : 200, { 'Content-Encoding': 'gzip', 'Content-Type': 'text/plain' })
          .end();
      }),
    );
    const { fetch } = guardFor(server);
    expect((await fetch({ url: server.url, method: 'HEAD' })).body).toHaveLength(0);
    expect(await fetch({ url: `${server.url}/204` })).toMatchObject({ status: 204 });
  });
});

describe('kept connections', () => {
  it('are so many to one place, and those that have been idle longest go first', async () => {
    const server = await started(startServer((_, response) => response.end('x')));
    const { fetch } = guardFor(server);
    await Promise.all(Array.from({ length: 70 }, () => fetch({ url: server.url })));
    expect(server.sockets).toHaveLength(70);
    await until(() => server.sockets.filter((socket) => !socket.destroyed).length === 64);
    expect((await fetch({ url: server.url })).status).toBe(200);
    expect(server.sockets).toHaveLength(70);
  });

  it('may be closed under a request that may be sent twice', async () => {
    let count = 0;
    const server = await started(
      startRawServer((socket) => {
        count += 1;
        if (count === 2) socket.resetAndDestroy();
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      }),
    );
    const { fetch } = guardFor(server);
    await fetch({ url: server.url });
    expect(await fetch({ url: server.url, method: 'POST', body: 'x', isRepeatable: true })).toMatchObject({ status: 200 });
    expect(count).toBe(3);
  });

  it('serve one request at a time', async () => {
    const server = await started(startServer((_, response) => response.end('x')));
    const { fetch } = guardFor(server);
    const request: OutgoingRequest = { url: server.url };
    await Promise.all([fetch(request), fetch(request), fetch(request)]);
    expect(server.sockets).toHaveLength(3);
    await Promise.all([fetch(request), fetch(request), fetch(request)]);
    expect(server.sockets).toHaveLength(3);
  });

  it('that the server has closed are replaced without a failure', async () => {
    const server = await started(startServer((_, response) => response.end('x')));
    const { fetch } = guardFor(server);
    await fetch({ url: server.url, method: 'POST' });
    server.sockets[0]?.destroy();
    await until(() => server.sockets[0]?.destroyed === true);
    // Whether this end has heard of it by now or not: a GET may be sent twice.
    expect((await fetch({ url: server.url })).status).toBe(200);
    expect(server.sockets).toHaveLength(2);
  });

  it('are not waited for by a request that may not be sent twice', async () => {
    let count = 0;
    const server = await started(
      startRawServer((socket) => {
        count += 1;
        if (count === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
        else socket.resetAndDestroy();
      }),
    );
    const { fetch } = guardFor(server);
    await fetch({ url: server.url });
    expect(await failure(fetch({ url: server.url, method: 'POST', body: 'x' }))).toMatchObject({ code: 'request_failed' });
    expect(count).toBe(2);
  });

  it('that hold more than the answer are not used again', async () => {
    const extra = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';
    const server = await started(
      startRawServer((socket) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${extra}`)),
    );
    const { fetch } = guardFor(server);
    const first = await fetch({ url: server.url }).then(textOf, () => 'failed');
    expect(['ok', 'failed']).toContain(first);
    await until(() => server.sockets[0]?.destroyed === true);
    const second = await fetch({ url: server.url }).then(textOf, () => 'failed');
    expect(['ok', 'failed']).toContain(second);
  });
});

describe('an answer that is cut', () => {
  it('has its beginning, says so, and ends its connection', async () => {
    const server = await started(startServer((_, response) => response.end('12345')));
    const { fetch } = guardFor(server);
    const whole = await fetch({ url: server.url, maxResponseBytes: 5, overflow: 'cut' });
    expect([textOf(whole), whole.isCut]).toEqual(['12345', false]);
    const cut = await fetch({ url: server.url, maxResponseBytes: 4, overflow: 'cut' });
    expect([textOf(cut), cut.isCut, cut.status]).toEqual(['1234', true, 200]);
    await until(() => server.sockets.length === 1 && server.sockets[0]?.destroyed === true);
    expect((await fetch({ url: server.url })).isCut).toBe(false);
  });

  it.each([
    ['gzip', gzipSync(Buffer.alloc(50_000_000, 'x'))],
    ['deflate', deflateSync(Buffer.alloc(50_000_000, 'x'))],
    ['br', brotliCompressSync(Buffer.alloc(50_000_000, 'x'))],
    ['identity', Buffer.alloc(200_000, 'x')],
    // Bytes that do not compress: more of them on the wire than are kept.
    ['gzip', gzipSync(randomBytes(200_000))],
    ['br', brotliCompressSync(randomBytes(200_000))],
  ])('is cut behind the limit, counted after %s', async (encoding, body) => {
    const server = await started(startServer((_, response) => response.setHeader('Content-Encoding', encoding).end(body)));
    const answer = await guardFor(server).fetch({ url: server.url, maxResponseBytes: 16_384, overflow: 'cut' });
    expect(answer).toMatchObject({ status: 200, isCut: true });
    expect(answer.body).toHaveLength(16_384);
    await until(() => server.sockets.every((socket) => socket.destroyed));
  });

  it('keeps what could be inflated of damaged data, and leaves unknown codings as they are', async () => {
    const good = gzipSync(Buffer.from('hello '.repeat(2_000)));
    const half = good.subarray(0, good.length - 12);
    const server = await started(
      startServer((request, response) => {
        response.setHeader('Content-Encoding', request.url === '/zstd' ? 'zstd' : 'gzip');
        response.end(request.url === '/half' ? half : 'ab');
      }),
    );
    const { fetch } = guardFor(server);
    const damaged = await fetch({ url: `${server.url}/half`, overflow: 'cut' });
    expect(damaged.isCut).toBe(true);
    expect(textOf(damaged)).toMatch(/^hello hello /);
    expect(await fetch({ url: `${server.url}/ab`, overflow: 'cut' })).toMatchObject({ status: 200, isCut: true });
    const unknown = await fetch({ url: `${server.url}/zstd`, overflow: 'cut' });
    expect([textOf(unknown), unknown.isCut]).toEqual(['ab', false]);
  });

  it('still fails at the deadline when its body does not come', async () => {
    const server = await started(
      startRawServer((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100\r\n\r\n')),
    );
    const sending = guardFor(server).fetch({ url: server.url, timeoutMs: 50, overflow: 'cut' });
    expect(await failure(sending)).toMatchObject({ code: 'request_timeout' });
  });

  it('is given up when it inflates to nothing for ever', async () => {
    // Empty stored blocks of DEFLATE: five bytes each that stand for none.
    const block = Buffer.alloc(5 * 10_000, Buffer.from([0, 0, 0, 0xff, 0xff]));
    const server = await started(
      startServer((_, response) => {
        response.setHeader('Content-Encoding', 'gzip');
        response.write(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]));
        const more = (): void => {
          while (!response.destroyed && response.write(block));
        };
        response.on('drain', more);
        more();
      }),
    );
    const answer = await guardFor(server).fetch({ url: server.url, maxResponseBytes: 16_384, overflow: 'cut' });
    expect(answer).toMatchObject({ isCut: true, body: Buffer.alloc(0) });
  });
});

describe('a trace', () => {
  it('says when what happened, and nothing of what was not needed', async () => {
    const certificate = makeCertificate('DNS:shop.example');
    const server = await started(startSecureServer(certificate, (_, response) => response.end('x')));
    const allowedTargets = [`127.0.0.1:${server.port}`];
    const { fetch } = guard({ allowedTargets, lookup: async () => ['127.0.0.1'], ca: certificate.cert });
    const url = `https://shop.example:${server.port}/`;
    const trace = createTrace();
    await fetch({ url, trace });
    const times = [trace.dnsMs, trace.connectMs, trace.tlsMs, trace.firstByteMs, trace.totalMs].map(Number);
    expect(times.every((time) => time > 0)).toBe(true);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const again = createTrace();
    await fetch({ url, trace: again });
    expect(again).toMatchObject({ dnsMs: expect.any(Number), connectMs: null, tlsMs: null, firstByteMs: expect.any(Number) });
  });

  it('says how far a request came that failed', async () => {
    const trace = createTrace();
    const { fetch } = guard({ lookup: () => new Promise(() => undefined) });
    await failure(fetch({ url: 'https://slow.example/', timeoutMs: 20, trace }));
    expect(trace).toMatchObject({ phase: 'lookup', dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null });
    expect(trace.totalMs).toBeGreaterThan(15);
    const server = await started(startRawServer((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx')));
    const { result: late } = await withLimit(
      async (timeoutMs) => {
        const trace = createTrace();
        await failure(guardFor(server).fetch({ url: server.url, timeoutMs, trace }));
        return trace;
      },
      ({ phase }) => phase === 'body',
    );
    expect(late).toMatchObject({ phase: 'body', dnsMs: null, connectMs: expect.any(Number), firstByteMs: expect.any(Number) });
  });
});

describe('being stopped', () => {
  it('ends the connection at once and throws what the signal says', async () => {
    const server = await started(
      startRawServer((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf');
      }),
    );
    const stop = new AbortController();
    const reason = new HooklineError('deadline_exceeded', 'Cancelled.');
    const answer = guardFor(server).fetch({ url: server.url, signal: stop.signal });
    const outcome = failure(answer);
    await until(() => server.sockets[0] !== undefined && server.sockets[0].bytesWritten > 0);
    stop.abort(reason);
    expect(await outcome).toBe(reason);
    await until(() => server.sockets[0]?.destroyed === true);
  });

  it('before it began sends nothing', async () => {
    const server = await started(startServer((_, response) => response.end()));
    await expect(guardFor(server).fetch({ url: server.url, signal: AbortSignal.abort('no') })).rejects.toBe('no');
    expect(server.sockets).toHaveLength(0);
  });

  it('while the name is looked up or the handshake made leaves nothing open', async () => {
    const silent = await started(startRawServer(() => undefined));
    const stop = new AbortController();
    const secure = failure(guardFor(silent).fetch({ url: silent.url.replace('http:', 'https:'), signal: stop.signal }));
    const looking = guard({ lookup: () => new Promise(() => undefined) });
    const named = failure(looking.fetch({ url: 'http://slow.example/', signal: stop.signal }));
    await until(() => silent.sockets.length === 1);
    stop.abort(new HooklineError('deadline_exceeded', 'Cancelled.'));
    expect([(await secure).code, (await named).code]).toEqual(['deadline_exceeded', 'deadline_exceeded']);
    await until(() => silent.sockets[0]?.destroyed === true);
  });

  it('by closing ends what runs and what is kept', async () => {
    const server = await started(
      startRawServer((socket, head) => {
        if (head.startsWith('GET /kept')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      }),
    );
    const guarded = guardFor(server);
    const hanging = failure(guarded.fetch({ url: server.url }));
    await guarded.fetch({ url: `${server.url}/kept` });
    await guarded.close();
    expect((await hanging).code).toBe('shutting_down');
    await until(() => server.sockets.length === 2 && server.sockets.every((socket) => socket.destroyed));
    expect((await failure(guarded.fetch({ url: server.url }))).code).toBe('shutting_down');
  });
});
