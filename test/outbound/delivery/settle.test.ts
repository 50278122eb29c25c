import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { INITIAL_STATE } from '../../../src/outbound/delivery/breaker.ts';
import { makeScene, type Scene, START } from './scene.ts';

let scene: Scene | undefined;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: START });
});

afterEach(async () => {
  const stopped = scene?.dispatcher.stop(0);
  await vi.advanceTimersByTimeAsync(100);
  await stopped;
  vi.useRealTimers();
});

const source = { executionId: 'exe_1', jobPath: 'send', isAwaited: true };

test('an execution that waits is told when all deliveries of its message have ended', async () => {
  scene = makeScene(({ endpoint }) => (endpoint.id === 'ep_2' ? { status: 500, afterMs: 20 } : { afterMs: 10 }));
  const { store, dispatcher, pass } = scene;
  for (const id of ['ep_1', 'ep_2']) store.addEndpoint(id, { retry: { type: 'none' } });
  const [one, two] = ['ep_1', 'ep_2'].map((endpoint) => store.add({ endpoint, source, messageId: 'msg_a' }).id);
  dispatcher.start();
  await pass(15);
  expect(store.signals).toEqual([]);
  await pass(10);
  const error = { code: 'unexpected_status', message: 'The receiver answered 500.' };
  const shared = { attempts: 1, error: null };
  expect(store.signals).toEqual([
    {
      ...{ executionId: 'exe_1', jobPath: 'send', branch: 'failed', isOptional: true },
      output: {
        messageId: 'msg_a',
        delivered: false,
        deliveries: [
          { ...shared, deliveryId: one, endpointId: 'ep_1', status: 'succeeded', httpStatus: 200, durationMs: 10 },
          { ...shared, deliveryId: two, endpointId: 'ep_2', status: 'failed', httpStatus: 500, durationMs: 20, error },
        ],
      },
    },
  ]);
  expect([...store.settled]).toEqual(['msg_a']);
  expect(scene.signaled).toBe(1);
});

test('of one URL the answer itself is the result, parsed when it is JSON', async () => {
  scene = makeScene(() => ({
    ...{ status: 201, afterMs: 3, responseBody: '{"id":7}' },
    responseHeaders: { 'Content-Type': 'application/problem+json; charset=utf-8' },
  }));
  const { store, dispatcher, pass } = scene;
  store.addEndpoint('url_1');
  store.add({ endpoint: 'url_1', source });
  dispatcher.start();
  await pass(10);
  const headers = { 'Content-Type': 'application/problem+json; charset=utf-8' };
  expect(store.signals[0]?.output).toMatchObject({ delivered: true, status: 201, headers, body: { id: 7 }, durationMs: 3 });
  expect(store.signals[0]?.branch).toBe('delivered');
});

test('what says that it is JSON and is not stays text', async () => {
  scene = makeScene(() => ({ responseBody: '{', responseHeaders: { 'content-type': 'application/json' } }));
  const { store, dispatcher, pass } = scene;
  store.addEndpoint('url_1');
  store.add({ endpoint: 'url_1', source });
  dispatcher.start();
  await pass(10);
  expect(store.signals[0]?.output).toMatchObject({ body: '{' });
});

test('a message that nobody waits for is not told of', async () => {
  scene = makeScene();
  const { store, dispatcher, pass } = scene;
  store.addEndpoint('ep_1');
  store.add({ endpoint: 'ep_1', source: { ...source, isAwaited: false } });
  store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(20_000);
  expect(store.signals).toEqual([]);
});

test('what nobody was told of is found by a sweep', async () => {
  scene = makeScene();
  const { store, dispatcher, pass } = scene;
  store.addEndpoint('ep_1');
  const { id } = store.add({ endpoint: 'ep_1', source });
  store.deliveries.set(id, { ...store.delivery(id), status: 'canceled', finishedAt: 1 });
  dispatcher.start();
  await pass(0);
  expect(store.signals[0]).toMatchObject({ branch: 'failed', output: { delivered: false } });
});

test('when storage fails just then, the execution is told later', async () => {
  scene = makeScene(() => ({ afterMs: 10 }));
  const { store, dispatcher, pass } = scene;
  store.addEndpoint('ep_1');
  store.add({ endpoint: 'ep_1', source });
  dispatcher.start();
  await pass(5);
  store.isDown = true;
  await pass(20_000);
  expect(store.signals).toEqual([]);
  store.isDown = false;
  await pass(20_000);
  expect(store.signals.length).toBe(1);
});

test('deliveries that were held for too long, or are too many, expire with one event', async () => {
  scene = makeScene();
  const { store, dispatcher, pass, sent } = scene;
  const blocked = { ...INITIAL_STATE, status: 'blocked' as const, reason: 'It was down.', probeAt: START + 1e9, failures: 6 };
  store.addEndpoint('ep_1', { blocking: { holdMs: 3_600_000, holdCount: 5 } }, { state: blocked });
  store.add({ endpoint: 'ep_1', createdAt: START - 3_600_001, source });
  for (let count = 0; count < 8; count += 1) store.add({ endpoint: 'ep_1', createdAt: START - 1_000 + count });
  dispatcher.start();
  await pass(0);
  expect([...store.deliveries.values()].map(({ status }) => status)).toEqual([
    ...Array.from({ length: 4 }, () => 'expired'),
    ...Array.from({ length: 5 }, () => 'pending'),
  ]);
  expect(store.delivery('dlv_00000001')).toMatchObject({ attempts: 0, finishedAt: START, error: { code: 'held_too_long' } });
  expect(store.events.map(({ type, data }) => [type, data.count])).toEqual([['delivery.expired', 4]]);
  expect(store.signals.map(({ branch }) => branch)).toEqual(['failed']);
  await pass(3_700_000);
  expect(store.count('expired')).toBe(9);
  expect(store.events.map(({ data }) => data.count)).toEqual([4, 5]);
  expect(sent).toEqual([]);
});
