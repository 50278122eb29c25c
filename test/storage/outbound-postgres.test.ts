// PostgreSQL against the storage contract of outgoing webhooks, and two processes that share its endpoints.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrateStorage, openStorage } from '../../src/storage/storage.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { START } from './contract.ts';
import { outboundContract } from './outbound-contract.ts';
import { makeChange, makeDelivery, makeEndpoint, makeMessage, outboundId } from './outbound-fixture.ts';
import { type PostgresFixture, postgresFixture } from './postgres-fixture.ts';

let postgres: TestPostgres;
let fixture: PostgresFixture;
let template: string;
beforeAll(async () => {
  postgres = await startPostgres();
  fixture = await postgresFixture(postgres);
  template = await postgres.createDatabase();
  await migrateStorage(template);
});
afterAll(() => postgres.stop());

outboundContract('PostgreSQL', async () => {
  const url = await postgres.createDatabase({ template });
  const storage = await openStorage({ url, durability: 'normal', autoMigrate: false, processId: () => 'p' });
  return {
    storage,
    async countRows(table) {
      const [row] = await postgres.query<{ count: string }>(url, `SELECT count(*) AS count FROM ${table}`);
      return Number(row?.count);
    },
    async cleanUp() {
      await storage.close();
      await postgres.dropDatabase(url);
    },
  };
});

const EP = outboundId('ep', 0);
const single = (n: number, endpointId = EP) =>
  makeMessage(outboundId('msg', n), { deliveries: [makeDelivery(outboundId('dlv', n), outboundId('msg', n), endpointId)] });

async function openTwo() {
  const url = await fixture.database();
  const open = (processId: string) => fixture.open(url, { processId: () => processId });
  return { url, a: await open('a'), b: await open('b') };
}

test('an endpoint is leased by one process at a time, until it gives it back', async () => {
  const { url, a, b } = await openTwo();
  const endpoints = Array.from({ length: 20 }, (_, n) => outboundId('ep', n));
  for (const id of endpoints) await a.outbound.endpoints.insert(makeEndpoint(id));
  await a.executions.commit({ outbound: { messages: endpoints.map((id, n) => single(n, id)) } });
  const leases = await Promise.all(
    [a, b, a, b, a, b].map(async ({ outbound }) => (await outbound.queue.lease(START, 4, [])).map(({ id }) => id)),
  );
  const all = leases.flat();
  expect(new Set(all).size).toBe(all.length);
  // Those that were locked by the other one at that moment are left to the next call.
  for (const { outbound } of [a, b]) all.push(...(await outbound.queue.lease(START, 99, [])).map(({ id }) => id));
  expect(all.sort()).toEqual(endpoints);

  const [first = ''] = leases[0] ?? [];
  await b.outbound.queue.release([first]);
  expect(await b.outbound.queue.lease(START, 99, [])).toEqual([]);
  await a.outbound.queue.release([first]);
  expect(await b.outbound.queue.lease(START, 99, [first])).toEqual([]);
  expect((await b.outbound.queue.lease(START, 99, [])).map(({ id }) => id)).toEqual([first]);
  const [row] = await postgres.query<{ owner: string }>(url, 'SELECT owner FROM endpoints WHERE id = $1', [first]);
  expect(row?.owner).toBe('b');
});

test('of two processes with an outcome for the same attempt one is heard', async () => {
  const { a, b } = await openTwo();
  await a.outbound.endpoints.insert(makeEndpoint(EP));
  const numbers = Array.from({ length: 50 }, (_, n) => n);
  await a.executions.commit({ outbound: { messages: numbers.map((n) => single(n)) } });
  const tell = (storage: typeof a, lastStatus: number, order: readonly number[]) =>
    order.map((n) => storage.executions.commit({ outbound: { deliveries: [makeChange(outboundId('dlv', n), { lastStatus })] } }));
  await Promise.all([...tell(a, 200, numbers), ...tell(b, 201, numbers.toReversed())]);
  for (const n of numbers) {
    const delivery = await a.outbound.deliveries.get(outboundId('dlv', n));
    expect(delivery).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect([200, 201]).toContain(delivery?.lastStatus);
  }
});

test('the same idempotency key in two processes makes one message', async () => {
  const { a, b } = await openTwo();
  await a.outbound.endpoints.insert(makeEndpoint(EP));
  const publish = (storage: typeof a, from: number) =>
    Array.from({ length: 40 }, (_, n) => {
      const key = `key-${from === 0 ? n : 39 - n}`;
      return storage.executions.commit({ outbound: { messages: [{ ...single(from + n), idempotencyKey: key }] } });
    });
  await Promise.all([...publish(a, 0), ...publish(b, 100)]);
  const { items } = await a.outbound.deliveries.list({ limit: 100 });
  expect(items).toHaveLength(40);
  expect((await a.outbound.messages.list({ limit: 100 })).items).toHaveLength(40);
});

test('a delivery that is added while its endpoint is deleted does not stay pending', async () => {
  const { a, b } = await openTwo();
  for (let round = 0; round < 10; round += 1) {
    const endpointId = outboundId('ep', round);
    await a.outbound.endpoints.insert(makeEndpoint(endpointId));
    const added = Array.from({ length: 20 }, (_, n) =>
      a.executions.commit({ outbound: { messages: [single(round * 20 + n, endpointId)] } }),
    );
    await Promise.all([...added, b.outbound.endpoints.delete(endpointId, START)]);
  }
  expect(await a.outbound.deliveries.countByStatus()).toMatchObject({ pending: 0 });
});
