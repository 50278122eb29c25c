// What is due of many endpoints is read together, and no more at once than is good for everybody else.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStorage } from '../../src/storage/storage.ts';
import { START } from './contract.ts';
import { closing, temporaryFolder } from './folder.ts';
import { makeDelivery, makeEndpoint, makeMessage, outboundId } from './outbound-fixture.ts';

const ep = (number: number) => outboundId('ep', number);

/** @returns `asks`: how many endpoints each query asked for */
async function open(dataLength: number) {
  const url = `sqlite:${join(await temporaryFolder(), 'hookline.db')}`;
  const { outbound, executions, connections } = closing(await openStorage({ url, durability: 'normal' }));
  const numbers = Array.from({ length: 40 }, (_, number) => number);
  await executions.commit({ outbound: { endpoints: numbers.map((number) => makeEndpoint(ep(number), { kind: 'url' })) } });
  const messages = numbers.map((number) => {
    const id = outboundId('msg', number);
    const deliveries = [makeDelivery(outboundId('dlv', number), id, ep(number))];
    return makeMessage(id, { data: JSON.stringify('x'.repeat(dataLength)), deliveries });
  });
  await executions.commit({ outbound: { messages } });
  const asks: number[] = [];
  connections.reader.addHook('beforeQuery', ({ bind }) => {
    if (Array.isArray(bind)) asks.push(JSON.parse(String(bind[0])).length);
  });
  const due = async (number: number, limit: number) => {
    const page = await outbound.queue.due(ep(number), START, limit, []);
    return page.map(({ delivery }) => delivery.id);
  };
  return { queue: outbound.queue, numbers, asks, due };
}

test('many endpoints are one query, up to a thousand deliveries', async () => {
  const { numbers, asks, due } = await open(100);
  const pages = await Promise.all(numbers.map((number) => due(number, 64)));
  expect(pages).toEqual(numbers.map((number) => [outboundId('dlv', number)]));
  expect(asks).toEqual([16, 16, 8]);
});

test('who asks for more than that is asked for alone', async () => {
  const { asks, due } = await open(100);
  await Promise.all([due(1, 5_000), due(2, 5_000)]);
  expect(asks).toEqual([1, 1]);
});

test('large messages are read in fewer queries’ worth at a time', async () => {
  const { numbers, asks, due } = await open(100_000);
  await due(0, 64);
  await Promise.all(numbers.slice(0, 3).map((number) => due(number, 4)));
  await Promise.all(numbers.slice(0, 3).map((number) => due(number, 64)));
  expect(asks).toEqual([1, 3, 1, 1, 1]);
});

test('the same endpoint and another limit wait for the next query', async () => {
  const { asks, due } = await open(100);
  await Promise.all([due(1, 8), due(2, 64), due(1, 8), due(3, 8), due(4, 64)]);
  expect(asks).toEqual([2, 2, 1]);
});

test('the next times of all endpoints are one query', async () => {
  const { queue, numbers, asks } = await open(100);
  const times = await Promise.all(numbers.map((number) => queue.nextDueAt(ep(number), [])));
  expect(times).toEqual(numbers.map(() => START));
  expect(asks).toEqual([40]);
});

test('a query that fails fails for those whose question it was, and the next one is asked', async () => {
  const { queue, asks, due } = await open(100);
  const broken = [queue.due(ep(1), Number.NaN, Number.NaN, []), queue.due(ep(2), START, Number.NaN, [])];
  const results = await Promise.allSettled([...broken, due(3, 8)]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  expect(asks.at(-1)).toBe(1);
});
