// What every store works with: the models to read, the models to write, and the way to write.

import type { Committer } from './committer.ts';
import type { Models } from './models.ts';
import type { RowReader } from './row-reader.ts';
import { withStorageErrors } from './storage-error.ts';

/** Rows deleted in one transaction, so that waiting commits are held up for milliseconds at most. */
export const DELETE_CHUNK = 200;

export interface Database {
  readonly read: Models;
  /** Makes records of rows. */
  readonly rows: RowReader;
  /**
   * Runs `work` with the models of the writer, between two batches of the committer and in one transaction.
   * @throws HooklineError `storage_unavailable`; then nothing of it is stored
   */
  write<Result>(work: (models: Models) => Promise<Result>): Promise<Result>;
}

/** Ties the models to the committer. */
export function databaseOn(read: Models, writer: Models, committer: Pick<Committer, 'exclusive'>, rows: RowReader): Database {
  return { read, rows, write: (work) => withStorageErrors(() => committer.exclusive(() => work(writer))) };
}

/**
 * Whether a name from outside may go into a condition. SQLite ends a statement at U+0000, and Sequelize writes conditions into
 * the statement's text; no name that we store has one, so nothing is found by it.
 */
export function isSearchable(name: string): boolean {
  return !name.includes('\0');
}

/** Parses JSON that this program has stored. */
export function parseStored<Value>(json: string): Value {
  return JSON.parse(json) as Value;
}

/** Lets everything else have its turn. */
export function yieldTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
