import { expect, test } from 'vitest';
import { createSessionCookie } from '../../src/http/session-cookie.ts';
import { startHookline } from '../start-hookline.ts';
import { openBrowser, PASSWORD } from './browser.ts';

const SECRET = 'a'.repeat(43);

test.each([
  ['http://127.0.0.1:3000', `hookline_session=${SECRET}; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax`],
  ['http://host/a/b', `hookline_session=${SECRET}; Max-Age=2592000; Path=/a/b; HttpOnly; SameSite=Lax`],
  ['https://host', `__Host-hookline_session=${SECRET}; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax; Secure`],
  ['https://host/', `__Host-hookline_session=${SECRET}; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax; Secure`],
  ['https://host/a', `hookline_session=${SECRET}; Max-Age=2592000; Path=/a; HttpOnly; SameSite=Lax; Secure`],
])('at %s it is %s', (baseUrl, line) => {
  expect(createSessionCookie(baseUrl).write(SECRET)).toBe(line);
});

test('it is found among others, and only in the form that we write', () => {
  const cookie = createSessionCookie('http://host');
  expect(cookie.read(`a=1; hookline_session=${SECRET};b=2`)).toBe(SECRET);
  const odd = ['', 'hookline_session', 'hookline_session=', `hookline_session=${SECRET}b`, `xhookline_session=${SECRET}`];
  for (const header of [...odd, `HOOKLINE_SESSION=${SECRET}`, `hookline_session="${SECRET}"`])
    expect(cookie.read(header)).toBeUndefined();
});

test("white space that is not HTTP's belongs to the name, so that nothing in front of __Host- escapes its rules", () => {
  const cookie = createSessionCookie('https://host');
  expect(cookie.read(`a=1; \t__Host-hookline_session=${SECRET}`)).toBe(SECRET);
  for (const blank of ['\u00a0', '\u2000', '\ufeff', '\u000b', '\u0085']) {
    expect(cookie.read(`a=1; ${blank}__Host-hookline_session=${SECRET}`)).toBeUndefined();
  }
});

test('behind https it is Secure and bound to the host, and the host is told to stay with https', async () => {
  const server = await startHookline({ publicUrl: 'https://hooks.example.com' });
  const browser = openBrowser(server.url, '__Host-hookline_session');
  const link = await server.hookline.createSetupLink();
  expect(link?.url).toMatch(/^https:\/\/hooks\.example\.com\/designer\/welcome#[\w-]{43}$/);
  const page = await browser.accept(link?.url ?? '', { email: 'ada@example.com', name: 'Ada' });
  expect(page.headers['set-cookie']).toEqual([
    expect.stringMatching(/^__Host-hookline_session=.+; Path=\/; .*; Secure$/),
    expect.stringMatching(/^__Host-hookline_device=.+; Path=\/; .*; Secure$/),
  ]);
  expect(page.headers['strict-transport-security']).toBe('max-age=31536000');
  const origin = { Origin: 'https://hooks.example.com' };
  expect((await browser.send('PATCH', '/api/me', { name: 'A' }, origin)).status).toBe(200);
  await server.stop();
});

test('under a prefix everything works with the cookie of that path', async () => {
  const server = await startHookline({ prefix: '/automation' });
  const browser = openBrowser(`${server.url}/automation`);
  const link = await server.hookline.createSetupLink();
  expect(link?.url).toContain(`${server.url}/automation/designer/welcome#`);
  const page = await browser.accept(link?.url ?? '', { email: 'ada@example.com', name: 'Ada' });
  expect(page.headers['set-cookie']).toEqual([
    expect.stringMatching(/^hookline_session=.+; Path=\/automation; /),
    expect.stringMatching(/^hookline_device=.+; Path=\/automation; /),
  ]);
  expect(page.headers['strict-transport-security']).toBeUndefined();
  expect((await browser.signIn('ada@example.com', PASSWORD)).status).toBe(200);
  await server.stop();
});
