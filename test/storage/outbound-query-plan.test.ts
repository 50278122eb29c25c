// The queries of the delivery queue and of its log walk an index.

import { join } from 'node:path';
import { QueryTypes } from 'sequelize';
import { expect, test } from 'vitest';
import { type OpenStorage, openStorage } from '../../src/storage/storage.ts';
import { closing, temporaryFolder } from './folder.ts';
import { outboundId } from './outbound-fixture.ts';

const cursor = (list: string, ...place: unknown[]) => Buffer.from(JSON.stringify([list, ...place])).toString('base64url');
const MESSAGES = cursor('messages', outboundId('msg', 1));
const DELIVERIES = cursor('deliveries', outboundId('dlv', 1));

/** Sorting is fine where what is sorted is bounded: what is pending, or a page. */
const cases: [
  name: string,
  indexes: RegExp[],
  maySort: boolean,
  query: (outbound: OpenStorage['outbound']) => Promise<unknown>,
][] = [
  [
    'what is due',
    [/deliveries_pending/, /deliveries_ordered/, /autoindex_messages/],
    true,
    ({ queue }) => queue.due('e', 5, 9, ['a']),
  ],
  ['when something is due next', [/deliveries_pending/, /deliveries_ordered/], false, ({ queue }) => queue.nextDueAt('e', ['a'])],
  ['the lease', [/endpoints_status/, /deliveries_pending \(endpoint_id=/], true, ({ queue }) => queue.lease(5, 9, ['a'])],
  ['what is held too long', [/deliveries_pending \(endpoint_id=/], true, ({ queue }) => queue.listOverdueHeld('e', 5, 9, 9)],
  ['who holds something', [/endpoints_status/, /deliveries_pending \(endpoint_id=/], false, ({ queue }) => queue.listHolding()],
  [
    'the list of deliveries',
    [/autoindex_deliveries/],
    false,
    ({ deliveries }) => deliveries.list({ limit: 9, cursor: DELIVERIES }),
  ],
  [
    'an endpoint’s deliveries',
    [/deliveries_endpoint/],
    false,
    ({ deliveries }) => deliveries.list({ limit: 9, endpointId: 'e' }),
  ],
  ['a type’s deliveries', [/deliveries_type/], false, ({ deliveries }) => deliveries.list({ limit: 9, eventType: 't' })],
  ['failed deliveries', [/deliveries_status/], false, ({ deliveries }) => deliveries.list({ limit: 9, status: 'failed' })],
  ['pending deliveries', [/deliveries_pending/], true, ({ deliveries }) => deliveries.list({ limit: 9, status: 'pending' })],
  ['a message’s deliveries', [/deliveries_message/], true, ({ deliveries }) => deliveries.ofMessage('m')],
  ['the backlog', [/deliveries_pending/, /autoindex_endpoints/], true, ({ deliveries }) => deliveries.backlog()],
  ['a delivery’s attempts', [/attempt_batches_delivery/], false, ({ attempts }) => attempts.ofDelivery('d')],
  ['an endpoint’s attempts', [/attempts_endpoint/], false, ({ attempts }) => attempts.list({ limit: 9, endpointId: 'e' })],
  ['an endpoint’s counts', [/COVERING INDEX attempts_endpoint/], false, ({ endpoints }) => endpoints.counts('e', 5)],
  ['the list of messages', [/autoindex_messages/], false, ({ messages }) => messages.list({ limit: 9, cursor: MESSAGES })],
  ['a type’s messages', [/messages_type/], false, ({ messages }) => messages.list({ limit: 9, type: 't', from: 5 })],
  ['an idempotency key', [/messages_idempotency_key/], false, ({ messages }) => messages.findByIdempotencyKey('k')],
  ['what is to be settled', [/messages_unsettled/, /deliveries_message/], false, ({ messages }) => messages.listUnsettled(9)],
  ['old messages', [/autoindex_messages/, /deliveries_message/], false, ({ messages }) => messages.deleteOld(5, 9)],
];

test.each(cases)('%s: an index has it', async (_, indexes, maySort, query) => {
  const { outbound, connections } = closing(
    await openStorage({ url: `sqlite:${join(await temporaryFolder(), 'hookline.db')}`, durability: 'normal' }),
  );
  const statements: string[] = [];
  connections.reader.addHook('afterQuery', (_options, sent) => {
    if ('sql' in sent) statements.push(String(sent.sql));
  });
  await query(outbound);
  const [first] = statements;
  const plan = await connections.reader.query<{ detail: string }>(`EXPLAIN QUERY PLAN ${first}`, { type: QueryTypes.SELECT });
  const details = plan.map(({ detail }) => detail).join('\n');
  for (const index of indexes) expect(details, first).toMatch(index);
  expect(details).not.toMatch(/SCAN (m|e|earlier|deliveries|messages|attempts)$/m);
  if (!maySort) expect(details).not.toMatch(/TEMP B-TREE/);
});
