// Two servers on one PostgreSQL database: whoever signs in at one is signed in at both, and out of both.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KEY } from '../cli/command.ts';
import { type Browser, openBrowser } from '../http/browser.ts';
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
