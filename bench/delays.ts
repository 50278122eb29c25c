// The section "delays": how late executions go on behind a delay.

import { inChild } from './child.ts';
import type { DelayParameters, Lateness } from './processes/delays.ts';
import { STORES, type Store, type Stores } from './stores.ts';

export interface DelayResult extends Lateness {
  readonly store: Store;
}

const COUNT = 1_000;
const SPREAD_MS = 5_000;

export async function measureDelays(stores: Stores): Promise<DelayResult[]> {
  const results: DelayResult[] = [];
  for (const store of STORES) {
    const parameters: DelayParameters = { url: await stores.create(store), count: COUNT, spreadMs: SPREAD_MS };
    const result = { store, ...(await inChild<Lateness>('delays', parameters)) };
    console.error(`delays  ${JSON.stringify(result)}`);
    results.push(result);
  }
  return results;
}
