// Group commit: the one writer of a process. Whatever waits is committed together, in one statement where possible.

import sqlite3 from 'sqlite3';
import type { ExecutionWithJobs, Job } from '../engine/model.ts';
import { isFinal } from '../engine/model.ts';
import type { ExecutionWrite } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';
import { sqliteCode, toStorageError } from './storage-error.ts';

export interface Committer {
  /** Resolves when the write is durable. @throws HooklineError `storage_unavailable`; then nothing of it is stored. */
  commit(write: ExecutionWrite): Promise<void>;
  /** Runs other writes between two batches, in a transaction of their own; rolled back when `work` throws. */
  exclusive<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Waits for what is pending. Later commits are refused. */
  close(): Promise<void>;
}

export interface CommitterOptions {
  /** The database file, opened once more for checkpoints beside the writer. */
  checkpointPath: string;
  /** Called when a checkpoint fails; the write-ahead log then grows until one succeeds. */
  onCheckpointError?: (error: unknown) => void;
}

interface Pending {
  write: ExecutionWrite;
  resolve(): void;
  reject(error: unknown): void;
}

interface Exclusive {
  run(): Promise<void>;
}

/** Rows in one statement. 64 callers on 64 connections are the measured case; above it, larger batches gain little. */
const MAX_ROWS = 128;
/** Bodies and replies in one statement, in characters, so that large ones do not meet in memory; one alone may be larger. */
const MAX_BATCH_LENGTH = 16 * 1024 * 1024;
/** Log size in bytes after which its pages are copied into the database. Smaller costs more copying, larger more disk. */
const CHECKPOINT_BYTES = 12 * 1024 * 1024;
/** What a commit writes to the log besides its rows: the pages of two indexes and the tail page of the table. */
const BATCH_OVERHEAD_BYTES = 4 * 8192;
/** What an exclusive section is taken to write: a deletion of 200 executions touches about as much. */
const EXCLUSIVE_BYTES = 64 * 8192;

/**
 * One statement for new executions and for changed ones: an upsert keeps a batch in one implicit transaction, and so in one
 * hand-over to SQLite's thread. Its rows come as one JSON parameter: the driver takes a microsecond for each bound value.
 * A changed row whose execution was deleted meanwhile has no `origin` and is dropped.
 */
const UPSERT_SQL = `INSERT INTO executions
  (id, workflow_id, revision, status, created_at, started_at, finished_at, origin, body, result)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
    nullif(value -> 7, 'null'), value ->> 8, nullif(value -> 9, 'null')
  FROM jsonb_each(?)
  WHERE value ->> 7 IS NOT NULL OR EXISTS (SELECT 1 FROM executions WHERE id = value ->> 0)
  ON CONFLICT (id) DO UPDATE SET status = excluded.status, started_at = excluded.started_at,
    finished_at = excluded.finished_at, result = excluded.result`;

/** A row of `executions`; objects are stored as JSON text. */
type Row = readonly [
  id: string,
  workflowId: string,
  revision: number,
  status: string,
  createdAt: number,
  startedAt: number | null,
  finishedAt: number | null,
  origin: object | null,
  body: string | null,
  result: object | null,
];

function toRow({ insert, update }: ExecutionWrite): Row | undefined {
  if (insert) {
    const { id, workflowId, revision, status, createdAt, startedAt, finishedAt, request } = insert;
    const body = request === null ? null : request.body;
    return [id, workflowId, revision, status, createdAt, startedAt, finishedAt, originOf(insert), body, resultOf(insert)];
  }
  if (!update) return undefined;
  return [update.id, '', 0, update.status, 0, update.startedAt, update.finishedAt, null, null, resultOf(update)];
}

function originOf(execution: ExecutionWithJobs): object {
  const { source, request, replayOf, response } = execution;
  return {
    source,
    replayOf: replayOf ?? undefined,
    context: request === null ? execution.context : undefined,
    // The reply of an async workflow is known before there is a result.
    response: isFinal(execution.status) ? undefined : (response ?? undefined),
    request:
      request === null
        ? undefined
        : { method: request.method, url: request.url, headers: request.headers, address: request.address },
  };
}

function resultOf({
  status,
  response,
  error,
  jobs,
}: Pick<ExecutionWithJobs, 'status' | 'response' | 'error' | 'jobs'>): object | null {
  return isFinal(status) ? { response, error, jobs } : null;
}

/** Jobs of a write that is not final go to the job log, since the next write replaces `result`. */
function loggedJobs({
  insert,
  update,
}: ExecutionWrite): readonly [id: string, sequence: number, jobs: readonly Job[]] | undefined {
  const write = insert ?? update;
  if (!write || write.jobs.length === 0 || isFinal(write.status)) return undefined;
  return [write.id, update?.sequence ?? 0, write.jobs];
}

// Not for an execution that was deleted while it ran: nothing would ever remove the row.
const LOG_SQL = `INSERT INTO execution_jobs (execution_id, sequence, jobs)
  SELECT value ->> 0, value ->> 1, value -> 2 FROM jsonb_each(?)
  WHERE EXISTS (SELECT 1 FROM executions WHERE id = value ->> 0)`;

/** A prepared statement with one parameter, made when it is needed, and anew after a failure. */
class Statement {
  readonly #handle: sqlite3.Database;
  readonly #sql: string;
  #prepared: sqlite3.Statement | undefined;

  constructor(handle: sqlite3.Database, sql: string) {
    this.#handle = handle;
    this.#sql = sql;
  }

  run(parameter: string): Promise<void> {
    this.#prepared ??= this.#handle.prepare(this.#sql);
    const prepared = this.#prepared;
    return new Promise((resolve, reject) => {
      prepared.run(parameter, (error: Error | null) => (error ? reject(error) : resolve()));
    });
  }

  reset(): Promise<void> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    return new Promise((resolve) => {
      if (prepared) prepared.finalize(() => resolve());
      else resolve();
    });
  }
}

function execute(handle: sqlite3.Database, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    handle.exec(sql, (error) => (error ? reject(error) : resolve()));
  });
}

/** Opens the group-commit writer on a connection that nobody else writes with. */
export async function createCommitter(handle: sqlite3.Database, options: CommitterOptions): Promise<Committer> {
  const upsert = new Statement(handle, UPSERT_SQL);
  const log = new Statement(handle, LOG_SQL);
  const checkpoints = await openCheckpoints(handle, options);
  let pending: Pending[] = [];
  const exclusives: Exclusive[] = [];
  let pumping: Promise<void> | undefined;
  let closed = false;

  async function writeBatch(batch: readonly Pending[]): Promise<void> {
    const rows: Row[] = [];
    const logged: (readonly [id: string, sequence: number, jobs: readonly Job[]])[] = [];
    for (const { write } of batch) {
      const row = toRow(write);
      if (row) rows.push(row);
      const entry = loggedJobs(write);
      if (entry) logged.push(entry);
    }
    const json = JSON.stringify(rows);
    if (logged.length === 0) {
      await upsert.run(json);
    } else {
      await inTransaction(async () => {
        await upsert.run(json);
        await log.run(JSON.stringify(logged));
      });
    }
    checkpoints.wrote(json.length + BATCH_OVERHEAD_BYTES);
  }

  async function inTransaction<Result>(work: () => Promise<Result>): Promise<Result> {
    await execute(handle, 'BEGIN IMMEDIATE');
    try {
      const result = await work();
      await execute(handle, 'COMMIT');
      return result;
    } catch (error) {
      // SQLite has already rolled back after some errors (a full disk), and then refuses to do it again.
      await execute(handle, 'ROLLBACK').catch((rollbackError: Error) => {
        if (!rollbackError.message.includes('no transaction is active')) throw rollbackError;
      });
      throw error;
    }
  }

  /** @returns tells the callers how it went */
  async function commitBatch(batch: readonly Pending[]): Promise<() => void> {
    try {
      await writeBatch(batch);
      return () => {
        for (const { resolve } of batch) resolve();
      };
    } catch (error) {
      await Promise.all([upsert.reset(), log.reset()]);
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
    // A statement does not see the rows that it adds: a second write of one execution has to wait for the next batch.
    const ids = new Set<string | undefined>();
    for (const { write } of pending) {
      const id = (write.insert ?? write.update)?.id;
      length += lengthOf(write);
      if (ids.size === MAX_ROWS || ids.has(id) || (ids.size > 0 && length > MAX_BATCH_LENGTH)) break;
      ids.add(id);
    }
    const batch = pending.slice(0, ids.size);
    pending = pending.slice(ids.size);
    return batch;
  }

  async function pump(): Promise<void> {
    let announce = (): void => {};
    while (pending.length > 0 || exclusives.length > 0) {
      // The next batch starts before the callers of the last one hear of it: SQLite works while their answers are sent.
      const next = pending.length > 0 ? commitBatch(takeBatch()) : undefined;
      announce();
      announce = next ? await next : () => {};
      if (exclusives.length > 0 || checkpoints.isReady()) {
        announce();
        announce = () => {};
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

  return {
    commit(write) {
      if (closed) return Promise.reject(new HooklineError('storage_unavailable', 'The database connection is closed.'));
      return new Promise((resolve, reject) => {
        pending.push({ write, resolve, reject });
        wake();
      });
    },
    exclusive(work) {
      if (closed) return Promise.reject(new HooklineError('storage_unavailable', 'The database connection is closed.'));
      return new Promise((resolve, reject) => {
        exclusives.push({
          run: () =>
            inTransaction(work).then(
              (result) => {
                checkpoints.wrote(EXCLUSIVE_BYTES);
                resolve(result);
              },
              (error: unknown) => reject(toStorageError(error)),
            ),
        });
        wake();
      });
    },
    async close() {
      closed = true;
      while (pumping) await pumping;
      await Promise.all([upsert.reset(), log.reset()]);
      await checkpoints.close();
    },
  };
}

/** What the large texts of a unit weigh. */
function lengthOf({ insert, update }: ExecutionWrite): number {
  return (insert?.request?.body.length ?? 0) + ((insert ?? update)?.response?.body.length ?? 0);
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

interface Checkpoints {
  /** Counts what went to the log; starts a checkpoint beside the writer when it is due. */
  wrote(bytes: number): void;
  /** Whether the short last step is due. */
  isReady(): boolean;
  /** The short last step, on the writer's connection between two batches. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Checkpoints copy the write-ahead log into the database. SQLite's automatic ones stop the writer for 10 to 20 ms each, which
 * costs a quarter of the throughput. Here a second connection does the bulk while the writer goes on; what is left for the
 * writer is small, and with the log then wholly copied SQLite starts it anew from its beginning.
 */
async function openCheckpoints(writer: sqlite3.Database, options: CommitterOptions): Promise<Checkpoints> {
  const side = await new Promise<sqlite3.Database>((resolve, reject) => {
    const database = new sqlite3.Database(options.checkpointPath, sqlite3.OPEN_READWRITE, (error) =>
      error ? reject(toStorageError(error)) : resolve(database),
    );
  });
  let bytes = 0;
  let state: 'idle' | 'copying' | 'ready' = 'idle';
  let copying: Promise<void> = Promise.resolve();

  const checkpoint = (database: sqlite3.Database): Promise<void> =>
    new Promise((resolve) => {
      database.all('PRAGMA wal_checkpoint(PASSIVE)', (error: Error | null) => {
        if (error) options.onCheckpointError?.(error);
        resolve();
      });
    });

  return {
    wrote(count) {
      bytes += count;
      if (bytes < CHECKPOINT_BYTES || state !== 'idle') return;
      bytes = 0;
      state = 'copying';
      // Twice: the second run copies what was written during the first and leaves little.
      copying = checkpoint(side)
        .then(() => checkpoint(side))
        .then(() => {
          state = 'ready';
        });
    },
    isReady: () => state === 'ready',
    async finish() {
      if (state !== 'ready') return;
      state = 'idle';
      await checkpoint(writer);
    },
    async close() {
      await copying;
      await new Promise<void>((resolve, reject) => {
        side.close((error) => (error ? reject(toStorageError(error)) : resolve()));
      });
    },
  };
}
