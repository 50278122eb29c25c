// The second factor over real sockets: enrolling, signing in, recovery codes, and where it must be asked for.

import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { connectBeside } from '../../src/storage/connect.ts';
import { startHookline, type TestHookline } from '../start-hookline.ts';
import { type Browser, openBrowser, PASSWORD, type Page } from './browser.ts';
import { readEvents } from './event-reader.ts';

const ADA = 'ada@example.com';
let server: TestHookline;
/** The owner, signed in. */
let ada: Browser;
let secret: string;
let recoveryCodes: string[];

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);
/** A code of the next step, which was not used yet. */
function nextCode(key = secret): string {
  pass(30_000);
  return new TOTP({ secret: Secret.fromBase32(key) }).generate({ timestamp: Date.now() });
}

/** Cookies by name, as the browser of the tests keeps the session's alone. */
function cookieOf(page: Page, name: string): string | undefined {
  const line = [page.headers['set-cookie'] ?? []].flat().find((each) => each.startsWith(`${name}=`));
  return line?.split(';')[0];
}

async function firstStep(email = ADA): Promise<string> {
  const page = await openBrowser(server.url).signIn(email);
  expect([page.status, page.body]).toEqual([200, { secondFactor: true }]);
  expect(cookieOf(page, 'hookline_session')).toBeUndefined();
  return cookieOf(page, 'hookline_sign_in') ?? '';
}

/** What a user was told of changes of the own second factor. */
async function factorNotices(browser: Browser): Promise<{ address: string }[]> {
  const { data } = (await browser.send('GET', '/api/me/notices')).body;
  return data.filter(({ kind }: { kind: string }) => kind === 'second-factor');
}

const secondStep = (cookie: string, code: string, browser = openBrowser(server.url)) =>
  browser.send('POST', '/api/session/second-factor', { code }, { Cookie: cookie });

beforeAll(async () => {
  // A code belongs to its time; on a slow machine it would be too old.
  vi.useFakeTimers({ toFake: ['Date'] });
  server = await startHookline();
  ada = openBrowser(server.url);
  const link = await server.hookline.createSetupLink();
  expect((await ada.accept(link?.url ?? '', { email: ADA, name: 'Ada' })).status).toBe(200);
});
afterAll(async () => {
  await server.stop();
  vi.useRealTimers();
});

describe('enrolling', () => {
  test('needs a code of the new key, and gives ten recovery codes', async () => {
    expect((await ada.send('GET', '/api/me/second-factor')).body).toEqual({
      enabled: false,
      since: null,
      recoveryCodes: 0,
      required: false,
    });
    expect((await ada.send('POST', '/api/me/second-factor/enable', { code: '123456' })).body.error.code).toBe('conflict');
    const first = await ada.send('POST', '/api/me/second-factor');
    const begun = await ada.send('POST', '/api/me/second-factor');
    secret = begun.body.secret;
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(secret).not.toBe(first.body.secret);
    expect(begun.body.uri).toMatch(/^otpauth:\/\/totp\/Hookline:ada%40example\.com\?issuer=Hookline&secret=/);
    const old = await ada.send('POST', '/api/me/second-factor/enable', { code: nextCode(first.body.secret) });
    expect([old.status, old.body.error.code]).toEqual([403, 'wrong_code']);
    // Not confirmed: the password is enough.
    expect((await openBrowser(server.url).signIn(ADA)).body.user.secondFactor).toBe(false);
    const enabled = await ada.send('POST', '/api/me/second-factor/enable', { code: nextCode() });
    recoveryCodes = enabled.body.recoveryCodes;
    expect(new Set(recoveryCodes).size).toBe(10);
    for (const code of recoveryCodes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect((await ada.send('GET', '/api/me/second-factor')).body).toMatchObject({ enabled: true, recoveryCodes: 10 });
    expect((await ada.send('POST', '/api/me/second-factor')).body.error.code).toBe('conflict');
    expect((await ada.send('GET', '/api/users')).body.data[0]).toMatchObject({ email: ADA, secondFactor: true });
    expect(await factorNotices(ada)).toHaveLength(1);
  });

  test('stores neither the key nor the codes in clear', async () => {
    const database = await connectBeside(`sqlite:${server.folder}/hookline.db`);
    const [rows] = await database.query('SELECT * FROM users');
    const [codes] = await database.query('SELECT * FROM recovery_codes');
    await database.close();
    expect(codes).toHaveLength(10);
    const stored = JSON.stringify([rows, codes]);
    for (const text of [secret, ...recoveryCodes]) expect(stored).not.toContain(text);
  });
});

describe('signing in', () => {
  test('takes the password and a code, which works once', async () => {
    const cookie = await firstStep();
    const code = nextCode();
    const browser = openBrowser(server.url);
    const page = await secondStep(cookie, code, browser);
    expect(page.body).toMatchObject({ user: { email: ADA, secondFactor: true }, mustEnrol: false });
    expect(cookieOf(page, 'hookline_sign_in')).toBe('hookline_sign_in=');
    expect((await browser.send('GET', '/api/workflows')).status).toBe(200);
    // Not again, not by another sign-in, and not one of an earlier step.
    expect((await secondStep(await firstStep(), code)).body.error.code).toBe('wrong_code');
    pass(30_000);
    expect((await secondStep(await firstStep(), code)).body.error.code).toBe('wrong_code');
  });

  test('takes a recovery code once, however it is typed', async () => {
    const [code = ''] = recoveryCodes;
    const typed = ` ${code.toLowerCase().replaceAll('-', ' ')} `;
    expect((await secondStep(await firstStep(), typed)).status).toBe(200);
    expect((await secondStep(await firstStep(), code)).body.error.code).toBe('wrong_code');
    expect((await ada.send('GET', '/api/me/second-factor')).body.recoveryCodes).toBe(9);
    const { body } = await server.api('GET', '/api/audit?action=useRecoveryCode');
    expect(body.data).toMatchObject([{ actor: { name: ADA } }]);
  });

  test('needs the proof of the first step, for five minutes', async () => {
    for (const cookie of ['', 'hookline_sign_in=x', `hookline_sign_in=u.${Date.now() + 1_000}.${'x'.repeat(43)}`]) {
      expect((await secondStep(cookie, nextCode())).status, cookie).toBe(401);
    }
    const cookie = await firstStep();
    const other = cookie.replace(/\.(\d+)\./, (_, end: string) => `.${Number(end) + 1}.`);
    expect((await secondStep(other, nextCode())).status).toBe(401);
    pass(300_000);
    expect((await secondStep(cookie, nextCode())).status).toBe(401);
  });

  test('guessing codes is slowed down, noted in groups, and locks the user out of no browser that is known', async () => {
    const device = cookieOf(await secondStep(await firstStep(), nextCode()), 'hookline_device');
    const cookie = await firstStep();
    const pages: Page[] = [];
    for (let n = 0; n < 9; n += 1) pages.push(await secondStep(cookie, `00000${n}`));
    expect(pages.slice(0, 5).map(({ body }) => body.error.code)).toEqual(Array(5).fill('wrong_code'));
    const slowed = pages.find(({ status }) => status === 429);
    expect(Number(slowed?.headers['retry-after'])).toBeGreaterThan(0);
    const { body } = await server.api('GET', '/api/audit?action=secondFactorRefused');
    expect(body.data.length).toBeLessThanOrEqual(3);
    expect(body.data.length).toBeGreaterThan(0);
    vi.setSystemTime(Date.now() + 30_000 - (Date.now() % 30_000));
    const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() });
    for (let n = 0; n < 9; n += 1) await secondStep(cookie, `00000${n}`);
    expect((await secondStep(cookie, code)).status).toBe(429);
    expect((await secondStep(`${cookie}; ${device}`, code)).status).toBe(200);
    pass(3_600_000);
  });
});

describe('a link to choose another password', () => {
  test('needs a code, too, and is not used up by a wrong one', async () => {
    const { body: users } = await ada.send('GET', '/api/users');
    const link = (await server.api('POST', `/api/users/${users.data[0].id}/link`)).body.url;
    const check = await openBrowser(server.url).send('POST', '/api/links/check', { token: link.split('#')[1] });
    expect(check.body).toMatchObject({ purpose: 'reset', secondFactor: true });
    const browser = openBrowser(server.url);
    expect((await browser.accept(link)).body.error.code).toBe('second_factor_required');
    expect((await browser.accept(link, { code: '000000' })).body.error.code).toBe('wrong_code');
    expect((await browser.accept(link, { code: nextCode() })).status).toBe(200);
    ada = browser;
  });
});

describe('turning it off', () => {
  test('takes the password and a code; new recovery codes replace the old ones', async () => {
    const renewed = await ada.send('POST', '/api/me/second-factor/recovery-codes', { code: nextCode() });
    expect((await secondStep(await firstStep(), recoveryCodes[1] ?? '')).body.error.code).toBe('wrong_code');
    expect(renewed.body.recoveryCodes).toHaveLength(10);
    const off = (password: string, code: string) => ada.send('POST', '/api/me/second-factor/disable', { password, code });
    expect((await off('wrong', nextCode())).body.error.code).toBe('forbidden');
    expect((await off(PASSWORD, '000000')).body.error.code).toBe('wrong_code');
    expect((await off(PASSWORD, nextCode())).status).toBe(204);
    expect((await openBrowser(server.url).signIn(ADA)).body.user.secondFactor).toBe(false);
    // Enabled, new codes, turned off.
    expect(await factorNotices(ada)).toHaveLength(3);
    const { body } = await server.api('GET', '/api/audit?actor=ada@example.com');
    const actions = body.data.map(({ action }: { action: string }) => action);
    for (const action of ['enableSecondFactor', 'renewRecoveryCodes', 'disableSecondFactor']) expect(actions).toContain(action);
  });

  test('an owner removes that of another user, who has lost it', async () => {
    const { body } = await ada.send('POST', '/api/users', { email: 'bob@example.com', name: 'Bob', role: 'editor' });
    const bob = openBrowser(server.url);
    expect((await bob.accept(body.link.url)).status).toBe(200);
    const key = (await bob.send('POST', '/api/me/second-factor')).body.secret;
    expect((await bob.send('POST', '/api/me/second-factor/enable', { code: nextCode(key) })).status).toBe(200);
    await firstStep('bob@example.com');
    expect((await bob.send('DELETE', `/api/users/${body.user.id}/second-factor`)).status).toBe(403);
    expect((await ada.send('DELETE', `/api/users/${body.user.id}/second-factor`)).status).toBe(204);
    expect((await ada.send('DELETE', `/api/users/${body.user.id}/second-factor`)).status).toBe(409);
    expect((await openBrowser(server.url).signIn('bob@example.com')).body.user.secondFactor).toBe(false);
    expect(await factorNotices(bob)).toMatchObject([{ address: '127.0.0.1' }, { address: '127.0.0.1' }]);
  });
});

test('where owners must have one, they can do nothing else before, and cannot turn it off', async () => {
  const stream = await readEvents(`${server.url}/api/events`, { Cookie: `hookline_session=${ada.cookie}` });
  expect((await ada.send('PATCH', '/api/settings', { secondFactorForOwners: true })).body.secondFactorForOwners).toBe(true);
  await stream.ended;
  expect((await ada.send('GET', '/api/session')).body).toMatchObject({ mustEnrol: true, permissions: [], user: { email: ADA } });
  const refused: readonly (readonly [method: string, path: string, body?: object])[] = [
    ['GET', '/api/workflows'],
    ['GET', '/api/users'],
    ['PATCH', '/api/me', { name: 'Eve' }],
    ['PATCH', '/api/settings', { secondFactorForOwners: false }],
    ['GET', '/api/openapi.json'],
  ];
  for (const [method, path, body] of refused) {
    const page = await ada.send(method, path, body);
    expect([page.status, page.body.error.code], path).toEqual([403, 'second_factor_required']);
  }
  // In a session that is older than a fresh password, the way out is still open.
  pass(660_000);
  expect((await ada.send('POST', '/api/me/second-factor')).body.error.code).toBe('password_needed');
  expect((await ada.send('POST', '/api/session/confirm', { password: PASSWORD })).status).toBe(204);
  expect((await ada.send('POST', '/api/me/second-factor')).status).toBe(200);

  // Others, and programs, go on.
  const bob = openBrowser(server.url);
  await bob.signIn('bob@example.com');
  expect((await bob.send('GET', '/api/workflows')).status).toBe(200);
  expect((await server.api('GET', '/api/workflows')).status).toBe(200);

  const again = openBrowser(server.url);
  expect((await again.signIn(ADA)).body.mustEnrol).toBe(true);
  secret = (await again.send('POST', '/api/me/second-factor')).body.secret;
  expect((await again.send('POST', '/api/me/second-factor/enable', { code: nextCode() })).status).toBe(200);
  expect((await ada.send('GET', '/api/users')).status).toBe(200);
  const off = await ada.send('POST', '/api/me/second-factor/disable', { password: PASSWORD, code: nextCode() });
  expect([off.status, off.body.error.code]).toEqual([409, 'conflict']);
});
