// A rolling upgrade: the version before and this one work on one PostgreSQL database, both under load, and the old one stops.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { copyStorage } from '../../src/storage/copy.ts';
import { hookline, killCommands, listening } from '../cli/command.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { authorization, BASIC, call, fill, look, trigger, USER } from './fill.ts';
import { checkOut, KEY, type OldVersion, TOKEN } from './old-version.ts';
import { readEverything } from './read-everything.ts';
import { findUnmarked } from './unmarked-settings.ts';

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
  test('nothing is lost, and everything is listed', async () => {
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
    expect((await readEverything((path) => call(newUrl, 'GET', path))).problems).toEqual([]);
    await joined.stop();
    const copied = await copyStorage({ from: url, to: await postgres.createDatabase() });
    expect(copied.find(({ table }) => table === 'executions')?.rows).toBe(shown.executions.length);
  });
});

/** Signs the user `ada-<label>@example.com` in. @returns the session's cookie */
async function signIn(server: string, label: string): Promise<string> {
  const response = await fetch(`${server}/api/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Origin: server },
    body: JSON.stringify({ email: `ada-${label}@example.com`, password: USER.password }),
  });
  expect(response.status).toBe(200);
  return (response.headers.getSetCookie()[0] ?? '').split(';', 1)[0] ?? '';
}

/** Calls the API as the user of a session. */
async function asUser(server: string, cookie: string, method: string, path: string, body?: object) {
  const session = await fetch(`${server}/api/session`, { headers: { Cookie: cookie } });
  const { csrfToken } = (await session.json()) as { csrfToken: string | null };
  const response = await fetch(`${server}${path}`, {
    method,
    headers: {
      ...{ Cookie: cookie, Origin: server, 'X-CSRF-Token': csrfToken ?? '' },
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text };
}

const withHosts = {
  request: [
    {
      key: 'r',
      type: 'http-request',
      config: {
        url: 'https://{{$context.body.host}}/',
        allowedHosts: ['api.example.com'],
        secretHeaders: [{ name: 'X-Key', value: 'the key' }],
      },
    },
  ],
  webhook: [
    {
      key: 'r',
      type: 'send-webhook',
      config: { to: { type: 'url', url: 'https://{{$context.body.host}}/', allowedHosts: ['api.example.com'] } },
    },
  ],
  response: [{ key: 'r', type: 'response', config: { allowedHosts: ['api.example.com'] } }],
};

test('what the older process does not know is stored once it has stopped, and never before', async () => {
  const url = await postgres.createDatabase();
  const before = await old.start(url);
  await fill(before.url);
  const joined = await startNew(url);
  const filled = await fill(joined.url, 'two');
  const documents = Object.entries(withHosts).map(([title, nodes]) => ({
    ...{ title, mode: title === 'response' ? 'sync' : 'async', nodes },
    trigger: { type: 'webhook', config: {} },
  }));
  const create = (document: object) => call(joined.url, 'POST', '/api/workflows', document);
  const createTrigger = () =>
    create({
      ...{ title: 'trigger', mode: 'async', nodes: [] },
      trigger: { type: 'webhook', config: { response: { allowedHosts: ['api.example.com'] } } },
    });
  const places = {
    request: 'nodes[0].config.allowedHosts',
    webhook: 'nodes[0].config.to.allowedHosts',
    response: 'nodes[0].config.allowedHosts',
  };
  const refused = (path: string) => ({
    status: 422,
    body: { error: { details: { problems: [expect.objectContaining({ path, code: 'older_version_running' })] } } },
  });
  for (const [index, [, path]] of Object.entries(places).entries()) {
    expect(await create(documents[index] ?? {})).toMatchObject(refused(path));
  }
  expect(await createTrigger()).toMatchObject(refused('trigger.config.response.allowedHosts'));
  const update = await call(joined.url, 'PATCH', `/api/workflows/${filled.workflows.async?.id}`, { nodes: withHosts.request });
  expect(update).toMatchObject(refused(places.request));
  // And nothing else came to the configurations of types that both know.
  const [typesOfOld, typesOfNew] = [
    (await call(before.url, 'GET', '/api/plugins')).body,
    (await call(joined.url, 'GET', '/api/plugins')).body,
  ];
  for (const kind of ['triggers', 'nodes']) {
    const known = new Map<string, { config: object }>(typesOfOld[kind].map((one: { type: string }) => [one.type, one]));
    expect(known.size).toBeGreaterThan(1);
    for (const { type, config } of typesOfNew[kind]) {
      const unmarked = known.has(type) ? findUnmarked(config, known.get(type)?.config, type) : [];
      expect(unmarked).toEqual([]);
    }
  }
  const secret = { name: 'BOUND', value: 'a value for one host', allowedHosts: ['api.example.com'] };
  expect((await call(joined.url, 'POST', '/api/secrets', secret)).status).toBe(409);
  expect((await call(joined.url, 'PATCH', '/api/secrets/CRM', { ...secret, name: undefined })).status).toBe(409);

  // A command writes as the processes do.
  const env = { HOOKLINE_DATABASE_URL: url, HOOKLINE_SECRET_KEY: KEY };
  const folder = await mkdtemp(join(tmpdir(), 'hookline-import-'));
  const file = join(folder, 'workflow.json');
  const config = { auth: { type: 'basic', ...BASIC } };
  const imported = { hookline: 1, title: 'imported', mode: 'sync', trigger: { type: 'webhook', config }, nodes: [] };
  await writeFile(file, JSON.stringify(imported));
  const command = await hookline(['import', file, '--enable'], env).ended;
  expect(command).toMatchObject({ code: 0, stderr: '' });
  const [, hookKey = ''] = /\/hooks\/(\S+)/.exec(command.stdout) ?? [];
  for (const server of [before.url, joined.url]) {
    expect((await trigger(server, hookKey, {}, { Authorization: authorization })).status).toBe(200);
  }
  await writeFile(file, JSON.stringify({ ...imported, mode: 'async', nodes: withHosts.request }));
  const refusedImport = await hookline(['import', file], env).ended;
  expect(refusedImport.code).not.toBe(0);
  expect(refusedImport.stderr).toContain('older version');
  await rm(folder, { recursive: true });

  // Sessions of either are let in by both.
  const [ofOld, ofNew] = [await signIn(before.url, 'two'), await signIn(joined.url, 'one')];
  for (const server of [before.url, joined.url]) {
    for (const cookie of [ofOld, ofNew]) {
      expect((await asUser(server, cookie, 'GET', '/api/workflows')).status).toBe(200);
    }
  }
  const begun = await asUser(joined.url, ofNew, 'POST', '/api/me/second-factor');
  expect(begun).toMatchObject({ status: 409, body: { error: { message: expect.stringContaining('older version') } } });
  expect((await asUser(joined.url, ofOld, 'GET', '/api/me/sessions')).status).toBe(200);
  const renamed = await asUser(before.url, ofNew, 'PATCH', '/api/me', { name: 'Ada Lovelace' });
  expect(renamed.status).toBe(200);

  // A token with permissions that are new, and entries of the audit log with outcomes and details.
  const given = { name: 'new', permissions: ['workflows:read', 'secrets:use', 'metrics:read'], expiresAt: null };
  const token = (await call(joined.url, 'POST', '/api/tokens', given)).body.secret;
  expect((await call(joined.url, 'GET', '/api/users', undefined, token)).status).toBe(403);
  for (const server of [before.url, joined.url]) {
    expect((await call(server, 'GET', '/api/workflows', undefined, token)).status).toBe(200);
    expect((await call(server, 'GET', '/api/tokens')).status).toBe(200);
    const audit = await call(server, 'GET', '/api/audit?limit=100');
    expect(audit.status).toBe(200);
    const actions = new Set(audit.body.data.map(({ action }: { action: string }) => action));
    expect([...actions]).toEqual(expect.arrayContaining(['createToken', 'updateMe', 'createWorkflow']));
    expect((await look(server)).executions.length).toBeGreaterThan(0);
  }
  expect((await readEverything((path) => call(joined.url, 'GET', path))).problems).toEqual([]);
  expect(await formatsIn(url)).toEqual(['v1']);

  expect(await before.stop()).toBe(0);
  await vi.waitFor(async () => expect((await createTrigger()).status).toBe(201), PATIENCE);
  for (const document of documents) expect((await create(document)).status).toBe(201);
  expect((await call(joined.url, 'POST', '/api/secrets', secret)).status).toBe(201);
  expect((await asUser(joined.url, ofNew, 'POST', '/api/me/second-factor')).status).toBe(200);
  expect(await formatsIn(url)).toEqual(['v1', 'v2']);
  expect((await readEverything((path) => call(joined.url, 'GET', path))).problems).toEqual([]);
  await joined.stop();
  // What the older process has written without a place in the chain got one.
  expect(await hookline(['audit', 'verify'], env).ended).toMatchObject({ code: 0, stderr: '' });
});

/** The formats of all encrypted values in a database. */
async function formatsIn(url: string): Promise<string[]> {
  const formats = new Set<string>();
  const columns = await postgres.query<{ table: string; column: string }>(
    url,
    `SELECT table_name AS table, column_name AS column FROM information_schema.columns
     WHERE table_schema = 'public' AND data_type = 'text'`,
  );
  for (const { table, column } of columns) {
    const rows = await postgres.query<{ format: string }>(
      url,
      `SELECT DISTINCT (regexp_matches("${column}", '\\m(v[0-9]+)\\.[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{16,}', 'g'))[1] AS format FROM "${table}"`,
    );
    for (const { format } of rows) formats.add(format);
  }
  return [...formats].sort();
}

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
  const filled = new Set(executions.map((one) => one.id));
  expect((await of('source=subflow')).filter((one: string) => !filled.has(one))).toEqual([id(2)]);
  expect(await of(`replayOf=${id(1)}`)).toEqual([id(3)]);
  expect(await of('source=webhook')).toContain(id(1));
  expect(await of('')).toHaveLength(executions.length + 3);
  // And where no trigger has filled it in, as on SQLite.
  await postgres.query(url, `UPDATE executions SET source = NULL WHERE id = '${id(1)}'`);
  expect(await of('source=webhook')).toContain(id(1));
  expect((await call(server, 'GET', `/api/executions/${id(1)}`)).body.source).toBe('webhook');
});
