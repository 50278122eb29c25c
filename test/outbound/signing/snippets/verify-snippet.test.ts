import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schemeOf } from '../../../../src/outbound/signing/profiles.ts';
import { SNIPPET_LANGUAGES, verifySnippet } from '../../../../src/outbound/signing/snippets/verify-snippet.ts';
import { makeCases, PROFILES, type SnippetCase, URL_SIGNED } from './cases.ts';
import {
  byDotnet,
  byGo,
  byImport,
  byJava,
  byProcess,
  byPythonImport,
  interpretedBy,
  type Runner,
  which,
} from './run-snippets.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-snippets-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A launcher of versions costs more than Python itself. */
const python = which('python3')
  ? execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()
  : '';
const hasCryptography =
  python !== '' &&
  execFileSync(python, ['-c', 'import importlib.util as u; print(u.find_spec("cryptography"))']).toString() !== 'None\n';

/** Every process takes a while: these say all that a case can say of a language. */
const FEW =
  /: (as it was sent|another alphabet|the body changed|another key|the timestamp changed|too old|no signature|no id|in a rotation.*)$/;
const few = (cases: readonly SnippetCase[]): SnippetCase[] => cases.filter(({ name }) => FEW.test(name));
/** That the program can be called as it says. */
const two = (cases: readonly SnippetCase[]): SnippetCase[] =>
  cases.filter(({ name }) => /: (another alphabet|another key)$/.test(name));

async function expectOutcomes(runner: Runner, cases: readonly SnippetCase[]): Promise<void> {
  const outcomes = await runner(cases, folder);
  const told = cases.map(({ name }, index) => `${name} -> ${outcomes[index]}`);
  expect(told).toEqual(cases.map(({ name, expected }) => `${name} -> ${expected}`));
}

/** Compilers and many processes, on a machine that may be busy. In milliseconds. */
const PATIENCE_MS = 120_000;

describe('the code is run and accepts what was sent, and nothing else', { timeout: PATIENCE_MS }, () => {
  it('in Node', async () => {
    await expectOutcomes(byImport, makeCases());
    await expectOutcomes(interpretedBy('node', process.execPath), two(makeCases()));
  });

  it.skipIf(python === '')('in Python', async () => {
    // Without the package "cryptography" there is no Ed25519.
    const cases = makeCases().filter(({ profile }) => hasCryptography || PROFILES[profile]?.type !== 'standard-v1a');
    await expectOutcomes(byPythonImport(python), cases);
    await expectOutcomes(interpretedBy('python', python), two(cases));
  });

  it.skipIf(!which('bash') || !which('openssl'))('in the shell', async () => {
    await expectOutcomes(interpretedBy('shell', 'bash'), few(makeCases()));
  });

  it.skipIf(!which('javac'))('in Java', async () => {
    await expectOutcomes(byJava, makeCases());
  });

  it.skipIf(!which('javac'))('in Java from the command line', async () => {
    const runner = byProcess('java', async (files) => files.map((file) => ['java', file]));
    await expectOutcomes(runner, makeCases().slice(0, 1));
  });

  // Not on every machine; skipped where they are not.
  it.skipIf(!which('php'))('in PHP', () => expectOutcomes(interpretedBy('php', 'php'), few(makeCases())));
  it.skipIf(!which('ruby'))('in Ruby', () => expectOutcomes(interpretedBy('ruby', 'ruby'), few(makeCases())));
  it.skipIf(!which('go'))('in Go', () => expectOutcomes(byGo, makeCases()));
  it.skipIf(!which('dotnet'))('in C#', () => expectOutcomes(byDotnet, few(makeCases())));
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
