// `hookline copy`: from SQLite to PostgreSQL and back, and what it refuses.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CopyProgress, copyStorage } from '../../src/storage/copy.ts';
import { openStorageReader } from '../../src/storage/storage.ts';
import { PATIENCE } from '../patience.ts';
import { startPostgres, TEST_PASSWORD, type TestPostgres } from '../postgres.ts';
import { startHookline } from '../start-hookline.ts';
import { hookline, KEY, killCommands, listening } from './command.ts';

let postgres: TestPostgres;
let target: string;
let folder: string;
let source: string;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  target = await postgres.createDatabase();
  folder = await mkdtemp(join(tmpdir(), 'hookline-copy-'));
  source = `sqlite:${join(folder, 'hookline.db')}`;
});
afterEach(async () => {
  await killCommands();
  await rm(folder, { recursive: true, force: true });
});

/** A database with finished executions and one that waits, in `source`. @returns its id */
async function fill(): Promise<string> {
  const server = await startHookline({ folder, databaseUrl: source, secretKey: KEY });
  const plain = await server.workflow({
    mode: 'sync',
    title: 'Plain',
    trigger: { type: 'webhook', config: { auth: { type: 'basic', username: 'bob', password: 'swordfish' } } },
    nodes: [{ key: 'answer', type: 'response', config: { body: '{{$context.body.text}}' } }],
  });
  const headers = { Authorization: `Basic ${Buffer.from('bob:swordfish').toString('base64')}` };
  for (const text of ['a', 'é😀', 'with \0 inside']) {
    expect((await server.post(plain.hookUrl, { text }, headers)).status).toBe(200);
  }
  const waiting = await server.workflow({
    mode: 'async',
    title: 'Waits',
    trigger: { type: 'webhook', config: {} },
    nodes: [
      { key: 'before', type: 'variable', config: { value: 1 } },
      { key: 'pause', type: 'wait', config: {} },
    ],
  });
  const { headers: given } = await server.post(waiting.hookUrl, {});
  const id = given.get('x-hookline-execution-id') ?? '';
  while ((await server.hookline.executions.get(id))?.status !== 'waiting') await new Promise((resolve) => setImmediate(resolve));
  await server.stop();
  return id;
}

function run(sql: string, ...values: unknown[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const database = new sqlite3.Database(join(folder, 'hookline.db'), () => {
      database.run(sql, values, (error) => database.close(() => (error ? reject(error) : resolve())));
    });
  });
}

describe('hookline copy', () => {
  it('copies everything to PostgreSQL, where what was unfinished goes on and sealed values open; and back', async () => {
    const id = await fill();
    await run("UPDATE executions SET body = '{' || char(0) WHERE status = 'succeeded'");
    // As after kill -9 in the middle.
    await run(`UPDATE executions SET status = 'running' WHERE id = '${id}'`);
    const { code, stdout, stderr } = await hookline(['copy', '--from', source], { HOOKLINE_DATABASE_URL: target }).ended;
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('executions: 4 of 4\n');
    expect(stdout).toMatch(/^executions +4 rows in both$/m);
    expect(stdout).toContain('Every table has the same count');
    expect(stdout).not.toContain(TEST_PASSWORD);
    const readers = [await openStorageReader(source), await openStorageReader(target)];
    const [before, after] = await Promise.all(
      readers.map(async ({ workflows, executions }) => {
        const { items } = await executions.list({ limit: 100 });
        return {
          workflows: await workflows.list({ limit: 100 }),
          executions: await Promise.all(items.map((item) => executions.get(item.id))),
        };
      }),
    );
    for (const reader of readers) await reader.close();
    expect(after).toEqual(before);
    expect(after?.executions.map((execution) => execution?.request?.body)).toContain('{\0');

    const server = hookline(['start'], {
      HOOKLINE_DATABASE_URL: target,
      HOOKLINE_SECRET_KEY: KEY,
      HOOKLINE_ADMIN_TOKEN: 'Nx4rW8kTq2Zb6VmP9hLc3yFj7sGd5aEu',
    });
    const base = await listening(server);
    const hookKey = before?.workflows.items.find(({ title }) => title === 'Plain')?.hookKey;
    const reply = await fetch(`${base}/hooks/${hookKey}`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('bob:swordfish')}`, 'content-type': 'application/json' },
      body: '{"text":"again"}',
    });
    expect([reply.status, await reply.text()]).toEqual([200, 'again']);
    const headers = { authorization: 'Bearer Nx4rW8kTq2Zb6VmP9hLc3yFj7sGd5aEu' };
    await vi.waitFor(async () => {
      const execution = await fetch(`${base}/api/executions/${id}`, { headers });
      expect(await execution.json()).toMatchObject({ status: 'waiting', jobs: [{ key: 'before' }, { key: 'pause' }] });
    }, PATIENCE);
    const canceled = await fetch(`${base}/api/executions/${id}/cancel`, {
      method: 'POST',
      headers,
    });
    expect(canceled.status).toBe(200);
    const busy = await hookline(['copy', '--from', target, '--to', `sqlite:${join(folder, 'back.db')}`], {}).ended;
    expect(busy.code).toBe(1);
    expect(busy.stderr).toContain('is being used by a Hookline server');
    await server.stop();

    const back = await hookline(['copy', '--from', target, '--to', `sqlite:${join(folder, 'back.db')}`], {}).ended;
    expect(back).toMatchObject({ code: 0, stderr: '' });
    const reader = await openStorageReader(`sqlite:${join(folder, 'back.db')}`);
    expect((await reader.executions.countByStatus()).canceled).toBe(1);
    expect((await reader.executions.list({ limit: 100 })).items).toHaveLength(5);
    await reader.close();
  });

  it('refuses a source that a server uses, a target that is not empty and a source that is not there', async () => {
    await fill();
    const server = await startHookline({ folder, databaseUrl: source, secretKey: KEY });
    await expect(copyStorage({ from: source, to: target })).rejects.toMatchObject({
      code: 'invalid_configuration',
      message: expect.stringContaining('Another Hookline server is using the database'),
    });
    await server.stop();
    await copyStorage({ from: source, to: target });
    await expect(copyStorage({ from: source, to: target })).rejects.toMatchObject({
      code: 'invalid_configuration',
      message: 'The target is not empty: it has 2 workflows. Name an empty database.',
    });
    const missing = `sqlite:${join(folder, 'missing.db')}`;
    await expect(copyStorage({ from: missing, to: target })).rejects.toMatchObject({ code: 'invalid_configuration' });
  });

  it('names the rows that PostgreSQL cannot hold, keeps nothing, and can be started again', async () => {
    await fill();
    await run("UPDATE workflows SET title = 'a' || char(0) WHERE title = 'Plain'");
    await expect(copyStorage({ from: source, to: target })).rejects.toMatchObject({
      code: 'invalid_configuration',
      message: expect.stringMatching(/U\+0000, which is in: title of the row "[^"]+" in workflows\./),
    });
    expect(await postgres.query(target, 'SELECT id FROM workflows')).toEqual([]);
    await run("UPDATE workflows SET title = 'a'");
    const copied = await copyStorage({ from: source, to: target });
    expect(copied).toContainEqual({ table: 'workflows', rows: 2 });
  });

  it('takes pages that fit into memory, however many and however large the rows are', async () => {
    await fill();
    await run(
      `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2500)
       INSERT INTO executions (id, workflow_id, revision, status, created_at, origin, body)
       SELECT printf('0190aaaa-0000-7000-8000-%012d', n), 'w', 1, 'queued', n, '{"source":"webhook"}',
         CASE WHEN n % 500 = 0 THEN replace(hex(zeroblob(1500000)), '0', 'x') ELSE 'y' END FROM numbers`,
    );
    const progress: CopyProgress[] = [];
    await copyStorage({ from: source, to: target, onProgress: (state) => void progress.push(state) });
    const pages = progress.filter(({ table }) => table === 'executions').map(({ rows }) => rows);
    expect(pages.at(-1)).toBe(2504);
    expect(pages.length).toBeGreaterThan(6);
    expect(progress.at(-1)).toMatchObject({ table: 'settings', allRows: progress[0]?.allTotalRows });
    const [row] = await postgres.query<{ rows: string; size: string }>(
      target,
      'SELECT count(*) AS rows, sum(length(body)) AS size FROM executions WHERE created_at <= 2500',
    );
    expect(row).toEqual({ rows: '2500', size: String(5 * 3_000_000 + 2495) });
  });
});
