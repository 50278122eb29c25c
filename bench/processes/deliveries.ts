// Measures deliveries of one process: a backlog worked off, and how late a message arrives under a steady load.
// Usage: deliveries.ts <DeliveryParameters as JSON>.

import { setTimeout as pause } from 'node:timers/promises';
import type * as Ids from '../../src/engine/id.ts';
import type { NewMessage } from '../../src/engine/outbound-ports.ts';
import type * as NewDelivery from '../../src/outbound/new-delivery.ts';
import type * as Storage from '../../src/storage/storage.ts';
import { keepBusy, makeSubject, memory, parameters, quantile, round, until } from './hookline.ts';
import type { Counts, Kind, Ports } from './receivers.ts';

export interface DeliveryParameters {
  readonly url: string;
  readonly ports: Ports;
  /** Messages for each endpoint. */
  readonly perEndpoint: number;
  /** Characters of the data. */
  readonly bodyLength: number;
  /** Requests at once to each endpoint. */
  readonly concurrency: number;
  /** Messages of the steady load; 0 for none. */
  readonly steadyCount: number;
  readonly steadyPerSecond: number;
}

export interface DeliveryRates {
  /** Committed a second, one delivery each. */
  readonly committed: number;
  /** Deliveries to healthy endpoints a second, until the last of them. */
  readonly healthy: number;
  /** From the commit of a message to its arrival, in milliseconds; 0 without a steady load. */
  readonly steady: { readonly p50Ms: number; readonly p95Ms: number; readonly p99Ms: number };
  /** Deliveries at the end by status; `pending` ones belong to endpoints that are blocked. */
  readonly ends: Readonly<Record<string, number>>;
  /** Webhooks that came more than once although they were answered with 200. */
  readonly repeats: number;
  /** What is not as it should be. */
  readonly problems: readonly string[];
  readonly rssMb: number;
}

const { url, ports, perEndpoint, bodyLength, concurrency, steadyCount, steadyPerSecond } = parameters<DeliveryParameters>();
const COMMITTERS = 64;
const options = { databaseUrl: url, durability: 'full', outboundAllow: ['127.0.0.1'] } as const;
const built = (name: string): string => new URL(`../../dist/src/${name}`, import.meta.url).href;
const { openStorage } = (await import(built('storage/storage.js'))) as typeof Storage;
const { newDelivery } = (await import(built('outbound/new-delivery.js'))) as typeof NewDelivery;
const { createIdSource } = (await import(built('engine/id.js'))) as typeof Ids;

/** Between two questions, in milliseconds: whoever asks all the time takes part of the processor. */
const ASK_MS = 50;

async function ask<Answer>(path: string): Promise<Answer> {
  await pause(ASK_MS);
  return (await (await fetch(`http://127.0.0.1:${ports.control}${path}`)).json()) as Answer;
}

const healthyCount = ports.ports.filter(({ kind }) => kind === 'healthy').length;

// The endpoints, made as anybody makes them.
const first = makeSubject(options);
await first.hookline.start();
const endpoints: { id: string; kind: Kind; type: string }[] = [];
for (const [index, { kind, port }] of ports.ports.entries()) {
  const type = `bench.e${index}`;
  const { endpoint } = await first.hookline.endpoints.create({
    url: `http://127.0.0.1:${port}/`,
    eventTypes: [type],
    concurrency,
    retry: { type: 'custom', delaysMs: [1_000, 2_000], jitter: 0.2 },
  });
  endpoints.push({ id: endpoint.id, kind, type });
}
await first.hookline.stop();

// The backlog, through the same commit that everybody uses, while nobody delivers.
const nextId = createIdSource();
const makeId = (prefix: string): string => `${prefix}_${nextId(Date.now()).replaceAll('-', '')}`;
const note = 'x'.repeat(bodyLength);

function makeMessage(number: number): NewMessage | undefined {
  const target = endpoints[number % endpoints.length];
  if (!target) return undefined;
  const now = Date.now();
  const message = { id: makeId('msg'), type: target.type, version: null, data: JSON.stringify({ number, note }), timestamp: now };
  const rest = { userId: null, idempotencyKey: null, source: null, createdAt: now };
  const delivery = newDelivery({ ...message, createdAt: now }, { id: makeId('dlv'), endpointId: target.id });
  return { ...message, ...rest, deliveries: [delivery] };
}

const count = perEndpoint * endpoints.length;
const storage = await openStorage({ url, durability: 'full' });
let startedAt = performance.now();
await keepBusy(COMMITTERS, count, async (index) => {
  const message = makeMessage(index);
  if (message) await storage.executions.commit({ outbound: { messages: [message] } });
});
const committed = round((count * 1_000) / (performance.now() - startedAt), 0);
await storage.close();

// Delivering.
await ask('/reset');
const subject = makeSubject(options);
startedAt = performance.now();
await subject.hookline.start();
const expected = healthyCount * perEndpoint;
await until(async () => (await ask<Counts>('/counts')).ids.healthy >= expected, `${expected} webhooks at healthy endpoints`);
const healthy = round((expected * 1_000) / (performance.now() - startedAt), 0);

// A steady load, with whatever the bad ones do meanwhile.
const committedAt = new Map<string, number>();
const targets = endpoints.filter(({ kind }) => kind === 'healthy');
startedAt = performance.now();
const publishing: Promise<void>[] = [];
for (let index = 0; index < steadyCount; index += 1) {
  const at = startedAt + (index * 1_000) / steadyPerSecond;
  if (at > performance.now()) await new Promise((resolve) => setTimeout(resolve, at - performance.now()));
  const type = targets[index % targets.length]?.type ?? '';
  publishing.push(
    subject.hookline.messages.publish({ type, data: { number: index, note } }).then(({ message }) => {
      committedAt.set(message.id, Date.now());
    }),
  );
}
await Promise.all(publishing);
const all = expected + steadyCount;
await until(async () => (await ask<Counts>('/counts')).ids.healthy >= all, 'the steady load to arrive');
const arrivals = new Map(await ask<[string, number][]>('/arrivals'));
// An arrival may be before the publisher heard of its commit.
const late = [...committedAt].map(([id, at]) => Math.max(0, (arrivals.get(id) ?? Number.POSITIVE_INFINITY) - at));
const steady = { p50Ms: quantile(late, 0.5), p95Ms: quantile(late, 0.95), p99Ms: quantile(late, 0.99) };

// Nothing is lost: every delivery has its end, or is held for an endpoint that is blocked.
const { rssMb } = memory();
const ends = async (): Promise<Record<string, number>> => {
  const counts: Record<string, number> = { ...(await subject.hookline.outbound.deliveries.countByStatus()) };
  return counts;
};
const heldCount = async (): Promise<number> => {
  const backlog = await subject.hookline.outbound.deliveries.backlog();
  return backlog.reduce((sum, { status, pending }) => (status === 'active' ? sum : sum + pending), 0);
};
await until(async () => ((await ends()).pending ?? 0) === (await heldCount()), 'everything to end or to be held');
const atTheEnd = await ends();
const total = Object.values(atTheEnd).reduce((sum, value) => sum + value, 0);
const counts = await ask<Counts>('/counts');
const slowCount = endpoints.filter(({ kind }) => kind === 'slow').length * perEndpoint;
const problems = [
  ...(total === count + steadyCount ? [] : [`There are ${total} deliveries instead of ${count + steadyCount}`]),
  ...(counts.ids.slow === slowCount ? [] : [`${counts.ids.slow} of ${slowCount} webhooks came to slow endpoints`]),
  ...(atTheEnd.succeeded === all + slowCount ? [] : [`${atTheEnd.succeeded} of ${all + slowCount} deliveries succeeded`]),
];
const repeats = counts.requests.healthy - counts.ids.healthy + counts.requests.slow - counts.ids.slow;
await subject.hookline.stop();
const rates: DeliveryRates = { committed, healthy, steady, ends: atTheEnd, repeats, problems, rssMb };
console.log(JSON.stringify(rates));
