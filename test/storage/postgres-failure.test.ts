// PostgreSQL that goes away, hangs or is not there: everything is told within seconds, nothing acknowledged is lost.

import { connect, createServer, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { connectPostgres } from '../../src/storage/postgres/connect.ts';
import { type OpenStorage, openStorage, openStorageReader } from '../../src/storage/storage.ts';
import { PATIENCE } from '../patience.ts';
import { startPostgres, TEST_PASSWORD, type TestPostgres } from '../postgres.ts';
import { executionId, makeExecution, makeJob, makeUpdate } from './contract.ts';
import { type PostgresFixture, postgresFixture } from './postgres-fixture.ts';

let postgres: TestPostgres;
let fixture: PostgresFixture;
beforeAll(async () => {
  // A crash of the server alone loses nothing that the operating system has.
  postgres = await startPostgres();
  fixture = await postgresFixture(postgres);
});
afterAll(() => postgres.stop());

const UNAVAILABLE = { code: 'storage_unavailable', message: expect.not.stringContaining(TEST_PASSWORD) };

async function eventually(work: () => Promise<unknown>): Promise<void> {
  await vi.waitFor(work, PATIENCE);
}

/** Commits one execution after the other, each with an update, until told to stop; notes what became of each. */
function startLoad(storage: OpenStorage, name: number) {
  const inserted: string[] = [];
  const refused: string[] = [];
  const ended: string[] = [];
  let isOver = false;
  async function run(): Promise<void> {
    for (let n = 0; !isOver; n += 1) {
      const id = executionId(name, n);
      try {
        await storage.executions.commit({ insert: makeExecution(id, { status: 'running', jobs: [makeJob('a')] }) });
        inserted.push(id);
      } catch (error) {
        expect(error).toMatchObject(UNAVAILABLE);
        refused.push(id);
        await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      try {
        await storage.executions.commit({ update: makeUpdate(id, { jobs: [makeJob('b')], sequence: 1 }) });
        ended.push(id);
      } catch (error) {
        expect(error).toMatchObject(UNAVAILABLE);
      }
    }
  }
  const running = run();
  const stop = () => {
    isOver = true;
    return running;
  };
  return { inserted, refused, ended, stop };
}

test.each(['fast', 'immediate'] as const)(
  'a restart (%s) under load: what is acknowledged is there, what is refused is not',
  async (mode) => {
    const url = await fixture.database();
    const storage = await fixture.open(url, { durability: 'full' });
    const load = [1, 2, 3, 4, 5, 6].map((name) => startLoad(storage, name));
    const progress = () => load.reduce((sum, { ended }) => sum + ended.length, 0);
    for (let round = 0; round < 2; round += 1) {
      const before = progress();
      await eventually(async () => expect(progress()).toBeGreaterThan(before + 30));
      await postgres.restart(mode, 100);
      await eventually(() => storage.ping());
    }
    const before = progress();
    await eventually(async () => expect(progress()).toBeGreaterThan(before + 30));
    await Promise.all(load.map(({ stop }) => stop()));

    const rows = await postgres.query<{ id: string; status: string }>(url, 'SELECT id, status FROM executions');
    const stored = new Map(rows.map(({ id, status }) => [id, status]));
    const ended = new Set(load.flatMap((one) => one.ended));
    for (const id of load.flatMap(({ inserted }) => inserted)) {
      expect([id, stored.get(id)]).toEqual([id, ended.has(id) ? 'succeeded' : 'running']);
    }
    // None when every commit was so far that it could be asked after.
    for (const id of load.flatMap(({ refused }) => refused)) expect(stored.has(id)).toBe(false);
    const [log] = await postgres.query<{ count: string }>(url, 'SELECT count(*) AS count FROM execution_jobs');
    expect(Number(log?.count)).toBe(stored.size);
  },
);

test('a database that is away is unavailable to everybody, and everything goes on when it is back', async () => {
  const url = await fixture.database();
  const storage = await fixture.open(url);
  await storage.ping();
  await storage.executions.countByStatus();
  await postgres.stopServer();
  await expect(storage.ping()).rejects.toMatchObject(UNAVAILABLE);
  await expect(storage.settings.set('a', 'b')).rejects.toMatchObject(UNAVAILABLE);
  await expect(storage.executions.commit({ insert: makeExecution(executionId(1)) })).rejects.toMatchObject(UNAVAILABLE);
  await expect(storage.executions.claim(executionId(1), 1)).rejects.toMatchObject(UNAVAILABLE);
  await expect(storage.executions.list({ limit: 1 })).rejects.toMatchObject(UNAVAILABLE);
  await expect(storage.workflows.get('w1')).rejects.toMatchObject(UNAVAILABLE);
  const opening = openStorage({ url });
  await expect(opening).rejects.toMatchObject({ ...UNAVAILABLE, message: expect.stringMatching(/check that it runs/) });
  await expect(openStorageReader(url)).rejects.toMatchObject(UNAVAILABLE);
  await postgres.startServer();
  await eventually(() => storage.ping());
  await storage.executions.commit({ insert: makeExecution(executionId(1)) });
  expect(await storage.executions.get(executionId(1))).toMatchObject({ status: 'queued' });
});

test('connections that the database ends while nobody uses them are replaced', async () => {
  const url = await fixture.database();
  const storage = await fixture.open(url);
  await Promise.all([storage.ping(), storage.executions.countByStatus()]);
  await postgres.query(
    url,
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()',
  );
  await eventually(() => storage.ping());
  expect(await storage.executions.get(executionId(1))).toBeUndefined();
});

test('a server that takes connections and says nothing does not hold up the start', async () => {
  const silent = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const address = silent.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    const url = `postgres://me:${TEST_PASSWORD}@127.0.0.1:${port}/x`;
    await expect(connectPostgres({ url, durability: 'full', connectTimeoutMs: 300 })).rejects.toMatchObject(UNAVAILABLE);
  } finally {
    await new Promise((resolve) => silent.close(resolve));
  }
});

test('what the operator got wrong is said, without the password', async () => {
  const url = await fixture.database();
  const away = (change: string, by: string) => openStorage({ url: url.replace(change, by) });
  await expect(away(TEST_PASSWORD, 'wrong-password')).rejects.toMatchObject({
    message: expect.stringMatching(/refuses the user/),
  });
  await expect(away('/test_', '/nowhere_')).rejects.toMatchObject({ message: expect.stringMatching(/no database of this name/) });
  await expect(away('127.0.0.1', '127.0.0.1:x')).rejects.toMatchObject({ code: 'invalid_configuration' });
  const error: unknown = await away('127.0.0.1', '[').catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'invalid_configuration' });
  expect(inspect(error)).not.toContain(TEST_PASSWORD);
});

test('a read-only database is unavailable to those who write, and still read', async () => {
  const url = await fixture.database();
  const storage = await fixture.open(url);
  await storage.executions.commit({ insert: makeExecution(executionId(1)) });
  await postgres.query(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_read_only = on`);
  await postgres.query(
    url,
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()',
  );
  const readOnly = { ...UNAVAILABLE, message: expect.stringMatching(/read-only/) };
  await eventually(() =>
    expect(storage.executions.commit({ insert: makeExecution(executionId(2)) })).rejects.toMatchObject(readOnly),
  );
  await expect(storage.ping()).rejects.toMatchObject(readOnly);
  expect(await storage.executions.get(executionId(1))).toMatchObject({ status: 'queued' });
});

/** Stands between a storage and its server, and cuts the line at the next COMMIT: before the server has it, or behind. */
async function startProxy() {
  let cut: 'before' | 'behind' | undefined;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(postgres.port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {}).on('close', () => to.destroy());
    }
    far.on('data', (data) => near.write(data));
    near.on('data', (data) => {
      const isCut = cut !== undefined && data.includes('COMMIT');
      if (isCut && cut === 'behind') {
        // The server commits; nobody hears of it.
        far.removeAllListeners('data');
        far.once('data', () => near.destroy());
      }
      if (isCut && cut === 'before') near.destroy();
      else far.write(data);
      if (isCut) cut = undefined;
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cutAtCommit: (place: 'before' | 'behind') => {
      cut = place;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('a commit whose answer is lost is asked after: stored or not, that is what its caller hears', async () => {
  const proxy = await startProxy();
  onTestFinished(() => proxy.stop());
  const url = await fixture.database();
  const storage = await fixture.open(url.replace(`:${postgres.port}/`, `:${proxy.port}/`));
  proxy.cutAtCommit('behind');
  await storage.executions.commit({ insert: makeExecution(executionId(1)) });
  expect(await storage.executions.get(executionId(1))).toBeDefined();
  proxy.cutAtCommit('before');
  await expect(storage.executions.commit({ insert: makeExecution(executionId(2)) })).rejects.toMatchObject(UNAVAILABLE);
  expect(await storage.executions.get(executionId(2))).toBeUndefined();
  proxy.cutAtCommit('behind');
  await storage.settings.set('a', 'b');
  expect(await storage.settings.get('a')).toBe('b');
  await storage.executions.commit({ insert: makeExecution(executionId(2)) });
});

test('a server that hangs in the middle is given up, and the next commits go on when it does', async () => {
  const url = await fixture.database();
  const storage = await fixture.open(`${url}?query_timeout=500`);
  await storage.executions.commit({ insert: makeExecution(executionId(1)) });
  const sql = "SELECT pid FROM pg_stat_activity WHERE application_name = 'hookline' AND datname = current_database()";
  const backends = await postgres.query<{ pid: number }>(url, sql);
  for (const { pid } of backends) process.kill(pid, 'SIGSTOP');
  try {
    const slow = { ...UNAVAILABLE, message: expect.stringMatching(/took too long/) };
    await expect(storage.executions.commit({ insert: makeExecution(executionId(2)) })).rejects.toMatchObject(slow);
  } finally {
    for (const { pid } of backends) process.kill(pid, 'SIGCONT');
  }
  await storage.executions.commit({ insert: makeExecution(executionId(2)) });
});
