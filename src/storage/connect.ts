// Opens a SQLite database: one connection that writes, one that only reads, every setting read back.

import { existsSync, mkdirSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type Options, QueryTypes, Sequelize } from 'sequelize';
import sqlite3 from 'sqlite3';
import { HooklineError } from '../errors.ts';
import { type FileModes, makePrivateFile, tightenModes } from './file-modes.ts';
import { claimDatabase } from './sqlite-lock.ts';
import { toStorageError, withStorageErrors } from './storage-error.ts';

/**
 * What an acknowledged write survives: `full` also a power cut (fsync per commit), `normal` the death of the process, but a
 * power cut may take the last moments.
 */
export type Durability = 'full' | 'normal';

export interface ConnectOptions {
  /** `sqlite:<path>`, relative to the working directory or absolute. */
  readonly url: string;
  readonly durability: Durability;
  /** Told of files that other users of the machine could read. */
  readonly onModes?: ((modes: FileModes) => void) | undefined;
}

export interface Connections {
  /** The only one that ever writes. Once the committer runs, use it inside `Committer.exclusive` alone. */
  readonly writer: Sequelize;
  /** For every read; a write through it fails. */
  readonly reader: Sequelize;
  /** The connection under `writer`, with its statements in order. */
  readonly writerHandle: sqlite3.Database;
  /** Absolute path of the database file. */
  readonly file: string;
  close(): Promise<void>;
}

/** How long a statement waits for a lock of another program before it fails, in milliseconds. */
const BUSY_TIMEOUT_MS = 5000;
/** Bytes. Rows hold whole requests; larger pages mean fewer overflow pages. Fixed when the first table is made. */
const PAGE_SIZE = 8192;
/** What `PRAGMA synchronous` reads back as (https://www.sqlite.org/pragma.html#pragma_synchronous). */
const SYNCHRONOUS: Readonly<Record<Durability, number>> = { normal: 1, full: 2 };

/**
 * Connects a server to its database, makes the folder (0700) and file (0600) when they are missing, and claims the file. Files
 * of the database that other users could read become 0600; SQLite gives its journals the mode of the file.
 * @throws HooklineError `invalid_configuration` for a URL that cannot be used or a file another server uses,
 *   `storage_unavailable` when the file cannot be opened
 */
export async function connect({ url, durability, onModes }: ConnectOptions): Promise<Connections> {
  const file = await prepareFile(sqlitePath(url));
  // Before SQLite makes journals, which get the mode of their file.
  const modes = await tightenModes(file);
  if (modes.tightened.length + modes.open.length > 0) onModes?.(modes);
  const opened = [await claimDatabase(file)];
  const close = () => closeAll(opened);
  try {
    const writer = sequelizeOn(file);
    const writerHandle = await openHandle(writer, opened);
    writerHandle.serialize();
    await configure(writer, [
      ['page_size', PAGE_SIZE, undefined],
      ['journal_mode', 'WAL', 'wal'],
      ['synchronous', durability, SYNCHRONOUS[durability]],
      ['busy_timeout', BUSY_TIMEOUT_MS, BUSY_TIMEOUT_MS],
      ['foreign_keys', 'ON', 1],
      // The committer checkpoints on a thread of its own, so that no commit has to wait for one.
      ['wal_autocheckpoint', 0, 0],
    ]);
    const reader = sequelizeOn(file);
    await openHandle(reader, opened);
    await configureReader(reader);
    return { writer, reader, writerHandle, file, close };
  } catch (error) {
    await close();
    throw toStorageError(error);
  }
}

/**
 * Connects a program that only reads, such as `hookline export`; it may run beside a server.
 * @throws HooklineError `invalid_configuration` when there is no such file, `storage_unavailable`
 */
export function connectReader(url: string): Promise<Sequelize> {
  return connectExisting(url, configureReader);
}

/**
 * Connects a program that writes a row or two beside a server, such as `hookline user`. It does not claim the file: what would
 * run executions has to.
 * @throws HooklineError `invalid_configuration` when there is no such file, `storage_unavailable`
 */
export function connectBeside(url: string): Promise<Sequelize> {
  return connectExisting(url, (sequelize) =>
    configure(sequelize, [
      ['journal_mode', undefined, 'wal'],
      ['synchronous', 'full', SYNCHRONOUS.full],
      ['busy_timeout', BUSY_TIMEOUT_MS, BUSY_TIMEOUT_MS],
      ['foreign_keys', 'ON', 1],
      ['wal_autocheckpoint', 0, 0],
    ]),
  );
}

async function connectExisting(url: string, prepare: (sequelize: Sequelize) => Promise<void>): Promise<Sequelize> {
  const path = sqlitePath(url);
  if (!existsSync(path)) {
    throw new HooklineError('invalid_configuration', `There is no database at ${path}. Check the database URL.`);
  }
  const opened: Closer[] = [];
  try {
    const reader = sequelizeOn(await realpath(path));
    await openHandle(reader, opened);
    await prepare(reader);
    return reader;
  } catch (error) {
    await closeAll(opened);
    throw toStorageError(error);
  }
}

/**
 * The absolute path in a database URL.
 * @throws HooklineError `invalid_configuration`
 */
export function sqlitePath(url: string): string {
  const [, path] = /^sqlite:(.*)$/s.exec(url) ?? [];
  if (path === undefined) {
    const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(url)?.[0];
    // The rest of the URL may hold a password.
    const seen = scheme === undefined ? 'has no scheme' : `starts with "${scheme}"`;
    throw new HooklineError(
      'invalid_configuration',
      `The database URL ${seen}; write sqlite:<path>, such as sqlite:data/hookline.db, or postgres://….`,
    );
  }
  if (path.trim() === '' || path.includes('\0')) {
    throw new HooklineError(
      'invalid_configuration',
      'The database URL names no file; write sqlite:<path>, such as sqlite:data/hookline.db.',
    );
  }
  if (path.includes(':memory:') || /[?&]mode=memory/.test(path)) {
    throw new HooklineError(
      'invalid_configuration',
      'An in-memory database cannot be used: reads and writes have a connection each and would see two databases. Name a file.',
    );
  }
  if (/^\/\/[^/]/.test(path)) {
    throw new HooklineError(
      'invalid_configuration',
      'The database URL has two slashes after "sqlite:"; write sqlite:data/hookline.db for a relative path or sqlite:/data/hookline.db for an absolute one.',
    );
  }
  return resolve(path);
}

/** Makes the folder and the file, and gives the one name the file has, so that a link cannot get round the claim. */
async function prepareFile(path: string): Promise<string> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (existsSync(path)) return await realpath(path);
    // Never open an existing database here: closing it would drop the locks that SQLite holds on it in this process.
    await makePrivateFile(path);
    return join(await realpath(dirname(path)), basename(path));
  } catch (error) {
    throw new HooklineError(
      'storage_unavailable',
      `The database file ${path} cannot be made: check that its folder may be written to and that its disk has room.`,
      { cause: error },
    );
  }
}

function sequelizeOn(file: string): Sequelize {
  const options: Options = {
    dialect: 'sqlite',
    storage: file,
    dialectModule: sqlite3,
    // SQLite itself makes no file that is missing: a database that vanishes is an error, not an empty one.
    dialectOptions: { mode: sqlite3.OPEN_READWRITE },
    logging: false,
    // busy_timeout waits already; five tries of five seconds each would hang a request.
    retry: { max: 1 },
  };
  return new Sequelize(options);
}

/** Opens the connection and notes how to close it; closing one that did not open would wait for ever. */
async function openHandle(sequelize: Sequelize, opened: Closer[]): Promise<sqlite3.Database> {
  // Outside transactions, which are never used, the connection manager has this one connection for SQLite.
  const handle: unknown = await sequelize.connectionManager.getConnection({ type: 'write' });
  if (!(handle instanceof sqlite3.Database)) throw new TypeError('Sequelize did not give a sqlite3 connection.');
  opened.push(() => sequelize.close());
  return handle;
}

function configureReader(reader: Sequelize): Promise<void> {
  return configure(reader, [
    ['journal_mode', undefined, 'wal'],
    ['busy_timeout', BUSY_TIMEOUT_MS, BUSY_TIMEOUT_MS],
    ['foreign_keys', 'ON', 1],
    ['query_only', 'ON', 1],
  ]);
}

type Setting = readonly [pragma: string, value: string | number | undefined, readsBack: string | number | undefined];

/** Sets pragmas and reads them back: SQLite ignores what it cannot do, and Sequelize 6 has no hook that would run them. */
async function configure(sequelize: Sequelize, settings: readonly Setting[]): Promise<void> {
  for (const [pragma, value, expected] of settings) {
    if (value !== undefined) await sequelize.query(`PRAGMA ${pragma} = ${value}`);
    if (expected === undefined) continue;
    const [row] = await sequelize.query<Record<string, unknown>>(`PRAGMA ${pragma}`, { type: QueryTypes.SELECT });
    const actual = Object.values(row ?? {})[0];
    if (actual !== expected) {
      throw new HooklineError(
        'storage_unavailable',
        `SQLite did not accept "${pragma}": it is ${String(actual)} and must be ${expected}. Check that the file is on a local disk.`,
      );
    }
  }
}

type Closer = () => Promise<void>;

/** Closes what was opened last first, all of it even when one fails, and throws the first failure. */
async function closeAll(opened: readonly Closer[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of opened.toReversed()) {
    await withStorageErrors(close).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}
