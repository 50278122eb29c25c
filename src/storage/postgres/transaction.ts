// One transaction on PostgreSQL, and what became of it when the connection is lost on the way.

import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { HooklineError } from '../../errors.ts';
import type { Durability } from '../connect.ts';
import { postgresCode, toStorageError, withStorageErrors } from '../storage-error.ts';

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
  const connections = new WeakMap<pg.PoolClient, string>();

  /**
   * Leaves a mark that is there exactly when the transaction is: after a crash the server may give its number, which is all
   * that it tells of a transaction, to another one.
   */
  async function begin(client: pg.PoolClient): Promise<Mark> {
    const connection = connections.get(client) ?? randomUUID();
    connections.set(client, connection);
    const id = randomUUID();
    const results = await client.query(`BEGIN; SET LOCAL enable_seqscan TO off; ${BEGIN[durability]};
      INSERT INTO commits (connection, id, at) VALUES ('${connection}', '${id}', ${Date.now()})
      ON CONFLICT (connection) DO UPDATE SET id = excluded.id, at = excluded.at;
      SELECT pg_current_xact_id()::text AS number`);
    return { connection, id, number: numberOf(results) };
  }

  return async (work) => {
    const client = await pool.connect();
    // A connection that is lost between two statements says so with an event that somebody has to hear.
    client.on('error', ignore);
    let isSound = false;
    try {
      const mark = await begin(client);
      const value = await work(client).catch(async (error: unknown) => {
        isSound = !isLost(error) && (await rollBack(client));
        throw error;
      });
      await commit(client, mark);
      isSound = true;
      return value;
    } finally {
      client.off('error', ignore);
      client.release(!isSound);
    }
  };

  async function commit(client: pg.PoolClient, mark: Mark): Promise<void> {
    let command: string;
    try {
      command = (await client.query('COMMIT')).command;
    } catch (error) {
      if (!(await isCommitted(mark, error))) throw error;
      return;
    }
    // What is answered when a statement failed and somebody kept its error to himself.
    if (command !== 'COMMIT') throw new HooklineError('storage_unavailable', 'The database has rolled the transaction back.');
  }

  async function isInProgress(number: string): Promise<boolean> {
    try {
      const { rows } = await pool.query<{ status: string | null }>('SELECT pg_xact_status($1::xid8) AS status', [number]);
      return rows[0]?.status === 'in progress';
    } catch (error) {
      if (postgresCode(error) === INVALID_PARAMETER_VALUE) return false;
      throw error;
    }
  }

  async function isCommitted({ connection, id, number }: Mark, lost: unknown): Promise<boolean> {
    const deadline = performance.now() + OUTCOME_TIMEOUT_MS;
    while (performance.now() < deadline) {
      try {
        // First whether it is over, then how: the other way round it could end in between.
        if (!(await isInProgress(number))) {
          const { rows } = await pool.query<{ id: string }>('SELECT id FROM commits WHERE connection = $1', [connection]);
          return rows[0]?.id === id;
        }
      } catch {
        if (pool.ending) return false;
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

/** What a transaction is recognised by. */
interface Mark {
  /** Of the connection: it has one transaction at a time. */
  readonly connection: string;
  readonly id: string;
  /** The server's number of it. */
  readonly number: string;
}

/** Several statements in one text have a list of results. */
function numberOf(results: unknown): string {
  const last: unknown = Array.isArray(results) ? results.at(-1) : results;
  return (last as pg.QueryResult<{ number: string }>).rows[0]?.number ?? '';
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

/** Marks of connections that are long gone, in milliseconds. Nobody asks for them after half a minute. */
const KEEP_MARKS_MS = 24 * 3_600_000;

/** Deletes what connections of former days have left. @throws HooklineError `storage_unavailable` */
export async function forgetOldCommits(pool: pg.Pool): Promise<void> {
  await withStorageErrors(() => pool.query('DELETE FROM commits WHERE at < $1', [Date.now() - KEEP_MARKS_MS]));
}
