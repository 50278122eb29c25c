// The designer's files over real sockets: what is served, how it is cached, and that nothing else ever is.

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHookline, type TestHookline } from '../../start-hookline.ts';
import { openBrowser, type Page } from '../browser.ts';

const SCRIPT = `export const text = ${JSON.stringify('x'.repeat(5_000))};`;
const PAGE =
  '<base href="__BASE__"><style nonce="__NONCE__"></style><script nonce="__NONCE__" src="./assets/app-1a2b.js"></script>';

let server: TestHookline;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-client-'));
  await mkdir(join(folder, 'client/assets'), { recursive: true });
  const write = (name: string, content: string | Buffer) => writeFile(join(folder, 'client', name), content);
  await write('index.html', PAGE);
  await write('icon.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await write('assets/app-1a2b.js', SCRIPT);
  await write('assets/app-1a2b.js.br', brotliCompressSync(SCRIPT));
  await write('assets/app-1a2b.js.gz', gzipSync(SCRIPT));
  await write('assets/zip-3c4d.css.gz', gzipSync('a{}'));
  await write('assets/zip-3c4d.css', 'a{}');
  await writeFile(join(folder, 'secret.txt'), 'never to be seen');
  await symlink(join(folder, 'secret.txt'), join(folder, 'client/link.txt'));
  server = await startHookline({ designerFolder: join(folder, 'client') });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

const get = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Page> =>
  openBrowser(server.url).send(method, path, undefined, headers);

/** A request as nobody's library would let it through; gives the whole answer. */
function raw(target: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = net.connect(server.port, '127.0.0.1', () => {
      socket.write(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
    });
    socket.on('data', (part) => {
      answer += part.toString('latin1');
    });
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
}

describe('the page', () => {
  test.each([
    '/designer/',
    '/designer/workflows',
    '/designer/workflows/12/revisions/3',
    '/designer/index.html',
    '/designer/a%20b?c=d',
  ])('is at %s, with base and a nonce, and never cached', async (path) => {
    const page = await get(path);
    expect(page.status).toBe(200);
    const nonce = /nonce-([\w+/=]+)'/.exec(String(page.headers['content-security-policy']))?.[1];
    expect(page.text).toBe(PAGE.replace('__BASE__', '/designer/').replaceAll('__NONCE__', nonce ?? '?'));
    expect(page.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  });

  test('has another nonce each time', async () => {
    const policies = new Set<unknown>();
    for (let n = 0; n < 5; n += 1) policies.add((await get('/designer/')).headers['content-security-policy']);
    expect(policies.size).toBe(5);
  });

  test('is what the root leads to, on a server of its own alone', async () => {
    for (const path of ['/', '/designer']) {
      const page = await get(path);
      expect(page.status).toBe(302);
      expect(new URL(String(page.headers.location), server.url).href).toBe(`${server.url}/designer/`);
    }
    const mounted = await startHookline({ mount: 'koa', prefix: '/automation', designerFolder: join(folder, 'client') });
    const host = openBrowser(mounted.url);
    for (const path of ['/', '/automation', '/automation/', '/designer/'])
      expect((await host.send('GET', path)).status).toBe(404);
    const page = await host.send('GET', '/automation/designer/x');
    expect(page.text).toContain('<base href="/automation/designer/">');
    await mounted.stop();
    const own = await startHookline({ prefix: '/automation' });
    for (const path of ['/automation', '/automation/']) {
      expect((await openBrowser(own.url).send('GET', path)).headers.location).toBe(`${own.url}/automation/designer/`);
    }
    await own.stop();
  });

  test('says how to build the designer when nobody has', async () => {
    const unbuilt = await startHookline({ designerFolder: join(folder, 'nothing') });
    const page = await openBrowser(unbuilt.url).send('GET', '/designer/');
    expect(page.status).toBe(503);
    expect(page.text).toContain('npm run build');
    expect(page.text).not.toContain('__NONCE__');
    await unbuilt.stop();
  });
});

describe('files', () => {
  test.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ] as const)('are sent in %s, as they were compressed', async (encoding, decompress) => {
    const reply = await fetchBytes('/designer/assets/app-1a2b.js', encoding);
    expect(reply.headers).toMatchObject({
      'content-encoding': encoding,
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'Accept-Encoding',
      'x-content-type-options': 'nosniff',
    });
    expect(decompress(reply.bytes).toString()).toBe(SCRIPT);
  });

  test('are sent in the best coding that is there and that the caller takes', async () => {
    const codingOf = async (path: string, accepted: string) => (await fetchBytes(path, accepted)).headers['content-encoding'];
    expect(await codingOf('/designer/assets/app-1a2b.js', 'gzip, deflate, br')).toBe('br');
    expect(await codingOf('/designer/assets/app-1a2b.js', 'br;q=0, gzip')).toBe('gzip');
    expect(await codingOf('/designer/assets/app-1a2b.js', 'identity')).toBeUndefined();
    expect(await codingOf('/designer/assets/zip-3c4d.css', 'br')).toBeUndefined();
    expect(await codingOf('/designer/assets/zip-3c4d.css', 'br, gzip')).toBe('gzip');
    expect((await get('/designer/assets/app-1a2b.js')).text).toBe(SCRIPT);
  });

  test('are not sent again to who has them', async () => {
    for (const path of ['/designer/icon.svg', '/designer/assets/app-1a2b.js']) {
      const first = await get(path);
      const etag = String(first.headers.etag);
      expect(etag).toMatch(/^"[\w-]{43}"$/);
      const again = await get(path, { 'If-None-Match': etag });
      expect([again.status, again.text, again.headers.etag]).toEqual([304, '', etag]);
      expect((await get(path, { 'If-None-Match': '"other"' })).status).toBe(200);
      expect((await get(path, { 'If-None-Match': etag, 'Accept-Encoding': 'br' })).status).toBe(path.endsWith('js') ? 200 : 304);
    }
    expect((await get('/designer/icon.svg')).headers).toMatchObject({
      'content-type': 'image/svg+xml',
      'cache-control': 'no-cache',
    });
  });

  test('that are gone are missing, and no page in their place', async () => {
    expect((await get('/designer/assets/app-0000.js')).status).toBe(404);
    expect((await get('/designer/assets/')).status).toBe(404);
    expect((await get('/designer/assets/app-1a2b.js.br')).status).toBe(404);
  });

  test('of a new build are found without a restart', async () => {
    await writeFile(join(folder, 'client/assets/new-5e6f.js'), '1');
    await expect.poll(async () => (await get('/designer/assets/new-5e6f.js')).status).toBe(200);
  });

  test('are told about by HEAD, and take no other method', async () => {
    for (const path of ['/designer/', '/designer/icon.svg']) {
      const [head, whole] = [await get(path, {}, 'HEAD'), await get(path)];
      expect([head.status, head.text]).toEqual([200, '']);
      expect(head.headers['content-length']).toBe(whole.headers['content-length']);
      expect(head.headers.etag).toBe(whole.headers.etag);
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
        const page = await get(path, {}, method);
        expect([page.status, page.headers.allow]).toEqual([405, 'GET, HEAD']);
      }
    }
  });

  test.each([
    '/designer/../secret.txt',
    '/designer/../../secret.txt',
    '/designer/%2e%2e/secret.txt',
    '/designer/..%2fsecret.txt',
    '/designer/..%5csecret.txt',
    '/designer/assets/..%2f..%2fsecret.txt',
    '/designer//etc/passwd',
    '/designer/%2fetc%2fpasswd',
    '/designer/link.txt',
    '/designer/secret.txt%00.js',
    '/designer/%00',
    '/designer/%ff',
    '/designer/%',
    '/designer/assets',
    '/designer/file:///etc/passwd',
    'http://x/designer/../secret.txt',
  ])('%s leads nowhere else', async (target) => {
    const answer = await raw(target);
    expect(answer).toMatch(/^HTTP\/1\.1 (200|404|400|401|302) /);
    expect(answer).not.toContain('never to be seen');
    expect(answer).not.toContain('root:');
    if (answer.startsWith('HTTP/1.1 200')) expect(answer).toContain('<base href="/designer/">');
  });
});

describe('security headers', () => {
  const expected = {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': expect.stringContaining('camera=()'),
  };

  test.each([
    '/designer/',
    '/designer/icon.svg',
    '/designer/assets/none.js',
    '/api/session',
    '/api/workflows',
    '/api/nothing',
    '/api',
  ])('are on %s, whatever its status', async (path) => {
    const { headers } = await get(path);
    expect(headers).toMatchObject(expected);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; .*frame-ancestors 'none'/);
  });

  test('let the page load what is ours, and nothing inline without the nonce', async () => {
    const policy = String((await get('/designer/')).headers['content-security-policy']).replace(/nonce-[\w+/=]+/g, 'nonce-…');
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'self' 'nonce-…'",
      "style-src 'self' 'nonce-…'",
      "img-src 'self' data:",
      "font-src 'self'",
      "connect-src 'self'",
      "form-action 'self'",
      "base-uri 'self'",
      "frame-ancestors 'none'",
      "manifest-src 'self'",
      "worker-src 'self'",
    ]);
  });

  test('are not on replies of trigger URLs, which are the workflow’s', async () => {
    const page = await get('/hooks/nothing', {}, 'POST');
    expect(page.headers['content-security-policy']).toMatch(/^sandbox /);
    expect(page.headers['permissions-policy']).toBeUndefined();
  });
});

function fetchBytes(path: string, accepted: string) {
  return new Promise<{ headers: NodeJS.Dict<string | string[]>; bytes: Buffer }>((resolve, reject) => {
    request(server.url + path, { headers: { 'Accept-Encoding': accepted }, agent: false }, (reply) => {
      const parts: Buffer[] = [];
      reply.on('data', (part: Buffer) => parts.push(part));
      reply.on('end', () => resolve({ headers: reply.headers, bytes: Buffer.concat(parts) }));
    })
      .on('error', reject)
      .end();
  });
}
