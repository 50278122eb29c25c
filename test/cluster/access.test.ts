// Two servers on one PostgreSQL database: whoever signs in at one is signed in at both, and out of both.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { KEY } from '../cli/command.ts';
import { type Browser, openBrowser, PASSWORD } from '../http/browser.ts';
import { type EventReader, readEvents } from '../http/event-reader.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { startHookline, type TestHookline } from '../start-hookline.ts';

let postgres: TestPostgres;
let folder: string;
let one: TestHookline;
let two: TestHookline;

beforeAll(async () => {
  postgres = await startPostgres();
  folder = await mkdtemp(join(tmpdir(), 'hookline-cluster-'));
  const options = { databaseUrl: await postgres.createDatabase(), secretKey: KEY, folder, publicUrl: 'http://hooks.example.com' };
  one = await startHookline(options);
  two = await startHookline(options);
});
afterAll(async () => {
  await Promise.all([one.stop(), two.stop()]);
  await postgres.stop();
  await rm(folder, { recursive: true });
});

/** The same person at the other server, as a load balancer sends him there. */
function at(server: TestHookline, { cookie, csrfToken }: Browser): Browser {
  return Object.assign(openBrowser(server.url), { cookie, csrfToken });
}

test('two servers offer a setup link each, and one of them makes the owner', async () => {
  const links = await Promise.all([one, two].map(({ hookline }) => hookline.createSetupLink()));
  const uses = links.map((link, n) =>
    openBrowser((n === 0 ? two : one).url).accept(link?.url ?? '', { email: `owner${n}@example.com`, name: 'Owner' }),
  );
  const statuses = (await Promise.all(uses)).map(({ status }) => status);
  expect(statuses.sort()).toEqual([200, 404]);
  expect((await one.api('GET', '/api/users')).body.data).toHaveLength(1);
  for (const { hookline } of [one, two]) expect(await hookline.createSetupLink()).toBeUndefined();
});

test('a session, its CSRF token and its end are the same at both', async () => {
  const { body } = await one.api('POST', '/api/users', { email: 'bob@example.com', name: 'Bob', role: 'editor' });
  const bob = openBrowser(one.url);
  expect((await bob.accept(body.link.url)).status).toBe(200);
  const elsewhere = at(two, bob);
  expect((await elsewhere.send('GET', '/api/session')).body).toMatchObject({
    user: { email: 'bob@example.com' },
    csrfToken: bob.csrfToken,
  });
  expect((await elsewhere.send('PATCH', '/api/me', { name: 'Bobby' })).body).toMatchObject({ name: 'Bobby' });
  expect((await at(two, bob).accept(body.link.url)).status).toBe(404);

  await two.api('PATCH', `/api/users/${body.user.id}`, { role: 'viewer' });
  expect((await bob.send('POST', '/api/workflows', {})).status).toBe(403);
  expect((await elsewhere.send('DELETE', '/api/session')).status).toBe(204);
  expect((await bob.send('GET', '/api/workflows')).status).toBe(401);
  await bob.signIn('bob@example.com');
  await two.api('PATCH', `/api/users/${body.user.id}`, { disabled: true });
  expect((await bob.send('GET', '/api/workflows')).status).toBe(401);
});

test('a token of one works at the other until it is deleted at either', async () => {
  const { body } = await one.api('POST', '/api/tokens', { name: 'CI', permissions: ['workflows:read'], expiresAt: null });
  const ask = () => openBrowser(two.url).send('GET', '/api/workflows', undefined, { Authorization: `Bearer ${body.secret}` });
  expect((await ask()).status).toBe(200);
  await one.api('DELETE', `/api/tokens/${body.token.id}`);
  expect((await ask()).status).toBe(401);
});

/** Opens the stream of changes at a server, without the heartbeats at which it would ask by itself whether it may continue. */
async function openStream(server: TestHookline, headers: Record<string, string>): Promise<EventReader> {
  vi.useFakeTimers({ toFake: ['setInterval'] });
  try {
    const reader = await readEvents(`${server.url}/api/events`, headers);
    expect(reader.status).toBe(200);
    return reader;
  } finally {
    vi.useRealTimers();
  }
}

const sessionOf = ({ cookie }: Browser) => ({ Cookie: `hookline_session=${cookie}` });

async function invite(name: string, role = 'editor'): Promise<{ id: string; browser: Browser }> {
  const { body } = await one.api('POST', '/api/users', { email: `${name}@example.com`, name, role });
  const browser = openBrowser(one.url);
  expect((await browser.accept(body.link.url)).status).toBe(200);
  return { id: body.user.id, browser };
}

describe('what is taken away at one server ends the streams at the other', () => {
  test('a token that is deleted, and no other token', async () => {
    const make = async (name: string) =>
      (await one.api('POST', '/api/tokens', { name, permissions: ['workflows:read'], expiresAt: null })).body;
    const [revoked, kept] = [await make('revoked'), await make('kept')];
    const ended = await openStream(two, { Authorization: `Bearer ${revoked.secret}` });
    const open = await openStream(two, { Authorization: `Bearer ${kept.secret}` });
    expect((await one.api('DELETE', `/api/tokens/${revoked.token.id}`)).status).toBe(204);
    await ended.ended;
    const refused = await readEvents(`${two.url}/api/events`, { Authorization: `Bearer ${revoked.secret}` });
    expect(refused.status).toBe(401);
    await one.workflow({ title: 'Seen', mode: 'async', trigger: { type: 'webhook', config: {} } });
    expect((await open.next()).event).toBe('workflows');
    open.hangUp();
  });

  test.each([
    ['a user who is disabled', (id: string) => one.api('PATCH', `/api/users/${id}`, { disabled: true })],
    ['a user with another role', (id: string) => one.api('PATCH', `/api/users/${id}`, { role: 'viewer' })],
    ['a user who is deleted', (id: string) => one.api('DELETE', `/api/users/${id}`)],
    ['sessions that an owner ends', (id: string) => one.api('DELETE', `/api/users/${id}/sessions`)],
  ])('%s', async (name, takeAway) => {
    const { id, browser } = await invite(name.replaceAll(' ', '-'));
    const reader = await openStream(two, sessionOf(browser));
    expect((await takeAway(id)).status).toBeLessThan(300);
    await reader.ended;
  });

  test('a session that its user ends, and those that a new password ends', async () => {
    const { browser } = await invite('leaving');
    const other = openBrowser(one.url);
    expect((await other.signIn('leaving@example.com')).status).toBe(200);
    const own = await openStream(two, sessionOf(browser));
    const ended = await openStream(two, sessionOf(other));
    const password = { current: PASSWORD, new: 'a wholly new sentence' };
    expect((await browser.send('PATCH', '/api/me', { password })).status).toBe(200);
    await ended.ended;
    expect((await browser.send('DELETE', '/api/session')).status).toBe(204);
    await own.ended;
  });

  test('tokens of a user who is disabled', async () => {
    const { id, browser } = await invite('owner-of-tokens', 'owner');
    const given = { name: 'own', permissions: ['workflows:read'], expiresAt: null };
    const { secret } = (await browser.send('POST', '/api/tokens', given)).body;
    const reader = await openStream(two, { Authorization: `Bearer ${secret}` });
    expect((await one.api('PATCH', `/api/users/${id}`, { disabled: true })).status).toBe(200);
    await reader.ended;
  });
});

test('of two owners who take each other’s rights away at once one stays', async () => {
  const [first] = (await one.api('GET', '/api/users')).body.data;
  const { body } = await one.api('POST', '/api/users', { email: 'second@example.com', name: 'Second', role: 'owner' });
  await openBrowser(two.url).accept(body.link.url);
  const replies = await Promise.all([
    one.api('PATCH', `/api/users/${first.id}`, { role: 'editor' }),
    two.api('DELETE', `/api/users/${body.user.id}`),
  ]);
  expect(replies.map(({ status }) => status >= 400).sort()).toEqual([false, true]);
  const { data } = (await two.api('GET', '/api/users')).body;
  expect(
    data.filter(({ role, status }: { role: string; status: string }) => role === 'owner' && status === 'active'),
  ).toHaveLength(1);
});
