// The section "queue": executions per second through the queue, as shares of what the store and the queue's library can do.

import { inChild } from './child.ts';
import type { GraphileParameters, GraphileRate } from './processes/graphile.ts';
import type { QueueParameters, QueueRates } from './processes/queue.ts';
import { STORES, type Store, type Stores } from './stores.ts';

export interface QueueResult extends QueueRates {
  readonly store: Store;
  readonly throughToAcceptOnly: number;
  /** Empty tasks a second of graphile-worker alone; null on SQLite. */
  readonly graphile: number | null;
  readonly workedOffToGraphile: number | null;
}

const COUNTS: Readonly<Record<Store, number>> = { sqlite: 20_000, postgres: 6_000 };
/** Hookline's default. */
const CONCURRENCY = 64;

export async function measureQueue(stores: Stores): Promise<QueueResult[]> {
  const results: QueueResult[] = [];
  for (const store of STORES) {
    const isPostgres = store === 'postgres';
    const count = COUNTS[store];
    const parameters: QueueParameters = { url: await stores.create(store), isPostgres, count };
    const rates = await inChild<QueueRates>('queue', parameters);
    const graphile = isPostgres ? await measureGraphile(stores, count) : null;
    const result: QueueResult = {
      store,
      ...rates,
      throughToAcceptOnly: share(rates.through, rates.acceptOnly),
      graphile,
      workedOffToGraphile: graphile === null ? null : share(rates.workedOff, graphile),
    };
    console.error(`queue  ${JSON.stringify(result)}`);
    results.push(result);
  }
  return results;
}

async function measureGraphile(stores: Stores, count: number): Promise<number> {
  const parameters: GraphileParameters = { url: await stores.create('postgres'), count, concurrency: CONCURRENCY };
  return (await inChild<GraphileRate>('graphile', parameters)).workedOff;
}

function share(part: number, whole: number): number {
  return Number((part / whole).toFixed(2));
}
