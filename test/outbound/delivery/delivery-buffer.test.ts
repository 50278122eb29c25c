import { expect, test } from 'vitest';
import type { DueDelivery } from '../../../src/engine/outbound-ports.ts';
import { DeliveryBuffer } from '../../../src/outbound/delivery/delivery-buffer.ts';
import { newDelivery } from '../../../src/outbound/new-delivery.ts';

function due(number: number, length: number): DueDelivery {
  const id = `dlv_${String(number).padStart(4, '0')}`;
  const message = {
    id: `msg_${number}`,
    type: 'order.created',
    version: null,
    data: JSON.stringify('x'.repeat(length - 2)),
    timestamp: 1_000,
    userId: null,
    idempotencyKey: null,
    source: null,
    createdAt: 1_000,
  };
  return { delivery: { ...newDelivery(message, { id, endpointId: 'ep_1' }), dueAt: 1_000 + number }, message };
}

test('a batch holds as much data as a receiver can take in one request, in order', () => {
  const buffer = new DeliveryBuffer();
  const packing = { batch: { maxMessages: 100, maxWaitMs: 60_000 }, isProbe: false };
  const mebibyte = 1024 ** 2;
  buffer.add(
    [1, 2, 3].map((number) => due(number, mebibyte)),
    false,
  );
  // Not yet full: it waits.
  expect(buffer.readyAt(packing)).toBe(1_001 + 60_000);
  buffer.add([due(4, mebibyte), due(5, mebibyte), due(6, 10)], false);
  expect(buffer.readyAt(packing)).toBe(1_001);
  const take = () => buffer.take(packing, () => 'msg_batch')?.deliveries.map(({ message }) => message.id);
  expect(take()).toEqual(['msg_1', 'msg_2', 'msg_3', 'msg_4']);
  expect(take()).toEqual(['msg_5', 'msg_6']);
  expect(take()).toBeUndefined();
});

test('a small message does not overtake one that has no room in the batch', () => {
  const buffer = new DeliveryBuffer();
  const packing = { batch: { maxMessages: 100, maxWaitMs: 0 }, isProbe: false };
  buffer.add([due(1, 3.5 * 1024 ** 2), due(2, 1024 ** 2), due(3, 10)], false);
  expect(buffer.take(packing, () => 'msg_batch')?.deliveries.map(({ message }) => message.id)).toEqual(['msg_1']);
});
