// Who sends because Hookline told it of something is not told of its own failures: it might start itself for ever.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Delivery, endpointConfigSchema, type Message, type OperationalEvent } from '../../../src/engine/outbound-model.ts';
import { INITIAL_STATE } from '../../../src/outbound/delivery/breaker.ts';
import { expireHeld } from '../../../src/outbound/delivery/expiry.ts';
import { FailureStreak } from '../../../src/outbound/delivery/failure-streak.ts';
import { OutcomeWriter } from '../../../src/outbound/delivery/outcome-writer.ts';
import { openStorage } from '../../../src/storage/storage.ts';
import { makeScene, START } from './scene.ts';

const BY_NODE = { executionId: '01a00000-0000-7000-8000-000000000000', jobPath: 'tell', isAwaited: false };
const OF_EVENT = { ...BY_NODE, isOfEvent: true };

describe('a delivery that has failed', () => {
  beforeEach(() => void vi.useFakeTimers({ now: START }));
  afterEach(() => void vi.useRealTimers());

  test('is told of, unless its message was sent because of an event; in a batch each by itself', async () => {
    const { store, dispatcher, pass } = makeScene(() => ({ status: 500 }));
    const retry = { type: 'custom', delaysMs: [100], jitter: 0 };
    store.addEndpoint('ep_1', { retry, blocking: { after: 1 } });
    store.addEndpoint('ep_2', { retry: { type: 'none' }, batch: { maxMessages: 3, maxWaitMs: 10 } });
    const [quiet, batched] = [
      store.add({ endpoint: 'ep_1', source: OF_EVENT }),
      store.add({ endpoint: 'ep_2', source: OF_EVENT }),
    ];
    const [told, api] = [store.add({ endpoint: 'ep_2', source: BY_NODE }), store.add({ endpoint: 'ep_2' })];
    dispatcher.start();
    await pass(1_000);
    for (const { id } of [batched, told, api]) expect(store.delivery(id)).toMatchObject({ status: 'failed' });
    const failed = store.events.filter(({ type }) => type === 'delivery.failed');
    expect(failed.map(({ data }) => data.deliveryId).sort()).toEqual([told.id, api.id]);
    // What happens to its endpoint is told all the same: that does not happen again and again.
    expect(store.events.map(({ type }) => type)).toContain('endpoint.blocked');
    expect(store.delivery(quiet.id).attempts).toBeGreaterThan(0);
    await dispatcher.stop(0);
  });
});

describe('deliveries that were held for too long', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hookline-told-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('are counted without those that were sent because of an event; without others there is no event', async () => {
    const storage = await openStorage({ url: `sqlite:${join(folder, 'hookline.db')}`, durability: 'normal' });
    const state = { ...INITIAL_STATE, status: 'disabled', reason: 'Nobody wants it.' } as const;
    const id = (prefix: string, count: number): string => `${prefix}_${String(count).padStart(32, '0')}`;
    const config = endpointConfigSchema.parse({ url: 'https://example.com/', blocking: { holdMs: 60_000 } });
    for (const endpointId of ['ep_1', 'ep_2']) {
      await storage.outbound.endpoints.insert({
        ...{ id: endpointId, kind: 'endpoint', config, sealedSecrets: '', state, stateSequence: 0, createdAt: 0, updatedAt: 0 },
      });
    }
    let count = 0;
    const add = async (endpointId: string, source: Message['source']): Promise<void> => {
      count += 1;
      const delivery: Delivery = {
        ...{ id: id('dlv', count), messageId: id('msg', count), endpointId, eventType: 'a', status: 'pending', dueAt: 0 },
        ...{ attempts: 0, attemptsBefore: 0, orderingKey: null, batchId: null, url: null, lastStatus: null, error: null },
        ...{ createdAt: 0, finishedAt: null },
      };
      const message: Message = {
        ...{ id: delivery.messageId, type: 'a', version: null, data: '{}', timestamp: 0, userId: null },
        ...{ idempotencyKey: null, source, createdAt: 0 },
      };
      await storage.executions.commit({ outbound: { messages: [{ ...message, deliveries: [delivery] }] } });
      expect(await storage.outbound.messages.get(message.id)).toEqual(message);
    };
    for (const source of [OF_EVENT, BY_NODE, null, { ...OF_EVENT, isAwaited: true }]) await add('ep_1', source);
    await add('ep_2', OF_EVENT);

    const events: OperationalEvent[] = [];
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const writer = new OutcomeWriter({
      commit: storage.executions.commit,
      events: { prepare: (event) => Promise.resolve({ writes: [], committed: () => void events.push(event) }) },
      log,
      streak: new FailureStreak(log),
    });
    const options = { queue: storage.outbound.queue, writer, now: () => Date.now(), isStopping: () => false };
    expect(await expireHeld(options)).toBe(5);
    expect(await storage.outbound.deliveries.countByStatus()).toMatchObject({ pending: 0, expired: 5 });
    const endpoint = { id: 'ep_1', url: 'https://example.com/', description: '', workspace: '' };
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ['delivery.expired', { endpoint, count: 2, reason: state.reason }],
    ]);
    writer.stop();
    await storage.close();
  });
});
