// Leadership: of all processes on one database exactly one does what must not be done twice.

import type { Pool, PoolClient } from 'pg';
import type { Log } from '../engine/plugin.ts';
import { startSession } from './session.ts';

export interface LeaderOptions {
  readonly pool: Pool;
  /** This process leads from now on. When it rejects, it gives the leadership back and tries again later. */
  readonly onLead: () => Promise<void>;
  /** It leads no more: the connection is lost, or it stops. Ends what `onLead` began. Errors are logged. */
  readonly onLose: () => Promise<void>;
  /** How often a process that does not lead asks whether it can, in milliseconds. Default 2000. */
  readonly retryMs?: number;
  readonly log: Log;
}

export interface Leader {
  isLeading(): boolean;
  /** Ends what it leads, then lets another process lead. */
  stop(): Promise<void>;
}

/** The advisory lock: `hook`, 1. */
const LOCK = '1752133483, 1';

/**
 * Tries to lead until it does. The lock belongs to a connection of its own: the database gives it to another process when this
 * process, or its connection, is gone. For seconds two may believe to lead when a network swallows everything in silence.
 */
export async function startLeader(options: LeaderOptions): Promise<Leader> {
  const { pool, onLead, onLose, retryMs = 2_000, log } = options;
  let isLeading = false;
  /** `onLead` and `onLose` never overlap. */
  let turn: Promise<void> = Promise.resolve();

  async function tryToLead(client: PoolClient): Promise<void> {
    if (isLeading) return void (await client.query('SELECT 1'));
    const { rows } = await client.query<{ locked: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS locked`);
    if (rows[0]?.locked !== true) return;
    isLeading = true;
    log.info({ part: 'leader' }, 'this process leads');
    inTurn('could not begin to lead', () => begin(client));
  }

  async function begin(client: PoolClient): Promise<void> {
    // Meanwhile the connection may have been lost.
    if (!isLeading) return;
    try {
      await onLead();
    } catch (error) {
      if (isLeading) {
        isLeading = false;
        inTurn('could not end what it led', onLose);
        inTurn('the leadership could not be given back', async () => {
          await client.query(`SELECT pg_advisory_unlock(${LOCK})`);
        });
      }
      throw error;
    }
  }

  function lose(): void {
    if (!isLeading) return;
    isLeading = false;
    log.info({ part: 'leader' }, 'this process leads no more');
    inTurn('could not end what it led', onLose);
  }

  function inTurn(failure: string, work: () => Promise<void>): void {
    turn = turn.then(work).catch((error: unknown) => {
      log.error({ part: 'leader', error: error instanceof Error ? error.message : String(error) }, failure);
    });
  }

  const session = await startSession({
    pool,
    name: 'leader',
    tickMs: retryMs,
    tick: tryToLead,
    onUp: tryToLead,
    onDown: lose,
    log,
  });
  return {
    isLeading: () => isLeading,
    async stop() {
      lose();
      await turn;
      await session.stop();
    },
  };
}
