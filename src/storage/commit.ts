// Group commit: the one writer of a process. Whatever waits is committed together, in one statement where possible.

import sqlite3 from 'sqlite3';
import type { ExecutionWithJobs, Job } from '../engine/model.ts';
import { isFinal } from '../engine/model.ts';
import type { ExecutionUpdate, ExecutionWrite } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';
import { toStorageError } from './storage-error.ts';

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

/** Numbers go as text, which the columns turn into integers: the driver takes twice as long for a number. */
type Value = string | null;

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
const COLUMNS = 10;
/** Log size in bytes after which its pages are copied into the database. Smaller costs more copying, larger more disk. */
const CHECKPOINT_BYTES = 12 * 1024 * 1024;
/** What a commit writes to the log besides its rows: the pages of two indexes and the tail page of the table. */
const BATCH_OVERHEAD_BYTES = 4 * 8192;
/** What an exclusive section is taken to write: a deletion of 200 executions touches about as much. */
const EXCLUSIVE_BYTES = 64 * 8192;

/**
 * One statement for new executions and for changed ones: an upsert keeps a batch in one implicit transaction, and so in one
 * hand-over to SQLite's thread. A changed row whose execution was deleted meanwhile has no `origin` and is dropped.
 */
function upsertSql(rows: number): string {
  const values = Array.from({ length: rows }, () => `(${Array(COLUMNS).fill('?').join(',')})`).join(',');
  return `INSERT INTO executions
    (id, workflow_id, revision, status, created_at, started_at, finished_at, origin, body, result)
    SELECT * FROM (VALUES ${values})
    WHERE column8 IS NOT NULL OR EXISTS (SELECT 1 FROM executions WHERE id = column1)
    ON CONFLICT (id) DO UPDATE SET status = excluded.status, started_at = excluded.started_at,
      finished_at = excluded.finished_at, result = excluded.result`;
}

function encodeInsert(execution: ExecutionWithJobs, row: Value[]): void {
  const { request } = execution;
  const origin = {
    source: execution.source,
    replayOf: execution.replayOf ?? undefined,
    context: request === null ? execution.context : undefined,
    // The reply of an async workflow is known before there is a result.
    response: isFinal(execution.status) ? undefined : (execution.response ?? undefined),
    request:
      request === null
        ? undefined
        : { method: request.method, url: request.url, headers: request.headers, address: request.address },
  };
  row.push(
    execution.id,
    execution.workflowId,
    String(execution.revision),
    execution.status,
    String(execution.createdAt),
    toText(execution.startedAt),
    toText(execution.finishedAt),
    JSON.stringify(origin),
    request === null ? null : request.body,
    isFinal(execution.status) ? encodeResult(execution) : null,
  );
}

function encodeUpdate(update: ExecutionUpdate, row: Value[]): void {
  row.push(
    update.id,
    '',
    '0',
    update.status,
    '0',
    toText(update.startedAt),
    toText(update.finishedAt),
    null,
    null,
    isFinal(update.status) ? encodeResult(update) : null,
  );
}

function toText(time: number | null): string | null {
  return time === null ? null : String(time);
}

function encodeResult({ response, error, jobs }: Pick<ExecutionWithJobs, 'response' | 'error' | 'jobs'>): string {
  return JSON.stringify({ response, error, jobs });
}

/** Jobs of a write that is not final go to the job log, since the next write replaces `result`. */
function loggedJobs(write: ExecutionWrite): { id: string; sequence: number; jobs: Job[] } | undefined {
  const { insert, update } = write;
  if (insert && insert.jobs.length > 0 && !isFinal(insert.status)) return { id: insert.id, sequence: 0, jobs: insert.jobs };
  if (update && update.jobs.length > 0 && !isFinal(update.status)) {
    return { id: update.id, sequence: update.sequence, jobs: update.jobs };
  }
  return undefined;
}

/** Prepared statements, run in order on the writer's connection. */
class Statements {
  readonly #handle: sqlite3.Database;
  readonly #upserts = new Map<number, sqlite3.Statement>();
  #log: sqlite3.Statement | undefined;

  constructor(handle: sqlite3.Database) {
    this.#handle = handle;
  }

  upsert(rows: number): sqlite3.Statement {
    let statement = this.#upserts.get(rows);
    if (!statement) {
      statement = this.#handle.prepare(upsertSql(rows));
      this.#upserts.set(rows, statement);
    }
    return statement;
  }

  log(): sqlite3.Statement {
    // Not for an execution that was deleted while it ran: nothing would ever remove the row.
    this.#log ??= this.#handle.prepare(
      'INSERT INTO execution_jobs (execution_id, sequence, jobs) SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM executions WHERE id = ?1)',
    );
    return this.#log;
  }

  /** A statement that failed may keep a stale error; it is prepared anew. */
  async reset(): Promise<void> {
    const all = [...this.#upserts.values(), ...(this.#log ? [this.#log] : [])];
    this.#upserts.clear();
    this.#log = undefined;
    await Promise.all(all.map((statement) => new Promise<void>((resolve) => statement.finalize(() => resolve()))));
  }
}

function run(statement: sqlite3.Statement, values: readonly Value[]): Promise<void> {
  return new Promise((resolve, reject) => {
    statement.run(values, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}

function execute(handle: sqlite3.Database, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    handle.exec(sql, (error) => (error ? reject(error) : resolve()));
  });
}

/** Opens the group-commit writer on a connection that nobody else writes with. */
export async function createCommitter(handle: sqlite3.Database, options: CommitterOptions): Promise<Committer> {
  const statements = new Statements(handle);
  const checkpoints = await openCheckpoints(handle, options);
  let pending: Pending[] = [];
  const exclusives: Exclusive[] = [];
  let pumping: Promise<void> | undefined;
  let closed = false;

  async function writeBatch(batch: readonly Pending[]): Promise<void> {
    const values: Value[] = [];
    let logged: { id: string; sequence: number; jobs: Job[] }[] | undefined;
    for (const { write } of batch) {
      if (write.insert) encodeInsert(write.insert, values);
      else if (write.update) encodeUpdate(write.update, values);
      const jobs = loggedJobs(write);
      if (jobs) {
        logged ??= [];
        logged.push(jobs);
      }
    }
    const statement = statements.upsert(values.length / COLUMNS);
    if (!logged) {
      await run(statement, values);
    } else {
      const log = statements.log();
      const entries = logged;
      await inTransaction(async () => {
        await run(statement, values);
        for (const { id, sequence, jobs } of entries) await run(log, [id, String(sequence), JSON.stringify(jobs)]);
      });
    }
    checkpoints.wrote(values, BATCH_OVERHEAD_BYTES);
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

  async function commitBatch(batch: readonly Pending[]): Promise<void> {
    try {
      await writeBatch(batch);
    } catch (error) {
      await statements.reset();
      if (batch.length > 1 && isConstraintError(error)) {
        // One bad unit must not take the others with it.
        for (const one of batch) await commitBatch([one]);
        return;
      }
      const known = toStorageError(error);
      const failure =
        known instanceof HooklineError
          ? known
          : new HooklineError('storage_unavailable', 'The database refused the write; the server log says why.', {
              cause: error,
            });
      for (const { reject } of batch) reject(failure);
      return;
    }
    for (const { resolve } of batch) resolve();
  }

  async function pump(): Promise<void> {
    while (pending.length > 0 || exclusives.length > 0) {
      if (pending.length > 0) {
        const batch = pending.length <= MAX_ROWS ? pending : pending.slice(0, MAX_ROWS);
        pending = pending.length <= MAX_ROWS ? [] : pending.slice(MAX_ROWS);
        await commitBatch(batch);
      }
      await checkpoints.finish();
      await exclusives.shift()?.run();
    }
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
                checkpoints.wrote([], EXCLUSIVE_BYTES);
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
      await statements.reset();
      await checkpoints.close();
    },
  };
}

function isConstraintError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'SQLITE_CONSTRAINT';
}

interface Checkpoints {
  /** Counts what went to the log; starts a checkpoint beside the writer when it is due. */
  wrote(values: readonly Value[], overheadBytes: number): void;
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
    wrote(values, overheadBytes) {
      bytes += overheadBytes;
      for (const value of values) if (typeof value === 'string') bytes += value.length;
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
