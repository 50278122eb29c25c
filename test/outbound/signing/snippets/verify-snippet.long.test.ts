// The code that verifies signatures, in every language that this machine has: compilers and many processes.

import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { makeCases, PROFILES, type SnippetCase, two } from './cases.ts';
import { byDotnet, byGo, byJava, byProcess, byPythonImport, expectOutcomes, interpretedBy, which } from './run-snippets.ts';

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
describe('the code is run and accepts what was sent, and nothing else', () => {
  it.skipIf(python === '')('in Python', async () => {
    // Without the package "cryptography" there is no Ed25519.
    const cases = makeCases().filter(({ profile }) => hasCryptography || PROFILES[profile]?.type !== 'standard-v1a');
    await expectOutcomes(folder, byPythonImport(python), cases);
    await expectOutcomes(folder, interpretedBy('python', python), two(cases));
  });

  it.skipIf(!which('bash') || !which('openssl'))('in the shell', async () => {
    await expectOutcomes(folder, interpretedBy('shell', 'bash'), few(makeCases()));
  });

  it.skipIf(!which('javac'))('in Java', async () => {
    await expectOutcomes(folder, byJava, makeCases());
  });

  it.skipIf(!which('javac'))('in Java from the command line', async () => {
    const runner = byProcess('java', async (files) => files.map((file) => ['java', file]));
    await expectOutcomes(folder, runner, makeCases().slice(0, 1));
  });

  // Not on every machine; skipped where they are not.
  it.skipIf(!which('php'))('in PHP', () => expectOutcomes(folder, interpretedBy('php', 'php'), few(makeCases())));
  it.skipIf(!which('ruby'))('in Ruby', () => expectOutcomes(folder, interpretedBy('ruby', 'ruby'), few(makeCases())));
  it.skipIf(!which('go'))('in Go', () => expectOutcomes(folder, byGo, makeCases()));
  it.skipIf(!which('dotnet'))('in C#', () => expectOutcomes(folder, byDotnet, few(makeCases())));
});
