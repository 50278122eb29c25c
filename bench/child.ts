// Runs a measurement in a process of its own and gives its result.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** How long one process may take, in milliseconds. */
const LIMIT_MS = 600_000;

/** Runs `bench/processes/<name>.ts`, whose last line of output is its result as JSON. @throws Error when it fails */
export async function inChild<Result>(name: string, parameters: object): Promise<Result> {
  const script = fileURLToPath(new URL(`processes/${name}.ts`, import.meta.url));
  const args = ['--expose-gc', '--import', 'tsx', script, JSON.stringify(parameters)];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
    timeout: LIMIT_MS,
    maxBuffer: 64 * 1024 ** 2,
  });
  process.stderr.write(stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Result;
}
