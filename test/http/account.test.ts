// Tokens, sessions and passwords as somebody would attack them: each recipe of the review, and others of the kind.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PERMISSIONS } from '../../src/access/model.ts';
import { createHookline } from '../../src/index.ts';
import { connectBeside } from '../../src/storage/connect.ts';
import { type Browser, openBrowser, PASSWORD } from './browser.ts';
import { type EventReader, readEvents } from './event-reader.ts';
import { quiet, startApi, type TestApi, TOKEN } from './support.ts';

let api: TestApi;
let ada: Browser;
let adaId: string;
let folder: string;
let databaseUrl: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-account-'));
  databaseUrl = `sqlite:${join(folder, 'hookline.db')}`;
  api = await startApi({ databaseUrl, publicUrl: 'http://hooks.example.com', passwordCost: 14 });
  ada = openBrowser(api.url);
  const link = await api.hookline.createSetupLink();
  adaId = (await ada.accept(link?.url ?? '', { email: 'ada@example.com', name: 'Ada' })).body.user.id;
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

const bearer = (secret: string) => ({ Authorization: `Bearer ${secret}` });
const status = async (secret: string, path = '/api/workflows') => (await api.agent.get(path).set(bearer(secret))).status;

async function tokenOf(browser: Browser, permissions: readonly string[]): Promise<{ id: string; secret: string }> {
  const { body } = await browser.send('POST', '/api/tokens', { name: 'Program', permissions, expiresAt: null });
  return { id: body.token.id, secret: body.secret };
}

let people = 0;
/** A new user who has signed in. */
async function person(role: string): Promise<{ id: string; email: string; browser: Browser }> {
  people += 1;
  const email = `person${people}@example.com`;
  const { body } = await api.call('POST', '/api/users', { body: { email, name: 'P', role }, status: 201 });
  const browser = openBrowser(api.url);
  await browser.accept(body.link.url);
  return { id: body.user.id, email, browser };
}

/** The password of all sessions was entered long ago. */
async function forgetConfirmations(): Promise<void> {
  const database = await connectBeside(databaseUrl);
  await database.query('UPDATE sessions SET created_at = created_at - 700000, confirmed_at = created_at - 700000');
  await database.close();
}

describe('tokens and a new password', () => {
  const next = 'another battery of horses';

  test('go on by default, and stop when that is asked for', async () => {
    const { browser } = await person('owner');
    const [one, other] = [await tokenOf(browser, ['workflows:read']), await tokenOf(ada, ['workflows:read'])];
    const first = await browser.send('PATCH', '/api/me', { password: { current: PASSWORD, new: next } });
    expect([first.status, await status(one.secret)]).toEqual([200, 200]);
    const again = { password: { current: next, new: `${next} again`, revokeTokens: true } };
    expect((await browser.send('PATCH', '/api/me', again)).status).toBe(200);
    expect([await status(one.secret), await status(other.secret)]).toEqual([401, 200]);
  });

  test('a wrong password revokes nothing and leaves no entry of success', async () => {
    const { browser, id } = await person('owner');
    const token = await tokenOf(browser, ['workflows:read']);
    const change = { name: 'Mallory', password: { current: 'wrong', new: next, revokeTokens: true } };
    expect((await browser.send('PATCH', '/api/me', change)).status).toBe(403);
    expect(await status(token.secret)).toBe(200);
    const { body } = await api.call('GET', `/api/audit?actor=${id}&action=updateMe`);
    expect(body.data.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['refused']);
  });

  test('a reset link revokes them unless it is asked not to', async () => {
    const { browser, id } = await person('owner');
    for (const [more, expected] of [
      [{ revokeTokens: false }, 200],
      [{}, 401],
    ] as const) {
      const token = await tokenOf(browser, ['workflows:read']);
      const { body: link } = await api.call('POST', `/api/users/${id}/link`, { status: 200 });
      expect((await browser.accept(link.url, more)).status).toBe(200);
      expect(await status(token.secret)).toBe(expected);
    }
  });
});

describe('a token cannot weaken what is stronger', () => {
  test.each([[['access:read', 'access:write']], [PERMISSIONS.filter((one) => one !== 'secrets:use')]])(
    '%j',
    async (permissions) => {
      const weak = await tokenOf(ada, permissions);
      const strong = await tokenOf(ada, PERMISSIONS);
      const own = await tokenOf(ada, ['access:write']);
      const owner = await person('owner');
      const [session] = (await owner.browser.send('GET', '/api/me/sessions')).body.data;
      const tries = [
        ['DELETE', `/api/users/${owner.id}`],
        ['PATCH', `/api/users/${owner.id}`, { role: 'viewer' }],
        ['PATCH', `/api/users/${owner.id}`, { disabled: true }],
        ['PATCH', `/api/users/${owner.id}`, { name: 'Renamed' }],
        ['POST', `/api/users/${owner.id}/link`],
        ['DELETE', `/api/users/${owner.id}/sessions`],
        ['DELETE', `/api/users/${owner.id}/sessions/${session.id}`],
        ['POST', '/api/users', { email: 'evil@example.com', name: 'Evil', role: 'owner' }],
        ['POST', '/api/tokens', { name: 'More', permissions: PERMISSIONS, expiresAt: null }],
        ['DELETE', `/api/tokens/${strong.id}`],
      ] as const;
      for (const [method, path, body] of tries) {
        await api.call(method, path, { token: weak.secret, ...(body && { body }), status: 403 });
      }
      expect(await status(strong.secret)).toBe(200);
      expect((await owner.browser.send('GET', '/api/me/sessions')).status).toBe(200);
      expect((await api.call('GET', `/api/audit?actor=${weak.id}&outcome=refused&limit=100`)).body.data).toHaveLength(
        tries.length - 2,
      );
      // What is no stronger, it may.
      await api.call('DELETE', `/api/tokens/${own.id}`, { token: weak.secret, status: 204 });
      await api.call('DELETE', `/api/tokens/${weak.id}`, { token: weak.secret, status: 204 });
    },
  );
});

describe('a fresh password', () => {
  test('is needed for what gives lasting access, by users and not by tokens, and lasts ten minutes', async () => {
    const { id } = await person('viewer');
    const guarded = [
      ['POST', '/api/tokens', { name: 'x', permissions: ['workflows:read'], expiresAt: null }],
      ['POST', '/api/users', { email: 'fresh@example.com', name: 'F', role: 'viewer' }],
      ['PATCH', `/api/users/${id}`, { role: 'editor' }],
      ['POST', `/api/users/${id}/link`],
      ['PATCH', '/api/settings', { auditsReads: false }],
      ['DELETE', `/api/users/${id}`],
    ] as const;
    await forgetConfirmations();
    for (const [method, path, body] of guarded) {
      expect((await ada.send(method, path, body)).body?.error?.code, path).toBe('password_needed');
    }
    expect((await ada.send('GET', '/api/users')).status).toBe(200);
    expect((await ada.send('POST', '/api/session/confirm', { password: 'wrong' })).status).toBe(403);
    expect((await ada.send('POST', '/api/tokens', guarded[0][2])).status).toBe(403);
    expect((await ada.send('POST', '/api/session/confirm', { password: PASSWORD })).status).toBe(204);
    for (const [method, path, body] of guarded) expect((await ada.send(method, path, body)).status, path).toBeLessThan(300);
    await api.call('POST', '/api/session/confirm', { body: { password: PASSWORD }, status: 403 });
    const { body } = await api.call('GET', '/api/audit?action=confirmPassword');
    expect(body.data.map(({ outcome }: { outcome: string }) => outcome)).toContain('refused');
  });

  test('guessing it is slowed', async () => {
    const { browser } = await person('viewer');
    const codes: number[] = [];
    for (let n = 0; n < 8; n += 1) codes.push((await browser.send('POST', '/api/session/confirm', { password: 'no' })).status);
    expect(codes).toContain(429);
  });
});

describe('open streams', () => {
  const listen = (headers: Record<string, string>) => readEvents(`${api.url}/api/events`, headers);
  const cookie = (browser: Browser) => ({ Cookie: `hookline_session=${browser.cookie}` });

  test('of a revoked token end', async () => {
    const token = await tokenOf(ada, ['workflows:read']);
    const stream = await listen(bearer(token.secret));
    await ada.send('DELETE', `/api/tokens/${token.id}`);
    await stream.ended;
  });

  test.each([
    ['disabled', (id: string) => api.call('PATCH', `/api/users/${id}`, { body: { disabled: true }, status: 200 })],
    ['demoted', (id: string) => api.call('PATCH', `/api/users/${id}`, { body: { role: 'viewer' }, status: 200 })],
    ['deleted', (id: string) => api.call('DELETE', `/api/users/${id}`, { status: 204 })],
    ['signed out everywhere', (id: string) => api.call('DELETE', `/api/users/${id}/sessions`, { status: 204 })],
  ])('of a user who is %s end', async (_what, act) => {
    const { id, browser } = await person('editor');
    const stream = await listen(cookie(browser));
    await act(id);
    await stream.ended;
  });

  test('of one who signs out, or ends a session from elsewhere, end', async () => {
    const { browser, email } = await person('editor');
    const other = openBrowser(api.url);
    await other.signIn(email);
    const streams = [await listen(cookie(other)), await listen(cookie(browser))] as const;
    const { data } = (await browser.send('GET', '/api/me/sessions')).body;
    const { id } = data.find(({ isCurrent }: { isCurrent: boolean }) => !isCurrent);
    expect((await browser.send('DELETE', `/api/me/sessions/${id}`)).status).toBe(204);
    await streams[0].ended;
    expect((await other.send('GET', '/api/me/sessions')).status).toBe(401);
    await browser.send('DELETE', '/api/session');
    await streams[1].ended;
  });
});

describe('sessions and notices', () => {
  test('users see their own sessions without any secret, and end all others', async () => {
    const { browser, email, id } = await person('viewer');
    const other = openBrowser(api.url);
    await other.send('POST', '/api/session', { email, password: PASSWORD }, { 'User-Agent': 'Firefox/99 on Mars' });
    const page = await browser.send('GET', '/api/me/sessions');
    expect(page.body.data).toHaveLength(2);
    expect(page.body.data).toContainEqual({
      ...{
        id: expect.any(String),
        isCurrent: false,
        address: expect.stringContaining('127.0.0.1'),
        userAgent: 'Firefox/99 on Mars',
      },
      ...{ createdAt: expect.any(String), lastSeenAt: expect.any(String) },
    });
    const database = await connectBeside(databaseUrl);
    const [rows] = await database.query(`SELECT hash FROM sessions WHERE user_id = '${id}'`);
    await database.close();
    for (const { hash } of rows as { hash: string }[]) expect(page.text).not.toContain(hash);
    expect((await other.send('DELETE', `/api/me/sessions/${page.body.data[0].id}x`)).status).toBe(404);
    const { data: adas } = (await ada.send('GET', '/api/me/sessions')).body;
    expect((await other.send('DELETE', `/api/me/sessions/${adas[0].id}`)).status).toBe(404);
    expect((await browser.send('DELETE', '/api/me/sessions')).status).toBe(204);
    expect((await other.send('GET', '/api/me/sessions')).status).toBe(401);
    const listed = await api.call('GET', `/api/users/${id}/sessions`, { status: 200 });
    expect(listed.body.data).toHaveLength(1);
    await api.call('DELETE', `/api/users/${id}/sessions/${listed.body.data[0].id}`, { status: 204 });
    expect((await browser.send('GET', '/api/me/sessions')).status).toBe(401);
    await api.call('GET', '/api/me/sessions', { status: 403 });
  });

  test('a sign-in from a new browser, a password, a token and a reset link are told of, once', async () => {
    const { browser, email, id } = await person('owner');
    const notices = async () => (await browser.send('GET', '/api/me/notices')).body;
    const kinds = async () => (await notices()).data.map(({ kind }: { kind: string }) => kind);
    expect(await notices()).toMatchObject({ unread: 0 });
    const signIn = (agent: string) =>
      openBrowser(api.url).send('POST', '/api/session', { email, password: PASSWORD }, { 'User-Agent': agent });
    await signIn('Firefox/1.0');
    await signIn('Firefox/2.0');
    await tokenOf(browser, ['workflows:read']);
    await api.call('POST', `/api/users/${id}/link`, { status: 200 });
    await browser.send('PATCH', '/api/me', { password: { current: PASSWORD, new: 'yet another sentence' } });
    expect((await kinds()).slice(0, 4)).toEqual(['password-changed', 'reset-link', 'token-created', 'sign-in']);
    expect((await notices()).unread).toBe(4);
    await browser.send('POST', '/api/me/notices/read');
    expect((await notices()).unread).toBe(0);
  });
});

describe('metrics', () => {
  test('are read with metrics:read, and refused without', async () => {
    const [may, mayNot] = [await tokenOf(ada, ['metrics:read']), await tokenOf(ada, ['workflows:read'])];
    expect([await status(may.secret, '/metrics'), await status(mayNot.secret, '/metrics')]).toEqual([200, 403]);
    expect([await status('hlk_wrong', '/metrics'), (await api.agent.get('/metrics')).status]).toEqual([401, 401]);
    expect(await status(may.secret)).toBe(403);
  });
});

describe('refusals and reads', () => {
  const entries = async (query: string) => (await api.call('GET', `/api/audit?${query}`)).body.data;

  test('of a known actor are noted, grouped', async () => {
    const { browser, id } = await person('viewer');
    for (let n = 0; n < 5; n += 1) expect((await browser.send('POST', '/api/workflows', quiet)).status).toBe(403);
    expect(await entries(`actor=${id}&outcome=refused`)).toMatchObject([{ action: 'createWorkflow', outcome: 'refused' }]);
  });

  test('wrong tokens, wrong passwords and waits are noted, grouped', async () => {
    const before = (await entries('action=bearerRefused&limit=100')).length;
    for (let n = 0; n < 9; n += 1) expect(await status('hlk_not-a-token')).toBe(401);
    const after = (await entries('action=bearerRefused&limit=100')).length;
    expect(after).toBeGreaterThan(0);
    // A window may end meanwhile.
    expect(after - before).toBeLessThan(5);
    const codes: number[] = [];
    for (let n = 0; n < 7; n += 1) codes.push((await openBrowser(api.url).signIn('nobody@example.com', 'wrong')).status);
    expect(codes).toContain(429);
    for (const action of ['signInRefused', 'signInThrottled']) {
      const refused = await entries(`action=${action}&actor=nobody@example.com`);
      expect(refused).toContainEqual(expect.objectContaining({ outcome: 'refused' }));
    }
  });

  test('exports and reads of the log are noted; reads of executions when that is set', async () => {
    const { body } = await api.call('POST', '/api/workflows', { body: quiet, status: 201 });
    await api.call('GET', `/api/workflows/${body.id}/export`, { status: 200 });
    expect(await entries(`action=exportWorkflow&target=${body.id}`)).toHaveLength(1);
    expect((await entries('action=listAudit')).length).toBeGreaterThan(0);
    await api.call('GET', '/api/executions', { status: 200 });
    expect(await entries('action=listExecutions')).toEqual([]);
    const weak = await tokenOf(ada, ['settings:read', 'settings:write']);
    await api.call('PATCH', '/api/settings', { body: { auditsReads: true }, token: weak.secret, status: 403 });
    await api.call('PATCH', '/api/settings', { body: { auditsReads: true }, status: 200 });
    await api.call('GET', '/api/executions', { status: 200 });
    expect(await entries('action=listExecutions')).toHaveLength(1);
    await api.call('PATCH', '/api/settings', { body: { auditsReads: false }, status: 200 });
  });

  test('what is tried names secrets and hosts, never values', async () => {
    const node = {
      key: 'a',
      type: 'http-request',
      config: { url: 'http://u:p@sink.example.com/x?s={{$secrets.CRM}}', method: 'GET' },
    };
    await api.call('POST', '/api/test-node', { body: { mode: 'async', node, effects: false } });
    await api.call('POST', '/api/evaluate', { body: { engine: 'jsonata', expression: '$split($secrets.CRM, "")' } });
    expect((await entries('action=testNode'))[0]).toMatchObject({
      details: { secrets: ['CRM'], hosts: ['sink.example.com'], node: ['http-request'] },
    });
    expect((await entries('action=evaluateExpression'))[0]).toMatchObject({ details: { secrets: ['CRM'], engine: ['jsonata'] } });
  });

  test('everything that matches is exported, a line each', async () => {
    const token = await tokenOf(ada, ['access:read']);
    const reply = await api.agent
      .get('/api/audit?format=ndjson&action=createToken')
      .set(bearer(token.secret))
      .buffer(true)
      .parse((res, done) => {
        let text = '';
        res.on('data', (part) => {
          text += part;
        });
        res.on('end', () => done(null, text));
      });
    expect(reply.headers['content-type']).toMatch(/^application\/x-ndjson/);
    const lines = String(reply.body)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line).toMatchObject({ action: 'createToken', hash: expect.any(String) });
    expect(lines[0]).toMatchObject({ target: token.id, actor: { id: adaId } });
    expect(await entries(`actor=${token.id}&action=listAudit`)).toMatchObject([{ details: { format: ['ndjson'] } }]);
  });
});

test('a weak admin token stops the start with a sentence that does not show it', () => {
  expect(() => createHookline({ adminToken: 'a'.repeat(40) })).toThrow(/adminToken must not be guessable.*openssl rand -hex 32/s);
  expect(() => createHookline({ adminToken: 'aaaaaaaaaaaaaaaa' })).toThrow(/at least 32 characters/);
});

describe('notices', () => {
  const streamOf = ({ cookie }: Browser): Promise<EventReader> =>
    readEvents(`${api.url}/api/events`, { Cookie: `hookline_session=${cookie}` });

  test('are pushed to the user whom they are for, and to no one else', async () => {
    const [grace, edith] = [await person('owner'), await person('owner')];
    const [own, other] = [await streamOf(grace.browser), await streamOf(edith.browser)];
    const admin = await readEvents(`${api.url}/api/events`, bearer(TOKEN));
    await tokenOf(edith.browser, ['workflows:read']);
    await other.nextOf('notices');
    const before = other.events.length;

    await tokenOf(grace.browser, ['workflows:read']);
    expect(await own.nextOf('notices')).toMatchObject({ data: {} });
    await openBrowser(api.url).send('POST', '/api/session', { email: grace.email, password: PASSWORD }, { 'User-Agent': 'New' });
    await own.nextOf('notices');
    await ada.send('POST', `/api/users/${grace.id}/link`);
    await own.nextOf('notices');
    await grace.browser.send('POST', '/api/me/notices/read');
    await own.nextOf('notices');
    const password = { current: PASSWORD, new: 'another battery of horses' };
    expect((await grace.browser.send('PATCH', '/api/me', { password })).status).toBe(200);
    await own.nextOf('notices');

    await tokenOf(edith.browser, ['workflows:read']);
    await other.nextOf('notices');
    expect(other.events.length).toBe(before + 1);
    expect(admin.events.filter(({ event }) => event === 'notices')).toEqual([]);
    for (const reader of [own, other, admin]) reader.hangUp();
  });
});
