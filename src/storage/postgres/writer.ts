// The models of a process on PostgreSQL that write: in transactions, one after the other.

import type pg from 'pg';
import { HooklineError } from '../../errors.ts';
import { defineModels, type Models } from '../models.ts';
import { withStorageErrors } from '../storage-error.ts';
import { sequelizeThrough } from './connect.ts';
import type { Transact } from './transaction.ts';

export interface ModelWriter {
  /** Runs `work` in a transaction; rolled back when it throws. @throws HooklineError `storage_unavailable` */
  write<Result>(work: (models: Models, client: pg.PoolClient) => Promise<Result>): Promise<Result>;
  /** Waits for what is under way. Later writes are refused. */
  close(): Promise<void>;
}

/** The models know no transaction: each of their statements goes to the connection whose turn it is. */
export function modelWriter(transact: Transact): ModelWriter {
  let current: pg.PoolClient | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;
  const models = defineModels(
    sequelizeThrough(() => {
      if (!current) throw new TypeError('A model was written outside a transaction.');
      return current;
    }),
  );

  function inTurn<Result>(work: (models: Models, client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    return transact(async (client) => {
      current = client;
      try {
        return await work(models, client);
      } finally {
        current = undefined;
      }
    });
  }

  return {
    write(work) {
      if (closed) return Promise.reject(new HooklineError('storage_unavailable', 'The database connection is closed.'));
      const turn = last.then(() => withStorageErrors(() => inTurn(work)));
      last = turn.catch(() => {});
      return turn;
    },
    async close() {
      closed = true;
      await last;
    },
  };
}
