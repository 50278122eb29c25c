// Group commit on SQLite: the one writer of a process. Whatever waits is committed together, in one statement where possible.

import type sqlite3 from 'sqlite3';
import { HooklineError } from '../errors.ts';
import { type CheckpointOptions, openCheckpoints } from './checkpoints.ts';
import type { Committer, Unit } from './committer.ts';
import { lengthOf } from './execution-row.ts';
import { unitWriter } from './execution-writes.ts';
import { inTransaction } from './sqlite-handle.ts';
import { sqliteCode, toStorageError } from './storage-error.ts';

export type CommitterOptions = CheckpointOptions;

interface Pending {
  unit: Unit;
  resolve(): void;
  reject(error: unknown): void;
}

interface Claim {
  id: string;
  now: number;
  resolve(mayRun: boolean): void;
  reject(error: unknown): void;
}

interface Exclusive {
  run(): Promise<void>;
}

/** Units in one batch. 64 callers on 64 connections are the measured case; above it, larger batches gain little. */
const MAX_UNITS = 128;
/**
 * How many units without an execution weigh as much as one with one: the end of a webhook is three small rows, and a batch costs
 * a turn of the event loop, which is long while hundreds of requests are under way.
 */
const OUTBOUND_UNITS = 4;
/** Bodies and replies in one batch, in characters, so that large ones do not meet in memory; one alone may be larger. */
const MAX_BATCH_LENGTH = 16 * 1024 * 1024;
const PAGE_BYTES = 8192;
/** What a commit writes to the log besides its rows: the pages of two indexes and the tail page of the table. */
const BATCH_OVERHEAD_BYTES = 4 * PAGE_BYTES;
/** What an exclusive section is taken to write: a deletion of 200 executions touches about as much. */
const EXCLUSIVE_BYTES = 64 * PAGE_BYTES;

/** The committer of SQLite, which also claims: many that wake at the same moment are one statement. */
export interface SqliteCommitter extends Committer {
  /** See `ExecutionWriter.claim`. @throws HooklineError `storage_unavailable` */
  claim(id: string, now: number): Promise<boolean>;
  /** Writes a unit in a transaction of its own together with `more`. @throws as `commit` does */
  commitWith<Result>(unit: Unit, more: () => Promise<Result>): Promise<Result>;
}

/** Opens the group-commit writer on a connection that nobody else writes with. */
export async function createCommitter(handle: sqlite3.Database, options: CommitterOptions): Promise<SqliteCommitter> {
  const writer = await unitWriter(handle);
  const checkpoints = await openCheckpoints(handle, options);
  let pending: Pending[] = [];
  let claims: Claim[] = [];
  const exclusives: Exclusive[] = [];
  let pumping: Promise<void> | undefined;
  let closed = false;

  /** @returns tells the callers how it went */
  async function commitBatch(batch: readonly Pending[]): Promise<() => void> {
    try {
      const written = await writer.write(batch.map(({ unit }) => unit));
      checkpoints.wrote(written.length + BATCH_OVERHEAD_BYTES);
      return () => {
        for (const [index, { resolve, reject }] of batch.entries()) {
          const refusal = written.refusals[index];
          if (refusal) reject(refusal);
          else resolve();
        }
      };
    } catch (error) {
      await writer.reset();
      if (batch.length > 1 && isFaultOfOne(error)) {
        // One bad unit must not take the others with it.
        for (const one of batch) (await commitBatch([one]))();
        return () => {};
      }
      const failure = toCommitError(error);
      return () => {
        for (const { reject } of batch) reject(failure);
      };
    }
  }

  function takeBatch(): readonly Pending[] {
    let length = 0;
    let count = 0;
    let shares = 0;
    for (const { unit } of pending) {
      for (const write of unit) length += lengthOf(write);
      shares += isOutboundAlone(unit) ? 1 : OUTBOUND_UNITS;
      if (count > 0 && (shares > MAX_UNITS * OUTBOUND_UNITS || length > MAX_BATCH_LENGTH)) break;
      count += 1;
    }
    const batch = pending.slice(0, count);
    pending = pending.slice(count);
    return batch;
  }

  async function runClaims(): Promise<void> {
    const batch = claims.slice(0, MAX_UNITS);
    claims = claims.slice(MAX_UNITS);
    try {
      const claimed = await writer.claim(batch.map(({ id, now }) => [id, now]));
      checkpoints.wrote(batch.length * PAGE_BYTES);
      for (const { id, resolve } of batch) resolve(claimed.has(id));
    } catch (error) {
      await writer.reset();
      const failure = toCommitError(error);
      for (const { reject } of batch) reject(failure);
    }
  }

  async function pump(): Promise<void> {
    let announce = (): void => {};
    while (pending.length > 0 || claims.length > 0 || exclusives.length > 0) {
      // The next batch starts before the callers of the last one hear of it: SQLite works while their answers are sent.
      const next = pending.length > 0 ? commitBatch(takeBatch()) : undefined;
      announce();
      announce = next ? await next : () => {};
      if (claims.length > 0 || exclusives.length > 0 || checkpoints.isReady()) {
        announce();
        announce = () => {};
        if (claims.length > 0) await runClaims();
        await checkpoints.finish();
        await exclusives.shift()?.run();
      }
    }
    announce();
    pumping = undefined;
  }

  /** The first commit after a pause waits for the end of this turn of the event loop, so that its neighbours come along. */
  function wake(): void {
    pumping ??= new Promise((resolve) => setImmediate(() => resolve(pump())));
  }

  function exclusive<Result>(work: () => Promise<Result>): Promise<Result> {
    if (closed) return Promise.reject(new HooklineError('storage_unavailable', 'The database connection is closed.'));
    return new Promise((resolve, reject) => {
      exclusives.push({
        run: () =>
          inTransaction(handle, work).then(
            (result) => {
              checkpoints.wrote(EXCLUSIVE_BYTES);
              resolve(result);
            },
            (error: unknown) => reject(toStorageError(error)),
          ),
      });
      wake();
    });
  }

  return {
    exclusive,
    async commitWith(unit, more) {
      try {
        return await exclusive(async () => {
          await writer.writeInside(unit);
          return more();
        });
      } catch (error) {
        if (!(error instanceof HooklineError)) await writer.reset();
        throw toCommitError(error);
      }
    },
    commit(unit) {
      if (closed) return Promise.reject(new HooklineError('storage_unavailable', 'The database connection is closed.'));
      return new Promise((resolve, reject) => {
        pending.push({ unit, resolve, reject });
        wake();
      });
    },
    claim(id, now) {
      if (closed) return Promise.reject(new HooklineError('storage_unavailable', 'The database connection is closed.'));
      return new Promise((resolve, reject) => {
        claims.push({ id, now, resolve, reject });
        wake();
      });
    },
    async close() {
      closed = true;
      while (pumping) await pumping;
      await writer.reset();
      await checkpoints.close();
    },
  };
}

function isOutboundAlone(unit: Unit): boolean {
  return unit.every(({ insert, update, signal }) => !insert && !update && !signal);
}

function toCommitError(error: unknown): HooklineError {
  const known = toStorageError(error);
  if (known instanceof HooklineError) return known;
  return new HooklineError('storage_unavailable', 'The database refused the write; the server log says why.', { cause: error });
}

/** What SQLite says of a row that it refuses: a constraint, JSON nested too deep for it, a text that is too long. */
const ROW_FAULTS: ReadonlySet<string | undefined> = new Set(['SQLITE_CONSTRAINT', 'SQLITE_ERROR', 'SQLITE_TOOBIG']);

/** A row that is refused, or that cannot be written as JSON: the others of the batch are not to blame. */
function isFaultOfOne(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || ROW_FAULTS.has(sqliteCode(error));
}
