// Nothing acknowledged is lost: real processes are killed under load, and everything is accounted for. `npm run chaos` is the long version.

import { expect, it } from 'vitest';
import { formatReport } from './chaos/report.ts';
import { type ChaosOptions, runChaos } from './chaos/run.ts';

const SHORT = { seed: 7, awayMs: 3_000, restartMode: 'fast', callers: 8, recoveryMs: 3_000 } as const;

async function expectNothingLost(options: ChaosOptions): Promise<void> {
  const { report, log } = await runChaos(options);
  const told = `${formatReport(report)}\n\nThe processes printed last:\n${log.slice(-8_000)}`;
  expect(report.problems, told).toEqual([]);
  expect(report.kills, told).toBeGreaterThan(1);
  expect(report.acknowledged.async, told).toBeGreaterThan(50);
  expect(report.acknowledged.sync, told).toBeGreaterThan(10);
  if (options.store === 'postgres') expect(report.answersWhileAway['503'], told).toBeGreaterThan(0);
}

it(
  'PostgreSQL with two web processes and two workers keeps what it has acknowledged through kills and a database that is away',
  {
    timeout: 180_000,
  },
  () => expectNothingLost({ ...SHORT, store: 'postgres', loadMs: 15_000, betweenMs: [2_000, 3_500] }),
);

it('SQLite with one process keeps what it has acknowledged through kills', { timeout: 180_000 }, () =>
  expectNothingLost({ ...SHORT, store: 'sqlite', loadMs: 12_000, betweenMs: [2_000, 3_500] }),
);
