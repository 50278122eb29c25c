// The tests of a database that an older version has made and this one opens: everything in it is read, listed, counted, copied,
// exported, and continues.

import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
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
import { authorization, call, type Filled, SECRET, USER } from './fill.ts';
import { KEY } from './old-version.ts';
import { readEverything } from './read-everything.ts';

const NEW_KEY = 'b7'.repeat(32);
const DATABASES = new URL('databases/', import.meta.url).pathname;

/** Names of databases such as `0007-samples`. @param kind `db` for SQLite, `sql` for PostgreSQL */
export async function namesOf(kind: 'db' | 'sql'): Promise<string[]> {
  const end = `.${kind}.gz`;
  return (await readdir(DATABASES)).filter((name) => name.endsWith(end)).map((name) => name.slice(0, -end.length));
}

interface OldDatabaseOptions {
  readonly kind: 'db' | 'sql';
  /** Makes a database with the stored contents. @returns its URL */
  restore(contents: Buffer, folder: string): Promise<string>;
  /** URLs of new, empty databases that it is copied to, the last one from the one before. */
  targets(folder: string): Promise<readonly string[]>;
}

/** Describes the tests of one database. */
export function openOldDatabase(name: string, { kind, restore, targets }: OldDatabaseOptions): void {
  describe(`a database of ${name}`, () => {
    let folder: string;
    let databaseUrl: string;
    let server: TestHookline;
    let filled: Filled & { commit: string };

    // Executions and messages become older than any age after which they are deleted.
    const start = (secretKey: string) =>
      startHookline({
        ...{ folder, databaseUrl, secretKey, secretKeyFile: undefined, retention: 'none', messageRetention: 'none' },
        ...{ outboundAllow: '127.0.0.1' },
      });
    const get = (path: string) =>
      server.api('GET', path).then(({ status, body, text }) => ({ status, body: body === undefined ? text : body }));
    const run = (title: string, headers = {}) =>
      server.post(`${server.url}/hooks/${filled.workflows[title]?.hookKey}`, { id: 1, status: 'paid' }, headers);
    const executionsOf = async (title: string) =>
      (await server.api('GET', `/api/executions?workflowId=${filled.workflows[title]?.id}`)).body.data;

    async function expectWhole(): Promise<void> {
      const { requests, problems } = await readEverything(get);
      expect(problems).toEqual([]);
      expect(requests).toBeGreaterThan(100);
    }

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'hookline-upgrade-'));
      filled = JSON.parse(await readFile(join(DATABASES, `${name}.${kind}.json`), 'utf8'));
      databaseUrl = await restore(gunzipSync(await readFile(join(DATABASES, `${name}.${kind}.gz`))), folder);
      server = await start(KEY);
    });
    afterAll(async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    });

    test('is listed, filtered and counted whole, and each thing in it is shown', async () => {
      const { body } = await server.api('GET', '/api/executions?limit=100');
      expect(body.data.map(({ id }: { id: string }) => id).sort()).toEqual(filled.executions.map(({ id }) => id).sort());
      const report = await diagnose({ url: databaseUrl, recoveryMs: 30_000, now: Date.now(), isNodeType: () => true });
      expect(report.findings.find(({ check }) => check === 'unreadable')).toMatchObject({ values: { count: 0 } });
      const count = async (path: string) => (await server.api('GET', path)).body.data.length;
      expect(await count('/api/users')).toBe(filled.users);
      expect(await count('/api/tokens')).toBe(filled.tokens);
      expect(await count('/api/endpoints')).toBe(filled.endpoints);
      expect(await count('/api/messages')).toBe(filled.messages);
      for (const [source, expected] of Object.entries(filled.sources)) {
        expect({ source, count: await count(`/api/executions?limit=100&source=${source}`) }).toEqual({ source, count: expected });
      }
      await expectWhole();
    });

    test('has workflows that run, with Basic credentials, secrets, subflows and loops', async () => {
      expect(await run('sync')).toMatchObject({ status: 200, body: { ok: 1 } });
      expect((await run('basic')).status).toBe(401);
      expect((await run('basic', { Authorization: authorization })).status).toBe(200);
      if (filled.hasSecret) expect((await run('secret')).body).toEqual({ is: SECRET.value });
      for (const title of ['async', 'rounds', 'parent', 'request']) {
        if (filled.workflows[title] === undefined) continue;
        expect((await run(title)).status).toBe(200);
        const [newest] = await executionsOf(title);
        expect({ title, status: (await server.finished(newest.id)).status }).toEqual({ title, status: 'succeeded' });
      }
    });

    test('continues what waited: for a call, and for a time that has passed since', async () => {
      if (filled.workflows.waiting === undefined) return;
      const [first] = (await executionsOf('waiting')).filter(({ status }: { status: string }) => status === 'waiting');
      await server.hookline.engine.resume({ executionId: first.id, jobPath: 'w' }, { answer: 1 });
      expect((await server.finished(first.id)).status).toBe('succeeded');
      const due = await executionsOf('due');
      expect(due).toHaveLength(2);
      for (const { id } of due) expect((await server.finished(id)).status).toBe('succeeded');
      // Thirty days have not passed, or they have, a month after the database was made.
      for (const { status } of await executionsOf('delayed')) expect(['waiting', 'canceled', 'succeeded']).toContain(status);
    });

    test('has executions that are run again, from their first node and from the one that failed', async () => {
      const stored = (status: string) => filled.executions.find((one) => one.status === status)?.id;
      const again = await server.api('POST', `/api/executions/${stored('succeeded')}/replay`, {});
      expect(again.status).toBeLessThan(300);
      const [failed] = await executionsOf('throwing');
      const retried = await server.api('POST', `/api/executions/${failed.id}/retry`);
      expect(retried.status).toBeLessThan(300);
    });

    test('has users who sign in and tokens that are let in', async () => {
      if (filled.token !== null) {
        expect((await call(server.url, 'GET', '/api/workflows', undefined, filled.token)).status).toBe(200);
        expect((await call(server.url, 'GET', '/api/users', undefined, filled.token)).status).toBe(403);
      }
      if (!filled.hasUser) return;
      const headers = { 'Content-Type': 'application/json', Origin: server.url };
      const signIn = await fetch(`${server.url}/api/session`, { method: 'POST', headers, body: JSON.stringify(USER) });
      expect(signIn.status).toBe(200);
    });

    test('has endpoints that are sent to, with their secrets', async () => {
      const endpoints = (await server.api('GET', '/api/endpoints?limit=100')).body.data;
      if (endpoints.length === 0) return;
      const answered = (await server.api('GET', '/api/deliveries?status=succeeded')).body.data;
      expect(answered.length).toBeGreaterThanOrEqual(1);
      for (const { id, enabled } of endpoints) {
        if (!enabled) continue;
        // Nothing answers there any more; that it is tried says that it could be signed.
        const tried = await server.api('POST', `/api/endpoints/${id}/test`, {});
        expect(tried.status, tried.text).toBeLessThan(300);
      }
    });

    test('has its encrypted values rotated to a new key, and is read with that key alone', async () => {
      await server.stop();
      const beside = await openDatabaseBeside(databaseUrl);
      const box = createSecretBox(fixedKeys(NEW_KEY, KEY));
      const first = await reencryptAll(beside.database, box);
      expect(first.unreadable).toEqual([]);
      expect(first.changed).toBeGreaterThan(0);
      expect((await reencryptAll(beside.database, box)).changed).toBe(0);
      await checkSecretKey(box, settingStore(beside.database), { onOtherKey: 'refuse', log: { warn() {} } });
      await beside.close();
      server = await start(NEW_KEY);
      expect((await run('basic', { Authorization: authorization })).status).toBe(200);
      if (filled.hasSecret) expect((await run('secret')).body).toEqual({ is: SECRET.value });
    });

    test('is copied, and the copy is shown whole', async () => {
      const before = (await server.api('GET', '/api/executions?limit=100')).body.data;
      await server.stop();
      await mkdir(join(folder, 'copy'));
      for (const to of await targets(join(folder, 'copy'))) {
        await copyStorage({ from: databaseUrl, to });
        databaseUrl = to;
      }
      server = await start(NEW_KEY);
      const ids = (await server.api('GET', '/api/executions?limit=100')).body.data.map(({ id }: { id: string }) => id);
      expect(ids).toEqual(expect.arrayContaining(before.map(({ id }: { id: string }) => id)));
      // The long tests copy the same data in each direction.
      if (kind === 'sql') await expectWhole();
      expect((await run('basic', { Authorization: authorization })).status).toBe(200);
    });
  });
}
