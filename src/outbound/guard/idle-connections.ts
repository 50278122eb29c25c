// Keeps finished connections for the next request to the same host at the same vetted address; each serves one at a time.

import type { Socket } from 'node:net';
import { Client } from 'undici';

/** How long an idle connection is kept, in milliseconds, unless its server asks for less. Servers often close after 5 s. */
const KEEP_ALIVE_MS = 4_000;
/** Most characters of the headers of an answer. */
const MAX_RESPONSE_HEADERS = 16 * 1024;
/** As many as an endpoint may use at once. */
const MAX_IDLE_PER_KEY = 64;
/** One for each of a thousand endpoints; each is a file descriptor. */
const MAX_IDLE = 1_024;

/** Thrown when a kept connection turns out to be closed, before anything was sent. */
export class ConnectionGoneError extends Error {}

export interface Connection {
  readonly client: Client;
  readonly socket: Socket;
  /** Origin and address. */
  readonly key: string;
  /** Ends it now, whatever it is doing: a request under way fails. */
  readonly end: () => void;
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
  const end = (): void => {
    // Its requests have been told, or there are none.
    client.destroy().catch(() => undefined);
  };
  return { client, socket, key, end };
}

export interface IdleConnections {
  /** The latest used of the first key that has one, now the caller's alone. */
  take(keys: readonly string[]): Connection | undefined;
  /** Keeps a connection whose answer was read to its end; beyond the limits the one that has been idle longest is closed. */
  put(connection: Connection): void;
  /** Closes all, and from here on whatever is put. */
  close(): void;
}

export function createIdleConnections(): IdleConnections {
  const byKey = new Map<string, Connection[]>();
  /** Those that have been idle longest come first. */
  const all = new Set<Connection>();
  const watched = new WeakSet<Connection>();
  let isClosed = false;
  const remove = (connection: Connection): boolean => {
    if (!all.delete(connection)) return false;
    const list = byKey.get(connection.key);
    // The latest used is the one that is taken.
    if (list?.at(-1) === connection) list.pop();
    else list?.splice(list.indexOf(connection), 1);
    if (list?.length === 0) byKey.delete(connection.key);
    return true;
  };
  const discard = (connection: Connection | undefined): void => {
    if (connection && remove(connection)) connection.end();
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
      if (isClosed || connection.socket.destroyed) return connection.end();
      const list = byKey.get(connection.key);
      if (list && list.length >= MAX_IDLE_PER_KEY) discard(list[0]);
      else if (all.size >= MAX_IDLE) discard(all.values().next().value);
      all.add(connection);
      const kept = byKey.get(connection.key);
      if (kept) kept.push(connection);
      else byKey.set(connection.key, [connection]);
      if (watched.has(connection)) return;
      watched.add(connection);
      connection.client.on('disconnect', () => discard(connection));
    },
    close() {
      isClosed = true;
      for (const connection of all) connection.end();
      all.clear();
      byKey.clear();
    },
  };
}
