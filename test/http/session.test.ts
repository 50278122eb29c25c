// Signing in and staying signed in, over real sockets: cookies, CSRF, guessing, and what ends a session.

import { createHook } from 'node:async_hooks';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { connectBeside } from '../../src/storage/connect.ts';
import { startHookline, type TestHookline, TOKEN } from '../start-hookline.ts';
import { type Browser, openBrowser, PASSWORD, type Page } from './browser.ts';

const ADA = 'ada@example.com';
const DAY_MS = 86_400_000;

let server: TestHookline;
/** The owner, signed in. */
let ada: Browser;
let userId: string;

/** Invites a user and lets him choose the usual password. */
async function joinAs(email: string, role = 'editor'): Promise<{ browser: Browser; id: string }> {
  const { body, text } = await ada.send('POST', '/api/users', { email, name: email, role });
  if (!body.link) throw new Error(text);
  const browser = openBrowser(server.url);
  expect((await browser.accept(body.link.url)).status).toBe(200);
  return { browser, id: body.user.id };
}

let derivations = 0;
// Each derivation of a key by scrypt in this process, which is what makes a try slow.
const scryptHook = createHook({
  init(_id, type) {
    if (type === 'SCRYPTREQUEST') derivations += 1;
  },
});

/** Runs a statement on the server's database, as time would. */
async function age(sql: string, values: unknown[]): Promise<void> {
  const database = await connectBeside(`sqlite:${join(server.folder, 'hookline.db')}`);
  await database.query(sql, { replacements: values });
  await database.close();
}

beforeAll(async () => {
  server = await startHookline();
  const link = await server.hookline.createSetupLink();
  ada = openBrowser(server.url);
  const page = await ada.accept(link?.url ?? '', { email: ' Ada@Example.COM', name: 'Ada' });
  expect(page.status, page.text).toBe(200);
  userId = page.body.user.id;
});
afterAll(() => server.stop());

describe('the first owner', () => {
  test('is made once: the link is used up, and no other is given', async () => {
    const fresh = await startHookline();
    const [one, two] = [await fresh.hookline.createSetupLink(), await fresh.hookline.createSetupLink()];
    const browser = openBrowser(fresh.url);
    expect((await browser.send('GET', '/api/session')).body).toMatchObject({ user: null, permissions: [], needsSetup: true });
    const check = await browser.send('POST', '/api/links/check', { token: one?.url.split('#')[1] });
    expect(check.body).toEqual({ purpose: 'setup', email: null, name: null, secondFactor: false, expiresAt: one?.expiresAt });
    expect((await browser.accept(one?.url ?? '')).body.error.code).toBe('invalid_request');
    expect((await browser.accept(one?.url ?? '', { email: ADA, name: 'Ada', password: 'too short' })).status).toBe(400);
    const page = await browser.accept(one?.url ?? '', { email: ADA, name: 'Ada' });
    expect(page.body).toMatchObject({ user: { email: ADA, role: 'owner', status: 'active' }, needsSetup: false });
    for (const link of [one, two]) {
      expect((await openBrowser(fresh.url).accept(link?.url ?? '', { email: 'x@y', name: 'x' })).status).toBe(404);
    }
    expect(await fresh.hookline.createSetupLink()).toBeUndefined();
    await fresh.stop();
  });
});

test('a password that others try first is refused wherever one is chosen, and the link goes on working', async () => {
  const eve = { email: 'eve.adams@example.com', name: 'Eve Adams', role: 'viewer' };
  const { body } = await ada.send('POST', '/api/users', eve);
  const browser = openBrowser(server.url);
  for (const password of ['password1234', 'Eve Adams 2026', '1qaz2wsx3edc']) {
    const page = await browser.accept(body.link.url, { password });
    expect([page.status, page.body.error.code], password).toEqual([422, 'weak_password']);
    expect(page.text).not.toContain(password);
  }
  expect((await browser.accept(body.link.url)).status).toBe(200);
  const change = await browser.send('PATCH', '/api/me', { password: { current: PASSWORD, new: 'eve.adams@example.com1' } });
  expect([change.status, change.body.error.code]).toEqual([422, 'weak_password']);
  const reset = await ada.send('POST', `/api/users/${body.user.id}/link`);
  expect((await openBrowser(server.url).accept(reset.body.url, { password: 'AdamsEve-2027' })).status).toBe(422);
  expect((await browser.signIn(eve.email)).status).toBe(200);
});

describe('a session', () => {
  test('says who is asking: nobody, a user, a token', async () => {
    expect((await openBrowser(server.url).send('GET', '/api/session')).body).toEqual({
      user: null,
      permissions: [],
      csrfToken: null,
      needsSetup: false,
      mustEnrol: false,
      version: expect.any(String),
    });
    const { body } = await ada.send('GET', '/api/session');
    expect(body).toMatchObject({ user: { id: userId, email: ADA, name: 'Ada' }, csrfToken: ada.csrfToken });
    expect(body.permissions).toContain('access:write');
    const token = await server.api('GET', '/api/session');
    expect(token.body).toMatchObject({ user: null, csrfToken: null, permissions: body.permissions });
  });

  test('is in a cookie that no script and no other site gets', async () => {
    const page = await openBrowser(server.url).signIn(ADA);
    expect(page.headers['set-cookie']).toEqual([
      expect.stringMatching(/^hookline_session=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/),
      expect.stringMatching(/^hookline_device=[\w-]{43}\.[\w-]{43}; Max-Age=31536000; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    expect(page.headers['cache-control']).toBe('no-store');
  });

  test('has another secret after each sign-in, and the one before is worth nothing', async () => {
    const browser = openBrowser(server.url);
    // As somebody else may have put it there.
    browser.cookie = 'x'.repeat(43);
    await browser.signIn(ADA);
    const first = browser.cookie;
    expect(first).not.toBe('x'.repeat(43));
    await browser.signIn(ADA);
    expect(browser.cookie).not.toBe(first);
    expect((await browser.send('GET', '/api/workflows')).status).toBe(200);
    browser.cookie = first;
    expect((await browser.send('GET', '/api/workflows')).status).toBe(401);
  });

  test('ends when its user signs out, for copies of the cookie too', async () => {
    const browser = openBrowser(server.url);
    await browser.signIn(ADA);
    const copy = browser.cookie;
    const page = await browser.send('DELETE', '/api/session');
    expect(page.status).toBe(204);
    expect(page.headers['set-cookie']).toEqual(['hookline_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax']);
    expect(browser.cookie).toBeUndefined();
    browser.cookie = copy;
    expect((await browser.send('GET', '/api/workflows')).status).toBe(401);
    expect((await browser.send('GET', '/api/session')).body.user).toBeNull();
  });

  test.each([
    ['seven days without use', 'UPDATE sessions SET last_seen_at = ? WHERE user_id = ?', 7 * DAY_MS],
    ['thirty days, used or not', 'UPDATE sessions SET created_at = ? WHERE user_id = ?', 30 * DAY_MS],
  ])('ends after %s', async (what, sql, ms) => {
    const { browser, id } = await joinAs(`${ms}@example.com`);
    await age(sql, [Date.now() - ms + 60_000, id]);
    expect((await browser.send('GET', '/api/workflows')).status, what).toBe(200);
    await age(sql, [Date.now() - ms, id]);
    expect((await browser.send('GET', '/api/workflows')).status, what).toBe(401);
  });

  test('is known to be used, to the minute', async () => {
    const { browser, id } = await joinAs('seen@example.com');
    const seen = async () => {
      const { body } = await ada.send('GET', '/api/users');
      return Date.parse(body.data.find((user: { id: string }) => user.id === id).lastSeenAt);
    };
    const first = await seen();
    await browser.send('GET', '/api/workflows');
    expect(await seen()).toBe(first);
    await age('UPDATE sessions SET last_seen_at = last_seen_at - 60000 WHERE user_id = ?', [id]);
    await Promise.all(Array.from({ length: 5 }, () => browser.send('GET', '/api/workflows')));
    expect(await seen()).toBeGreaterThan(first);
  });

  test('ends with a new password, but not the one in which it was chosen', async () => {
    const { browser, id } = await joinAs('changer@example.com');
    const elsewhere = openBrowser(server.url);
    await elsewhere.signIn('changer@example.com');
    const change = { password: { current: PASSWORD, new: 'another horse battery' } };
    const wrong = await browser.send('PATCH', '/api/me', { password: { ...change.password, current: 'wrong' } });
    expect([wrong.status, wrong.body.error.code]).toEqual([403, 'forbidden']);
    const page = await browser.send('PATCH', '/api/me', { ...change, name: 'Renamed' });
    expect(page.body).toMatchObject({ id, name: 'Renamed' });
    expect((await elsewhere.send('GET', '/api/workflows')).status).toBe(401);
    expect((await browser.send('GET', '/api/workflows')).status).toBe(200);
    expect((await elsewhere.signIn('changer@example.com')).status).toBe(401);
    expect((await elsewhere.signIn('changer@example.com', 'another horse battery')).status).toBe(200);
    const token = await server.api('PATCH', '/api/me', { name: 'x' });
    expect([token.status, token.body.error.code]).toEqual([403, 'forbidden']);
  });

  test('ends when its user is disabled or deleted, and all do when an owner says so', async () => {
    const { browser, id } = await joinAs('ending@example.com');
    const isIn = async () => (await browser.send('GET', '/api/workflows')).status === 200;
    await ada.send('PATCH', `/api/users/${id}`, { disabled: true });
    expect(await isIn()).toBe(false);
    expect((await browser.signIn('ending@example.com')).status).toBe(401);
    await ada.send('PATCH', `/api/users/${id}`, { disabled: false });
    // The old one stays gone.
    expect(await isIn()).toBe(false);
    await browser.signIn('ending@example.com');
    expect(await isIn()).toBe(true);
    expect((await ada.send('DELETE', `/api/users/${id}/sessions`)).status).toBe(204);
    expect(await isIn()).toBe(false);
    await browser.signIn('ending@example.com');
    expect((await ada.send('DELETE', `/api/users/${id}`)).status).toBe(204);
    expect(await isIn()).toBe(false);
    expect((await browser.signIn('ending@example.com')).status).toBe(401);
  });

  test('has the rights that its user has now', async () => {
    const { browser, id } = await joinAs('demoted@example.com', 'editor');
    const make = () => browser.send('POST', '/api/workflows', { title: 'x', mode: 'async', trigger: { type: 'webhook' } });
    expect((await make()).status).toBe(201);
    await ada.send('PATCH', `/api/users/${id}`, { role: 'viewer' });
    expect((await make()).body.error).toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('"workflows:write"'),
    });
  });

  test.each(['', 'x', 'x'.repeat(43), 'x'.repeat(10_000), "' OR 1=1 --", '%00'])(
    'is not what a cookie of %j says',
    async (cookie) => {
      const browser = openBrowser(server.url);
      browser.cookie = cookie;
      expect((await browser.send('GET', '/api/workflows')).status).toBe(401);
      expect((await browser.send('GET', '/api/session')).status).toBe(200);
    },
  );

  test('is found beside an Authorization that is not ours, and not beside a wrong token', async () => {
    expect((await ada.send('GET', '/api/workflows', undefined, { Authorization: 'Basic b2Y6cHJveHk=' })).status).toBe(200);
    expect((await ada.send('GET', '/api/session', undefined, { Authorization: 'Bearer wrong' })).status).toBe(401);
  });
});

describe('requests from elsewhere', () => {
  const rename = (headers: Record<string, string | null>) => ada.send('PATCH', '/api/me', { name: 'Ada' }, headers);

  test('need the CSRF token of the session to change anything', async () => {
    const other = openBrowser(server.url);
    await other.signIn(ADA);
    expect((await rename({})).status).toBe(200);
    for (const token of [null, '', 'x', other.csrfToken ?? '', `${ada.csrfToken}x`]) {
      const page = await rename({ 'X-CSRF-Token': token });
      expect([page.status, page.body.error.code], String(token)).toEqual([403, 'forbidden']);
    }
    expect((await ada.send('GET', '/api/workflows', undefined, { 'X-CSRF-Token': null })).status).toBe(200);
    expect((await ada.send('DELETE', '/api/session', undefined, { 'X-CSRF-Token': null })).status).toBe(403);
  });

  test('are refused when the browser says whose page sent them, with the token too', async () => {
    const { host } = new URL(server.url);
    for (const headers of [
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
      { 'Sec-Fetch-Site': 'cross-site', Origin: server.url },
      { Origin: 'https://evil.example' },
      { Origin: `https://${host}.evil.example` },
      { Origin: 'null' },
    ]) {
      expect((await rename(headers)).status, JSON.stringify(headers)).toBe(403);
    }
    for (const headers of [{ Origin: server.url }, { 'Sec-Fetch-Site': 'same-origin' }, { 'Sec-Fetch-Site': 'none' }]) {
      expect((await rename(headers)).status, JSON.stringify(headers)).toBe(200);
    }
  });

  test('do not sign anybody in, and do not use links', async () => {
    const browser = openBrowser(server.url);
    const headers = { 'Sec-Fetch-Site': 'cross-site' };
    expect((await browser.send('POST', '/api/session', { email: ADA, password: PASSWORD }, headers)).status).toBe(403);
    expect((await browser.send('POST', '/api/links/check', { token: 'x' }, headers)).status).toBe(403);
    const form = { 'Content-Type': 'text/plain' };
    expect((await browser.send('POST', '/api/session', { email: ADA, password: PASSWORD }, form)).status).toBe(415);
    expect(browser.cookie).toBeUndefined();
  });

  test('with a token in Authorization need nothing else', async () => {
    const headers = { Authorization: `Bearer ${TOKEN}`, Origin: 'https://elsewhere.example' };
    const page = await openBrowser(server.url).send('POST', '/api/parse/query', { query: 'a=1' }, headers);
    expect(page.status).not.toBe(403);
  });
});

describe('guessing', () => {
  let other: TestHookline;
  beforeEach(async () => {
    other = await startHookline();
    return () => other.stop();
  });

  test('tells neither by word nor by time which users there are', async () => {
    const link = await other.hookline.createSetupLink();
    const owner = openBrowser(other.url);
    await owner.accept(link?.url ?? '', { email: ADA, name: 'Ada' });
    await owner.send('POST', '/api/users', { email: 'invited@example.com', name: 'I', role: 'viewer' });
    const { body } = await owner.send('POST', '/api/users', { email: 'disabled@example.com', name: 'D', role: 'viewer' });
    await openBrowser(other.url).accept(body.link.url);
    await owner.send('PATCH', `/api/users/${body.user.id}`, { disabled: true });
    const seen: { email: string; page: Page; work: number }[] = [];
    scryptHook.enable();
    onTestFinished(() => void scryptHook.disable());
    const tries: [string, string][] = [
      [ADA, 'wrong'],
      ['nobody@example.com', 'wrong'],
      ['invited@example.com', 'wrong'],
      ['disabled@example.com', PASSWORD],
    ];
    for (const [email, password] of tries) {
      const before = derivations;
      const page = await openBrowser(other.url).signIn(email, password);
      seen.push({ email, page, work: derivations - before });
    }
    const { 'x-request-id': _, date: __, ...headers } = seen[0]?.page.headers ?? {};
    for (const { email, page } of seen) {
      expect([page.status, page.text], email).toEqual([401, seen[0]?.page.text]);
      expect(page.headers, email).toMatchObject(headers);
      expect(page.headers['set-cookie']).toBeUndefined();
    }
    for (const { email, work } of seen) expect(work, email).toBe(1);
  });

  test('of a password is slowed down for one e-mail address, known or not, and only for that one', async () => {
    const link = await other.hookline.createSetupLink();
    await openBrowser(other.url).accept(link?.url ?? '', { email: ADA, name: 'Ada' });
    for (const email of ['bob@example.com', 'BOB@example.com ']) {
      const pages = await Promise.all(Array.from({ length: 8 }, () => openBrowser(other.url).signIn(email, 'wrong')));
      const slowed = pages.filter(({ status }) => status === 429);
      expect(slowed.length).toBeGreaterThanOrEqual(2);
      expect(slowed[0]?.body.error.code).toBe('too_many_requests');
      expect(Number(slowed[0]?.headers['retry-after'])).toBeGreaterThan(0);
      // One may have waited long enough by now.
      if (email !== 'bob@example.com') expect(slowed.length).toBeGreaterThanOrEqual(7);
    }
    expect((await openBrowser(other.url).signIn(ADA)).status).toBe(200);
  });

  test('from one place is slowed down whatever is tried, links too', async () => {
    const check = () => openBrowser(other.url).send('POST', '/api/links/check', { token: 'x'.repeat(43) });
    const statuses: number[] = [];
    for (let n = 0; n < 23; n += 1) statuses.push((await check()).status);
    expect(statuses.filter((status) => status === 404)).toHaveLength(21);
    const page = await openBrowser(other.url).accept(`#${'y'.repeat(43)}`);
    expect([page.status, page.headers['retry-after']]).toEqual([429, expect.stringMatching(/^[12]$/)]);
    // What is typed wrong counts, too: twenty e-mail addresses with one password each.
    const tries = Array.from({ length: 23 }, (_, n) => openBrowser(other.url).signIn(`user${n}@example.com`, 'Password1234'));
    expect((await Promise.all(tries)).filter(({ status }) => status === 429)).toHaveLength(2);
  });
});
