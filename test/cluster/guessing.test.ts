// Two servers on one PostgreSQL database count tries together, and each knows whom the other has let in.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMemoryCounter } from '../../src/access/throttle/counter.ts';
import { createPostgresCounters } from '../../src/access/throttle/postgres-counter.ts';
import { createClusterPool } from '../../src/cluster/pool.ts';
import { KEY } from '../cli/command.ts';
import { openBrowser } from '../http/browser.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { startHookline, type TestHookline } from '../start-hookline.ts';

let postgres: TestPostgres;
let databaseUrl: string;
let folder: string;
let one: TestHookline;
let two: TestHookline;

beforeAll(async () => {
  postgres = await startPostgres();
  folder = await mkdtemp(join(tmpdir(), 'hookline-cluster-'));
  databaseUrl = await postgres.createDatabase();
  const options = { databaseUrl, secretKey: KEY, folder, publicUrl: 'http://hooks.example.com', trustedProxies: ['loopback'] };
  one = await startHookline(options);
  two = await startHookline(options);
}, 120_000);
afterAll(async () => {
  await Promise.all([one.stop(), two.stop()]);
  await postgres.stop();
  await rm(folder, { recursive: true });
});

const basic = (password: string, address: string) => ({
  Authorization: `Basic ${Buffer.from(`ada:${password}`).toString('base64')}`,
  'X-Forwarded-For': address,
});

test('wrong passwords at a trigger URL count together, and a caller that one let in passes at the other', async () => {
  const { id, hookKey } = await one.workflow({
    title: 'Guarded',
    mode: 'async',
    trigger: { type: 'webhook', config: { auth: { type: 'basic', username: 'ada', password: 'right' } } },
    nodes: [],
  });
  const call = (server: TestHookline, password: string, address: string) =>
    server.post(`${server.url}/hooks/${hookKey}`, {}, basic(password, address));
  expect((await call(one, 'right', '203.0.113.1')).status).toBe(200);
  for (const address of ['203.0.113.1', '203.0.113.2']) {
    const tries = Array.from({ length: 40 }, (_, n) => call(n % 2 === 0 ? one : two, `wrong ${n}`, address));
    const answers = await Promise.all(tries);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(30);
    // Each has refused one by now, and so knows of the block.
    for (const server of [one, two]) expect((await call(server, 'wrong', address)).status).toBe(429);
  }
  for (const server of [one, two]) {
    expect((await call(server, 'right', '203.0.113.1')).status).toBe(200);
    expect((await call(server, 'right', '203.0.113.2')).status).toBe(429);
  }
  await one.api('GET', `/api/workflows/${id}`);
  const { body } = await two.api('GET', `/api/workflows/${id}`);
  expect(body.refusedCalls).toEqual({ calls: 86, places: 2 });
});

test('wrong passwords of a user count together', async () => {
  const guess = (server: TestHookline, n: number) =>
    openBrowser(server.url).send(
      'POST',
      '/api/session',
      { email: 'eve@example.com', password: 'wrong' },
      { 'X-Forwarded-For': `198.51.100.${n}` },
    );
  const pages = await Promise.all(Array.from({ length: 10 }, (_, n) => guess(n % 2 === 0 ? one : two, n)));
  expect(pages.filter(({ status }) => status === 429).length).toBeGreaterThan(0);
});

test('while the database is away, each process counts for itself', async () => {
  const logged: string[] = [];
  const log = { debug() {}, info() {}, warn: (_: object, message: string) => void logged.push(message), error() {} };
  const pool = createClusterPool({ url: databaseUrl.replace(/:\d+\//, ':1/'), log });
  const counter = createPostgresCounters({ pool, log })({ name: 'away', windowMs: 60_000 });
  const alone = createMemoryCounter({ name: 'away', windowMs: 60_000 });
  for (let n = 1; n <= 3; n += 1) {
    expect((await counter.add('a')).tries).toBe(n);
    expect((await alone.add('a')).tries).toBe(n);
  }
  await counter.takeBack('a');
  expect((await counter.get('a')).tries).toBe(2);
  await counter.forget('a');
  expect((await counter.get('a')).tries).toBe(0);
  expect(logged[0]).toBe('Tries are counted by this process alone for now');
  await pool.end();
});
