// Keeps finished connections for the next request to the same host at the same vetted address; each serves one at a time.

import type { Socket } from 'node:net';
import { Client } from 'undici';

/** How long an idle connection is kept, in milliseconds, unless its server asks for less. Servers often close after 5 s. */
const KEEP_ALIVE_MS = 4_000;
/** Most characters of the headers of an answer. */
const MAX_RESPONSE_HEADERS = 16 * 1024;
const MAX_IDLE_PER_KEY = 16;
const MAX_IDLE = 256;

/** Thrown when a kept connection turns out to be closed, before anything was sent. */
export class ConnectionGoneError extends Error {}

export interface Connection {
  readonly client: Client;
  readonly socket: Socket;
  /** Origin and address. */
  readonly key: string;
}

/** An HTTP client of this one socket: it never opens another. */
export function createConnection(origin: string, key: string, socket: Socket): Connection {
  let isUsed = false;
  const client = new Client(origin, {
    // The client expects its answer later, as from a real connection.
    connect: (_, callback) =>
      process.nextTick(() => {
        if (isUsed || socket.destroyed) return callback(new ConnectionGoneError(), null);
        isUsed = true;
        callback(null, socket);
      }),
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_RESPONSE_HEADERS,
    // The caller's deadline is for all of it together.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return { client, socket, key };
}

/** Ends a connection now, whatever it is doing. */
export function destroyConnection({ client }: Connection): void {
  // Its requests have been told, or there are none.
  client.destroy().catch(() => undefined);
}

export interface IdleConnections {
  /** The latest used of the first key that has one, now the caller's alone. */
  take(keys: readonly string[]): Connection | undefined;
  /** Keeps a connection whose answer was read to its end; beyond the limits it is closed. */
  put(connection: Connection): void;
  /** Closes all, and from here on whatever is put. */
  close(): void;
}

export function createIdleConnections(): IdleConnections {
  const byKey = new Map<string, Connection[]>();
  const watched = new WeakSet<Connection>();
  let count = 0;
  let isClosed = false;
  const remove = (connection: Connection): boolean => {
    const list = byKey.get(connection.key);
    const index = list?.indexOf(connection) ?? -1;
    if (list === undefined || index < 0) return false;
    list.splice(index, 1);
    if (list.length === 0) byKey.delete(connection.key);
    count -= 1;
    return true;
  };
  return {
    take(keys) {
      for (const key of keys) {
        const connection = byKey.get(key)?.at(-1);
        if (connection && remove(connection)) return connection;
      }
      return undefined;
    },
    put(connection) {
      const list = byKey.get(connection.key) ?? [];
      if (isClosed || connection.socket.destroyed || count >= MAX_IDLE || list.length >= MAX_IDLE_PER_KEY)
        return destroyConnection(connection);
      list.push(connection);
      byKey.set(connection.key, list);
      count += 1;
      if (watched.has(connection)) return;
      watched.add(connection);
      connection.client.on('disconnect', () => {
        if (remove(connection)) destroyConnection(connection);
      });
    },
    close() {
      isClosed = true;
      for (const connection of [...byKey.values()].flat()) destroyConnection(connection);
      byKey.clear();
      count = 0;
    },
  };
}
