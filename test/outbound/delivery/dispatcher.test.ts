import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HooklineError } from '../../../src/errors.ts';
import { INITIAL_STATE } from '../../../src/outbound/delivery/breaker.ts';
import { type Answer, makeScene, type Scene, START } from './scene.ts';

let scene: Scene | undefined;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: START });
});

afterEach(async () => {
  const stopped = scene?.dispatcher.stop(0);
  await vi.advanceTimersByTimeAsync(100);
  await stopped;
  scene = undefined;
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function set(...args: Parameters<typeof makeScene>): Scene {
  scene = makeScene(...args);
  return scene;
}

const down: Answer = { status: 500 };

test('a delivery is sent once, its outcome is committed, and the lease is given back', async () => {
  const { store, dispatcher, sent, pass } = set();
  store.addEndpoint('ep_1');
  const { id } = store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(0);
  expect(store.delivery(id)).toMatchObject({ status: 'succeeded', attempts: 1, lastStatus: 200, error: null, finishedAt: START });
  expect(dispatcher.stats()).toEqual({ sending: 0, endpoints: 1 });
  expect([...store.leased]).toEqual(['ep_1']);
  await pass(6_000);
  expect(sent.length).toBe(1);
  expect(store.attempts.length).toBe(1);
  expect(dispatcher.stats()).toEqual({ sending: 0, endpoints: 0 });
  expect(store.leased.size).toBe(0);
});

test('what is told of is sent at once, what is not is found by the next poll', async () => {
  const { store, dispatcher, times, pass } = set();
  store.addEndpoint('ep_1');
  dispatcher.start();
  await pass(300);
  store.add({ endpoint: 'ep_1' });
  dispatcher.notify(['ep_1']);
  await pass(0);
  expect(times('ep_1')).toEqual([300]);
  await pass(6_000);
  expect(dispatcher.stats().endpoints).toBe(0);
  store.add({ endpoint: 'ep_1' });
  await pass(1_100);
  expect(times('ep_1').length).toBe(2);
});

test('a delivery that fails is tried again as the schedule says, and fails for good', async () => {
  const { store, dispatcher, times, pass } = set(() => down);
  store.addEndpoint('ep_1', { retry: { type: 'custom', delaysMs: [5_000, 300_000], jitter: 0 }, blocking: { enabled: false } });
  const { id } = store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(0);
  expect(store.delivery(id)).toMatchObject({ status: 'pending', attempts: 1, lastStatus: 500, dueAt: START + 5_000 });
  await pass(1_000_000);
  const [first, second, third] = times('ep_1');
  expect(first).toBe(0);
  expect(second).toBe(5_000);
  // The lease was given back: the poll finds it, a second late at most.
  expect(third).toBeGreaterThanOrEqual(305_000);
  expect(third).toBeLessThan(306_200);
  expect(times('ep_1').length).toBe(3);
  const error = { code: 'unexpected_status', message: 'The receiver answered 500.' };
  expect(store.delivery(id)).toMatchObject({ status: 'failed', attempts: 3, error });
  expect(store.events.map(({ type, data }) => [type, data])).toEqual([
    [
      'delivery.failed',
      {
        endpoint: { id: 'ep_1', url: 'https://ep-1.example', description: '', workspace: '' },
        ...{ deliveryId: id, messageId: 'msg_00000001', type: 'order.created', error, attempts: 3 },
      },
    ],
  ]);
});

test('the schedule counts from where somebody has asked for another try', async () => {
  const { store, dispatcher, sent, pass } = set(() => down);
  store.addEndpoint('ep_1', { retry: { type: 'custom', delaysMs: [100], jitter: 0 } });
  const { id } = store.add({ endpoint: 'ep_1' });
  store.deliveries.set(id, { ...store.delivery(id), attempts: 7, attemptsBefore: 7 });
  dispatcher.start();
  await pass(1_000);
  expect(sent.map(({ number }) => number)).toEqual([8, 9]);
  expect(store.delivery(id)).toMatchObject({ status: 'failed', attempts: 9 });
});

test('Retry-After is waited for, by the delivery and by its endpoint', async () => {
  const { store, dispatcher, times, pass } = set((_order, { at }) => (at === START ? { status: 503, retryAfterMs: 60_000 } : {}));
  store.addEndpoint('ep_1');
  store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(10);
  store.add({ endpoint: 'ep_1' });
  dispatcher.notify(['ep_1']);
  await pass(59_900);
  expect(times('ep_1')).toEqual([0]);
  await pass(1_000);
  expect(
    times('ep_1')
      .slice(1)
      .every((at) => at >= 60_000),
  ).toBe(true);
  expect(store.count('succeeded')).toBe(2);
});

test('the same body is stored with the first attempt only', async () => {
  const { store, dispatcher, pass } = set(() => down);
  store.addEndpoint('ep_1', { retry: { type: 'short' } });
  store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(5_000);
  expect(store.attempts.map(({ body }) => body)).toEqual(['["{\\"n\\":1}"]', null]);
});

test('the sixth failure blocks: one probe at a time is sent then, and success drains what was held', async () => {
  let isUp = false;
  const { store, dispatcher, times, pass } = set(() => (isUp ? {} : down));
  store.addEndpoint('ep_1', { retry: { type: 'custom', delaysMs: [600_000, 600_000, 600_000], jitter: 0 } });
  for (let count = 0; count < 40; count += 1) store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(200_000);
  expect(times('ep_1').length).toBe(6);
  expect(store.endpoint('ep_1').state).toMatchObject({ status: 'blocked', failures: 6, probeAt: START + 300_000 });
  expect(dispatcher.stats().endpoints).toBe(0);
  await pass(101_500);
  expect(times('ep_1').length).toBe(7);
  expect(store.endpoint('ep_1').state).toMatchObject({ status: 'blocked', probes: 1 });
  expect((store.endpoint('ep_1').state.probeAt ?? 0) - START - (times('ep_1')[6] ?? 0)).toBe(600_000);
  isUp = true;
  await pass(601_500);
  expect(store.endpoint('ep_1').state.status).toBe('active');
  expect(store.events.map(({ type }) => type)).toEqual(['endpoint.blocked', 'endpoint.unblocked']);
  const drainedFrom = times('ep_1')[7] ?? 0;
  await pass(10_000);
  const drained = times('ep_1').slice(8);
  expect(drained.length).toBe(39);
  // Ten a second, one after the other.
  for (const [index, at] of drained.entries()) expect(at).toBeGreaterThanOrEqual(drainedFrom + index * 100);
  expect(store.count('succeeded')).toBe(40);
});

test('counted per delivery, an endpoint is blocked by deliveries that have failed for good', async () => {
  const { store, dispatcher, times, pass } = set(() => down);
  const retry = { type: 'custom', delaysMs: [100], jitter: 0 };
  store.addEndpoint('ep_1', { retry, concurrency: 1, blocking: { count: 'delivery', after: 2 } });
  for (let count = 0; count < 9; count += 1) store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(60_000);
  expect(store.count('failed')).toBe(3);
  expect(store.endpoint('ep_1').state).toMatchObject({ status: 'blocked', failures: 3 });
  expect(times('ep_1').length).toBeGreaterThanOrEqual(6);
});

test('410 disables the endpoint and nothing more is sent', async () => {
  const { store, dispatcher, times, pass } = set(() => ({ status: 410 }));
  store.addEndpoint('ep_1');
  for (let count = 0; count < 9; count += 1) store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(1_000_000);
  expect(times('ep_1').length).toBe(1);
  expect(store.endpoint('ep_1').state.status).toBe('disabled');
  expect(store.count('pending')).toBe(9);
  expect(store.events.map(({ type }) => type)).toEqual(['endpoint.disabled']);
});

test('a URL that is gone ends its delivery', async () => {
  const { store, dispatcher, pass } = set(() => ({ status: 410 }));
  store.addEndpoint('url_1');
  const { id } = store.add({ endpoint: 'url_1' });
  dispatcher.start();
  await pass(0);
  expect(store.delivery(id).status).toBe('failed');
  expect(store.endpoint('url_1').state.status).toBe('active');
});

test('deliveries with one key are sent one after the other, those of others meanwhile', async () => {
  const { store, dispatcher, sent, pass } = set((_order, { number }) =>
    number === 1 ? { status: 500, afterMs: 10 } : { afterMs: 10 },
  );
  store.addEndpoint('ep_1', {
    ...{ ordering: { type: 'key', path: 'id' }, concurrency: 8 },
    ...{ retry: { type: 'custom', delaysMs: [50], jitter: 0 }, blocking: { enabled: false } },
  });
  const ids = ['a', 'b', 'a', 'b', 'a', 'c'].map((key) => [key, store.add({ endpoint: 'ep_1', key }).id] as const);
  dispatcher.start();
  await pass(2_000);
  expect(store.count('succeeded')).toBe(6);
  for (const key of ['a', 'b', 'c']) {
    const own = ids.filter(([name]) => name === key).map(([, id]) => id);
    const order = sent.map(({ deliveryIds }) => deliveryIds[0] ?? '').filter((id) => own.includes(id));
    expect(order).toEqual(own.flatMap((id) => [id, id]));
  }
});

test('a batch goes when it is full, or when its oldest has waited', async () => {
  const { store, dispatcher, sent, pass } = set();
  store.addEndpoint('ep_1', { batch: { maxMessages: 3, maxWaitMs: 500 } });
  const ids = Array.from({ length: 7 }, () => store.add({ endpoint: 'ep_1' }).id);
  dispatcher.start();
  await pass(100);
  expect(sent.map(({ deliveryIds }) => deliveryIds)).toEqual([ids.slice(0, 3), ids.slice(3, 6)]);
  await pass(500);
  expect(sent[2]).toMatchObject({ at: START + 500, deliveryIds: ids.slice(6) });
  expect(new Set(sent.map(({ batchId }) => batchId)).size).toBe(3);
  expect(sent.every(({ batchId }) => /^msg_[0-9a-f]{32}$/.test(batchId ?? ''))).toBe(true);
});

test('a batch that fails is sent again as it was, under the same id', async () => {
  const { store, dispatcher, sent, pass } = set((_order, { number }) => (number === 1 ? down : {}));
  store.addEndpoint('ep_1', { batch: { maxMessages: 3, maxWaitMs: 0 }, retry: { type: 'short' }, blocking: { enabled: false } });
  for (let count = 0; count < 8; count += 1) store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(60_000);
  expect(store.count('succeeded')).toBe(8);
  const batches = [...new Set(sent.map(({ batchId }) => batchId))].map((id) => sent.filter(({ batchId }) => batchId === id));
  expect(batches.map((all) => all.map(({ number }) => number))).toEqual([
    [1, 2],
    [1, 2],
    [1, 2],
  ]);
  for (const [first, second] of batches) expect(second?.body).toBe(first?.body);
});

test('one message that cannot be sent does not take its batch with it', async () => {
  const { store, dispatcher, pass } = set(({ deliveries }) => ({
    isPermanent: deliveries.some(({ message }) => message.data === '{"n":2}'),
  }));
  store.addEndpoint('ep_1', { batch: { maxMessages: 4, maxWaitMs: 0 } });
  for (let count = 0; count < 4; count += 1) store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(100);
  expect([...store.deliveries.values()].map(({ status }) => status)).toEqual(['succeeded', 'failed', 'succeeded', 'succeeded']);
  expect(store.endpoint('ep_1').state).toEqual(INITIAL_STATE);
});

test('a rate limit spreads requests', async () => {
  const { store, dispatcher, times, pass } = set();
  store.addEndpoint('ep_1', { rateLimit: { count: 5, perMs: 1_000 } });
  for (let count = 0; count < 12; count += 1) store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(3_000);
  expect(times('ep_1')).toEqual(Array.from({ length: 12 }, (_, index) => index * 200));
});

test('an endpoint has no more requests at once than it wants, and one while it fails', async () => {
  const { store, dispatcher, most, open, pass } = set((_order, { at }) =>
    at < START + 1_000 ? { afterMs: 50 } : { status: 500, afterMs: 50 },
  );
  store.addEndpoint('ep_1', { concurrency: 3, blocking: { enabled: false } });
  for (let count = 0; count < 400; count += 1) store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(1_000);
  expect(most.get('ep_1')).toBe(3);
  await pass(100);
  expect(open.get('ep_1')).toBe(1);
});

test('a thousand dead endpoints do not hold up one that works, or one that is new', async () => {
  const hangs: Answer = { status: null, afterMs: 10_000 };
  const { store, dispatcher, times, pass, sent } = set(({ endpoint }) =>
    endpoint.id.startsWith('ep_dead') ? hangs : { afterMs: 5 },
  );
  store.addEndpoint('ep_ok');
  store.add({ endpoint: 'ep_ok' });
  dispatcher.start();
  await pass(100);
  for (let count = 0; count < 1_000; count += 1) {
    const id = `ep_dead${count}`;
    store.addEndpoint(id, {}, { state: { ...INITIAL_STATE, failures: 1 } });
    for (let each = 0; each < 3; each += 1) store.add({ endpoint: id });
  }
  await pass(20_000);
  const before = sent.length;
  expect(dispatcher.stats().sending).toBe(256);
  store.addEndpoint('ep_new');
  for (let count = 0; count < 50; count += 1) {
    store.add({ endpoint: 'ep_ok' });
    store.add({ endpoint: 'ep_new' });
  }
  const at = Date.now() - START;
  dispatcher.notify(['ep_ok', 'ep_new']);
  await pass(200);
  expect(sent.length - before).toBeGreaterThanOrEqual(100);
  for (const id of ['ep_ok', 'ep_new']) {
    const own = times(id).filter((time) => time >= at);
    expect(own.length).toBe(50);
    expect(Math.max(...own) - at).toBeLessThanOrEqual(80);
  }
});

test('while storage fails nothing is lost: the same attempt is stored later, and it is said once', async () => {
  const { store, dispatcher, sent, logged, pass } = set(() => ({ afterMs: 10 }));
  store.addEndpoint('ep_1');
  for (let count = 0; count < 20; count += 1) store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(25);
  store.isDown = true;
  await pass(30_000);
  const [attempts, requests] = [store.attempts.length, sent.length];
  expect(attempts).toBeLessThan(requests);
  store.isDown = false;
  await pass(10_000);
  expect(store.count('succeeded')).toBe(20);
  expect(sent.length).toBe(20);
  expect(store.attempts.length).toBe(20);
  expect(logged.filter((line) => line.includes('not reported again')).length).toBe(1);
});

test('what was under way at a stop is sent again by the next process', async () => {
  const { store, dispatcher, pass, sent } = set(() => ({ afterMs: 400 }));
  store.addEndpoint('ep_1', { concurrency: 4 });
  for (let count = 0; count < 30; count += 1) store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(500);
  const stopped = dispatcher.stop(100);
  await pass(150);
  await stopped;
  expect(store.leased.size).toBe(0);
  const first = sent.length;
  expect(store.count('succeeded')).toBeLessThan(first);
  const next = set(() => ({ afterMs: 5 }), { memory: store });
  next.dispatcher.start();
  await next.pass(1_000);
  expect(store.count('succeeded')).toBe(30);
  const repeats = first + next.sent.length - 30;
  expect(repeats).toBe(4);
});

test('a stop waits for what is under way', async () => {
  const { store, dispatcher, pass } = set(() => ({ afterMs: 400 }));
  store.addEndpoint('ep_1');
  store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(100);
  const stopped = dispatcher.stop(5_000);
  await pass(400);
  await stopped;
  expect(store.count('succeeded')).toBe(1);
});

test('what a person changes counts before anything more is sent', async () => {
  const { store, dispatcher, times, pass, tell } = set(() => ({ afterMs: 10 }));
  store.addEndpoint('ep_1', { concurrency: 1 });
  for (let count = 0; count < 100; count += 1) store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(55);
  store.change('ep_1', { state: { ...INITIAL_STATE, status: 'disabled', reason: 'Not now.', since: 1 } });
  tell({ type: 'endpoint-changed', endpointId: 'ep_1' });
  const before = times('ep_1').length;
  await pass(10_000);
  expect(times('ep_1').length).toBe(before);
  expect(store.endpoint('ep_1').state.status).toBe('disabled');
  store.change('ep_1', { state: INITIAL_STATE });
  dispatcher.notify(['ep_1']);
  await pass(2_000);
  expect(store.count('succeeded')).toBe(100);
});

test('a change that only notify tells of is seen within a second', async () => {
  const { store, dispatcher, times, pass } = set(() => ({ afterMs: 10 }));
  store.addEndpoint('ep_1', { concurrency: 1 });
  for (let count = 0; count < 1_000; count += 1) store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(55);
  store.change('ep_1', { state: { ...INITIAL_STATE, status: 'disabled' } });
  dispatcher.notify(['ep_1']);
  await pass(10_000);
  expect(Math.max(...times('ep_1'))).toBeLessThanOrEqual(1_010);
});

test('an endpoint that was deleted gets nothing more', async () => {
  const { store, dispatcher, times, pass } = set(() => ({ afterMs: 10 }));
  store.addEndpoint('ep_1', { concurrency: 1 });
  for (let count = 0; count < 100; count += 1) store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(55);
  store.endpoints.delete('ep_1');
  dispatcher.endpointChanged('ep_1');
  const before = times('ep_1').length;
  await pass(10_000);
  expect(times('ep_1').length).toBe(before);
  expect(dispatcher.stats().endpoints).toBe(0);
});

test('a process that is taken for dead writes nothing more of what it had', async () => {
  const { store, dispatcher, pass, tell, sent } = set(() => ({ afterMs: 500 }));
  store.addEndpoint('ep_1');
  store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(100);
  store.endpoints.delete('ep_1');
  tell({ type: 'declared-dead' });
  await pass(2_000);
  expect(sent.length).toBe(1);
  expect(store.attempts.length).toBe(0);
  expect(dispatcher.stats()).toEqual({ sending: 0, endpoints: 0 });
});

test('other processes are told only of endpoints that this one has not got, and not often', async () => {
  const { store, dispatcher, published, pass } = set();
  store.addEndpoint('ep_1');
  store.addEndpoint('ep_2', {}, { state: { ...INITIAL_STATE, status: 'disabled' } });
  dispatcher.start();
  await pass(0);
  for (let count = 0; count < 100; count += 1) {
    store.add({ endpoint: 'ep_1' });
    dispatcher.notify(['ep_1']);
    await pass(1);
  }
  expect(published).toEqual([]);
  for (let count = 0; count < 100; count += 1) {
    dispatcher.notify(['ep_2']);
    await pass(1);
  }
  expect(published.length).toBeLessThanOrEqual(3);
  expect(published[0]).toEqual({ type: 'deliveries-added', endpointIds: ['ep_2'] });
});

test('a process that only takes requests tells those that deliver', async () => {
  const { dispatcher, published, pass } = set();
  dispatcher.notify(['ep_1']);
  dispatcher.notify(['ep_2']);
  dispatcher.notify(['ep_3']);
  await pass(60);
  const ids = published.map((message) => ('endpointIds' in message ? message.endpointIds : []));
  expect(ids).toEqual([['ep_1'], ['ep_2', 'ep_3']]);
});

test('an endpoint whose keys cannot be read is left alone', async () => {
  const { store, dispatcher, sent, logged, pass } = set(undefined, {
    open: () => {
      throw new Error('This is not the key that it was sealed with.');
    },
  });
  store.addEndpoint('ep_1');
  store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(30_000);
  expect(sent).toEqual([]);
  expect(logged).toEqual(['an endpoint cannot be opened; nothing is sent to it']);
});

test('a mistake of our own is no failure of the receiver, and keeps no other delivery from being sent', async () => {
  let isBroken = true;
  const { store, dispatcher, pass } = set(({ deliveries }) =>
    isBroken && deliveries[0]?.message.data === '{"n":1}' ? { error: new Error('a bug') } : {},
  );
  store.addEndpoint('ep_1');
  const [{ id }, other] = [store.add({ endpoint: 'ep_1' }), store.add({ endpoint: 'ep_1' })];
  dispatcher.start();
  await pass(10_000);
  expect(store.delivery(id)).toMatchObject({ status: 'pending', attempts: 0, error: { code: 'internal' } });
  expect(store.delivery(other.id).status).toBe('succeeded');
  expect(store.endpoint('ep_1').state).toBe(INITIAL_STATE);
  isBroken = false;
  await pass(60_000);
  expect(store.delivery(id)).toMatchObject({ status: 'succeeded', attempts: 1, error: null });
});

test('while the sender cannot read from storage, its deliveries wait', async () => {
  const start = START + 3_000;
  const { store, dispatcher, pass } = set((_order, { at }) =>
    at < start ? { error: new HooklineError('storage_unavailable', 'The database does not answer.') } : {},
  );
  store.addEndpoint('ep_1');
  const { id } = store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(10_000);
  expect(store.delivery(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
});

test('an endpoint that fails too often says so once, and once when it works again', async () => {
  let isUp = false;
  const { store, dispatcher, pass } = set(() => (isUp ? {} : down));
  store.addEndpoint('ep_1', { alert: { minAttempts: 10 }, blocking: { enabled: false }, retry: { type: 'none' } });
  for (let count = 0; count < 12; count += 1) store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(100);
  expect(store.events.map(({ type }) => type).filter((type) => type !== 'delivery.failed')).toEqual(['endpoint.failing']);
  isUp = true;
  for (let count = 0; count < 30; count += 1) store.add({ endpoint: 'ep_1' });
  dispatcher.notify(['ep_1']);
  await pass(2_000);
  expect(store.events.map(({ type }) => type).filter((type) => type !== 'delivery.failed')).toEqual([
    'endpoint.failing',
    'endpoint.recovered',
  ]);
  expect(store.endpoint('ep_1').state.failingSince).toBeNull();
});

test('an idle endpoint costs nothing, a busy one few queries', async () => {
  const { store, dispatcher, pass } = set(() => ({ afterMs: 1 }));
  store.addEndpoint('ep_1', { concurrency: 16 });
  for (let count = 0; count < 2_000; count += 1) store.add({ endpoint: 'ep_1' });
  dispatcher.start();
  await pass(1_000);
  expect(store.count('succeeded')).toBe(2_000);
  expect(store.queries.due).toBeLessThan(100);
  const { due, nextDueAt } = store.queries;
  await pass(60_000);
  expect(store.queries.due + store.queries.nextDueAt - due - nextDueAt).toBeLessThan(5);
});
