// `hookline rotate-key` beside a running server: everything is encrypted with the new key, stays readable all the time, and the
// key before is needed by nothing that is stored.

import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { Sequelize } from 'sequelize';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { killCommands, listening, hookline as run } from './command.ts';

const TOKEN = 'x8Qm2vLr7TzKpW4nYcB9sHdJ6fGeA3uR';
const PASSWORD = 'password of the sink';
let folder: string;
let base: string;
let sink: Server;
let received: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-rotate-'));
  received = [];
  sink = createServer((request, response) => {
    received.push(`${request.headers.authorization ?? ''} ${request.headers['x-key'] ?? ''}`.trim());
    request.resume().on('end', () => response.end('ok'));
  }).listen(0, '127.0.0.1');
  await once(sink, 'listening');
});
afterEach(async () => {
  await killCommands();
  sink.close();
  sink.closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

const sinkUrl = (): string => `http://127.0.0.1:${(sink.address() as AddressInfo).port}/`;
const keyFile = (): string => join(folder, 'secret.key');
const keysInFile = async (): Promise<string[]> => (await readFile(keyFile(), 'utf8')).trim().split('\n');

const hookline = (args: readonly string[], env: Record<string, string> = {}) =>
  run(args, {
    HOOKLINE_DATABASE_URL: `sqlite:${join(folder, 'hookline.db')}`,
    HOOKLINE_ADMIN_TOKEN: TOKEN,
    HOOKLINE_OUTBOUND_ALLOW: new URL(sinkUrl()).host,
    ...env,
  });

async function start(env: Record<string, string> = {}) {
  const server = hookline(['start'], env);
  base = await listening(server);
  return server;
}

async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(path.startsWith('http') ? path : `${base}${path}`, {
    method,
    headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** Where encrypted values are, in the order in which they are encrypted again. */
const COLUMNS = [
  ['secrets', 'sealed_value'],
  ['revisions', 'document'],
  ['endpoints', 'config'],
  ['endpoints', 'sealed_secrets'],
  ['executions', 'origin'],
  ['executions', 'result'],
  ['execution_jobs', 'jobs'],
  ['signals', 'value'],
  ['messages', 'sealed'],
] as const;

/** Encrypted values in some columns, as `v1` or `v2.<key id>`, counted. */
async function countFormats(
  query: (sql: string) => Promise<{ text: string }[]>,
  columns: readonly (readonly [table: string, column: string])[] = COLUMNS,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [table, column] of columns) {
    for (const { text } of await query(`SELECT ${column} AS text FROM ${table} WHERE ${column} IS NOT NULL`)) {
      for (const [, format = ''] of text.matchAll(/\b(v1|v2\.[\w-]{8})\.[\w-]{16}\.[\w-]{22}\.[\w-]+/g)) {
        counts[format] = (counts[format] ?? 0) + 1;
      }
    }
  }
  return counts;
}

/** Every encrypted value in the SQLite database. */
async function storedFormats(): Promise<Record<string, number>> {
  const database = new Sequelize({ dialect: 'sqlite', storage: join(folder, 'hookline.db'), logging: false });
  try {
    return await countFormats(async (sql) => (await database.query(sql))[0] as { text: string }[]);
  } finally {
    await database.close();
  }
}

/** Something encrypted of every kind. */
async function fill() {
  await call('POST', '/api/secrets', { name: 'CRM', value: 'value-of-the-secret' });
  const workflow = async (input: object) => {
    const { body } = await call('POST', '/api/workflows', { enabled: true, trigger: { type: 'webhook', config: {} }, ...input });
    return body;
  };
  const sender = await workflow({
    title: 'Sender',
    mode: 'sync',
    nodes: [
      { key: 'call', type: 'http-request', config: { url: sinkUrl(), auth: { type: 'bearer', token: PASSWORD } } },
      { key: 'reply', type: 'response', config: { body: { sent: true } } },
    ],
  });
  const waiter = await workflow({
    title: 'Waiter',
    mode: 'async',
    nodes: [
      { key: 'kept', type: 'variable', config: { value: '{{$secrets.CRM}}' } },
      { key: 'url', type: 'variable', config: { value: '{{$resume.pause}}' } },
      { key: 'pause', type: 'wait', config: {} },
      {
        key: 'call',
        type: 'http-request',
        config: { url: sinkUrl(), headers: [{ name: 'X-Key', value: '{{$nodes.kept}}' }] },
      },
    ],
  });
  const execution = (await call('POST', `/api/workflows/${waiter.id}/run`, {})).body.id;
  const status = async () => (await call('GET', `/api/executions/${execution}`)).body.status;
  await expect.poll(status, { timeout: 20_000 }).toBe('waiting');
  const resumeUrl: string = (await call('GET', `/api/executions/${execution}`)).body.jobs[1].output;
  const endpoint = (
    await call('POST', '/api/endpoints', {
      url: sinkUrl(),
      secretHeaders: [{ name: 'X-Key', value: 'key of the endpoint' }],
    })
  ).body;
  return { sender, execution, status, resumeUrl, endpoint: endpoint.endpoint ?? endpoint };
}

it('encrypts everything again while the server runs, and what is in flight continues', async () => {
  const server = await start();
  const { sender, execution, status, resumeUrl } = await fill();
  const [before] = await keysInFile();
  const formats = await storedFormats();
  expect(Object.keys(formats)).toEqual([expect.stringMatching(/^v2\./)]);

  const first = await hookline(['rotate-key']).ended;
  expect(first).toMatchObject({ code: 0, stderr: '' });
  const [after, ...others] = await keysInFile();
  expect(others).toEqual([before]);
  const [, id] = /Everything is stored with the key "([\w-]{8})"/.exec(first.stdout) ?? [];
  expect(await storedFormats()).toEqual({ [`v2.${id}`]: Object.values(formats)[0] });
  expect(Object.keys(formats)).not.toContain(`v2.${id}`);

  // The running server has read the new key, and still knows the resume URL that the key before has signed.
  expect((await call('POST', `/hooks/${sender.hookKey}`, {})).status).toBe(200);
  expect(received).toEqual([`Bearer ${PASSWORD}`]);
  expect((await call('POST', resumeUrl, {})).status).toBe(200);
  await expect.poll(status, { timeout: 20_000 }).toBe('succeeded');
  expect(received[1]).toBe('value-of-the-secret');
  const { body } = await call('GET', '/api/audit?action=rotateSecretKey');
  expect(body.data).toMatchObject([{ target: id, actor: { name: 'hookline rotate-key' } }]);
  await server.stop();

  // Nothing that is stored needs the key before.
  await writeFile(keyFile(), `${after}\n`);
  await start();
  expect((await call('POST', `/hooks/${sender.hookKey}`, {})).status).toBe(200);
  expect((await call('GET', `/api/executions/${execution}`)).body.status).toBe('succeeded');
  expect(received[2]).toBe(`Bearer ${PASSWORD}`);
});

it('continues a rotation that was killed, with the key that was made first', async () => {
  await start();
  await fill();
  const killed = hookline(['rotate-key']);
  await killed.until(/Made the key/);
  killed.child.kill('SIGKILL');
  await killed.ended;
  const keys = await keysInFile();
  expect(keys).toHaveLength(2);
  const second = await hookline(['rotate-key']).ended;
  expect(second).toMatchObject({ code: 0, stderr: '' });
  expect(await keysInFile()).toEqual(keys);
  expect(Object.keys(await storedFormats())).toHaveLength(1);
});

it('takes the keys from the environment when they are there, and makes none', async () => {
  const [old, next] = ['11'.repeat(32), '22'.repeat(32)];
  const server = await start({ HOOKLINE_SECRET_KEY: old });
  const { sender } = await fill();
  await server.stop();
  const wrong = await hookline(['rotate-key'], { HOOKLINE_SECRET_KEY: next }).ended;
  expect(wrong.code).not.toBe(0);
  expect(wrong.stderr).toContain('was used with another secret key');
  const env = { HOOKLINE_SECRET_KEY: next, HOOKLINE_OTHER_SECRET_KEYS: old };
  const rotated = await hookline(['rotate-key'], env).ended;
  expect(rotated).toMatchObject({ code: 0, stderr: '' });
  expect(rotated.stdout).toContain('HOOKLINE_OTHER_SECRET_KEYS when you need neither');
  await start({ HOOKLINE_SECRET_KEY: next });
  expect((await call('POST', `/hooks/${sender.hookKey}`, {})).status).toBe(200);
  expect(received).toEqual([`Bearer ${PASSWORD}`]);
  const again = await hookline(['rotate-key'], { HOOKLINE_SECRET_KEY: next }).ended;
  expect(again.stdout).toContain('Everything is stored with the key');
});

it('leaves a value that was moved to another row unreadable: it is never sent', async () => {
  await start();
  const { sender } = await fill();
  const thief = (
    await call('POST', '/api/workflows', {
      title: 'Thief',
      mode: 'sync',
      enabled: true,
      trigger: { type: 'webhook', config: {} },
      nodes: [
        { key: 'call', type: 'http-request', config: { url: sinkUrl(), auth: { type: 'bearer', token: 'of the thief' } } },
        { key: 'reply', type: 'response', config: { body: { sent: true } } },
      ],
    })
  ).body;
  const database = new Sequelize({ dialect: 'sqlite', storage: join(folder, 'hookline.db'), logging: false });
  await database.query(
    `UPDATE revisions SET document = (SELECT document FROM revisions WHERE workflow_id = '${sender.id}') WHERE workflow_id = '${thief.id}'`,
  );
  await database.close();
  await killCommands();
  await start();
  const { status, body } = await call('POST', `/hooks/${thief.hookKey}`, {});
  expect(status).toBeGreaterThanOrEqual(500);
  expect(body.error.code).toBe('invalid_configuration');
  expect(received).toEqual([]);
});

describe('on PostgreSQL, beside two servers', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  it('continues when it was killed in the middle, and both servers read every value all the time', async () => {
    const url = await postgres.createDatabase();
    const env = { HOOKLINE_DATABASE_URL: url, HOOKLINE_SECRET_KEY_FILE: keyFile() };
    const one = await start(env);
    const { sender, execution, status, resumeUrl, endpoint } = await fill();
    const reader = (
      await call('POST', '/api/workflows', {
        ...{ title: 'Reader', mode: 'sync', enabled: true, trigger: { type: 'webhook', config: {} } },
        nodes: [{ key: 'r', type: 'response', config: { body: { is: '{{$secrets.CRM}}' } } }],
      })
    ).body;
    const two = hookline(['start'], env);
    const servers = [base, await listening(two)];
    const [before] = await keysInFile();
    const query = (sql: string) => postgres.query<{ text: string }>(url, sql);
    const formats = await countFormats(query);
    expect(Object.keys(formats)).toHaveLength(1);

    let isOver = false;
    const rounds = servers.map(() => 0);
    const reading = Promise.all(
      servers.map(async (server, index) => {
        while (!isOver) {
          const sent = await call('POST', `${server}/hooks/${sender.hookKey}`, {});
          const read = await call('POST', `${server}/hooks/${reader.hookKey}`, {});
          expect([sent.status, read]).toEqual([200, { status: 200, body: { is: 'value-of-the-secret' } }]);
          rounds[index] = (rounds[index] ?? 0) + 1;
        }
      }),
    );
    // It is awaited at the end.
    reading.catch(() => undefined);
    const nextRounds = async (): Promise<void> => {
      const goals = rounds.map((round) => round + 2);
      await Promise.race([
        reading,
        expect.poll(() => rounds.every((round, index) => round >= (goals[index] ?? 0)), { timeout: 60_000 }).toBe(true),
      ]);
    };

    // The endpoint is held, so that the command is in the middle for as long as it is wanted there.
    const holder = new pg.Client({ connectionString: url });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT id FROM endpoints FOR UPDATE');
    const killed = hookline(['rotate-key'], env);
    const [, id = ''] = /Made the key "([\w-]{8})"/.exec(await killed.until(/Made the key "[\w-]{8}"/)) ?? [];
    const behind = COLUMNS.filter(([table]) => table === 'secrets' || table === 'revisions');
    await expect.poll(async () => Object.keys(await countFormats(query, behind)), { timeout: 60_000 }).toEqual([`v2.${id}`]);
    killed.child.kill('SIGKILL');
    await killed.ended;
    await holder.query('ROLLBACK');
    await holder.end();
    const halfway = await countFormats(query);
    expect(Object.keys(halfway).sort()).toEqual([...Object.keys(formats), `v2.${id}`].sort());
    await nextRounds();

    const second = await hookline(['rotate-key'], env).ended;
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(second.stdout).toContain(`Continuing the rotation to the key "${id}"`);
    expect(Object.keys(await countFormats(query))).toEqual([`v2.${id}`]);
    await nextRounds();
    isOver = true;
    await reading;
    expect(new Set(received)).toEqual(new Set([`Bearer ${PASSWORD}`]));

    // What was in flight, and what the endpoint is sent, at both.
    expect((await call('POST', resumeUrl.replace(servers[0] ?? '', servers[1] ?? ''), {})).status).toBe(200);
    await expect.poll(status, { timeout: 60_000 }).toBe('succeeded');
    expect(received.at(-1)).toBe('value-of-the-secret');
    for (const server of servers) {
      expect((await call('POST', `${server}/api/endpoints/${endpoint.id}/test`, {})).status).toBeLessThan(300);
      expect(received.at(-1)).toBe('key of the endpoint');
    }
    await Promise.all([one.stop(), two.stop()]);

    // Nothing that is stored needs the key before.
    const [after, ...others] = await keysInFile();
    expect(others).toEqual([before]);
    await writeFile(keyFile(), `${after}\n`);
    await start(env);
    expect((await call('POST', `/hooks/${sender.hookKey}`, {})).status).toBe(200);
    expect((await call('GET', `/api/executions/${execution}`)).body.status).toBe('succeeded');
  });
});
