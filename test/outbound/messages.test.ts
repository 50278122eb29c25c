import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEvaluator } from '../../src/expressions/evaluator.ts';
import { openServices, refusalOf, type TestServices } from './services.ts';

const evaluator = createEvaluator({ timeoutMs: 30_000, maxWorkers: 1, memoryMb: 128 });
let services: TestServices;
beforeEach(async () => {
  services = await openServices(evaluator);
});
afterEach(() => services.close());
afterAll(() => evaluator.close());

const EVENT = { type: 'order.created', data: { id: 'o_1', total: 3 } };

/** The only delivery of a new message. */
async function publishOne(event: { type: string; data: unknown } = EVENT) {
  const { message } = await services.messages.publish(event);
  const [delivery] = (await services.messages.get(message.id)).deliveries;
  if (!delivery) throw new Error('nobody gets it');
  return { message, delivery };
}

describe('publishing', () => {
  test('stores the message with a delivery for each endpoint that subscribes, and tells who delivers', async () => {
    const { id } = await services.endpoint({ eventTypes: ['order.*'] });
    await services.endpoint({ eventTypes: ['payment.*'] });
    await services.endpoint({ enabled: false });
    services.notified.length = 0;
    const { message, deliveries, replayed } = await services.messages.publish({ ...EVENT, userId: 'u_1', timestamp: 5 });
    expect({ deliveries, replayed }).toEqual({ deliveries: 1, replayed: false });
    expect(message).toMatchObject({ type: 'order.created', version: null, userId: 'u_1', timestamp: 5, source: null });
    const read = await services.messages.get(message.id);
    expect(read.message.data).toBe('{"id":"o_1","total":3}');
    expect(read.deliveries).toMatchObject([{ endpointId: id, status: 'pending', isHeld: false, attempts: 0 }]);
    expect(services.notified).toEqual([id]);
  });

  test('is checked against the catalogue', async () => {
    await services.eventTypes.create({ name: 'order.created', schema: { type: 'object', required: ['total'] } });
    expect((await refusalOf(services.messages.publish({ type: 'order.created', data: {} }))).code).toBe('invalid_event');
    expect((await refusalOf(services.messages.publish({ ...EVENT, version: 2 }))).code).toBe('invalid_event');
    expect((await services.messages.publish(EVENT)).message.version).toBe(1);
    expect((await services.messages.list({ limit: 10 })).items).toHaveLength(1);
  });

  test('again with the same key gives the first message, and nothing more is sent', async () => {
    await services.endpoint();
    const first = await services.messages.publish(EVENT, 'key-1');
    services.pass(60_000);
    services.notified.length = 0;
    const again = await services.messages.publish({ type: EVENT.type, data: { total: 3, id: 'o_1' } }, 'key-1');
    expect(again).toMatchObject({ message: { id: first.message.id }, deliveries: 1, replayed: true });
    expect(services.notified).toEqual([]);
    expect((await services.store.deliveries.list({ limit: 10 })).items).toHaveLength(1);
    expect((await services.messages.publish(EVENT, 'key-2')).replayed).toBe(false);
  });

  test.each<[string, object]>([
    ['type', { type: 'order.changed' }],
    ['data', { data: { id: 'o_2' } }],
    ['user', { userId: 'u_2' }],
    ['time', { timestamp: 77 }],
  ])('with the same key but another %s is a conflict', async (_what, change) => {
    await services.messages.publish(EVENT, 'key-1');
    const error = await refusalOf(services.messages.publish({ ...EVENT, ...change }, 'key-1'));
    expect(error.code).toBe('conflict');
  });

  test('at the same time with the same key stores one message', async () => {
    await services.endpoint();
    const all = await Promise.all(Array.from({ length: 8 }, () => services.messages.publish(EVENT, 'key-1')));
    expect(new Set(all.map(({ message }) => message.id)).size).toBe(1);
    expect(all.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect((await services.store.deliveries.list({ limit: 10 })).items).toHaveLength(1);
  });
});

describe('replaying a message', () => {
  test('makes one more delivery with the same message, also for an endpoint that has not subscribed', async () => {
    const { message } = await services.messages.publish(EVENT);
    const { id } = await services.endpoint({ eventTypes: ['payment.*'] });
    services.pass(1_000);
    services.notified.length = 0;
    const delivery = await services.messages.replay(message.id, id);
    expect(delivery).toMatchObject({ messageId: message.id, endpointId: id, status: 'pending', createdAt: services.now() });
    expect(services.notified).toEqual([id]);
    const [due] = await services.store.queue.due(id, services.now(), 10, []);
    expect(due).toMatchObject({ delivery: { id: delivery.id }, message: { id: message.id, data: '{"id":"o_1","total":3}' } });
    await services.messages.replay(message.id, id);
    expect((await services.messages.get(message.id)).deliveries).toHaveLength(2);
  });

  test('works for a message with an idempotency key, too', async () => {
    const { message } = await services.messages.publish(EVENT, 'key-1');
    const { id } = await services.endpoint();
    expect((await services.messages.replay(message.id, id)).messageId).toBe(message.id);
  });

  test('needs both', async () => {
    const { message } = await services.messages.publish(EVENT);
    expect((await refusalOf(services.messages.replay(message.id, 'ep_x'))).code).toBe('endpoint_not_found');
    expect((await refusalOf(services.messages.replay('msg_x', 'ep_x'))).code).toBe('message_not_found');
    expect((await refusalOf(services.messages.get('msg_x'))).code).toBe('message_not_found');
  });
});

describe('a delivery', () => {
  test('that has come to its end can be tried again', async () => {
    const { id } = await services.endpoint();
    const { delivery } = await publishOne();
    expect((await refusalOf(services.messages.retryDelivery(delivery.id))).code).toBe('conflict');
    await services.finish(delivery.id, 'failed');
    services.pass(5_000);
    services.notified.length = 0;
    const again = await services.messages.retryDelivery(delivery.id);
    expect(again).toMatchObject({ status: 'pending', dueAt: services.now(), attempts: 1, attemptsBefore: 1, finishedAt: null });
    expect(services.notified).toEqual([id]);
  });

  test('of an endpoint that is gone cannot', async () => {
    const { id } = await services.endpoint();
    const { delivery } = await publishOne();
    await services.endpoints.delete(id);
    expect((await refusalOf(services.messages.retryDelivery(delivery.id))).message).toContain('is gone');
  });

  test('that is pending can be canceled, once', async () => {
    await services.endpoint();
    const { delivery } = await publishOne();
    const canceled = await services.messages.cancelDelivery(delivery.id);
    expect(canceled).toMatchObject({ status: 'canceled', finishedAt: services.now() });
    expect((await refusalOf(services.messages.cancelDelivery(delivery.id))).message).toContain('it is canceled');
    // What was under way meanwhile changes nothing any more.
    await services.finish(delivery.id, 'succeeded');
    expect((await services.messages.getDelivery(delivery.id)).delivery.status).toBe('canceled');
  });

  test('is shown as held while its endpoint is blocked', async () => {
    const { id } = await services.endpoint();
    const { delivery } = await publishOne();
    await services.putInto(id, { status: 'blocked' });
    expect((await services.messages.getDelivery(delivery.id)).delivery.isHeld).toBe(true);
    const held = await services.messages.listDeliveries({ status: 'held', limit: 10 });
    expect(held.items.map((one) => one.id)).toEqual([delivery.id]);
    expect((await services.messages.listDeliveries({ status: 'pending', limit: 10 })).items).toEqual([]);
  });

  test('that is not there is said to be so', async () => {
    for (const ask of [
      () => services.messages.getDelivery('dlv_x'),
      () => services.messages.retryDelivery('dlv_x'),
      () => services.messages.cancelDelivery('dlv_x'),
    ]) {
      expect((await refusalOf(ask())).code).toBe('delivery_not_found');
    }
  });
});

test('all deliveries of a message are read, however many', async () => {
  for (let index = 0; index < 101; index++) await services.endpoint({ url: `https://shop.example/${index}` });
  const { message, deliveries } = await services.messages.publish(EVENT);
  expect(deliveries).toBe(101);
  const read = (await services.messages.get(message.id)).deliveries.map(({ id }) => id);
  expect(read).toHaveLength(101);
  expect(read).toEqual([...read].sort());
});
