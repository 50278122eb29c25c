// Turns what SQLite and Sequelize throw into the errors of the catalogue, with a message for the operator.

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

/**
 * The error to throw in place of one from the database: `storage_unavailable` for a full disk, a lock, a damaged file or a
 * closed connection; anything else comes back as it was, since it is a fault of ours.
 */
export function toStorageError(error: unknown): unknown {
  if (error instanceof HooklineError) return error;
  const message = UNAVAILABLE[sqliteCode(error) ?? ''] ?? (isClosedConnection(error) ? UNAVAILABLE.SQLITE_MISUSE : undefined);
  return message === undefined ? error : new HooklineError('storage_unavailable', message, { cause: error });
}

/** Runs database work and maps what it throws. @throws HooklineError `storage_unavailable` */
export async function withStorageErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toStorageError(error);
  }
}

/** Sequelize has no class of its own for a connection manager that is closed. */
function isClosedConnection(error: unknown): boolean {
  return chain(error).some((link) => {
    const message = ownValue(link, 'message');
    return typeof message === 'string' && message.includes('after the connection manager was closed');
  });
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
