// `hookline doctor`: what is stuck and why, on SQLite beside a running server and on PostgreSQL.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import sqlite3 from 'sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { diagnose } from '../../src/doctor/diagnose.ts';
import type { Finding, Report } from '../../src/doctor/report.ts';
import { openStorage } from '../../src/storage/storage.ts';
import { createTables, makeTemplate } from '../cluster/database.ts';
import { startPostgres, TEST_PASSWORD, type TestPostgres } from '../postgres.ts';
import { startHookline } from '../start-hookline.ts';
import { hookline, killCommands } from './command.ts';

const DAY_MS = 86_400_000;

function find(report: Report, check: string): Finding {
  const finding = report.findings.find((one) => one.check === check);
  if (!finding) throw new Error(`There is no finding "${check}".`);
  return finding;
}

function problems({ findings }: Report): string[] {
  return findings.filter(({ isProblem }) => isProblem).map(({ check }) => check);
}

const look = (url: string): Promise<Report> =>
  diagnose({ url, recoveryMs: 30_000, now: Date.now(), isNodeType: (type) => type !== 'gone' });

describe('hookline doctor on SQLite', () => {
  let folder: string;
  let url: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hookline-doctor-'));
    url = `sqlite:${join(folder, 'hookline.db')}`;
  });
  afterEach(async () => {
    await killCommands();
    await rm(folder, { recursive: true, force: true });
  });

  function run(sql: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const database = new sqlite3.Database(join(folder, 'hookline.db'), () => {
        database.exec(sql, (error) => database.close(() => (error ? reject(error) : resolve())));
      });
    });
  }

  it('names endpoints that hold webhooks back, and webhooks that nobody sends', async () => {
    const server = await startHookline({ folder, databaseUrl: url, outboundAllow: '127.0.0.1' });
    const made = await server.api('POST', '/api/endpoints', { url: 'http://127.0.0.1:9999/', eventTypes: ['order.*'] });
    const other = await server.api('POST', '/api/endpoints', { url: 'http://127.0.0.1:9998/', eventTypes: ['order.*'] });
    await server.api('PATCH', `/api/endpoints/${made.body.id}`, { enabled: false });
    await server.stop();
    const delivery = (id: string, endpointId: string): string =>
      `INSERT INTO deliveries (id, message_id, endpoint_id, event_type, status, due_at, attempts, attempts_before, created_at)
       VALUES ('${id}', 'msg_1', '${endpointId}', 'order.made', 'pending', 1000, 0, 0, 1000);`;
    await run(delivery('dlv_1', made.body.id) + delivery('dlv_2', other.body.id));
    const report = await look(url);
    expect(problems(report)).toEqual(['endpoints', 'deliveries']);
    expect(find(report, 'endpoints').items).toEqual([
      {
        id: made.body.id,
        text: expect.stringMatching(/^http:\/\/127\.0\.0\.1:9999\/ is disabled: .* It holds 1 delivery, the oldest for /),
      },
    ]);
    expect(find(report, 'deliveries').items).toEqual([
      { id: other.body.id, text: expect.stringMatching(/:9998\/: 1 overdue, the first one due \d/) },
    ]);
  });

  it('finds nothing wrong beside a healthy server, and counts what failed', async () => {
    const server = await startHookline({ folder, databaseUrl: url });
    const failing = await server.workflow({
      mode: 'async',
      title: 'Fails',
      trigger: { type: 'webhook', config: {} },
      nodes: [{ key: 'sum', type: 'calculation', config: { engine: 'jsonata', expression: '$error("no")' } }],
    });
    const reply = await server.post(failing.hookUrl, {});
    await server.finished(reply.headers.get('x-hookline-execution-id') ?? '');
    const { code, stdout, stderr } = await hookline(['doctor'], { HOOKLINE_DATABASE_URL: url }).ended;
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('- A server is running on this database.\n');
    expect(stdout).toContain('did not succeed: error expression_failed 1.\n');
    expect(stdout).toMatch(/The database has .+ and its write-ahead log .+ are free on the disk\./);
    expect(stdout).toMatch(/\nNothing is stuck\.\n$/);
    await server.stop();
  });

  it('tells of everything that is stuck, with what holds it', async () => {
    await (await openStorage({ url })).close();
    const now = Date.now();
    const insert = (
      id: number,
      status: string,
      more: { created?: number; started?: number; wake?: number; lane?: string } = {},
    ) =>
      `INSERT INTO executions (id, workflow_id, revision, status, created_at, started_at, wake_at, lane, origin)
       VALUES ('0190aaaa-0000-7000-8000-00000000000${id}', 'w1', 1, '${status}', ${more.created ?? now}, ${more.started ?? 'NULL'},
         ${more.wake ?? 'NULL'}, ${more.lane === undefined ? 'NULL' : `'${more.lane}'`}, '{"source":"webhook"}');`;
    await run(`
      INSERT INTO workflows (id, title, mode, enabled, hook_key, revision, created_at, updated_at, deleted_at)
        VALUES ('w1', 'Orders', 'async', 1, 'k1', 1, 1, 1, NULL), ('w2', 'Thrown away', 'async', 1, 'k2', 1, 1, 1, 1);
      INSERT INTO revisions VALUES ('w2', 1, '{"trigger":{"type":"webhook","config":{}},"nodes":[{"key":"a","type":"gone","config":{}}]}', 1, 1);
      INSERT INTO revisions VALUES ('w1', 1, '{"trigger":{"type":"webhook","config":{}},"nodes":[{"key":"a","type":"loop","config":{},"branches":{"body":[{"key":"b","type":"gone","config":{}}]}}]}', 1, 1);
      ${insert(1, 'running', { started: now - 20 * 60_000, lane: 'w1' })}
      ${insert(2, 'queued', { created: now - 5 * 60_000, lane: 'w1' })}
      ${insert(3, 'waiting', { wake: now - 3 * 60_000 })}
      ${insert(4, 'waiting', { created: now - 31 * DAY_MS })}
      INSERT INTO execution_jobs VALUES ('0190aaaa-0000-7000-8000-000000000001', 1, '[{"key":"first","path":"first","type":"variable","status":"succeeded","startedAt":1,"finishedAt":1}]');
      INSERT INTO execution_jobs VALUES ('0190aaaa-0000-7000-8000-000000000004', 1, '[{"key":"call","path":"each[2]/call","type":"wait","status":"waiting","startedAt":1,"finishedAt":null}]');
    `);
    const { code, stdout } = await hookline(['doctor', '--json'], { HOOKLINE_DATABASE_URL: url }).ended;
    expect(code).toBe(1);
    const report = JSON.parse(stdout) as Report;
    expect(report.isHealthy).toBe(false);
    expect(problems(report)).toEqual(['queued', 'overdue', 'orphaned', 'long-running', 'endless-wait', 'node-types']);
    expect(find(report, 'queued').summary).toBe(
      '1 execution queued, the oldest accepted 5 minutes ago. It waits in the lane w1 (concurrency limit of its workflow) for 0190aaaa-0000-7000-8000-000000000001 (since 20 minutes).',
    );
    expect(find(report, 'long-running').items?.[0]).toEqual({
      id: '0190aaaa-0000-7000-8000-000000000001',
      text: '"Orders", behind first (variable), begun 20 minutes ago',
    });
    expect(find(report, 'overdue').items?.[0]?.text).toContain('due 3 minutes ago');
    expect(find(report, 'endless-wait').items?.[0]?.text).toBe('"Orders", waits at each[2]/call (wait), accepted 31 days ago');
    expect(find(report, 'node-types').items).toEqual([{ id: 'w1', text: '"Orders" (enabled) needs gone' }]);
  });

  it('says that the schema is old, and refuses a database that is not there', async () => {
    await (await openStorage({ url })).close();
    await run("DELETE FROM migrations WHERE name LIKE '0002%'");
    const { code, stdout } = await hookline(['doctor'], { HOOKLINE_DATABASE_URL: url }).ended;
    expect(code).toBe(1);
    expect(stdout).toContain('! The schema is not up to date; run `hookline migrate`. Pending: 0002-durable.');
    const missing = await hookline(['doctor'], { HOOKLINE_DATABASE_URL: `sqlite:${join(folder, 'no.db')}` }).ended;
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no database at') });
  });
});

describe('hookline doctor on PostgreSQL', () => {
  let postgres: TestPostgres;
  let url: string;

  beforeAll(async () => {
    postgres = await startPostgres();
    url = await makeTemplate(postgres);
  });
  afterAll(() => postgres.stop());

  it('tells of silent processes, executions without an owner and executions without a task', async () => {
    const pool = new pg.Pool({ connectionString: url });
    const tables = createTables(pool);
    const now = Date.now();
    await pool.query(
      `INSERT INTO processes (id, role, host, started_at, beat, beat_at)
       VALUES ('p1', 'web', 'north', 1, 1, $1), ('p2', 'worker', 'south', 2, 1, $2)`,
      [now, now - 10 * 60_000],
    );
    const orphan = await tables.insert('running', { owner: 'p0' });
    await tables.insert('running', { owner: 'p1' });
    const lost = await tables.insert('queued');
    await tables.insert('queued', { hasTask: true });
    await pool.query(
      `INSERT INTO executions (id, workflow_id, revision, status, created_at, origin, result)
       VALUES ('0190aaaa-0000-7000-8000-000000000001', 'w1', 1, 'error', $1, '{"source":"webhook"}', $2)`,
      [now, JSON.stringify({ error: { code: 'request_failed', message: 'a \0 and a \\ in it' }, jobs: [] })],
    );
    const report = await look(url);
    expect(problems(report)).toEqual(['processes', 'tasks', 'orphaned']);
    expect(find(report, 'processes').summary).toBe(
      '1 process not heard of for long: dead, or cut off from the database. No process runs async executions: start one with the role worker.',
    );
    expect(find(report, 'processes').items?.[1]).toEqual({
      id: 'p2',
      text: 'worker on south, an older version, heard of 10 minutes ago',
    });
    expect(find(report, 'orphaned').items?.map(({ id }) => id)).toEqual([orphan]);
    expect(find(report, 'tasks').items?.map(({ id }) => id)).toEqual([lost]);
    expect(find(report, 'errors').values).toEqual({ 'error request_failed': 1 });
    await pool.end();

    const { code, stdout, stderr } = await hookline(['doctor'], { HOOKLINE_DATABASE_URL: url }).ended;
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toContain(`    ${lost}  "(deleted workflow)", no node stored yet, accepted`);
    expect(stdout).toMatch(/\n3 things need attention \(!\)\.\n$/);
    expect(stdout).not.toContain(TEST_PASSWORD);
  });
});
