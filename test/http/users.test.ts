// Users, one-time links, API tokens and the audit log through the API; every reply is checked against its schema.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectBeside } from '../../src/storage/connect.ts';
import { type Browser, openBrowser, PASSWORD, secretOf } from './browser.ts';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;
let ada: Browser;
let folder: string;
let databaseUrl: string;
let adaId: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-users-'));
  databaseUrl = `sqlite:${join(folder, 'hookline.db')}`;
  api = await startApi({ databaseUrl, publicUrl: 'http://hooks.example.com' });
  ada = openBrowser(api.url);
  const link = await api.hookline.createSetupLink();
  const page = await ada.accept(link?.url ?? '', { email: 'ada@example.com', name: 'Ada' });
  adaId = page.body.user.id;
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

async function age(sql: string): Promise<void> {
  const database = await connectBeside(databaseUrl);
  await database.query(sql);
  await database.close();
}

const invite = (email: string, role = 'editor') =>
  api.call('POST', '/api/users', { body: { email, name: email.split('@')[0], role }, status: 201 });

describe('users', () => {
  test('are invited, choose a password with the link, and are listed', async () => {
    const { body } = await invite('Bob@Example.com', 'viewer');
    expect(body.user).toMatchObject({
      email: 'bob@example.com',
      name: 'Bob',
      role: 'viewer',
      status: 'invited',
      lastSeenAt: null,
    });
    const { url, expiresAt } = body.link;
    expect(url).toMatch(/^http:\/\/hooks\.example\.com\/designer\/welcome#[\w-]{43}$/);
    expect(Math.round((Date.parse(expiresAt) - Date.now()) / 86_400_000)).toBe(7);
    const token = secretOf(url);
    const check = await api.call('POST', '/api/links/check', { body: { token }, token: null, status: 200 });
    expect(check.body).toEqual({ purpose: 'invitation', email: 'bob@example.com', name: 'Bob', secondFactor: false, expiresAt });
    const bob = openBrowser(api.url);
    expect((await bob.accept(url, { email: 'other@example.com', name: 'Other' })).status).toBe(400);
    expect((await bob.accept(url)).body.user).toMatchObject({ email: 'bob@example.com', status: 'active' });
    expect((await bob.accept(url)).body.error.code).toBe('not_found');
    expect((await bob.signIn('BOB@example.com')).status).toBe(200);
    const list = await api.call('GET', '/api/users', { status: 200 });
    expect(list.body.data.map(({ email }: { email: string }) => email)).toEqual(['ada@example.com', 'bob@example.com']);
    expect(list.text).not.toMatch(/scrypt|password|hash/);
  });

  test.each([
    [{ email: 'ada@example.com' }, 409],
    [{ email: 'no address' }, 400],
    [{ email: 'a\u0000@b' }, 400],
    [{ name: '' }, 400],
    [{ name: 'a\u0000b' }, 400],
    [{ name: 'x'.repeat(101) }, 400],
    [{ role: 'admin' }, 400],
    [{ password: 'x' }, 400],
  ])('with %j are refused with %i', async (change, status) => {
    await api.call('POST', '/api/users', { body: { email: 'new@example.com', name: 'New', role: 'viewer', ...change }, status });
  });

  test('keep an owner', async () => {
    for (const body of [{ role: 'editor' }, { disabled: true }]) {
      const reply = await api.call('PATCH', `/api/users/${adaId}`, { body, status: 409 });
      expect(reply.body.error.code).toBe('conflict');
    }
    await api.call('DELETE', `/api/users/${adaId}`, { status: 409 });
    await api.call('PATCH', `/api/users/${adaId}`, { body: { name: 'Ada L.', role: 'owner' }, status: 200 });
    for (const method of ['PATCH', 'DELETE'] as const) {
      await api.call(method, '/api/users/nobody', { ...(method === 'PATCH' ? { body: {} } : {}), status: 404 });
    }
  });

  test('get a new link, which ends the one before; a disabled one gets none', async () => {
    const { body } = await invite('carol@example.com');
    const path = `/api/users/${body.user.id}/link`;
    const second = await api.call('POST', path, { status: 200 });
    const carol = openBrowser(api.url);
    expect((await carol.accept(body.link.url)).status).toBe(404);
    expect((await carol.accept(second.body.url)).status).toBe(200);
    const reset = await api.call('POST', path, { status: 200 });
    expect(Math.round((Date.parse(reset.body.expiresAt) - Date.now()) / 3_600_000)).toBe(24);
    const check = await carol.send('POST', '/api/links/check', { token: secretOf(reset.body.url) });
    expect(check.body.purpose).toBe('reset');
    // Who has the old password is out.
    const other = openBrowser(api.url);
    expect((await other.accept(reset.body.url, { password: 'a wholly new password' })).status).toBe(200);
    expect((await carol.send('GET', '/api/workflows')).status).toBe(401);
    expect((await carol.signIn('carol@example.com', PASSWORD)).status).toBe(401);
    const third = await api.call('POST', path, { status: 200 });
    await api.call('PATCH', `/api/users/${body.user.id}`, { body: { disabled: true }, status: 200 });
    expect((await carol.accept(third.body.url)).status).toBe(404);
    await api.call('POST', path, { status: 409 });
    await api.call('POST', '/api/users/nobody/link', { status: 404 });
  });

  test('find that an old link has expired', async () => {
    const { body } = await invite('late@example.com');
    await age(`UPDATE one_time_links SET expires_at = ${Date.now()} WHERE user_id = '${body.user.id}'`);
    expect((await openBrowser(api.url).accept(body.link.url)).status).toBe(404);
  });
});

describe('API tokens', () => {
  const create = (by: Browser, permissions: string[], more: object = {}, headers = {}) =>
    by.send('POST', '/api/tokens', { name: 'CI', permissions, expiresAt: null, ...more }, headers);
  const get = (secret: string, path: string) =>
    openBrowser(api.url).send('GET', path, undefined, { Authorization: `Bearer ${secret}` });

  test('are shown once, may what they may, and are known by their last characters', async () => {
    const expiresAt = '2100-01-01T00:00:00.000Z';
    const { status, body } = await create(ada, ['workflows:read', 'workflows:read'], { expiresAt });
    expect(status).toBe(201);
    expect(body.secret).toMatch(/^hlk_[\w-]{43}$/);
    const expected = {
      name: 'CI',
      hint: body.secret.slice(-4),
      permissions: ['workflows:read'],
      expiresAt,
      createdBy: 'ada@example.com',
    };
    expect(body.token).toMatchObject({ ...expected, lastUsedAt: null });
    expect((await get(body.secret, '/api/workflows')).status).toBe(200);
    expect((await get(body.secret, '/api/executions')).status).toBe(403);
    expect((await get(`${body.secret}x`, '/api/workflows')).status).toBe(401);
    const list = await api.call('GET', '/api/tokens', { status: 200 });
    expect(list.body.data[0]).toMatchObject({ ...expected, lastUsedAt: expect.any(String) });
    expect(list.text).not.toContain(body.secret);
    await api.call('DELETE', `/api/tokens/${body.token.id}`, { status: 204 });
    expect((await get(body.secret, '/api/workflows')).status).toBe(401);
    await api.call('DELETE', `/api/tokens/${body.token.id}`, { status: 404 });
  });

  test.each([
    [{ permissions: [] }, 400],
    [{ permissions: ['everything'] }, 400],
    [{ expiresAt: '2020-01-01T00:00:00Z' }, 400],
    [{ expiresAt: 5 }, 400],
    [{ name: '' }, 400],
  ])('with %j are refused with %i', async (change, status) => {
    await api.call('POST', '/api/tokens', {
      body: { name: 'x', permissions: ['workflows:read'], expiresAt: null, ...change },
      status,
    });
  });

  test('stop when they expire', async () => {
    const { body } = await create(ada, ['workflows:read'], { expiresAt: '2100-01-01' });
    await age(`UPDATE api_tokens SET expires_at = ${Date.now()} WHERE id = '${body.token.id}'`);
    expect((await get(body.secret, '/api/workflows')).status).toBe(401);
  });

  test('cannot make or raise anybody above themselves', async () => {
    const { body } = await create(ada, ['access:read', 'access:write', 'workflows:read']);
    const headers = { Authorization: `Bearer ${body.secret}` };
    const token = openBrowser(api.url);
    const forbidden = expect.objectContaining({ status: 403 });
    expect(await create(token, ['workflows:write'], {}, headers)).toEqual(forbidden);
    expect((await create(token, ['workflows:read'], {}, headers)).status).toBe(201);
    expect(await token.send('POST', '/api/users', { email: 'x@y', name: 'x', role: 'viewer' }, headers)).toEqual(forbidden);
    expect(await token.send('POST', `/api/users/${adaId}/link`, undefined, headers)).toEqual(forbidden);
    const { body: viewer } = await invite('raised@example.com', 'viewer');
    expect(await token.send('PATCH', `/api/users/${viewer.user.id}`, { role: 'owner' }, headers)).toEqual(forbidden);
    // A viewer may read more than this token.
    expect(await token.send('PATCH', `/api/users/${viewer.user.id}`, { name: 'Other' }, headers)).toEqual(forbidden);
  });

  test('have at most the rights of their user now, and go with the user', async () => {
    const { body } = await invite('owner2@example.com', 'owner');
    const second = openBrowser(api.url);
    await second.accept(body.link.url);
    const { body: made } = await create(second, ['workflows:read', 'access:read', 'access:write']);
    const child = await create(openBrowser(api.url), ['workflows:read'], {}, { Authorization: `Bearer ${made.secret}` });
    const statuses = async () => [
      (await get(made.secret, '/api/users')).status,
      (await get(made.secret, '/api/workflows')).status,
      (await get(child.body.secret, '/api/workflows')).status,
    ];
    expect(await statuses()).toEqual([200, 200, 200]);
    await api.call('PATCH', `/api/users/${body.user.id}`, { body: { role: 'editor' }, status: 200 });
    expect(await statuses()).toEqual([403, 200, 200]);
    await api.call('PATCH', `/api/users/${body.user.id}`, { body: { disabled: true }, status: 200 });
    expect(await statuses()).toEqual([401, 401, 401]);
    await api.call('PATCH', `/api/users/${body.user.id}`, { body: { disabled: false }, status: 200 });
    expect(await statuses()).toEqual([403, 200, 200]);
    await api.call('DELETE', `/api/users/${body.user.id}`, { status: 204 });
    expect(await statuses()).toEqual([401, 401, 401]);
  });
});

describe('the audit log', () => {
  const list = async (query: string) => (await api.call('GET', `/api/audit?${query}`, { status: 200 })).body.data;

  test('has who changed what, with the names of the fields and never a value', async () => {
    const body = { title: 'Secret title', mode: 'async', trigger: { type: 'webhook' } };
    const made = await api.call('POST', '/api/workflows', { body, status: 201 });
    await ada.send('PATCH', `/api/workflows/${made.body.id}`, { enabled: true });
    const entries = await list(`target=${made.body.id}`);
    expect(entries).toEqual([
      {
        id: expect.any(String),
        at: expect.any(String),
        actor: { kind: 'user', id: adaId, name: 'ada@example.com' },
        action: 'updateWorkflow',
        target: made.body.id,
        fields: ['enabled'],
        address: expect.stringContaining('127.0.0.1'),
        outcome: 'done',
        details: {},
        sequence: expect.any(Number),
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      expect.objectContaining({
        actor: { kind: 'admin-token', id: 'admin', name: 'admin token' },
        action: 'createWorkflow',
        fields: ['title', 'mode', 'trigger'],
      }),
    ]);
    expect(JSON.stringify(await list('limit=100'))).not.toMatch(/Secret title|correct horse|hlk_/);
  });

  test('has no ordinary reads, nothing that was malformed, and no messages', async () => {
    const others = async () => (await list('limit=100')).filter(({ action }: { action: string }) => action !== 'listAudit');
    const before = await others();
    await api.call('GET', '/api/workflows', { status: 200 });
    await api.call('POST', '/api/parse/query', { body: { url: 'http://x/?a=1' } });
    await api.call('POST', '/api/users', { body: { email: 'x' }, status: 400 });
    await api.call('DELETE', '/api/users/nobody', { status: 404 });
    expect(await others()).toEqual(before);
  });

  test('has who came, who was refused, who left, and what links were used', async () => {
    const { body } = await invite('dora@example.com');
    const dora = openBrowser(api.url);
    await dora.accept(body.link.url);
    await dora.send('DELETE', '/api/session');
    await dora.signIn('dora@example.com', 'wrong');
    await dora.signIn('dora@example.com');
    await dora.send('PATCH', '/api/me', { name: 'Dora D.' });
    const own = await list(`actor=${body.user.id}`);
    expect(own.map(({ action }: { action: string }) => action)).toEqual(['updateMe', 'signIn', 'signOut', 'acceptLink']);
    expect(await list('actor=dora@example.com&action=signInRefused')).toMatchObject([
      { actor: { kind: 'nobody', id: '', name: 'dora@example.com' }, target: null, fields: [] },
    ]);
  });
});
