// Turns what SQLite, PostgreSQL and Sequelize throw into the errors of the catalogue, with a message for the operator.

import { ConnectionAcquireTimeoutError, ConnectionError } from 'sequelize';
import { HooklineError } from '../errors.ts';

/**
 * What an operator can do, by SQLite result code (https://www.sqlite.org/rescode.html). The error's cause keeps the
 * driver's own words.
 */
const UNAVAILABLE: Readonly<Record<string, string>> = {
  SQLITE_FULL: 'The database cannot grow: free space on its disk, or raise max_page_count.',
  SQLITE_BUSY: 'The database is locked by another program: stop what else writes to the file.',
  SQLITE_LOCKED: 'The database is locked by another program: stop what else writes to the file.',
  SQLITE_IOERR: 'The database file cannot be read or written: check the disk and what the system log says about it.',
  SQLITE_READONLY: 'The database is read-only: give the server the right to write to the file and its folder.',
  SQLITE_PERM: 'The database may not be opened: give the server the right to read and write the file and its folder.',
  SQLITE_CANTOPEN: 'The database file cannot be opened: check that its folder exists and that the server may write to it.',
  SQLITE_CORRUPT: 'The database file is damaged: stop the server and restore a backup.',
  SQLITE_NOTADB: 'The file is not a SQLite database: check the path in the database URL.',
  SQLITE_MISUSE: 'The database connection is closed.',
  SQLITE_INTERRUPT: 'The database connection is closing.',
  SQLITE_NOMEM: 'The database has no memory left: give the server more.',
};

const AWAY = 'The database does not answer: check that it runs and can be reached. Work goes on by itself when it is back.';
const BUSY = 'The database has no room for more connections: raise max_connections, or lower the pool size of the servers.';
const BUSY_POOL = 'No connection to the database became free in time: check its load, or raise the pool size.';
const TOO_SLOW = 'The database took too long: check its load, its locks and its disk.';
const READ_ONLY = 'The database is read-only: connect to the primary server, or end the read-only mode.';
const NO_ACCESS = 'The database refuses the user: check user, password, rights and pg_hba.conf.';

/**
 * The same for PostgreSQL (https://www.postgresql.org/docs/current/errcodes-appendix.html): by code, or by its class, the first
 * two characters.
 */
const POSTGRES_UNAVAILABLE: Readonly<Record<string, string>> = {
  '08': AWAY,
  '25006': READ_ONLY,
  '25P03': TOO_SLOW,
  '28': NO_ACCESS,
  '3D000': 'There is no database of this name: create it, or check the database URL.',
  '40': 'The database gave the transaction up because of others. Try again.',
  '42501': NO_ACCESS,
  '53': 'The database has too little of something: check its memory, its disk and its log.',
  '53100': 'The database cannot grow: free space on its disk.',
  '53300': BUSY,
  '55P03': TOO_SLOW,
  '57': AWAY,
  '57014': TOO_SLOW,
  '58': 'The database cannot read or write its files: check its disk and its log.',
  XX001: 'The database is damaged: stop the server and restore a backup.',
  XX002: 'An index of the database is damaged: rebuild it with REINDEX.',
};

/** A message that we sent and the server cannot read is no fault of the connection. */
const PROTOCOL_VIOLATION = '08P01';

/** Of a socket or a name lookup. */
const NETWORK_CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
]);

/** What pg, its pool and Sequelize say in words alone. */
const CONNECTION_WORDS: readonly (readonly [words: RegExp, message: string])[] = [
  [
    /after the connection manager was closed|after calling end on the pool|close\(\) on a pool|pool is draining/i,
    'The database connection is closed.',
  ],
  [/^Query read timeout$/, TOO_SLOW],
  [
    /^Connection terminated|^timeout (expired|exceeded when trying to connect)|not queryable|^Connection timed out|Client was closed/i,
    AWAY,
  ],
];

/** How deep wrapped errors are followed; Sequelize wraps once, migrations once more. */
const MAX_CAUSES = 8;

/** The SQLite result code of an error, also of one that Sequelize or umzug has wrapped; extended codes become primary ones. */
export function sqliteCode(error: unknown): string | undefined {
  for (const link of chain(error)) {
    const code = ownValue(link, 'code');
    if (typeof code === 'string' && code.startsWith('SQLITE_')) return code.split('_').slice(0, 2).join('_');
  }
  return undefined;
}

/** The SQLSTATE of an error of PostgreSQL, also of one that Sequelize or umzug has wrapped. */
export function postgresCode(error: unknown): string | undefined {
  for (const link of chain(error)) {
    const code = ownValue(link, 'code');
    // Errors of the server, and those alone, have a severity.
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && ownValue(link, 'severity') !== undefined) return code;
  }
  return undefined;
}

/**
 * The error to throw in place of one from the database: `storage_unavailable` for a full disk, a lock, a damaged file, a
 * server that is away or a closed connection; anything else comes back as it was, since it is a fault of ours.
 */
export function toStorageError(error: unknown): unknown {
  if (error instanceof HooklineError) return error;
  const message = UNAVAILABLE[sqliteCode(error) ?? ''] ?? postgresMessage(postgresCode(error)) ?? connectionMessage(error);
  return message === undefined ? error : new HooklineError('storage_unavailable', message, { cause: error });
}

function postgresMessage(code: string | undefined): string | undefined {
  if (code === undefined || code === PROTOCOL_VIOLATION) return undefined;
  return POSTGRES_UNAVAILABLE[code] ?? POSTGRES_UNAVAILABLE[code.slice(0, 2)];
}

/** Runs database work and maps what it throws. @throws HooklineError `storage_unavailable` */
export async function withStorageErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toStorageError(error);
  }
}

/** Neither driver has codes or classes for all of these. */
function connectionMessage(error: unknown): string | undefined {
  for (const link of chain(error)) {
    if (link instanceof ConnectionAcquireTimeoutError) return BUSY_POOL;
    const message = ownValue(link, 'message');
    const known = typeof message === 'string' && CONNECTION_WORDS.find(([words]) => words.test(message));
    if (known) return known[1];
    if (link instanceof ConnectionError || isNetworkError(link)) return AWAY;
  }
  return undefined;
}

function isNetworkError(error: object): boolean {
  return NETWORK_CODES.has(ownValue(error, 'code')) && ownValue(error, 'syscall') !== undefined;
}

function chain(error: unknown): object[] {
  const links: object[] = [];
  let link = error;
  while (typeof link === 'object' && link !== null && links.length < MAX_CAUSES) {
    links.push(link);
    link = ownValue(link, 'parent') ?? ownValue(link, 'cause');
  }
  return links;
}

function ownValue(holder: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(holder, name)?.value;
}
