// The PostgreSQL that tests run on.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from './postgres.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

it('keeps what is committed when it crashes and starts again', async () => {
  const url = await postgres.createDatabase();
  await postgres.query(url, 'CREATE TABLE kept (id INTEGER)');
  const { pid } = postgres;
  await postgres.restart('immediate', 10);
  expect(postgres.pid).not.toBe(pid);
  expect(await postgres.query(url, 'SELECT * FROM kept')).toEqual([]);
  await postgres.stopServer();
  await expect(postgres.query(url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await postgres.startServer();
  const copy = await postgres.createDatabase({ template: url });
  expect(await postgres.query(copy, 'SELECT * FROM kept')).toEqual([]);
  await postgres.dropDatabase(copy);
  await expect(postgres.query(copy, 'SELECT 1')).rejects.toThrow(/does not exist/);
});

it('leaves the exit code of a process that uses it alone', async () => {
  const script = `await import(${JSON.stringify(new URL('./postgres.ts', import.meta.url).href)}); process.exitCode = 7;`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], { stdio: 'inherit' });
  expect((await once(child, 'exit'))[0]).toBe(7);
});
