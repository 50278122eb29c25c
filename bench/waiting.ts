// The section "waiting": memory and time to start while many executions wait, which has to stay the same however many they are.

import { inChild } from './child.ts';
import type { WaitingMemory, WaitingParameters } from './processes/waiting.ts';
import { STORES, type Store, type Stores } from './stores.ts';

export interface WaitingPoint {
  readonly waiting: number;
  /** Of a process that was started on them. */
  readonly startMs: number;
  readonly rssMb: number;
  readonly heapMb: number;
  /** Of the process that has accepted those that came since the point before, and brought them to their wait. */
  readonly acceptingRssMb: number;
  readonly acceptingHeapMb: number;
  readonly perSecond: number;
}

export interface WaitingResult {
  readonly store: Store;
  /** Resident memory of a started process with the most executions, to that with the fewest. */
  readonly growth: number;
  /** The same for the heap of the process that has accepted them. */
  readonly acceptingGrowth: number;
  readonly isFlat: boolean;
  readonly points: WaitingPoint[];
}

const COUNTS = [1_000, 10_000, 100_000];
/** Of a growth that still counts as flat. */
const MAX_GROWTH = 1.25;

export async function measureWaiting(stores: Stores): Promise<WaitingResult[]> {
  const results: WaitingResult[] = [];
  for (const store of STORES) {
    const url = await stores.create(store);
    const points: WaitingPoint[] = [];
    let hookKey: string | undefined;
    let waiting = 0;
    for (const count of COUNTS) {
      const parameters: WaitingParameters = { url, step: 'fill', hookKey, waiting, count };
      const filled = await inChild<WaitingMemory>('waiting', parameters);
      hookKey = filled.hookKey;
      waiting = count;
      const { startMs, rssMb, heapMb } = await inChild<WaitingMemory>('waiting', { ...parameters, step: 'start', hookKey });
      const { rssMb: acceptingRssMb, heapMb: acceptingHeapMb, perSecond } = filled;
      const point = { waiting, startMs, rssMb, heapMb, acceptingRssMb, acceptingHeapMb, perSecond };
      console.error(`waiting  ${store}  ${JSON.stringify(point)}`);
      points.push(point);
    }
    const growth = growthOf(points.map(({ rssMb }) => rssMb));
    const acceptingGrowth = growthOf(points.map(({ acceptingHeapMb }) => acceptingHeapMb));
    results.push({ store, growth, acceptingGrowth, isFlat: Math.max(growth, acceptingGrowth) < MAX_GROWTH, points });
  }
  return results;
}

function growthOf(numbers: readonly number[]): number {
  return Number(((numbers.at(-1) ?? Number.NaN) / (numbers[0] ?? Number.NaN)).toFixed(2));
}
