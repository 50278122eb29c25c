// Processes are killed under load, and the database too: nothing acknowledged is lost. `npm run chaos` does it for longer.

import { expect, it } from 'vitest';
import { formatReport } from './report.ts';
import { runChaos } from './run.ts';
import { CHAOS_STORES, chaosOptions, tooLittle } from './settings.ts';

const SEED = 7;
const LOAD_MS = 30_000;

it.each(CHAOS_STORES)('what %s has acknowledged is done once', async (store) => {
  const { report, log } = await runChaos(chaosOptions(store, SEED, LOAD_MS));
  expect(report.problems, `${formatReport(report)}\n${log.slice(-4_000)}`).toEqual([]);
  expect(tooLittle(report), 'so little proves nothing').toEqual([]);
});
