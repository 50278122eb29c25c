// Flows that send webhooks and wait for the outcome, over failures, restarts and cancels, and flows that hear of what went wrong.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { value } from './nodes.ts';
import { jobAt, STORES, startWorld, type World } from './world.ts';

const send = (key: string, url: string, more: { to?: object; config?: object } = {}) => ({
  key,
  type: 'send-webhook',
  config: {
    to: { type: 'url', url, retry: { type: 'custom', delaysMs: [100, 100], jitter: 0 }, ...more.to },
    wait: true,
    ...more.config,
  },
  branches: { delivered: [value(`${key}Fine`)], failed: [value(`${key}Sad`)] },
});

describe.each(STORES)('webhooks of flows on %s', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld(store);
  });
  afterAll(() => world.stop());
  beforeEach(() => world.receiver.forget());

  it('goes on with a wait after a restart, and sends nothing twice', async () => {
    const { receiver } = world;
    const { hookUrl } = await world.workflow([
      send('ask', `${receiver.url}/slow`, { to: { retry: { type: 'custom', delaysMs: [1_500], jitter: 0 } } }),
    ]);
    receiver.failures.set('/slow', 1);
    const id = await world.fire(hookUrl);
    await receiver.called('/slow');
    await world.whenWaiting(id, 'ask');
    await world.restart();
    const execution = await world.when(id, 'succeeded');
    expect(jobAt(execution, 'ask')).toMatchObject({
      branch: 'delivered',
      output: { delivered: true, status: 200, body: { count: 2 }, deliveries: [{ attempts: 2 }] },
    });
    expect(receiver.calls('/slow')).toHaveLength(2);
  });

  it('waits in every round of a loop, and takes the branch of each outcome', async () => {
    const { receiver } = world;
    receiver.failures.set('/1', 3);
    const execution = await world.run([
      {
        key: 'each',
        type: 'loop',
        config: { over: 3 },
        branches: { body: [send('ask', `${receiver.url}/{{$scopes.each.item}}`)] },
      },
    ]);
    expect(execution.status).toBe('succeeded');
    const branches = [0, 1, 2].map((round) => jobAt(execution, `each[${round}]/ask`).branch);
    expect(branches).toEqual(['delivered', 'failed', 'delivered']);
    expect(jobAt(execution, 'each[1]/ask').output).toMatchObject({
      delivered: false,
      status: 503,
      deliveries: [{ attempts: 3 }],
    });
    expect(jobAt(execution, 'each[1]/askSad').status).toBe('succeeded');
  });

  it('gives up the wait at its limit, and the message goes on without it', async () => {
    const { receiver } = world;
    receiver.failures.set('/late', 1);
    // Its first answer comes when the wait has been given up.
    receiver.hanging.add('/late');
    const to = { retry: { type: 'custom', delaysMs: [100], jitter: 0 } };
    const execution = await world.run([
      send('ask', `${receiver.url}/late`, { to, config: { waitLimit: 0.3, waitUnit: 'seconds' } }),
    ]);
    expect(jobAt(execution, 'ask')).toMatchObject({ branch: 'failed', output: { delivered: false, timedOut: true } });
    receiver.hanging.delete('/late');
    (await receiver.called('/late'))[0]?.answer();
    await receiver.called('/late', 2);
  });

  it('fails with what the catalogue says of the data, and sends nothing', async () => {
    const schema = { type: 'object', required: ['id'] };
    expect((await world.hookline.api('POST', '/api/event-types', { name: 'order.made', schema })).status).toBe(201);
    const execution = await world.run([
      send('ask', `${world.receiver.url}/never`, { config: { event: 'order.made', data: {} } }),
    ]);
    expect(execution).toMatchObject({
      status: 'error',
      error: { code: 'invalid_event', details: { node: 'ask', cause: { problems: [{ path: 'id', message: 'is missing' }] } } },
    });
    expect(world.receiver.calls('/never')).toEqual([]);
  });

  it('refuses a wait in a sync workflow when it is saved', async () => {
    const nodes = [send('ask', `${world.receiver.url}/x`)];
    const body = { title: 'x', mode: 'sync', trigger: { type: 'webhook', config: {} }, nodes };
    expect(await world.hookline.api('POST', '/api/workflows', body)).toMatchObject({
      status: 422,
      text: expect.stringContaining('waits_in_sync'),
    });
  });

  it('reaches all endpoints that subscribe; when one is blocked, a workflow hears of it', async () => {
    const { receiver } = world;
    const api = (method: string, path: string, body?: object) => world.hookline.api(method, path, body);
    const base = { retry: { type: 'none' }, blocking: { after: 1 }, workspace: 'acme' };
    const good = await api('POST', '/api/endpoints', { ...base, url: `${receiver.url}/good`, eventTypes: ['order.*'] });
    const bad = await api('POST', '/api/endpoints', { ...base, url: `${receiver.url}/bad`, eventTypes: ['order.sent'] });
    expect([good.status, bad.status]).toEqual([201, 201]);
    receiver.failures.set('/bad', 10);
    const alarm = await world.workflow([value('what', '{{$context.type}} {{$context.data.endpoint.id}}')], {
      trigger: { type: 'hookline-event', config: { events: ['endpoint.blocked'], workspace: 'acme' } },
    });
    const publish = {
      key: 'tell',
      type: 'send-webhook',
      config: { event: 'order.sent', data: { id: 1 }, wait: true },
      branches: {},
    };
    const { hookUrl } = await world.workflow([publish]);
    for (const _ of [1, 2]) {
      const execution = await world.when(await world.fire(hookUrl), 'succeeded');
      const { output, branch } = jobAt(execution, 'tell');
      expect(branch).toBe('failed');
      const statuses = output.deliveries.map(({ status, httpStatus }: { status: string; httpStatus: number }) => [
        status,
        httpStatus,
      ]);
      expect(statuses).toEqual([
        ['succeeded', 200],
        ['failed', 503],
      ]);
    }
    const { id } = await world.newestOf(alarm.id);
    const heard = await world.when(id, 'succeeded');
    expect(heard.source).toBe('event');
    expect(jobAt(heard, 'what').output).toContain('endpoint.blocked ep_');
  });

  it('runs a workflow once when a delivery fails, although what that sends fails as well', async () => {
    const { receiver } = world;
    receiver.failures.set('/lost', 1_000);
    const to = { type: 'url', url: `${receiver.url}/lost`, retry: { type: 'none' } };
    const tell = { key: 'tell', type: 'send-webhook', config: { to, event: 'sad', data: {} }, branches: {} };
    const alarm = await world.workflow([tell, value('what', '{{$context.data.type}} {{$context.data.error.code}}')], {
      trigger: { type: 'hookline-event', config: { events: ['delivery.failed'] } },
    });
    const { hookUrl } = await world.workflow([{ ...tell, config: { ...tell.config, event: 'first' } }]);
    await world.when(await world.fire(hookUrl), 'succeeded');
    await receiver.called('/lost', 2);
    const sad = async () => (await world.hookline.api('GET', '/api/deliveries?type=sad')).body.data;
    // The executions of an event are committed with what it tells of.
    await expect.poll(sad, { interval: 10 }).toMatchObject([{ status: 'failed', lastStatus: 503 }]);
    const heard = await world.executionsOf(alarm.id);
    expect(heard).toHaveLength(1);
    expect(jobAt(await world.when(heard[0].id, 'succeeded'), 'what').output).toBe('first unexpected_status');
  });
});
