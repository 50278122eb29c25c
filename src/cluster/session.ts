// A connection that is kept for good: looked after, and made again when it is lost.

import type { Pool, PoolClient } from 'pg';
import type { Log } from '../engine/plugin.ts';

export interface SessionOptions {
  readonly pool: Pool;
  /** For the log: what it is for. */
  readonly name: string;
  /** Prepares a new connection. When it rejects, the connection is given up and made again. */
  readonly onUp: (client: PoolClient) => Promise<void>;
  /** The connection is gone. */
  readonly onDown?: () => void;
  /** How often `tick` runs on the connection, in milliseconds. */
  readonly tickMs: number;
  /** Shows that the connection lives; when it rejects or takes longer than `TICK_TIMEOUT_MS`, it does not. Default `SELECT 1`. */
  readonly tick?: (client: PoolClient) => Promise<void>;
  readonly log: Log;
}

export interface Session {
  /** Closes the connection; `onDown` is not called. */
  stop(): Promise<void>;
}

const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 5_000;
/** Longest answer, in milliseconds: a cable that was pulled answers never. */
const TICK_TIMEOUT_MS = 5_000;

/** Connects at once, or as soon as the database is there; resolves after the first try. */
export async function startSession(options: SessionOptions): Promise<Session> {
  const { pool, name, onUp, onDown, tickMs, tick = ping, log } = options;
  let current: PoolClient | undefined;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  let working: Promise<void> = Promise.resolve();

  function next(work: () => Promise<void>, ms: number): void {
    clearTimeout(timer);
    if (isStopped) return;
    timer = setTimeout(() => {
      working = work();
    }, ms);
  }

  async function connect(): Promise<void> {
    let client: PoolClient | undefined;
    try {
      client = await pool.connect();
      const connected = client;
      // Both come when it breaks, and the first is enough.
      connected.once('error', (error) => lose(connected, error));
      connected.once('end', () => lose(connected, new Error('the server has closed the connection')));
      current = connected;
      await within(TICK_TIMEOUT_MS, onUp(connected));
      if (current !== connected) return;
      pauseMs = FIRST_PAUSE_MS;
      next(() => check(connected), tickMs);
    } catch (error) {
      if (client) lose(client, error);
      else retry(error);
    }
  }

  async function check(client: PoolClient): Promise<void> {
    try {
      await within(TICK_TIMEOUT_MS, tick(client));
      if (current === client) next(() => check(client), tickMs);
    } catch (error) {
      lose(client, error);
    }
  }

  function lose(client: PoolClient, error: unknown): void {
    if (current !== client) return;
    current = undefined;
    client.release(true);
    if (isStopped) return;
    onDown?.();
    retry(error);
  }

  function retry(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (!isStopped) log.warn({ part: name, error: message, pauseMs }, 'no connection to the database; it is tried again');
    next(connect, pauseMs);
    pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS);
  }

  await connect();
  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await working;
      if (current) lose(current, undefined);
    },
  };
}

async function ping(client: PoolClient): Promise<void> {
  await client.query('SELECT 1');
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
