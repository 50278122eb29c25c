// The connections of a process to the database that it shares, besides those of its storage.

import pg from 'pg';
import type { Log } from '../engine/plugin.ts';

export interface ClusterPoolOptions {
  /** `postgres://…`. */
  readonly url: string;
  /** Most connections. Default 12: three are held for good (queue, bus, leader), the rest for moments. */
  readonly max?: number;
  /**
   * Whether a commit waits for the disk. Default true. False suits the queue's own connections: when the database crashes, the
   * last tasks that were taken or finished are taken once more, which the executions' own rows then refuse; in return it runs
   * several times as many of them.
   */
  readonly waitsForDisk?: boolean;
  readonly log: Log;
}

/** How long a connection may take, in milliseconds: a database that is away shall be noticed. */
const CONNECT_TIMEOUT_MS = 5_000;

/** For the queue, the bus, the leader and the heartbeat. Survives the loss of any connection; `end()` it last. */
export function createClusterPool({ url, max = 12, waitsForDisk = true, log }: ClusterPoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'hookline',
    ...(waitsForDisk ? {} : { options: '-c synchronous_commit=off' }),
  });
  // Whoever uses a connection hears of its end by the failure of a query. Without listeners it would end the process.
  const note = (error: Error): void => log.debug({ part: 'cluster', error: error.message }, 'a connection was lost');
  pool.on('error', note);
  pool.on('connect', (client) => {
    client.on('error', note);
    forgiveSecondRelease(client);
  });
  return pool;
}

/**
 * Graphile-worker 0.17 gives its listening connection back twice when the database goes away while it listens; the pool throws
 * then, where nobody catches it, and the process would end. The second time is nothing instead.
 */
function forgiveSecondRelease(client: pg.PoolClient): void {
  let current: pg.PoolClient['release'] = () => {};
  Object.defineProperty(client, 'release', {
    get: () => current,
    // By the pool, whenever it hands the connection out.
    set(release: pg.PoolClient['release']) {
      let isReleased = false;
      current = (error) => {
        if (isReleased) return;
        isReleased = true;
        release(error);
      };
    },
  });
}
