// Before a run of all tests: builds the package and makes a database cluster once, so that the many tests that start the command
// or PostgreSQL need not do it each time. A run of chosen files starts the command from its sources instead.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { prepareCluster } from './postgres.ts';

const REPOSITORY = new URL('..', import.meta.url).pathname;

const run = (...args: [program: string, args: string[]]): Promise<unknown> => promisify(execFile)(...args, { cwd: REPOSITORY });

export default async function setup(): Promise<(() => void) | undefined> {
  const chosen = process.argv
    .slice(2)
    .filter((argument, index, all) => !argument.startsWith('-') && argument !== 'run' && all[index - 1] !== '--config');
  if (chosen.length > 0) return undefined;
  await run('npm', ['run', '--silent', 'clean']);
  const [removeCluster] = await Promise.all([
    prepareCluster(),
    // `npm run check` looks at the types.
    run('npx', ['tsc', '-p', 'tsconfig.build.json', '--noCheck']),
    run('npm', ['run', '--silent', 'build:client']),
  ]);
  // Not one of our own variables: the command refuses those that it does not know.
  process.env.BUILT_FOR_TESTS = '1';
  return removeCluster;
}
