// What is seen live with several Hooklines on one database: whoever listens hears of what happens in the other one.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type EventReader, readEvents } from './http/event-reader.ts';
import { payment, quiet } from './http/support.ts';
import { PATIENCE } from './patience.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';
import { startHookline, type TestHookline, TOKEN } from './start-hookline.ts';

let folder: string;
let postgres: TestPostgres;
let url: string;
/** One that listens, one that is called, one that only runs. */
let listening: TestHookline;
let called: TestHookline;
let worker: TestHookline;
const readers: EventReader[] = [];

const start = (role: 'web' | 'worker'): Promise<TestHookline> =>
  startHookline({ folder, databaseUrl: url, role, expressionWorkers: 1, shutdownGraceMs: 200 });

async function open(path: string): Promise<EventReader> {
  const reader = await readEvents(listening.url + path, { Authorization: `Bearer ${TOKEN}` });
  readers.push(reader);
  return reader;
}

beforeAll(async () => {
  postgres = await startPostgres();
  url = await postgres.createDatabase();
  folder = await mkdtemp(join(tmpdir(), 'hookline-live-'));
  listening = await start('web');
  called = await start('web');
  worker = await start('worker');
});
afterAll(async () => {
  for (const reader of readers) reader.hangUp();
  for (const running of [listening, called, worker]) await running.stop();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The trigger URL of a workflow on the other process. */
const there = (hookUrl: string): string => called.url + new URL(hookUrl).pathname;

it('tells of an execution that another process accepts and a third one runs', async () => {
  const { id, hookUrl } = await listening.workflow(quiet);
  const reader = await open('/api/events');
  // The others hear a moment later that somebody wants to know.
  let executionId = '';
  await vi.waitFor(async () => {
    executionId = (await called.post(there(hookUrl), { n: 1 })).headers.get('x-hookline-execution-id') ?? '';
    const told = reader.events.filter(({ event }) => event === 'executions');
    expect(told.flatMap(({ data }) => data.workflowIds ?? [])).toContain(id);
  }, PATIENCE);
  // Accepted there and, later than that, run by the worker: at least two messages about the last one.
  await vi.waitFor(
    () =>
      expect(reader.events.some(({ data }) => data.executionIds === null || data.executionIds?.includes(executionId))).toBe(true),
    PATIENCE,
  );
  expect((await called.finished(executionId)).status).toBe('succeeded');
});

it('tells of workflows and endpoints that another process changes', async () => {
  const reader = await open('/api/events');
  await vi.waitFor(async () => {
    const { id } = await called.workflow(quiet);
    expect((await reader.nextOf('workflows')).data.workflowIds).toContain(id);
  }, PATIENCE);
  const { body } = await called.api('POST', '/api/endpoints', { url: 'https://example.com/hook', eventTypes: ['a.b'] });
  await vi.waitFor(() => expect(reader.events.some(({ data }) => data.endpointIds?.includes(body.id))).toBe(true), PATIENCE);
});

it('hands over calls that come to another process, accepted or refused', async () => {
  const { id, hookUrl } = await listening.workflow(payment);
  const reader = await open(`/api/workflows/${id}/listen`);
  expect((await reader.next()).event).toBe('listening');
  const body = { payment: { status: 'paid', id: 'p'.repeat(20_000) } };
  await vi.waitFor(async () => {
    await called.post(there(hookUrl), body);
    expect(reader.events.length).toBeGreaterThan(1);
  }, PATIENCE);
  expect((await reader.nextOf('request')).data).toMatchObject({
    request: { body: JSON.stringify(body) },
    outcome: { status: 200, error: null },
  });
  await called.post(there(hookUrl), 'no JSON');
  await vi.waitFor(() => expect(reader.events.some(({ data }) => data.outcome?.status === 400)).toBe(true), PATIENCE);
  expect((await postgres.query(url, 'SELECT id FROM captures')).length).toBeGreaterThan(0);
  reader.hangUp();
});

it('writes no calls down when nobody listens for them', async () => {
  const { hookUrl } = await listening.workflow(quiet);
  const [before] = await postgres.query<{ count: string }>(url, 'SELECT count(*) FROM captures');
  expect((await called.post(there(hookUrl), { n: 1 })).status).toBe(200);
  expect(await postgres.query(url, 'SELECT count(*) FROM captures')).toEqual([before]);
});

it('a sample that was pinned on one process is there on the other', async () => {
  const { id } = await listening.workflow(quiet);
  const request = { method: 'POST', url: '/hooks/x', headers: {}, body: 'a "\\u0000" b', address: '' };
  await listening.api('POST', `/api/workflows/${id}/sample`, { request: { ...request, body: 'first' } });
  await listening.api('POST', `/api/workflows/${id}/sample`, { request });
  expect((await called.api('GET', `/api/workflows/${id}/sample`)).body.sample.request).toEqual(request);
});
