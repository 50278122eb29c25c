import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schemeOf } from '../../../../src/outbound/signing/profiles.ts';
import { SNIPPET_LANGUAGES, verifySnippet } from '../../../../src/outbound/signing/snippets/verify-snippet.ts';
import { makeCases, PROFILES, two, URL_SIGNED } from './cases.ts';
import { byImport, expectOutcomes, interpretedBy } from './run-snippets.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-snippets-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the code is run and accepts what was sent, and nothing else', () => {
  it('in Node', async () => {
    await expectOutcomes(folder, byImport, makeCases());
    await expectOutcomes(folder, interpretedBy('node', process.execPath), two(makeCases()));
  });
});

describe.each(SNIPPET_LANGUAGES)('the code in %s', (language) => {
  it.each(PROFILES)('names the header of $type and holds no key and nothing left to fill in', (profile) => {
    const { code, title, fileName } = verifySnippet(language, { profiles: [profile], url: URL_SIGNED });
    expect(code).toContain(schemeOf(profile).header.toLowerCase());
    expect(code).toContain('WEBHOOK_SECRET');
    expect(code).not.toMatch(/undefined|\[object|TODO|FIXME|your|xxx|: \.\.\.| \n/i);
    if ('secret' in profile && profile.secret !== undefined) expect(code).not.toContain(profile.secret);
    expect(title).toContain(schemeOf(profile).title);
    expect(fileName).toMatch(/^verify[-_]?webhook\.[a-z]+$/i);
  });

  it('names the library where the language has no Ed25519', () => {
    const { code } = verifySnippet(language, { profiles: [{ type: 'standard-v1a' }] });
    const libraries: Partial<Record<typeof language, RegExp>> = {
      python: /needs the package "cryptography"/,
      php: /extension sodium/,
      csharp: /package NSec\.Cryptography/,
      ruby: /openssl 3\.0/,
      shell: /OpenSSL 3/,
    };
    expect(code).toMatch(libraries[language] ?? /ed25519/i);
  });

  it('reads the URL from the environment when it is signed and not known', () => {
    const [everything] = PROFILES.slice(-1);
    if (everything === undefined) throw new Error('there is no such profile');
    expect(verifySnippet(language, { profiles: [everything] }).code).toContain('WEBHOOK_URL');
    expect(verifySnippet(language, { profiles: [everything], url: URL_SIGNED }).code).not.toContain('WEBHOOK_URL');
  });
});

it('the code is for the first profile', () => {
  const { code } = verifySnippet('node', { profiles: [{ type: 'stripe' }, { type: 'github' }] });
  expect(code).toContain('stripe-signature');
  expect(code).not.toContain('x-hub-signature-256');
});
