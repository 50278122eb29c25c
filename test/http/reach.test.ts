import Koa, { type Context } from 'koa';
import { expect, test } from 'vitest';
import { createReach } from '../../src/http/reach.ts';

/** How a request to `host` has reached us when a trusted proxy says `isHttps`, or nothing. */
function reach(baseUrl: string, host: string, isHttps?: boolean) {
  const ctx: Pick<Context, 'get'> = { get: (name: string) => (name === 'Host' ? host : '') };
  const connections = { ofContext: () => ({ address: '203.0.113.7', isHttps }) };
  return createReach(baseUrl, connections)(Object.assign(Object.create(new Koa().context), ctx));
}

test.each([
  // Public URL, the host that was asked, what the proxy says, our URL for this caller
  ['http://hooks.example.com', 'hooks.example.com', true, 'https://hooks.example.com/hooks/k'],
  ['http://hooks.example.com', 'Hooks.Example.com', true, 'https://hooks.example.com/hooks/k'],
  ['http://hooks.example.com:80', 'hooks.example.com', true, 'https://hooks.example.com/hooks/k'],
  ['http://hooks.example.com:8080', 'hooks.example.com:8080', true, 'https://hooks.example.com:8080/hooks/k'],
  ['http://hooks.example.com', 'other.example.com', true, 'http://hooks.example.com/hooks/k'],
  ['http://hooks.example.com', 'hooks.example.com', false, 'http://hooks.example.com/hooks/k'],
  ['http://hooks.example.com', 'hooks.example.com', undefined, 'http://hooks.example.com/hooks/k'],
  ['https://hooks.example.com', 'hooks.example.com', false, 'https://hooks.example.com/hooks/k'],
])('with the public URL %s, asked as %s with https %s, a trigger URL is %4$s', (baseUrl, host, isHttps, url) => {
  expect(reach(baseUrl, host, isHttps).ownUrl(`${baseUrl}/hooks/k`)).toBe(url);
});

test.each([
  ['http://a.example', undefined, false],
  ['https://a.example', undefined, true],
  ['http://a.example', true, true],
  ['https://a.example', false, false],
])('with the public URL %s and a proxy that says %s the cookie is Secure: %s', (baseUrl, told, isSecure) => {
  const { isHttps, sessionCookie } = reach(baseUrl, 'a.example', told);
  expect([isHttps, sessionCookie.write('x').endsWith('; Secure')]).toEqual([isSecure, isSecure]);
});

test.each([
  // Nothing is told: the scheme of another host name than the public one is not known.
  ['https://public.example', undefined, ['https://public.example', 'http://asked.example', 'https://asked.example']],
  ['https://public.example', true, ['https://public.example', 'https://asked.example']],
  ['https://public.example', false, ['https://public.example', 'http://asked.example']],
  ['http://asked.example', true, ['https://asked.example']],
])('with the public URL %s and a proxy that says %s these pages are ours: %j', (baseUrl, told, ours) => {
  const origins = ['public', 'asked', 'evil'].flatMap((name) => [`http://${name}.example`, `https://${name}.example`]);
  const { isOwnOrigin } = reach(baseUrl, 'asked.example', told);
  expect(origins.filter(isOwnOrigin).sort()).toEqual([...ours].sort());
  for (const odd of ['null', '', 'asked.example', 'https://asked.example:444']) expect(isOwnOrigin(odd)).toBe(false);
});
