// Lists of hosts that a URL may name.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAllowedHost, parseAllowedHost } from '../../src/engine/allowed-hosts.ts';
import { readWrittenUrl } from '../../src/engine/credential-targets.ts';
import type { Scope } from '../../src/engine/plugin.ts';
import { compileTemplate } from '../../src/engine/template.ts';

const scope: Scope = {
  $context: {},
  $request: null,
  $nodes: {},
  $scopes: {},
  $system: { now: '2025-01-02T03:04:05.000Z' },
  $execution: {},
  $resume: {},
  $secrets: {},
};

describe('an entry', () => {
  it.each([
    ['API.Example.com', { host: 'api.example.com', port: undefined, isWildcard: false }],
    ['api.example.com.', { host: 'api.example.com', port: undefined, isWildcard: false }],
    ['api.example.com:8443', { host: 'api.example.com', port: 8443, isWildcard: false }],
    ['*.example.com', { host: 'example.com', port: undefined, isWildcard: true }],
    ['bücher.example', { host: 'xn--bcher-kva.example', port: undefined, isWildcard: false }],
    ['[::1]:80', { host: '[::1]', port: 80, isWildcard: false }],
  ])('%s is read', (text, entry) => expect(parseAllowedHost(text)).toEqual(entry));

  it.each([
    ...[
      '',
      '*',
      '*.com',
      '*.127.0.0.1',
      'a.*.com',
      'https://a.example',
      'a.example/',
      'a@b.example',
      'a b',
      'a:0',
      'a:65536',
      'a:',
    ],
    ...['{{$context.body.host}}', 'a\\b', 'a%2e', '.example.com', 'a?b', 'a#b', `${'a'.repeat(301)}`],
  ])('%j is refused', (text) => expect(parseAllowedHost(text)).toBeUndefined());
});

describe('a URL', () => {
  const list = ['api.example.com', 'other.example:8443', '*.wild.example', 'nonsense/'];
  it.each([
    'https://api.example.com/x',
    'http://api.example.com/x',
    'https://API.example.com:443/',
    'https://api.example.com./',
    'https://other.example:8443/',
    'https://a.wild.example/',
    'https://a.b.wild.example/',
    'https://evil@api.example.com/',
  ])('%s is allowed', (url) => expect(isAllowedHost(new URL(url), list)).toBe(true));

  it.each([
    'https://api.example.com:8443/',
    'https://other.example/',
    'https://wild.example/',
    'https://xwild.example/',
    'https://.wild.example/',
    'https://api.example.com.evil.example/',
    'https://api.example.com@evil.example/',
    'https://evil.example/api.example.com',
    'https:\\\\evil.example\\api.example.com',
  ])('%s is not', (url) => expect(isAllowedHost(new URL(url), list)).toBe(false));
});

it('never throws, and an entry allows its own host', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 20, unit: 'grapheme' }), (text) => {
      const entry = parseAllowedHost(text);
      if (entry && !entry.isWildcard && entry.port === undefined) {
        expect(isAllowedHost(new URL(`https://${entry.host}/`), [text])).toBe(true);
      }
    }),
  );
});

it('whatever a template behind the origin becomes, the request goes to the origin that was read', () => {
  const parts = fc.array(fc.constantFrom('@', '.', '/', '\\', ':', '#', '?', 'evil.example', '\t', '80', '{', '%'), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(parts, parts, (before, filled) => {
      // A single backslash in front of a template would make it text.
      const start = `https://own.example${before.join('')}`.replace(/\\+$/, (slashes) => slashes.repeat(2));
      const value = `${start}{{$context.x}}`;
      const written = readWrittenUrl(value);
      if (written.kind !== 'fixed') return;
      const rendered = String(compileTemplate(value).render({ ...scope, $context: { x: filled.join('') } }));
      if (URL.canParse(rendered)) expect(new URL(rendered).host).toBe(written.url.host);
    }),
    { numRuns: 2_000 },
  );
});
