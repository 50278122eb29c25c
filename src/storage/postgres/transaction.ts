// One transaction on PostgreSQL, and what became of it when the connection is lost on the way.

import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { HooklineError } from '../../errors.ts';
import type { Durability } from '../connect.ts';
import { postgresCode, toStorageError } from '../storage-error.ts';

/** How long is asked after a commit whose answer was lost, in milliseconds: as long as a restart of the database takes. */
const OUTCOME_TIMEOUT_MS = 30_000;
const OUTCOME_PAUSE_MS = 100;
/** PostgreSQL's answer for a transaction that this server has never had, as after the switch to a standby. */
const INVALID_PARAMETER_VALUE = '22023';

/**
 * How a transaction begins. `normal` is acknowledged before it is on the disk, `full` behind it; a server that is stricter by
 * configuration stays so. Plans that read whole tables are never right here: prepared while the tables were empty, they stay.
 */
const BEGIN: Readonly<Record<Durability, string>> = {
  normal: 'SET LOCAL synchronous_commit TO off',
  full: `SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'`,
};

/** Runs something in a transaction; rolled back when it throws. A rejection means that nothing is stored. */
export type Transact = <Result>(work: (client: pg.PoolClient) => Promise<Result>) => Promise<Result>;

/**
 * Transactions on the connections of a pool. When a connection is lost during its commit, the database is asked what became
 * of it, as soon as it answers again.
 */
export function transactionsOn(pool: pg.Pool, durability: Durability): Transact {
  const begin = `BEGIN; SET LOCAL enable_seqscan TO off; ${BEGIN[durability]}; SELECT pg_current_xact_id()::text AS id`;

  return async (work) => {
    const client = await pool.connect();
    // A connection that is lost between two statements says so with an event that somebody has to hear.
    client.on('error', ignore);
    let isSound = false;
    try {
      const transaction = idOf(await client.query(begin));
      const value = await work(client).catch(async (error: unknown) => {
        isSound = !isLost(error) && (await rollBack(client));
        throw error;
      });
      await commit(client, transaction);
      isSound = true;
      return value;
    } finally {
      client.off('error', ignore);
      client.release(!isSound);
    }
  };

  async function commit(client: pg.PoolClient, transaction: string): Promise<void> {
    let command: string;
    try {
      command = (await client.query('COMMIT')).command;
    } catch (error) {
      if (!(await isCommitted(transaction, error))) throw error;
      return;
    }
    // What is answered when a statement failed and somebody kept its error to himself.
    if (command !== 'COMMIT') throw new HooklineError('storage_unavailable', 'The database has rolled the transaction back.');
  }

  async function isCommitted(transaction: string, lost: unknown): Promise<boolean> {
    const deadline = performance.now() + OUTCOME_TIMEOUT_MS;
    while (performance.now() < deadline) {
      try {
        const { rows } = await pool.query<{ status: string | null }>('SELECT pg_xact_status($1::xid8) AS status', [transaction]);
        const status = rows[0]?.status;
        if (status === 'committed') return true;
        if (status === 'aborted') return false;
      } catch (error) {
        if (postgresCode(error) === INVALID_PARAMETER_VALUE || pool.ending) return false;
      }
      await pause(OUTCOME_PAUSE_MS);
    }
    throw new HooklineError(
      'storage_unavailable',
      'The connection to the database was lost during a commit, and the database does not say whether it is stored.',
      { cause: lost },
    );
  }
}

/** Several statements in one text have a list of results. */
function idOf(results: unknown): string {
  const last: unknown = Array.isArray(results) ? results.at(-1) : results;
  return (last as pg.QueryResult<{ id: string }>).rows[0]?.id ?? '';
}

/** Whether the connection itself has failed, not only what was asked: asking it anything more would only take time. */
function isLost(error: unknown): boolean {
  if (error instanceof HooklineError || postgresCode(error) !== undefined) return false;
  return toStorageError(error) instanceof HooklineError;
}

/** @returns whether the connection can be used again */
function rollBack(client: pg.PoolClient): Promise<boolean> {
  return client.query('ROLLBACK').then(
    () => true,
    () => false,
  );
}

function ignore(): void {}
