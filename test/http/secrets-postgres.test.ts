// Named secrets of processes that share a PostgreSQL database.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { startHookline, type TestHookline } from '../start-hookline.ts';

const KEY = '0123456789abcdef'.repeat(4);
let postgres: TestPostgres;
let folder: string;
let databaseUrl: string;
const processes: TestHookline[] = [];
beforeAll(async () => {
  postgres = await startPostgres();
  folder = await mkdtemp(join(tmpdir(), 'hookline-secrets-'));
  databaseUrl = await postgres.createDatabase();
  for (let count = 0; count < 2; count += 1) processes.push(await startHookline({ databaseUrl, secretKey: KEY, folder }));
});
afterAll(async () => {
  for (const process of processes) await process.hookline.stop();
  for (const process of processes) process.server.close();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

it('each reads the value that another one has changed, and nothing of it is in the database', async () => {
  const [here, there] = processes as [TestHookline, TestHookline];
  expect((await here.api('POST', '/api/secrets', { name: 'KEY', value: 'first value of it' })).status).toBe(201);
  const nodes = [
    { key: 'v', type: 'variable', config: { value: { k: '{{$secrets.KEY}}' } } },
    {
      key: 'send',
      type: 'send-webhook',
      config: { to: { type: 'url', url: 'https://192.0.2.1/{{$secrets.KEY}}' }, data: '{{$nodes.v}}' },
    },
    { key: 'r', type: 'response', config: { body: '{{$nodes.v.k}}' } },
  ];
  const { hookKey } = await here.workflow({ mode: 'sync', trigger: { type: 'webhook' }, nodes });
  const answer = await there.post(`${there.url}/hooks/${hookKey}`, {});
  expect(answer.text).toBe('first value of it');
  await here.api('PATCH', '/api/secrets/KEY', { value: 'second value of it' });
  await expect.poll(async () => (await there.post(`${there.url}/hooks/${hookKey}`, {})).text).toBe('second value of it');

  const execution = await here.finished(String(answer.headers.get('x-hookline-execution-id')));
  expect(execution.jobs[0].output).toEqual({ k: '[secret KEY]' });
  const tables = await postgres.query<{ table_name: string }>(
    databaseUrl,
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
  );
  for (const { table_name: table } of tables) {
    const rows = await postgres.query(databaseUrl, `SELECT * FROM "${table}" AS t WHERE t::text LIKE '%value of it%'`);
    expect(rows, table).toEqual([]);
  }
});
