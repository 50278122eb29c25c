// What a chaos run does that is to prove something, and whether it did enough for that.

import type { ChaosReport } from './report.ts';
import type { ChaosOptions } from './run.ts';

export type ChaosStoreName = ChaosOptions['store'];

export const CHAOS_STORES = ['postgres', 'sqlite'] as const satisfies readonly ChaosStoreName[];

/** @param loadMs how long requests are sent, in milliseconds */
export function chaosOptions(store: ChaosStoreName, seed: number, loadMs: number): ChaosOptions {
  return {
    store,
    seed,
    loadMs,
    betweenMs: store === 'postgres' ? [3_000, 7_000] : [2_000, 6_000],
    awayMs: 8_000,
    restartMode: 'immediate',
    callers: 8,
    recoveryMs: 3_000,
  };
}

/** A run without load or without kills would find no problem either. Empty when there was enough of everything. */
export function tooLittle({ kills, acknowledged, answersWhileAway, store }: ChaosReport): string[] {
  return [
    kills < 2 ? `${kills} kills` : '',
    acknowledged.async <= 50 ? `${acknowledged.async} async calls` : '',
    acknowledged.sync <= 10 ? `${acknowledged.sync} sync calls` : '',
    store === 'postgres' && !answersWhileAway['503'] ? 'no call while the database was away' : '',
  ].filter((text) => text !== '');
}
