// The section "deliveries": webhooks per second, as a share of what a bare undici loop posts, alone and beside bad endpoints.

import { inChild } from './child.ts';
import type { BareParameters, BareRate } from './processes/bare-deliveries.ts';
import type { DeliveryParameters, DeliveryRates } from './processes/deliveries.ts';
import type { ReceiverParameters } from './processes/receivers.ts';
import { startReceivers } from './receivers.ts';
import { STORES, type Store, type Stores } from './stores.ts';

export interface DeliveryResult {
  readonly store: Store;
  /** Posts a second of the bare loop to the healthy endpoints. */
  readonly bare: number;
  readonly alone: DeliveryRates;
  readonly mixed: DeliveryRates;
  readonly aloneToBare: number;
  readonly mixedToAlone: number;
}

/** 100 endpoints: 20 fail, 10 are slow, one is dead. */
const MIXED: ReceiverParameters = { healthy: 69, failing: 20, slow: 10, slowMs: 200, dead: 1 };
const ALONE: ReceiverParameters = { healthy: 69, failing: 0, slow: 0, slowMs: 0, dead: 0 };
/** 100,000 messages on SQLite. */
const PER_ENDPOINT: Readonly<Record<Store, number>> = { sqlite: 1_000, postgres: 200 };
const STEADY: Readonly<Record<Store, number>> = { sqlite: 1_000, postgres: 200 };
const CONCURRENCY = 4;
const BODY_LENGTH = 800;
const STEADY_SECONDS = 5;

export async function measureDeliveries(stores: Stores): Promise<DeliveryResult[]> {
  const results: DeliveryResult[] = [];
  for (const store of STORES) {
    const bare = await measureBare();
    const alone = await measure(stores, store, ALONE);
    const mixed = await measure(stores, store, MIXED);
    const result: DeliveryResult = {
      store,
      bare,
      alone,
      mixed,
      aloneToBare: share(alone.healthy, bare),
      mixedToAlone: share(mixed.healthy, alone.healthy),
    };
    console.error(`deliveries  ${JSON.stringify(result)}`);
    results.push(result);
  }
  return results;
}

async function measureBare(): Promise<number> {
  const receivers = await startReceivers(ALONE);
  try {
    const ports = receivers.ports.ports.map(({ port }) => port);
    const bare: BareParameters = { ports, count: 50_000, concurrency: CONCURRENCY, bodyLength: BODY_LENGTH };
    return (await inChild<BareRate>('bare-deliveries', bare)).perSecond;
  } finally {
    await receivers.stop();
  }
}

async function measure(stores: Stores, store: Store, kinds: ReceiverParameters): Promise<DeliveryRates> {
  const receivers = await startReceivers(kinds);
  try {
    const given: DeliveryParameters = {
      url: await stores.create(store),
      ports: receivers.ports,
      perEndpoint: PER_ENDPOINT[store],
      bodyLength: BODY_LENGTH,
      concurrency: CONCURRENCY,
      steadyCount: STEADY[store] * STEADY_SECONDS,
      steadyPerSecond: STEADY[store],
    };
    return await inChild<DeliveryRates>('deliveries', given);
  } finally {
    await receivers.stop();
  }
}

function share(part: number, whole: number): number {
  return Number((part / whole).toFixed(2));
}
