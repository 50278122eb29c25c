// Which URLs the entries of a list of allowed hosts stand for.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAllowedHost, parseAllowedHost } from '../../src/engine/allowed-hosts.ts';

const listOf = (...entries: string[]) => entries.flatMap((entry) => parseAllowedHost(entry) ?? []);

test.each([
  ['shop.example.com', { host: 'shop.example.com', isWildcard: false, port: undefined }],
  [' Shop.Example.COM. ', { host: 'shop.example.com', isWildcard: false, port: undefined }],
  ['shop.example.com:8443', { host: 'shop.example.com', isWildcard: false, port: 8443 }],
  ['*.example.com', { host: 'example.com', isWildcard: true, port: undefined }],
  ['bücher.example', { host: 'xn--bcher-kva.example', isWildcard: false, port: undefined }],
  ['[::1]:8080', { host: '[::1]', isWildcard: false, port: 8080 }],
  ['127.1', { host: '127.0.0.1', isWildcard: false, port: undefined }],
])('%j is an entry', (text, entry) => {
  expect(parseAllowedHost(text)).toEqual(entry);
});

test.each([
  '',
  ' ',
  '*',
  '*.',
  '*.*.example.com',
  'a.*.example.com',
  'https://example.com',
  '//example.com',
  'example.com/path',
  'user@example.com',
  'example.com:0',
  'example.com:65536',
  'example.com:',
  'a b',
  '*.127.0.0.1',
  '*.[::1]',
  '{{$context.query.host}}',
  'example.com\\evil',
  'example.com?x',
])('%j is none', (text) => {
  expect(parseAllowedHost(text)).toBeUndefined();
});

test.each([
  ['https://shop.example.com/x', true],
  ['http://shop.example.com/x', true],
  ['https://SHOP.example.com:443/', true],
  ['https://shop.example.com./', true],
  ['https://shop.example.com:8443/', false],
  ['https://shop.example.com.evil.com/', false],
  ['https://evilshop.example.com/', false],
  ['https://shop.example.com@evil.com/', false],
  ['https://a.b.wild.example/', true],
  ['https://wild.example/', false],
  ['https://evilwild.example/', false],
  ['https://api.example.com:8443/', true],
  ['https://api.example.com/', false],
  ['http://plain.example:80/', true],
  ['https://plain.example:80/', true],
  ['https://plain.example/', false],
  ['ftp://shop.example.com/', false],
])('%s is allowed: %s', (url, isAllowed) => {
  const list = listOf('shop.example.com', '*.wild.example', 'api.example.com:8443', 'plain.example:80');
  expect(isAllowedHost(new URL(url), list)).toBe(isAllowed);
});

test('no text is taken for another host than the one that a URL of it leads to', () => {
  const text = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6(), fc.string(), fc.webAuthority());
  fc.assert(
    fc.property(text, (entry) => {
      const parsed = parseAllowedHost(entry);
      if (parsed === undefined) return;
      const scheme = parsed.port === undefined ? 'https://' : 'http://';
      const host = `${parsed.isWildcard ? 'a.' : ''}${parsed.host}${parsed.port === undefined ? '' : `:${parsed.port}`}`;
      expect(isAllowedHost(new URL(scheme + host), [parsed])).toBe(true);
    }),
  );
});
