// A row that cannot be read, damaged or written by a newer version, is that row's problem: never a page's, nor the engine's.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diagnose } from '../../src/doctor/diagnose.ts';
import { copyStorage } from '../../src/storage/copy.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { payment, startApi, type TestApi } from './support.ts';

const KEY = '0123456789abcdef'.repeat(4);
const REQUEST = { method: 'POST', url: '/', headers: {}, body: '', address: '127.0.0.1' };
const MARK = { unreadable: expect.stringMatching(/\w+ (is not JSON|has )/) };

let postgres: TestPostgres;
let folder: string;
beforeAll(async () => {
  [postgres, folder] = await Promise.all([startPostgres(), mkdtemp(join(tmpdir(), 'hookline-unreadable-'))]);
});
afterAll(async () => {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs statements on a SQLite file whose server is stopped. */
function onFile(file: string, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const database = new sqlite3.Database(file);
    database.exec(sql, (error) => database.close((closing) => (error || closing ? reject(error ?? closing) : resolve())));
  });
}

interface Ids {
  readonly good: string;
  readonly bad: string;
}

/** Fits into a column, and is no time. */
const NO_TIME = '9223372036854775807';

/** The second of each pair of rows is damaged. */
const DAMAGE = (ids: Record<'workflows' | 'executions' | 'queued' | 'endpoints' | 'messages' | 'users' | 'tokens', string>) => `
  UPDATE revisions SET document = '{"trigger":{}}' WHERE workflow_id = '${ids.workflows}';
  UPDATE workflows SET tags = 'no json' WHERE id = '${ids.workflows}';
  UPDATE executions SET status = 'hibernating', source = 'telepathy', result = 'no json' WHERE id = '${ids.executions}';
  UPDATE executions SET status = 'queued', origin = '{"request":', finished_at = NULL, result = NULL WHERE id = '${ids.queued}';
  UPDATE endpoints SET config = '{}', state = '[]' WHERE id = '${ids.endpoints}';
  UPDATE messages SET source = 'no json' WHERE id = '${ids.messages}';
  UPDATE deliveries SET status = 'levitating', error = '"text"' WHERE message_id = '${ids.messages}';
  UPDATE event_types SET schema = '{' WHERE name = 'bad.type';
  UPDATE users SET role = 'emperor' WHERE id = '${ids.users}';
  UPDATE api_tokens SET permissions = '["workflows:read","moon:walk"]' WHERE id = '${ids.tokens}';
  UPDATE audit_log SET fields = 'no json', actor_kind = 'robot' WHERE action = 'createEventType';
  UPDATE workflows SET created_at = ${NO_TIME}, updated_at = ${NO_TIME} WHERE title = 'Without a time';
  UPDATE revisions SET created_at = ${NO_TIME} WHERE workflow_id = (SELECT id FROM workflows WHERE title = 'Without a time');
  UPDATE executions SET created_at = ${NO_TIME}, started_at = ${NO_TIME} WHERE id = '${ids.executions}';
  UPDATE endpoints SET created_at = ${NO_TIME}, updated_at = ${NO_TIME} WHERE id = '${ids.endpoints}';
  UPDATE messages SET timestamp = ${NO_TIME}, created_at = ${NO_TIME} WHERE id = '${ids.messages}';
  UPDATE deliveries SET created_at = ${NO_TIME} WHERE message_id = '${ids.messages}';
  UPDATE event_types SET created_at = ${NO_TIME} WHERE name = 'bad.type';
  UPDATE users SET last_seen_at = ${NO_TIME} WHERE id = '${ids.users}';
  UPDATE api_tokens SET created_at = ${NO_TIME} WHERE id = '${ids.tokens}';
  UPDATE api_tokens SET expires_at = ${NO_TIME} WHERE name = 'endless';
  UPDATE audit_log SET at = ${NO_TIME} WHERE action = 'createEventType';
  UPDATE secrets SET created_at = ${NO_TIME} WHERE name = 'TIMELESS';
  UPDATE samples SET request = '{}' WHERE workflow_id = '${ids.workflows}';
  INSERT INTO settings (name, value) VALUES ('retention:messages', 'no json');
  UPDATE statistics SET durations = 'no json';`;

describe.each(['sqlite', 'postgres'])('on %s', (dialect) => {
  let url: string;
  let api: TestApi;
  let ids: Record<'workflows' | 'executions' | 'queued' | 'endpoints' | 'messages' | 'users' | 'tokens', string>;
  let hook: string;
  /** Of a token whose end cannot be read. */
  let secret: string;
  let goods: Ids[];

  const open = () => startApi({ databaseUrl: url, secretKey: KEY, passwordCost: 14 });

  beforeAll(async () => {
    url = dialect === 'sqlite' ? `sqlite:${join(folder, 'hookline.db')}` : await postgres.createDatabase();
    api = await open();
    const make = async (path: string, body: object, member?: string) => {
      const reply = await api.call('POST', path, { body, status: 201 });
      return String((member === undefined ? reply.body : reply.body[member]).id);
    };
    const good = await api.call('POST', '/api/workflows', { body: payment });
    hook = good.body.hookKey;
    const call = async () => {
      await api.agent.post(`/hooks/${hook}`).send({ payment: { status: 'paid', id: 1 } });
      const { body } = await api.call('GET', '/api/executions?limit=1');
      return String(body.data[0].id);
    };
    await api.call('POST', '/api/event-types', { body: { name: 'good.type', schema: {} } });
    await api.call('POST', '/api/event-types', { body: { name: 'bad.type', schema: {} } });
    const endpoint = { url: 'https://receiver.invalid/', enabled: false };
    const [executions, queued] = [await call(), await call()];
    await call();
    await make('/api/endpoints', endpoint);
    await make('/api/endpoints', { url: 'https://all.invalid/' });
    const goodMessage = await make('/api/messages', { type: 'good.type', data: {} });
    await make('/api/workflows', { ...payment, title: 'Without a time' });
    await api.call('POST', '/api/secrets', { body: { name: 'TIMELESS', value: 'a long value' }, status: 201 });
    const endless = { name: 'endless', permissions: ['workflows:read'], expiresAt: '2099-01-01T00:00:00.000Z' };
    ({ secret } = (await api.call('POST', '/api/tokens', { body: endless, status: 201 })).body);
    const workflows = await make('/api/workflows', { ...payment, tags: ['tag'] });
    await api.call('POST', `/api/workflows/${workflows}/sample`, { body: { request: REQUEST } });
    ids = {
      ...{ workflows, executions, queued },
      messages: await make('/api/messages', { type: 'good.type', data: {} }),
      endpoints: await make('/api/endpoints', endpoint),
      users: await make('/api/users', { email: 'ada@example.com', name: 'Ada', role: 'editor' }, 'user'),
      tokens: await make('/api/tokens', { name: 'ci', permissions: ['workflows:read'], expiresAt: null }, 'token'),
    };
    goods = [{ good: goodMessage, bad: ids.messages }];
    await api.close();
    if (dialect === 'sqlite') await onFile(join(folder, 'hookline.db'), DAMAGE(ids));
    else await postgres.query(url, DAMAGE(ids));
    api = await open();
  }, 120_000);
  afterAll(() => api.close());

  test.each([
    ['/api/workflows', 'workflows'],
    ['/api/executions', 'executions'],
    ['/api/executions', 'queued'],
    ['/api/endpoints', 'endpoints'],
    ['/api/messages', 'messages'],
    ['/api/users', 'users'],
    ['/api/tokens', 'tokens'],
  ] as const)('%s shows the row of %s as unreadable beside the others', async (path, kind) => {
    const { body } = await api.call('GET', path, { status: 200 });
    const isMarked = (one: { id: string }) => one.id === ids[kind];
    const row = body.data.find(isMarked);
    // What of an accepted request is damaged only a whole read notices.
    if (kind !== 'queued') expect(row).toMatchObject(MARK);
    expect(
      body.data.some((one: { unreadable?: string }) => one.unreadable === undefined) || kind === 'users' || kind === 'tokens',
    ).toBe(true);
    if (kind === 'users' || kind === 'tokens') return;
    const one = await api.call('GET', `${path}/${ids[kind]}`, { status: 200 });
    expect(one.body).toMatchObject(MARK);
  });

  test('the other lists and figures come, with what can be read', async () => {
    for (const path of [
      ...['/api/executions?status=queued,error', '/api/executions?source=webhook', '/api/workflows?tag=tag', '/api/deliveries'],
      ...['/api/event-types', '/api/audit', '/api/secrets', '/api/stats', '/api/settings'],
      `/api/workflows/${ids.workflows}/revisions`,
      `/api/workflows/${ids.workflows}/sample`,
      `/api/workflows/${ids.workflows}/learned`,
      `/api/workflows/${ids.workflows}/write-only`,
      `/api/activity?ids=${ids.workflows}`,
    ]) {
      await api.call('GET', path, { status: 200 });
    }
    const { body } = await api.call('GET', '/api/messages');
    for (const { good, bad } of goods) {
      expect(body.data.find(({ id }: { id: string }) => id === good)).not.toHaveProperty('unreadable');
      expect(body.data.find(({ id }: { id: string }) => id === bad)).toHaveProperty('unreadable');
    }
    const node = { key: 'answer', type: 'response', config: { body: 'ok' } };
    await api.call('POST', '/api/test-node', {
      body: { mode: 'sync', node, effects: false, workflowId: ids.workflows },
      status: 200,
    });
    const revisions = await api.call('GET', `/api/workflows/${ids.workflows}/revisions`);
    expect(revisions.body.data).toMatchObject([MARK]);
  });

  test('work goes on beside it, and each row is logged once', async () => {
    const reply = await api.agent.post(`/hooks/${hook}`).send({ payment: { status: 'paid', id: 7 } });
    expect(reply.body).toEqual({ received: 7 });
    await api.call('GET', '/api/workflows');
    await api.call('GET', '/api/workflows');
    const rows = api.logged.filter(({ message }) => message.includes('cannot be read'));
    const keys = rows.map(({ fields }) => JSON.stringify(fields));
    expect(new Set(keys).size).toBe(keys.length);
    expect(rows).toContainEqual({
      fields: expect.objectContaining({ table: 'workflows', row: ids.workflows }),
      message: expect.any(String),
    });
  });

  test('an unreadable user and token have no rights that nobody gave them', async () => {
    const users = await api.call('GET', '/api/users');
    expect(users.body.data.find(({ id }: { id: string }) => id === ids.users)).toMatchObject({
      role: 'viewer',
      status: 'disabled',
    });
    const tokens = await api.call('GET', '/api/tokens');
    expect(tokens.body.data.find(({ id }: { id: string }) => id === ids.tokens)).toMatchObject({
      permissions: ['workflows:read'],
    });
  });

  test('actors who see no hook keys read all pages, too', async () => {
    const body = { name: 'reader', permissions: ['workflows:read'], expiresAt: null };
    const made = await api.call('POST', '/api/tokens', { body, status: 201 });
    await api.call('GET', '/api/workflows', { token: made.body.secret, status: 200 });
  });

  test('a token whose end cannot be read has ended', async () => {
    await api.call('GET', '/api/workflows', { token: secret, status: 401 });
  });

  test('an unreadable workflow can be put into the trash and taken out again', async () => {
    await api.call('DELETE', `/api/workflows/${ids.workflows}`, { status: 204 });
    await api.call('POST', `/api/workflows/${ids.workflows}/restore`, { status: 200 });
  });

  test('a workflow without the time that it was made at runs all the same', async () => {
    const { body } = await api.call('GET', '/api/workflows?search=without', { status: 200 });
    const [{ id, hookKey, unreadable }] = body.data;
    expect(unreadable).toBe('created_at has no time; updated_at has no time');
    await api.call('GET', `/api/workflows/${id}`, { status: 200 });
    await api.call('GET', `/api/workflows/${id}/revisions`, { status: 200 });
    const reply = await api.agent.post(`/hooks/${hookKey}`).send({ payment: { status: 'paid', id: 8 } });
    expect(reply.body).toEqual({ received: 8 });
  });

  test('an unreadable execution can be canceled, and an unreadable workflow saved anew', async () => {
    await api.call('POST', `/api/executions/${ids.queued}/cancel`, { status: 200 });
    await api.call('GET', `/api/workflows/${ids.workflows}/export`, { status: 409 });
    const { trigger, nodes } = payment;
    await api.call('PATCH', `/api/workflows/${ids.workflows}`, { body: { trigger, nodes, tags: [] }, status: 200 });
    const { body } = await api.call('GET', `/api/workflows/${ids.workflows}`);
    expect(body).not.toHaveProperty('unreadable');
  });

  test('the doctor names the rows, and a copy takes them along', async () => {
    await api.close();
    const report = await diagnose({ url, recoveryMs: 30_000, now: Date.now(), isNodeType: () => true });
    const finding = report.findings.find(({ check }) => check === 'unreadable');
    expect(finding).toMatchObject({
      isProblem: true,
      items: expect.arrayContaining([expect.objectContaining({ id: ids.executions })]),
    });
    const copied = await copyStorage({ from: url, to: `sqlite:${join(folder, `copy-of-${dialect}.db`)}` });
    expect(copied.find(({ table }) => table === 'executions')?.rows).toBe(5);
    api = await open();
  });
});
