// Every route of the table, asked by nobody, each role, and a token with each single permission.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { PERMISSIONS, type Permission, ROLE_PERMISSIONS, ROLES } from '../../src/access/model.ts';
import type { Route } from '../../src/http/route.ts';
import { routes } from '../../src/http/routes/index.ts';
import { startHookline, type TestHookline } from '../start-hookline.ts';
import { type Browser, openBrowser } from './browser.ts';

let server: TestHookline;
const askers: { name: string; browser: Browser; headers: Record<string, string>; permissions: readonly Permission[] }[] = [];

beforeAll(async () => {
  server = await startHookline();
  const link = await server.hookline.createSetupLink();
  const owner = openBrowser(server.url);
  await owner.accept(link?.url ?? '', { email: 'owner@example.com', name: 'owner' });
  askers.push({ name: 'owner', browser: owner, headers: {}, permissions: ROLE_PERMISSIONS.owner });
  for (const role of ROLES.slice(1)) {
    const { body } = await owner.send('POST', '/api/users', { email: `${role}@example.com`, name: role, role });
    const browser = openBrowser(server.url);
    await browser.accept(body.link.url);
    askers.push({ name: role, browser, headers: {}, permissions: ROLE_PERMISSIONS[role] });
  }
  for (const permission of PERMISSIONS) {
    const { body } = await owner.send('POST', '/api/tokens', { name: permission, permissions: [permission], expiresAt: null });
    const headers = { Authorization: `Bearer ${body.secret}` };
    askers.push({ name: `token ${permission}`, browser: openBrowser(server.url), headers, permissions: [permission] });
  }
});
afterAll(() => server.stop());

/** Nothing is found by these ids, and no body is right: whoever is let in gets no further. */
const pathOf = (route: Route): string => route.path.replaceAll(/\{\w+\}/g, 'nothing-0');
const bodyOf = (route: Route): object | undefined => (route.body === undefined ? undefined : { 'no such field': 1 });
/** These would end the sessions that the test needs, or never end. */
const LEFT_OUT: ReadonlySet<string> = new Set(['signOut']);

/** What is a user's own, which tokens do not have. */
const isOfUsers = ({ path }: Route): boolean => path.startsWith('/api/me/');

const walked = routes.filter(({ name }) => !LEFT_OUT.has(name)).map((route) => ({ name: route.name, route }));

test.each(walked)('$name asks for its permission', async ({ route }) => {
  const { method, permission } = route;
  const nobody = await openBrowser(server.url).send(method, pathOf(route), bodyOf(route));
  if (permission === 'none') expect([200, 400]).toContain(nobody.status);
  else expect(nobody.status).toBe(401);
  // A stream that is let in does not end by itself.
  const isStream = route.path === '/api/events' || route.path.endsWith('/listen');
  for (const { name, browser, headers, permissions } of askers) {
    const isAllowed = permission === 'none' || permission === 'any' || permissions.includes(permission);
    if (isStream && isAllowed) continue;
    const page = await browser.send(method, pathOf(route), bodyOf(route), headers);
    const where = `${name}: ${page.status} ${page.text}`;
    if (isOfUsers(route) && 'Authorization' in headers && route.body !== undefined) {
      // The body is wrong, too.
      expect([400, 403], where).toContain(page.status);
    } else if (isOfUsers(route) && 'Authorization' in headers) {
      expect([page.status, page.body?.error.message], where).toEqual([403, expect.stringContaining('not a token')]);
    } else if (isAllowed) {
      expect([401, 403], where).not.toContain(page.status);
      expect(page.status, where).toBeLessThan(500);
    } else {
      expect([page.status, page.body?.error.message], where).toEqual([403, expect.stringContaining(`"${permission}"`)]);
    }
  }
});

test('a read permission never changes anything, and reads ask for one', () => {
  for (const { name, method, permission } of routes) {
    if (method === 'GET') expect(permission, name).not.toMatch(/:write$/);
    if (method === 'DELETE' || method === 'PATCH') expect(permission, name).toMatch(/:write$|^any$/);
  }
});

test('each role has what the one below it has', () => {
  for (const permission of ROLE_PERMISSIONS.viewer) expect(ROLE_PERMISSIONS.editor).toContain(permission);
  for (const permission of ROLE_PERMISSIONS.editor) expect(ROLE_PERMISSIONS.owner).toContain(permission);
  expect([...ROLE_PERMISSIONS.owner].sort()).toEqual([...PERMISSIONS].sort());
  expect(ROLE_PERMISSIONS.viewer.filter((permission) => !permission.endsWith(':read'))).toEqual([]);
  expect(ROLE_PERMISSIONS.editor.filter((permission) => permission.startsWith('access:'))).toEqual([]);
});
