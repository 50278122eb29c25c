// Statistics, activity, and the settings that change at run time, over HTTP.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { payment, quiet, startApi, type TestApi } from './support.ts';

const HOUR = 3_600_000;

let api: TestApi;
beforeAll(async () => {
  api = await startApi({
    retention: { succeeded: 86_400_000 },
    messageRetention: null,
    senderAddresses: '203.0.113.7',
    outboundAllow: '127.0.0.1:9000',
    outboundPlainHttp: true,
  });
});
afterAll(() => api.close());

async function create(document: object) {
  return (await api.call('POST', '/api/workflows', { body: document, status: 201 })).body;
}

const pay = (hookKey: string, status: string) => api.agent.post(`/hooks/${hookKey}`).send({ payment: { id: '1', status } });

/** Ends as error: what it answers with cannot be made. */
const failing = {
  ...quiet,
  title: 'Failing',
  mode: 'sync',
  nodes: [{ key: 'stop', type: 'end', config: { status: 'failed' } }],
};

describe('statistics', () => {
  test('count what was called, how it ended and what fails, of all and of one workflow', async () => {
    const good = await create(payment);
    const bad = await create(failing);
    for (let n = 0; n < 3; n += 1) await pay(good.hookKey, 'paid');
    for (let n = 0; n < 2; n += 1) await api.agent.post(`/hooks/${bad.hookKey}`).send({});
    const { body } = await api.call('GET', '/api/stats', { status: 200 });
    expect(body.totals).toMatchObject({ calls: 5, succeeded: 3, failed: 2 });
    expect(body.totals.p50Ms).toBeGreaterThanOrEqual(0);
    expect(body.totals.p99Ms).toBeGreaterThanOrEqual(body.totals.p50Ms);
    expect(body.bucketMs).toBe(15 * 60_000);
    expect(Date.parse(body.to) - Date.parse(body.from)).toBeGreaterThanOrEqual(24 * HOUR);
    const sum = body.buckets.reduce((all: number, { calls }: { calls: number }) => all + calls, 0);
    expect(sum).toBe(5);
    expect(body.now).toEqual({ queued: 0, running: 0, waiting: 0, oldestQueuedMs: null });
    expect(body.failingWorkflows).toMatchObject([{ workflowId: bad.id, title: 'Failing', calls: 2, failed: 2 }]);
    const { lastFailure } = body.failingWorkflows[0];
    const last = await api.call('GET', `/api/executions/${lastFailure.executionId}`, { status: 200 });
    expect(last.body).toMatchObject({ status: 'failed', finishedAt: lastFailure.at });

    const one = await api.call('GET', `/api/stats?workflowId=${good.id}`, { status: 200 });
    expect(one.body.totals).toMatchObject({ calls: 3, succeeded: 3, failed: 0 });
    expect(one.body.failingWorkflows).toEqual([]);
    const none = await api.call('GET', '/api/stats?workflowId=nobody', { status: 200 });
    expect(none.body.totals).toMatchObject({ calls: 0, p50Ms: null });
  });

  test('show any range in 120 buckets at most', async () => {
    for (const [from, to] of [
      ['2020-01-01', '2030-01-01'],
      ['1970-01-01', '2999-01-01'],
      ['2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'],
    ]) {
      const { body } = await api.call('GET', `/api/stats?from=${from}&to=${to}`, { status: 200 });
      expect(body.buckets.length).toBeGreaterThan(0);
      expect(body.buckets.length).toBeLessThanOrEqual(120);
      expect(Date.parse(body.from)).toBeLessThanOrEqual(Date.parse(from ?? ''));
      expect(Date.parse(body.to)).toBeGreaterThanOrEqual(Date.parse(to ?? ''));
    }
    await api.call('GET', '/api/stats?from=2026-01-02&to=2026-01-01', { status: 400 });
    await api.call('GET', '/api/stats?from=yesterday', { status: 400 });
  });

  test('the oldest queued execution is sampled from the start on', async () => {
    const { body } = await api.call('GET', '/api/stats', { status: 200 });
    const seen = body.buckets.filter(({ queueAgeMs }: { queueAgeMs: number | null }) => queueAgeMs !== null);
    expect(seen.length).toBeGreaterThan(0);
  });

  test('name endpoints that are blocked or disabled by the receiver, or have deliveries that failed or wait', async () => {
    const { body: made } = await api.call('POST', '/api/endpoints', { body: { url: 'http://127.0.0.1:9000/hook' }, status: 201 });
    const id = made.id ?? made.endpoint.id;
    const failingEndpoints = async () => (await api.call('GET', '/api/stats', { status: 200 })).body.failingEndpoints;
    expect(await failingEndpoints()).toEqual([]);
    await api.call('PATCH', `/api/endpoints/${id}`, { body: { enabled: false }, status: 200 });
    // Somebody wanted it so.
    expect(await failingEndpoints()).toEqual([]);
    const { outbound } = api.hookline;
    const stored = await outbound.endpoints.get(id);
    if (!stored) throw new Error('The endpoint is gone.');
    const state = { ...stored.state, status: 'disabled' as const, reason: 'The receiver answered 410.' };
    await outbound.endpoints.update(id, { state, updatedAt: Date.now() });
    expect(await failingEndpoints()).toEqual([
      { endpointId: id, url: 'http://127.0.0.1:9000/hook', status: 'disabled', failed: 0, held: 0 },
    ]);
    const seenWith = async (...permissions: string[]) => {
      const body = { name: 'reader', permissions, expiresAt: null };
      const { secret } = (await api.call('POST', '/api/tokens', { body, status: 201 })).body;
      return (await api.call('GET', '/api/stats', { token: secret, status: 200 })).body.failingEndpoints.length;
    };
    expect([await seenWith('executions:read'), await seenWith('executions:read', 'outbound:read')]).toEqual([0, 1]);
  });
});

describe('activity', () => {
  test('gives the last execution and the last 24 hours of each workflow that is asked for', async () => {
    const good = await create(payment);
    const idle = await create(quiet);
    await pay(good.hookKey, 'paid');
    const { body: list } = await api.call('GET', `/api/executions?workflowId=${good.id}`, { status: 200 });
    const { body } = await api.call('GET', `/api/activity?ids=${good.id},${idle.id},nobody,${good.id}`, { status: 200 });
    expect(body.data.map(({ workflowId }: { workflowId: string }) => workflowId)).toEqual([good.id, idle.id, 'nobody']);
    const [first, second] = body.data;
    const { id, createdAt } = list.data[0];
    expect(first.lastExecution).toEqual({ id, status: 'succeeded', createdAt });
    expect(first.buckets).toHaveLength(24);
    expect(first.buckets.at(-1)).toMatchObject({ succeeded: 1, failed: 0 });
    expect(second.lastExecution).toBeNull();
  });

  test('of 101 workflows at once is refused', async () => {
    const ids = Array.from({ length: 101 }, (_, n) => `w${n}`).join(',');
    await api.call('GET', `/api/activity?ids=${ids}`, { status: 400 });
    expect((await api.call('GET', '/api/activity', { status: 200 })).body.data).toEqual([]);
    expect(
      (await api.call('GET', `/api/activity?ids=${ids.slice(0, ids.lastIndexOf(','))}`, { status: 200 })).body.data,
    ).toHaveLength(100);
  });
});

describe('executions', () => {
  test('are filtered by lists of statuses and sources and by what they replay, each with the title of its workflow', async () => {
    const good = await create({ ...payment, title: 'Filtered' });
    await pay(good.hookKey, 'paid');
    await pay(good.hookKey, 'open');
    const all = (await api.call('GET', `/api/executions?workflowId=${good.id}`, { status: 200 })).body.data;
    const replayed = (await api.call('POST', `/api/executions/${all[0].id}/replay`, { body: {}, status: 201 })).body;
    await api.call('POST', `/api/workflows/${good.id}/run`, { body: {}, status: 201 });
    const listed = async (query: string) => (await api.call('GET', `/api/executions?${query}`, { status: 200 })).body.data;
    expect(await listed(`replayOf=${all[0].id}`)).toMatchObject([{ id: replayed.id, workflowTitle: 'Filtered' }]);
    expect(await listed(`workflowId=${good.id}&source=replay,manual`)).toHaveLength(2);
    expect(await listed(`workflowId=${good.id}&source=webhook,manual`)).toHaveLength(3);
    const { length } = await listed(`workflowId=${good.id}&status=succeeded,failed,error`);
    expect(length).toBe(4);
    expect(await listed(`workflowId=${good.id}&status=queued,running`)).toEqual([]);
    for (const wrong of ['status=good', 'status=succeeded,', 'source=mail', 'status=']) {
      await api.call('GET', `/api/executions?${wrong}`, { status: 400 });
    }
    expect(await listed('replayOf=nothing')).toEqual([]);
  });
});

describe('settings', () => {
  test('show what is configured, take changes, and go back to it', async () => {
    const { body } = await api.call('GET', '/api/settings', { status: 200 });
    const never = { queued: null, running: null, waiting: null, failed: null, error: null, canceled: null, timed_out: null };
    const configured = { retention: { ...never, succeeded: 86_400_000 }, messageRetentionMs: null };
    expect(body).toMatchObject({ ...configured, defaults: configured });
    expect(body).toMatchObject({ senderAddresses: ['203.0.113.7'], publicUrl: 'https://hooks.example.com', database: 'sqlite' });
    const change = { retention: { succeeded: null, failed: 5_000 }, messageRetentionMs: 60_000 };
    const changed = await api.call('PATCH', '/api/settings', { body: change, status: 200 });
    expect(changed.body).toMatchObject({
      retention: { ...configured.retention, succeeded: null, failed: 5_000 },
      messageRetentionMs: 60_000,
      defaults: configured,
    });
    const back = { retention: { succeeded: 'default', failed: 'default' }, messageRetentionMs: 'default' };
    expect((await api.call('PATCH', '/api/settings', { body: back, status: 200 })).body).toMatchObject(configured);
  });

  test.each([
    { retention: { running: 5_000 } },
    { retention: { succeeded: 0 } },
    { retention: { succeeded: '30d' } },
    { retention: { succeeded: 1.5e15 } },
    { messageRetentionMs: -1 },
    { other: 1 },
  ])('%j is refused', async (body) => {
    await api.call('PATCH', '/api/settings', { body, status: 400 });
  });
});
