// What every store works with: the models to read, the models to write, and the way to write.

import { type ClaimedEntry, claimAuditEntry } from '../engine/audit-scope.ts';
import { withEntry } from './audit-chain.ts';
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
   * Runs `work` with the models of the writer, between two batches of the committer and in one transaction. The entry of the
   * audit log of the request under way is part of it; `work` that changes nothing returns false or 0, and has none.
   * @throws HooklineError `storage_unavailable`; then nothing of it is stored
   */
  write<Result>(work: (models: Models) => Promise<Result>): Promise<Result>;
}

/** Ties the models to the committer. */
export function databaseOn(read: Models, writer: Models, committer: Pick<Committer, 'exclusive'>, rows: RowReader): Database {
  return {
    read,
    rows,
    write: (work) =>
      withStorageErrors(() => audited((claimed) => committer.exclusive(() => withEntry(writer, claimed, () => work(writer))))),
  };
}

/** Runs a transaction that takes the entry of the request under way with it, or gives it back. */
export async function audited<Result>(
  transaction: (claimed: ClaimedEntry | undefined) => Promise<{ result: Result; isWritten: boolean }>,
): Promise<Result> {
  const claimed = claimAuditEntry();
  let isWritten = false;
  try {
    const done = await transaction(claimed);
    isWritten = done.isWritten;
    return done.result;
  } finally {
    claimed?.settle(isWritten);
  }
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
