// A SQLite connection as promises: prepared statements with few parameters, and plain ones.

import type sqlite3 from 'sqlite3';

/** A prepared statement, made when it is needed, and anew after a failure. */
export class Statement {
  readonly #handle: sqlite3.Database;
  readonly #sql: string;
  #prepared: sqlite3.Statement | undefined;

  constructor(handle: sqlite3.Database, sql: string) {
    this.#handle = handle;
    this.#sql = sql;
  }

  run(...parameters: (string | null)[]): Promise<void> {
    const prepared = this.#prepare();
    return new Promise((resolve, reject) => {
      prepared.run(...parameters, (error: Error | null) => (error ? reject(error) : resolve()));
    });
  }

  all<Row>(parameter: string): Promise<Row[]> {
    const prepared = this.#prepare();
    return new Promise((resolve, reject) => {
      prepared.all<Row>(parameter, (error: Error | null, rows: Row[]) => (error ? reject(error) : resolve(rows)));
    });
  }

  /** Lets the prepared one go. */
  reset(): Promise<void> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    return new Promise((resolve) => {
      if (prepared) prepared.finalize(() => resolve());
      else resolve();
    });
  }

  #prepare(): sqlite3.Statement {
    this.#prepared ??= this.#handle.prepare(this.#sql);
    return this.#prepared;
  }
}

export function execute(handle: sqlite3.Database, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    handle.exec(sql, (error) => (error ? reject(error) : resolve()));
  });
}

/** Runs work in a transaction; rolled back when it throws. */
export async function inTransaction<Result>(handle: sqlite3.Database, work: () => Promise<Result>): Promise<Result> {
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
