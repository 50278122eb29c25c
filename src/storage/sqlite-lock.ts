// Lets one server at a time write to a database file, with a lock that the operating system drops when the process dies.

import sqlite3 from 'sqlite3';
import { HooklineError } from '../errors.ts';
import { makePrivateFile } from './file-modes.ts';
import { sqliteCode, toStorageError, withStorageErrors } from './storage-error.ts';

/** How long a starting server waits for one that is just stopping, in milliseconds. */
const WAIT_MS = 1000;

/**
 * Claims the database file for this process until the returned function is called or the process ends, kill -9 included.
 *
 * The claim is SQLite's own RESERVED lock on an empty file beside the database (`<file>.lock`): unlike a file with a process
 * id it cannot outlive its owner, is not fooled by a reused id (in a container every server is process 1), and also tells two
 * servers inside one process apart. The file stays empty and may stay where it is.
 *
 * @throws HooklineError `invalid_configuration` when another server holds the claim, `storage_unavailable`
 */
export async function claimDatabase(file: string): Promise<() => Promise<void>> {
  // SQLite would make it with the umask alone; its journal gets the mode of the file.
  await withStorageErrors(() => makePrivateFile(`${file}.lock`));
  const lock = await open(`${file}.lock`);
  lock.configure('busyTimeout', WAIT_MS);
  try {
    await run(lock, 'BEGIN IMMEDIATE');
  } catch (error) {
    await close(lock);
    if (sqliteCode(error) !== 'SQLITE_BUSY') throw toStorageError(error);
    throw new HooklineError(
      'invalid_configuration',
      `Another Hookline server is using the database ${file}. Stop it first, or give this one a database of its own.`,
      { cause: error },
    );
  }
  return () => close(lock);
}

function open(file: string): Promise<sqlite3.Database> {
  return new Promise((resolve, reject) => {
    const database: sqlite3.Database = new sqlite3.Database(file, (error) =>
      error === null ? resolve(database) : reject(toStorageError(error)),
    );
  });
}

function run(database: sqlite3.Database, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    database.run(sql, (error) => (error === null ? resolve() : reject(error)));
  });
}

function close(database: sqlite3.Database): Promise<void> {
  return new Promise((resolve, reject) => {
    database.close((error) => (error === null ? resolve() : reject(toStorageError(error))));
  });
}
