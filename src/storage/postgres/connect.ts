// Connects to PostgreSQL: a Sequelize pool that reads, a small pool of plain connections that write.

import { setImmediate as nextTurn } from 'node:timers/promises';
import pg from 'pg';
import { Sequelize } from 'sequelize';
import { HooklineError } from '../../errors.ts';
import type { Durability } from '../connect.ts';
import { isPostgresUrl } from '../postgres-url.ts';
import { toStorageError, withStorageErrors } from '../storage-error.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`, also with parameters such as `?sslmode=require`. */
  readonly url: string;
  readonly durability: Durability;
  /** Connections that read, at most. Default 10. A few more write. */
  readonly poolSize?: number | undefined;
  /** How long opening a connection may take, in milliseconds. Default 5000. */
  readonly connectTimeoutMs?: number | undefined;
}

export interface PostgresConnections {
  /** For every read. */
  readonly reader: Sequelize;
  /** For every write and for locks; commits and model writes take their connections here. */
  readonly pool: pg.Pool;
  readonly durability: Durability;
  close(): Promise<void>;
}

/** Also how long one waits for a connection that is free. */
const CONNECT_TIMEOUT_MS = 5_000;
/** How long a statement may take before the server gives it up, in milliseconds. */
const STATEMENT_TIMEOUT_MS = 10_000;
/** How long the client waits for a server that says nothing at all: longer, so that the server's own word comes first. */
const SILENCE_TIMEOUT_MS = 12_000;
/** How long a transaction may hold its locks when the process behind it is cut off. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 15_000;
/** Two batches of commits at a time, one transaction of the models, and the question what became of a lost one. */
const WRITING_CONNECTIONS = 4;
/** How often a server at work on a migration looks whether its client still lives, in milliseconds. */
const CHECK_INTERVAL_MS = 1_000;
/** After this time without use a connection is closed, in milliseconds. */
const IDLE_MS = 30_000;

const SESSION = {
  application_name: 'hookline',
  connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  statement_timeout: STATEMENT_TIMEOUT_MS,
  query_timeout: SILENCE_TIMEOUT_MS,
  idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
  keepAlive: true,
} as const;

/**
 * Connects a server to its database and asks it something, so that one that is away is told at once.
 * @throws HooklineError `invalid_configuration` for a URL that cannot be used, `storage_unavailable` within seconds
 */
export async function connectPostgres(options: PostgresOptions): Promise<PostgresConnections> {
  const { url, durability, poolSize = 10, connectTimeoutMs: connectionTimeoutMillis = CONNECT_TIMEOUT_MS } = options;
  const target = targetOf(url);
  const pool = new pg.Pool({
    connectionString: url,
    ...SESSION,
    connectionTimeoutMillis,
    max: WRITING_CONNECTIONS,
    idleTimeoutMillis: IDLE_MS,
  });
  // A connection that dies while nobody uses it; the next one to ask gets a new one.
  pool.on('error', () => {});
  pool.on('connect', keepQuiet);
  const reader = sequelizeOn(target, poolSize);
  const close = () => closeBoth(pool, reader);
  try {
    await withStorageErrors(() => pool.query('SELECT 1'));
    return { reader, pool, durability, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Connects a program that only reads, beside any servers.
 * @throws HooklineError `invalid_configuration`, `storage_unavailable`
 */
export async function connectPostgresReader(url: string): Promise<Sequelize> {
  const reader = sequelizeOn(targetOf(url), 2);
  try {
    await withStorageErrors(() => reader.query('SELECT 1'));
    return reader;
  } catch (error) {
    await reader.close();
    throw error;
  }
}

/** A connection of its own without time limits, for migrations, which may take long and wait for each other. */
export async function connectPatiently(url: string): Promise<pg.Client> {
  targetOf(url);
  const { application_name, connectionTimeoutMillis, keepAlive } = SESSION;
  const client = new pg.Client({ connectionString: url, application_name, connectionTimeoutMillis, keepAlive });
  client.on('error', () => {});
  await withStorageErrors(() => client.connect());
  // A server at work does not notice by itself that whom it works for was killed, and would keep his locks. Not every system
  // can ask; then the locks go when the statement ends.
  await client.query(`SET client_connection_check_interval = ${CHECK_INTERVAL_MS}`).catch(() => {});
  return client;
}

/**
 * A Sequelize whose statements all go through the connection that `current` gives at that moment, never through another one:
 * what belongs to a transaction fails with its connection.
 */
export function sequelizeThrough(current: () => pg.ClientBase): Sequelize {
  const sequelize = new Sequelize({ dialect: 'postgres', dialectModule: pg, logging: false, retry: { max: 1 } });
  const manager = sequelize.connectionManager;
  manager.getConnection = async () => current();
  manager.releaseConnection = () => {};
  return sequelize;
}

type Target = Pick<pg.Client, 'host' | 'port' | 'user' | 'password' | 'database' | 'ssl'>;

/** @throws HooklineError `invalid_configuration`, without the URL, which may hold a password */
function targetOf(url: string): Target {
  const form = 'Write postgres://user:password@host:5432/database, with special characters of the password percent-encoded.';
  if (!isPostgresUrl(url) || url.includes('\0')) {
    throw new HooklineError('invalid_configuration', `The database URL is not one of PostgreSQL. ${form}`);
  }
  let client: pg.Client;
  try {
    client = new pg.Client({ connectionString: url });
  } catch {
    // Not as the cause: its message may quote the URL.
    throw new HooklineError('invalid_configuration', `The database URL cannot be read. ${form}`);
  }
  const { host, port, user, password, database, ssl } = client;
  return { host, port, user, password, database, ssl } as Target;
}

/**
 * Whoever uses a connection hears of its end by the failure of a query. The event comes as well, also in the moment in which
 * the connection goes from hand to hand and nobody listens: when the last answer and the end come in one packet.
 */
function keepQuiet(client: pg.ClientBase): void {
  client.on('error', () => {});
}

class QuietClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    keepQuiet(this);
  }
}

function sequelizeOn(target: Target, poolSize: number): Sequelize {
  const { host, port, user, password, database, ssl } = target;
  return new Sequelize({
    dialect: 'postgres',
    dialectModule: { ...pg, Client: QuietClient },
    host,
    port,
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined || password === null ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    dialectOptions: { ...SESSION, ssl },
    pool: { max: poolSize, min: 0, acquire: CONNECT_TIMEOUT_MS, idle: IDLE_MS },
    logging: false,
    // Who asked decides whether to ask again.
    retry: { max: 1 },
  });
}

async function closeBoth(pool: pg.Pool, reader: Sequelize): Promise<void> {
  const outcomes = await Promise.allSettled([pool.end(), reader.close()]);
  // Sockets end in their own time.
  await nextTurn();
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw toStorageError(outcome.reason);
}
