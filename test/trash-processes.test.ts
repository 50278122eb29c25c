// A workflow that one process puts into the trash is gone from all processes on the database.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { payment, startApi, type TestApi } from './http/support.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';

let postgres: TestPostgres;
let one: TestApi;
let other: TestApi;
beforeAll(async () => {
  postgres = await startPostgres();
  const databaseUrl = await postgres.createDatabase();
  const options = { databaseUrl, secretKey: 'ab'.repeat(32) };
  one = await startApi(options);
  other = await startApi(options);
});
afterAll(async () => {
  await one.close();
  await other.close();
  await postgres.stop();
});

test('its trigger URL is gone and comes back in every process, and their numbers are the same', async () => {
  const { body: made } = await one.call('POST', '/api/workflows', { body: payment, status: 201 });
  const call = async (api: TestApi) => {
    const reply = await api.agent.post(`/hooks/${made.hookKey}`).send({ payment: { id: '1', status: 'paid' } });
    return reply.status;
  };
  expect([await call(one), await call(other)]).toEqual([200, 200]);
  await one.call('DELETE', `/api/workflows/${made.id}`, { status: 204 });
  await expect.poll(() => call(other)).toBe(404);
  expect(await call(one)).toBe(404);
  await other.call('POST', `/api/workflows/${made.id}/restore`, { status: 200 });
  await expect.poll(() => call(one)).toBe(200);
  const totals = await Promise.all([one, other].map(async (api) => (await api.call('GET', '/api/stats')).body.totals));
  expect(totals[0]).toMatchObject({ calls: 3, succeeded: 3, failed: 0 });
  expect(totals[1]).toEqual(totals[0]);
  await one.call('PATCH', '/api/settings', { body: { messageRetentionMs: 5_000 }, status: 200 });
  expect((await other.call('GET', '/api/settings')).body).toMatchObject({ messageRetentionMs: 5_000, database: 'postgres' });
});
