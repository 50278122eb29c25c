// What outgoing webhooks have in a database is copied to another one, both ways.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Endpoint } from '../../src/engine/outbound-model.ts';
import { copyStorage } from '../../src/storage/copy.ts';
import { type OpenStorage, openStorage } from '../../src/storage/storage.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { executionId, START } from './contract.ts';
import { temporaryFolder } from './folder.ts';
import { makeAttempt, makeDelivery, makeEndpoint, makeMessage, makeState, outboundId } from './outbound-fixture.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

const EP = outboundId('ep', 0);
const [first, second] = [outboundId('dlv', 1), outboundId('dlv', 2)];

async function fill({ outbound, executions }: OpenStorage): Promise<void> {
  await outbound.endpoints.insert(makeEndpoint(EP));
  await outbound.endpoints.insert(
    makeEndpoint('url_1', { kind: 'url', state: makeState({ status: 'blocked', probeAt: START }) }),
  );
  const type = { title: 'a\0', description: '', schema: { const: '\0' }, example: null, downConversion: '$' };
  await outbound.eventTypes.insert({ name: 'a', version: 1, ...type, createdAt: START, updatedAt: START });
  const source = { executionId: executionId(1), jobPath: 'a', isAwaited: true };
  const deliveries = [first, second].map((id) => makeDelivery(id, outboundId('msg', 1), EP));
  const data = JSON.stringify({ nul: '\0', half: '\ud800' });
  await executions.commit({
    outbound: {
      messages: [makeMessage(outboundId('msg', 1), { source, data, idempotencyKey: 'k\0', deliveries })],
      attempts: [
        makeAttempt(outboundId('atm', 1), EP, [first, second], { responseBody: 'a\0', responseHeaders: { a: '\0' } }),
        makeAttempt(outboundId('atm', 2), EP, [second], { succeeded: false, error: { code: 'x', message: '\0' } }),
      ],
      settled: [outboundId('msg', 1)],
    },
  });
  // On PostgreSQL this process then owns it; nobody does in the copy.
  expect(await outbound.queue.lease(START, 9, [])).toHaveLength(1);
}

async function contents(url: string) {
  const storage = await openStorage({ url, durability: 'normal' });
  const { endpoints, eventTypes, messages, deliveries, attempts, queue } = storage.outbound;
  try {
    const list = async (kind: Endpoint['kind']) => (await endpoints.list({ limit: 9, kind })).items;
    const stored = {
      endpoints: [...(await list('endpoint')), ...(await list('url'))],
      eventTypes: await eventTypes.listAll(),
      messages: (await messages.list({ limit: 9 })).items,
      deliveries: (await deliveries.list({ limit: 9 })).items,
      attempts: [await attempts.ofDelivery(first), await attempts.ofDelivery(second)],
      unsettled: await messages.listUnsettled(9),
    };
    return { ...stored, leased: (await queue.lease(START, 9, [])).map(({ id }) => id) };
  } finally {
    await storage.close();
  }
}

test('everything arrives, from SQLite to PostgreSQL and back, and nobody leases an endpoint', async () => {
  const folder = await temporaryFolder();
  const [source, target] = ['source', 'target'].map((name) => `sqlite:${join(folder, `${name}.db`)}`) as [string, string];
  const middle = await postgres.createDatabase();
  const storage = await openStorage({ url: source, durability: 'normal' });
  await fill(storage);
  await storage.close();
  const expected = await contents(source);
  expect(expected).toMatchObject({ leased: [EP], unsettled: [], attempts: [[{ deliveryIds: [first, second] }], [{}, {}]] });

  const copied = await copyStorage({ from: source, to: middle });
  expect(copied.filter(({ rows }) => rows > 0).map(({ table, rows }) => [table, rows])).toEqual([
    ['endpoints', 2],
    ['event_types', 1],
    ['messages', 1],
    ['deliveries', 2],
    ['attempts', 2],
    ['attempt_batches', 2],
    // Every database has this row, also one without entries.
    ['audit_chain', 1],
  ]);
  // Leases the endpoint in PostgreSQL, too.
  expect(await contents(middle)).toEqual(expected);
  await copyStorage({ from: middle, to: target });
  expect(await contents(target)).toEqual(expected);
  await expect(copyStorage({ from: source, to: target })).rejects.toMatchObject({ code: 'invalid_configuration' });
});
