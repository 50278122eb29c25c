// The trash and the tags of workflows, over HTTP.

import { EventEmitter } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { definePlugin, defineTrigger } from '../../src/index.ts';
import { payment, quiet, startApi, type TestApi } from './support.ts';

const bus = new EventEmitter();
const fired: Promise<unknown>[] = [];
/** Starts on an event of the program around it. */
const onRing = defineTrigger({
  type: 'on-ring',
  title: 'Ring',
  description: 'Starts when it rings.',
  config: z.strictObject({}),
  create: () => ({
    listen(fire) {
      const listener = (data: unknown): void => void fired.push(fire(data));
      bus.on('ring', listener);
      return () => void bus.off('ring', listener);
    },
  }),
});

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ plugins: [definePlugin({ name: 'test/ring', triggers: [onRing] })] });
});
afterAll(() => api.close());

async function create(document: object) {
  return (await api.call('POST', '/api/workflows', { body: document, status: 201 })).body;
}

const trash = (id: string) => api.call('DELETE', `/api/workflows/${id}`, { status: 204 });
const restore = async (id: string) => (await api.call('POST', `/api/workflows/${id}/restore`, { status: 200 })).body;

async function listed(query: string): Promise<string[]> {
  const { body } = await api.call('GET', `/api/workflows?limit=100&${query}`, { status: 200 });
  return body.data.map(({ id }: { id: string }) => id);
}

async function ended(id: string) {
  for (;;) {
    const { body } = await api.call('GET', `/api/executions/${id}`, { status: 200 });
    if (body.finishedAt !== null) return body;
  }
}

describe('the trash', () => {
  test('takes the trigger URL at once, keeps executions, and gives everything back', async () => {
    const made = await create(payment);
    const call = () => api.agent.post(`/hooks/${made.hookKey}`).send({ payment: { id: '1', status: 'paid' } });
    expect((await call()).status).toBe(200);
    await trash(made.id);
    expect((await call()).status).toBe(404);
    const { body } = await api.call('GET', `/api/workflows/${made.id}`, { status: 200 });
    expect(body).toMatchObject({ enabled: true, executionCount: 1 });
    expect(Date.parse(body.deletedAt)).toBeGreaterThan(0);
    expect(await listed('')).not.toContain(made.id);
    expect(await listed('trashed=true')).toContain(made.id);
    expect((await api.call('GET', `/api/executions?workflowId=${made.id}`)).body.data).toMatchObject([
      { workflowTitle: 'Payment callback' },
    ]);
    expect(await restore(made.id)).toMatchObject({ enabled: true, deletedAt: null, hookKey: made.hookKey });
    expect((await call()).status).toBe(200);
    expect(await listed('trashed=true')).not.toContain(made.id);
  });

  test('gives a disabled workflow back disabled; twice makes no difference', async () => {
    const made = await create({ ...quiet, enabled: false });
    await trash(made.id);
    const { deletedAt } = (await api.call('GET', `/api/workflows/${made.id}`)).body;
    await trash(made.id);
    expect((await api.call('GET', `/api/workflows/${made.id}`)).body.deletedAt).toBe(deletedAt);
    expect((await restore(made.id)).enabled).toBe(false);
    expect(await restore(made.id)).toMatchObject({ enabled: false, deletedAt: null });
  });

  test('lets nothing start by hand, as a replay, a rerun or a retry, and nothing be edited', async () => {
    const made = await create(payment);
    const { id } = (await api.call('POST', `/api/workflows/${made.id}/run`, { body: {}, status: 201 })).body;
    await trash(made.id);
    for (const [method, path, body] of [
      ['POST', `/api/workflows/${made.id}/run`, {}],
      ['POST', `/api/executions/${id}/replay`, {}],
      ['POST', `/api/executions/${id}/rerun`, { from: 'paid' }],
      ['POST', `/api/executions/${id}/retry`, undefined],
      ['PATCH', `/api/workflows/${made.id}`, { title: 'Other' }],
      ['POST', `/api/workflows/${made.id}/rotate-key`, undefined],
      ['POST', `/api/workflows/${made.id}/revisions/1/activate`, undefined],
    ] as const) {
      const reply = await api.call(method, path, { ...(body === undefined ? {} : { body }), status: 409 });
      expect(reply.body.error.message).toMatch(/trash/);
    }
    expect((await api.call('GET', `/api/executions?workflowId=${made.id}`)).body.data).toHaveLength(1);
  });

  test('lets no other workflow start it, as a subflow or when it should be told of a failure', async () => {
    const called = await create({ ...quiet, trigger: { type: 'subflow', config: {} } });
    const caller = await create({
      ...quiet,
      nodes: [{ key: 'call', type: 'subflow', config: { workflow: called.id } }],
      settings: { onFailureWorkflow: called.id },
    });
    await trash(called.id);
    const { id } = (await api.call('POST', `/api/workflows/${caller.id}/run`, { body: {}, status: 201 })).body;
    const { status, error } = await ended(id);
    expect({ status, error }).toMatchObject({ status: 'error', error: { code: 'subflow_failed' } });
    expect(error.message).toMatch(/trash/);
    expect((await api.call('GET', `/api/executions?workflowId=${called.id}`)).body.data).toEqual([]);
  });

  test('stops a trigger that listens, and lets it listen again', async () => {
    const { id } = await create({ ...quiet, trigger: { type: 'on-ring', config: {} } });
    expect(bus.listenerCount('ring')).toBe(1);
    await trash(id);
    expect(bus.listenerCount('ring')).toBe(0);
    await restore(id);
    expect(bus.listenerCount('ring')).toBe(1);
    bus.emit('ring', {});
    expect(await Promise.all(fired)).toHaveLength(1);
    await trash(id);
  });

  test('lets what waits go on', async () => {
    const made = await create({
      ...quiet,
      nodes: [
        { key: 'pause', type: 'wait', config: {} },
        { key: 'say', type: 'output', config: { value: '{{$resume.pause}}' } },
      ],
    });
    const { id } = (await api.call('POST', `/api/workflows/${made.id}/run`, { body: {}, status: 201 })).body;
    for (let status = ''; status !== 'waiting'; ) status = (await api.call('GET', `/api/executions/${id}`)).body.status;
    await trash(made.id);
    await api.hookline.engine.resume({ executionId: id, jobPath: 'pause' }, null);
    expect(await ended(id)).toMatchObject({ status: 'succeeded' });
  });

  test('keeps the trigger URL taken until it is emptied', async () => {
    const made = await create(payment);
    const { body: document } = await api.call('GET', `/api/workflows/${made.id}/export`);
    await trash(made.id);
    await api.call('POST', '/api/workflows/import?keepKey=true', { body: document, status: 409 });
    await api.call('DELETE', `/api/workflows/${made.id}?forever=true`, { status: 204 });
    await api.call('POST', '/api/workflows/import?keepKey=true', { body: document, status: 201 });
    await api.call('POST', `/api/workflows/${made.id}/restore`, { status: 404 });
  });
});

describe('tags', () => {
  test('are given, changed, copied and exported with a workflow, and belong to no revision', async () => {
    const made = await create({ ...quiet, tags: ['billing', ' Shop ', 'billing'] });
    expect(made.tags).toEqual(['billing', 'Shop']);
    const copied = (await api.call('POST', `/api/workflows/${made.id}/duplicate`, { status: 201 })).body;
    expect(copied.tags).toEqual(made.tags);
    const { body: document } = await api.call('GET', `/api/workflows/${made.id}/export`);
    expect(document.tags).toEqual(made.tags);
    expect((await api.call('POST', '/api/workflows/import', { body: document, status: 201 })).body.tags).toEqual(made.tags);
    const { tags: _tags, ...older } = document;
    expect((await api.call('POST', '/api/workflows/import', { body: older, status: 201 })).body.tags).toEqual([]);
    await api.call('POST', `/api/workflows/${made.id}/run`, { body: {}, status: 201 });
    const changed = await api.call('PATCH', `/api/workflows/${made.id}`, { body: { tags: ['x'] }, status: 200 });
    expect(changed.body).toMatchObject({ tags: ['x'], revision: 1 });
    expect((await api.call('PATCH', `/api/workflows/${made.id}`, { body: { title: 'T' } })).body.tags).toEqual(['x']);
  });

  test('filter the list and are counted without the trash', async () => {
    const ids = [];
    for (const tags of [['alpha'], ['alpha', 'beta'], ['gamma']]) ids.push((await create({ ...quiet, tags })).id);
    expect((await listed('tag=alpha')).sort()).toEqual(ids.slice(0, 2).sort());
    expect(await listed('tag=alph')).toEqual([]);
    expect(await listed('tag=beta&search=quiet')).toEqual([ids[1]]);
    const first = await api.call('GET', '/api/workflows?tag=alpha&limit=1', { status: 200 });
    const second = await api.call('GET', `/api/workflows?tag=alpha&limit=1&cursor=${first.body.nextCursor}`, { status: 200 });
    expect([...first.body.data, ...second.body.data].map(({ id }) => id)).toEqual([ids[1], ids[0]]);
    expect(second.body.nextCursor).toBeNull();
    await trash(ids[0]);
    const { data } = (await api.call('GET', '/api/tags', { status: 200 })).body;
    expect(data).toEqual(
      expect.arrayContaining([
        { tag: 'alpha', count: 1 },
        { tag: 'beta', count: 1 },
        { tag: 'gamma', count: 1 },
      ]),
    );
    expect(data.map(({ tag }: { tag: string }) => tag)).toEqual(data.map(({ tag }: { tag: string }) => tag).sort());
  });

  test.each([[Array.from({ length: 21 }, (_, n) => `t${n}`)], [['x'.repeat(41)]], [['']], [['a\0']], ['billing']])(
    '%j are refused',
    async (tags) => {
      const reply = await api.call('POST', '/api/workflows', { body: { ...quiet, tags }, status: 422 });
      expect(reply.body.error.details.problems[0].path).toMatch(/^tags/);
    },
  );
});
