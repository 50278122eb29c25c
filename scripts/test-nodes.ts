// Runs the test suite on other Node releases, fetched as the npm package `node`: `npm run test:nodes -- [major…] [-- vitest arguments]`.

import { spawnSync } from 'node:child_process';

const DEFAULT_MAJORS = ['22', '24'];

const args = process.argv.slice(2);
const separator = args.indexOf('--');
const majors = separator < 0 ? args : args.slice(0, separator);
const vitestArgs = separator < 0 ? [] : args.slice(separator + 1);
const wrong = majors.find((major) => !/^\d+(\.\d+)*$/.test(major));
if (wrong !== undefined) {
  console.error(`"${wrong}" is not a Node version. Usage: npm run test:nodes -- 22 24`);
  process.exit(2);
}

interface Outcome {
  readonly node: string;
  readonly result: 'passed' | 'FAILED' | 'could not be fetched';
}

function run(major: string): Outcome {
  const npx = ['-y', '-p', `node@${major}`, '--', 'node'];
  const probe = spawnSync('npx', [...npx, '--version'], { encoding: 'utf8' });
  const version = /^v\S+$/m.exec(probe.stdout ?? '')?.[0];
  if (probe.status !== 0 || version === undefined || !`${version}.`.startsWith(`v${major}.`)) {
    console.error(
      `Node ${major} could not be fetched from the npm registry:\n${probe.stderr || probe.stdout || probe.error?.message}`,
    );
    return { node: `Node ${major}`, result: 'could not be fetched' };
  }
  console.log(`\nThe test suite on Node ${version}`);
  const tests = spawnSync('npx', [...npx, 'node_modules/vitest/vitest.mjs', 'run', ...vitestArgs], { stdio: 'inherit' });
  return { node: `Node ${version}`, result: tests.status === 0 ? 'passed' : 'FAILED' };
}

const outcomes = (majors.length > 0 ? majors : DEFAULT_MAJORS).map(run);
// With one version the test runner's own summary is the last word.
if (outcomes.length > 1) {
  console.log('\nThe test suite on other Node releases:');
  for (const { node, result } of outcomes) console.log(`  ${node}: ${result}`);
}
process.exit(outcomes.every(({ result }) => result === 'passed') ? 0 : 1);
