// Databases of older versions, opened by this one: everything in them is read, listed, counted, copied, exported, and goes on.

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diagnose } from '../../src/doctor/diagnose.ts';
import { checkSecretKey } from '../../src/secrets/key-check.ts';
import { createSecretBox } from '../../src/secrets/secret-box.ts';
import { fixedKeys } from '../../src/secrets/secret-keys.ts';
import { openDatabaseBeside } from '../../src/storage/beside.ts';
import { copyStorage } from '../../src/storage/copy.ts';
import { reencryptAll } from '../../src/storage/encrypted-values.ts';
import { settingStore } from '../../src/storage/settings.ts';
import { startHookline, type TestHookline } from '../start-hookline.ts';
import { authorization, type Filled, SECRET } from './fill.ts';
import { KEY } from './old-version.ts';

const NEW_KEY = 'b7'.repeat(32);
const DATABASES = new URL('databases/', import.meta.url).pathname;
const names = (await readdir(DATABASES)).filter((name) => name.endsWith('.db.gz')).map((name) => name.slice(0, -'.db.gz'.length));

/** Every list and figure of the API that needs no id. */
const LISTS = [
  ...['', '?source=webhook', '?source=replay', '?source=webhook,replay', '?status=succeeded', '?status=waiting,error,failed'].map(
    (query) => `/api/executions${query}`,
  ),
  ...['/api/workflows', '/api/workflows?trashed=true', '/api/endpoints', '/api/event-types', '/api/messages', '/api/deliveries'],
  ...['/api/users', '/api/tokens', '/api/audit', '/api/secrets', '/api/stats', '/api/settings', '/readyz', '/metrics'],
];

test('there is a database of every landed schema', () => {
  expect(names).toEqual(expect.arrayContaining(['0001-init', '0002-durable', '0003-outbound', '0007-samples']));
});

describe.each(names)('a database of %s', (name) => {
  let folder: string;
  let server: TestHookline;
  let filled: Filled & { commit: string };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hookline-upgrade-'));
    filled = JSON.parse(await readFile(join(DATABASES, `${name}.json`), 'utf8'));
    await writeFile(join(folder, 'hookline.db'), gunzipSync(await readFile(join(DATABASES, `${name}.db.gz`))));
    server = await startHookline({ folder, secretKey: KEY, secretKeyFile: undefined });
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('is listed and counted whole', async () => {
    for (const path of LISTS) expect({ path, status: (await server.api('GET', path)).status }).toEqual({ path, status: 200 });
    const { body } = await server.api('GET', '/api/executions?limit=100');
    expect(body.data.map(({ id }: { id: string }) => id).sort()).toEqual(filled.executions.map(({ id }) => id).sort());
    expect(body.data.filter((one: object) => 'unreadable' in one)).toEqual([]);
    for (const { id } of filled.executions) {
      const one = await server.api('GET', `/api/executions/${id}`);
      expect(one).toMatchObject({ status: 200 });
      expect(one.body).not.toHaveProperty('unreadable');
    }
    const report = await diagnose({
      url: `sqlite:${join(folder, 'hookline.db')}`,
      recoveryMs: 30_000,
      now: Date.now(),
      isNodeType: () => true,
    });
    expect(report.findings.find(({ check }) => check === 'unreadable')).toMatchObject({ values: { count: 0 } });
    const count = async (path: string) => (await server.api('GET', path)).body.data.length;
    expect(await count('/api/users')).toBe(filled.users);
    expect(await count('/api/tokens')).toBe(filled.tokens);
    expect(await count('/api/endpoints')).toBe(filled.endpoints);
    expect(await count('/api/messages')).toBe(filled.messages);
  });

  test('has what was called by webhook and by replay under its source', async () => {
    const of = async (source: string) => (await server.api('GET', `/api/executions?limit=100&source=${source}`)).body.data.length;
    expect((await of('webhook')) + (await of('replay'))).toBe(filled.executions.length);
    expect(await of('replay')).toBe(1);
  });

  test('exports each workflow, and its workflows run, with Basic credentials and secrets', async () => {
    for (const { id } of Object.values(filled.workflows)) {
      expect((await server.api('GET', `/api/workflows/${id}/export`)).status).toBe(200);
      expect((await server.api('GET', `/api/workflows/${id}/revisions`)).status).toBe(200);
    }
    const call = (title: string, headers = {}) =>
      server.post(`${server.url}/hooks/${filled.workflows[title]?.hookKey}`, { id: 1, status: 'paid' }, headers);
    expect(await call('sync')).toMatchObject({ status: 200, body: { ok: 1 } });
    expect((await call('basic')).status).toBe(401);
    expect((await call('basic', { Authorization: authorization })).status).toBe(200);
    if (filled.hasSecret) expect((await call('secret')).body).toEqual({ is: SECRET.value });
  });

  test('goes on with what waited', async () => {
    const { waiting } = filled.workflows;
    if (waiting === undefined) return;
    const [first] = (await server.api('GET', `/api/executions?workflowId=${waiting.id}&status=waiting`)).body.data;
    await server.hookline.engine.resume({ executionId: first.id, jobPath: 'w' }, { answer: 1 });
    expect((await server.finished(first.id)).status).toBe('succeeded');
  });

  test('has its encrypted values rotated to a new key, and is read with that key alone', async () => {
    await server.stop();
    const beside = await openDatabaseBeside(`sqlite:${join(folder, 'hookline.db')}`);
    const box = createSecretBox(fixedKeys(NEW_KEY, KEY));
    const first = await reencryptAll(beside.database, box);
    expect(first.unreadable).toEqual([]);
    expect(first.changed).toBeGreaterThan(0);
    expect((await reencryptAll(beside.database, box)).changed).toBe(0);
    await checkSecretKey(box, settingStore(beside.database), { onOtherKey: 'refuse', log: { warn() {} } });
    await beside.close();
    server = await startHookline({ folder, secretKey: NEW_KEY, secretKeyFile: undefined });
    const basic = await server.post(
      `${server.url}/hooks/${filled.workflows.basic?.hookKey}`,
      {},
      { Authorization: authorization },
    );
    expect(basic.status).toBe(200);
    if (!filled.hasSecret) return;
    const secret = await server.post(`${server.url}/hooks/${filled.workflows.secret?.hookKey}`, {});
    expect(secret.body).toEqual({ is: SECRET.value });
  });

  test('is copied', async () => {
    await server.stop();
    await mkdir(join(folder, 'copy'));
    await copyStorage({ from: `sqlite:${join(folder, 'hookline.db')}`, to: `sqlite:${join(folder, 'copy', 'hookline.db')}` });
    server = await startHookline({ folder: join(folder, 'copy'), secretKey: NEW_KEY, secretKeyFile: undefined });
    const { body } = await server.api('GET', '/api/executions?limit=100');
    const ids = body.data.map(({ id }: { id: string }) => id);
    for (const { id } of filled.executions) expect(ids).toContain(id);
  });
});
