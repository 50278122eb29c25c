// Before a run of all tests: builds the package once, so that the many tests that start the command need not compile it each time.
// A run of chosen files starts the command from its sources instead.

import { spawnSync } from 'node:child_process';

const REPOSITORY = new URL('..', import.meta.url).pathname;

export default function setup(): void {
  const chosen = process.argv.slice(2).filter((argument) => !argument.startsWith('-') && argument !== 'run');
  if (chosen.length > 0) return;
  const { status, stderr } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: REPOSITORY, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The build before the tests failed:\n${stderr}`);
  // Not one of our own variables: the command refuses those that it does not know.
  process.env.BUILT_FOR_TESTS = '1';
}
