// The section "loops": what one job costs as a loop grows, which has to stay the same, and what it costs to go on behind one.

import { inChild } from './child.ts';
import type { LoopCost, LoopCosts, LoopParameters } from './processes/loops.ts';
import { STORES, type Store, type Stores } from './stores.ts';

export interface LoopResult extends LoopCosts {
  readonly store: Store;
  /** A job of the largest loop to one of the loop that is a hundredth of it. */
  readonly growth: number;
  /** The same in processor time of Hookline's process. */
  readonly cpuGrowth: number;
  /** As `growth`, for loops with an effect inside, to a tenth. */
  readonly effectGrowth: number;
  /** Whether all three are below the limit. */
  readonly isLinear: boolean;
}

const SIZES = [10, 100, 1_000, 10_000];
const EFFECT_SIZES = [10, 100, 1_000];
const LIMIT_MS = 12_000;
/** Of a growth that still counts as linear: noise and garbage collection, but not twice the cost. */
export const MAX_GROWTH = 2;

export async function measureLoops(stores: Stores): Promise<LoopResult[]> {
  const results: LoopResult[] = [];
  for (const store of STORES) {
    const url = await stores.create(store);
    const parameters: LoopParameters = { url, sizes: SIZES, effectSizes: EFFECT_SIZES, limitMs: LIMIT_MS };
    const costs = await inChild<LoopCosts>('loops', parameters);
    const growth = growthOf(costs.variable, 10_000, 100, ({ perJobMicros }) => perJobMicros);
    const cpuGrowth = growthOf(costs.variable, 10_000, 100, ({ perJobCpuMicros }) => perJobCpuMicros);
    const effectGrowth = growthOf(costs.effect, 1_000, 100, ({ perJobMicros }) => perJobMicros);
    const isLinear = Math.max(growth, cpuGrowth, effectGrowth) < MAX_GROWTH;
    const result = { store, growth, cpuGrowth, effectGrowth, isLinear, ...costs };
    console.error(`loops  ${JSON.stringify(result)}`);
    results.push(result);
  }
  return results;
}

function growthOf(costs: readonly LoopCost[], large: number, small: number, pick: (cost: LoopCost) => number): number {
  const costOf = (wanted: number): number => costs.filter(({ size }) => size === wanted).map(pick)[0] ?? Number.NaN;
  return Number((costOf(large) / costOf(small)).toFixed(2));
}
