// A rolling upgrade: the version before and this one work on one PostgreSQL database, both under load, and the old one stops.

import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { copyStorage } from '../../src/storage/copy.ts';
import { hookline, killCommands, listening } from '../cli/command.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { authorization, call, fill, look, trigger } from './fill.ts';
import { checkOut, KEY, type OldVersion, TOKEN } from './old-version.ts';

const PATIENCE = { timeout: 60_000, interval: 200 };
const CALLS = 40;

let postgres: TestPostgres;
let old: OldVersion;

beforeAll(async () => {
  const commit = (await readFile(new URL('previous-commit', import.meta.url), 'utf8')).trim();
  [postgres, old] = await Promise.all([startPostgres(), checkOut(commit)]);
});
afterAll(async () => {
  await killCommands();
  await old.remove();
  await postgres.stop();
});

async function startNew(databaseUrl: string): Promise<{ url: string; stop(): Promise<unknown> }> {
  const env = { HOOKLINE_DATABASE_URL: databaseUrl, HOOKLINE_ADMIN_TOKEN: TOKEN, HOOKLINE_SECRET_KEY: KEY };
  const command = hookline(['start'], env);
  return { url: await listening(command), stop: () => command.stop() };
}

/** Calls of a workflow at each of these servers in turn, some at a time. @returns how many were accepted */
async function load(servers: readonly string[], hookKeys: readonly string[]): Promise<number> {
  let accepted = 0;
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < CALLS) {
      const index = next++;
      const [server = '', key = ''] = [servers[index % servers.length], hookKeys[index % hookKeys.length]];
      const { status } = await trigger(server, key, { id: index, status: 'paid' });
      expect(status).toBe(200);
      accepted += 1;
    }
  };
  await Promise.all(Array.from({ length: 4 }, one));
  return accepted;
}

describe.each([
  { name: 'one process of the role all', roles: ['all'] },
  { name: 'a web process and a worker', roles: ['web', 'worker'] },
])('from $name', ({ roles }) => {
  test('nothing is lost, and everything is listed', { timeout: 240_000 }, async () => {
    const url = await postgres.createDatabase();
    const before = [];
    for (const role of roles) before.push(await old.start(url, ['--role', role]));
    const [oldWeb] = before;
    if (oldWeb === undefined) throw new Error('No server was started.');
    const first = await fill(oldWeb.url);
    const joined = await startNew(url);
    const newUrl = joined.url;

    // The new one joins, and both are used: what one makes the other serves.
    const second = await fill(newUrl, 'two');
    const third = await fill(oldWeb.url, 'three');
    const both = [first, second, third];
    const keys = both.flatMap(({ workflows }) => [workflows.sync?.hookKey ?? '', workflows.async?.hookKey ?? '']);
    const accepted = await load([oldWeb.url, newUrl], keys);
    for (const server of [oldWeb.url, newUrl]) {
      for (const { workflows } of both) {
        const basic = await trigger(server, workflows.basic?.hookKey ?? '', {}, { Authorization: authorization });
        expect(basic.status).toBe(200);
        const read = await call(server, 'GET', `/api/workflows/${workflows.sync?.id}`);
        expect(read.status).toBe(200);
        const edited = await call(server, 'PATCH', `/api/workflows/${workflows.failing?.id}`, {
          nodes: [{ key: 'end', type: 'end', title: server, config: { status: 'failed' } }],
        });
        expect(edited.status).toBe(200);
      }
      expect((await look(server)).executions.length).toBeGreaterThan(accepted);
    }

    for (const server of before) expect(await server.stop()).toBe(0);
    const last = await load([newUrl], keys);
    // Two calls of Basic auth for each of three at each of two servers came in between.
    const expected = Math.max(...both.map(({ executions }) => executions.length));
    await vi.waitFor(async () => {
      const { executions } = await look(newUrl);
      const unfinished = executions.filter(({ status }) => status === 'queued' || status === 'running');
      expect(unfinished).toEqual([]);
      expect(executions).toHaveLength(expected + accepted + last + 6);
    }, PATIENCE);
    const shown = await look(newUrl);
    expect(shown).toMatchObject({ users: 3, tokens: 3, endpoints: 6, messages: 6 });
    for (const path of [
      ...['', '?source=webhook', '?source=replay', '?status=error,failed', '?status=waiting'].map(
        (query) => `/api/executions${query}`,
      ),
      ...[
        '/api/workflows',
        '/api/deliveries',
        '/api/event-types',
        '/api/audit',
        '/api/secrets',
        '/api/settings',
        '/metrics',
        '/readyz',
      ],
      ...['/api/users', '/api/tokens', '/api/endpoints', '/api/messages', '/api/stats'],
      ...both.map(({ workflows }) => `/api/workflows/${workflows.secret?.id}/export`),
      ...both.map(({ workflows }) => `/api/workflows/${workflows.failing?.id}/revisions`),
      ...shown.executions.slice(0, 40).map(({ id }) => `/api/executions/${id}`),
    ]) {
      expect({ path, status: (await call(newUrl, 'GET', path)).status }).toEqual({ path, status: 200 });
    }
    await joined.stop();
    const copied = await copyStorage({ from: url, to: await postgres.createDatabase() });
    expect(copied.find(({ table }) => table === 'executions')?.rows).toBe(shown.executions.length);
  });
});

test('rows of a version before the column get their source, wherever they are looked for', async () => {
  const url = await postgres.createDatabase();
  const { url: server } = await startNew(url);
  const { workflows, executions } = await fill(server);
  const id = (number: number) => `019353a0-0000-7000-8000-00000000000${number}`;
  const rows = [
    [id(1), '{"source":"webhook","replayOf":null}'],
    [id(2), '{"source":"subflow","replayOf":null}'],
    [id(3), `{"source":"replay","replayOf":"${id(1)}"}`],
  ];
  for (const [key, origin] of rows) {
    await postgres.query(
      url,
      `INSERT INTO executions (id, workflow_id, revision, status, created_at, started_at, finished_at, origin, result)
       VALUES ($1, $2, 1, 'succeeded', 1732000000000, 1732000000000, 1732000000001, $3, '{"response":null,"error":null,"jobs":[]}')`,
      [key, workflows.sync?.id, origin],
    );
  }
  const of = async (query: string) => {
    const { status, body } = await call(server, 'GET', `/api/executions?limit=100&${query}`);
    expect(status).toBe(200);
    return body.data.map((one: { id: string }) => one.id);
  };
  expect(await of('source=subflow')).toEqual([id(2)]);
  expect(await of(`replayOf=${id(1)}`)).toEqual([id(3)]);
  expect(await of('source=webhook')).toContain(id(1));
  expect(await of('')).toHaveLength(executions.length + 3);
  // And where no trigger has filled it in, as on SQLite.
  await postgres.query(url, `UPDATE executions SET source = NULL WHERE id = '${id(1)}'`);
  expect(await of('source=webhook')).toContain(id(1));
  expect((await call(server, 'GET', `/api/executions/${id(1)}`)).body.source).toBe('webhook');
});
