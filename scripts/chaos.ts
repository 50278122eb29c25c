// Proves that nothing acknowledged is lost: `npm run chaos -- [--minutes N] [--seed N] [--store postgres|sqlite]`.

import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatReport } from '../test/chaos/report.ts';
import { runChaos } from '../test/chaos/run.ts';
import { CHAOS_STORES, chaosOptions, tooLittle } from '../test/chaos/settings.ts';

const USAGE = 'Usage: npm run chaos -- [--minutes 3] [--seed 1] [--store postgres|sqlite]';

function readNumber(text: string, isFine: (value: number) => boolean): number {
  const value = Number(text);
  if (text.trim() !== '' && isFine(value)) return value;
  console.error(`"${text}" cannot be used here. ${USAGE}`);
  process.exit(2);
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    store: { type: 'string' },
  },
});
const minutes = readNumber(values.minutes, (value) => value > 0);
const seed = readNumber(values.seed, Number.isInteger);
const stores = CHAOS_STORES.filter((store) => values.store === undefined || values.store === store);
if (stores.length === 0) {
  console.error(`There is no store "${values.store}". ${USAGE}`);
  process.exit(2);
}

let isFine = true;
for (const store of stores) {
  const start = performance.now();
  console.log(`\nChaos on ${store} for ${minutes} minutes, seed ${seed}`);
  const { report, log } = await runChaos({
    ...chaosOptions(store, seed, minutes * 60_000),
    print: (line) => console.log(`${((performance.now() - start) / 1_000).toFixed(1).padStart(7)} s  ${line}`),
  });
  console.log(`\n${formatReport(report)}`);
  const idle = tooLittle(report);
  if (idle.length > 0) console.log(`\nNothing is proved by so little: ${idle.join(', ')}.`);
  if (report.problems.length === 0 && idle.length === 0) continue;
  isFine = false;
  const logFile = join(tmpdir(), `hookline-chaos-${store}-${seed}.log`);
  writeFileSync(logFile, log);
  console.log(`\nWhat the processes printed is in ${logFile}; it ends with\n${log.slice(-4_000)}`);
}
process.exit(isFine ? 0 : 1);
