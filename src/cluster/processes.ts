// The processes that share a database: each shows that it lives, and each looks after what a dead one has left.

import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { Log } from '../engine/plugin.ts';
import type { HooklineError } from '../errors.ts';
import { reconcile, type TaskTable, takeOver, transaction } from './recovery.ts';
import { createVersions, type Program } from './versions.ts';
import { type Beat, createWatch } from './watch.ts';

export type Role = 'web' | 'worker' | 'all';

export interface ProcessOptions {
  readonly pool: Pool;
  readonly role: Role;
  /** For people: the name of the machine. */
  readonly host: string;
  /**
   * How long it may take until what a dead process has left goes on, in milliseconds. Default 30,000. Smaller: sooner, and
   * more writes; a process that stands still for two thirds of it, say in garbage collection, is taken for dead.
   */
  readonly recoveryMs?: number;
  /** How often a process that runs executions looks for lost ones, in milliseconds. Default 60,000. */
  readonly reconcileMs?: number;
  /** What runs here, for the other processes. */
  readonly program: Program;
  /** Ids of the secret keys that this process has, the current one first. */
  readonly keyIds: () => readonly string[];
  readonly tasks: TaskTable;
  readonly log: Log;
  /**
   * This process was taken for dead, and others go on with what it ran: it has to stop that, and writes nothing for it. Called
   * before it has a new id; until then all that it writes for an execution is refused.
   */
  readonly onDeclaredDead: () => void | Promise<void>;
  /** The database was migrated beyond what this program can work on: it has to stop. Called at most once. */
  readonly onTooOld: (error: HooklineError) => void;
}

export interface Process {
  /** A UUID, the owner of what this process runs. Another one after it was declared dead. */
  id(): string;
  /** See `Backend.everyProcessKnows`. @throws TypeError when there is no migration of this name and the effect `format` */
  everyProcessKnows(migration: string): boolean;
  /** Call it when nothing runs here any more: puts back what the process still owns, and signs off. Errors are logged. */
  stop(): Promise<void>;
}

const DEFAULT_RECOVERY_MS = 30_000;
const DEFAULT_RECONCILE_MS = 60_000;

/**
 * Registers this process. The tables of storage and queue must be there.
 * @throws HooklineError `migration_needed` when the database was migrated meanwhile beyond what this program can work on
 * @throws what the database throws when the process cannot be registered
 */
export async function startProcess(options: ProcessOptions): Promise<Process> {
  const { pool, role, host, program, keyIds, tasks, log, onDeclaredDead, onTooOld } = options;
  const { recoveryMs = DEFAULT_RECOVERY_MS, reconcileMs = DEFAULT_RECONCILE_MS } = options;
  // Four silent beats are two thirds; with the next look it is five sixths at most.
  const beatMs = recoveryMs / 6;
  const watch = createWatch((recoveryMs * 2) / 3, beatMs * 2);
  const versions = createVersions({ pool, program, log });
  let id = await register();
  let isStopped = false;
  let isTooOld = false;
  let reconciledAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();

  async function register(): Promise<string> {
    const newId = randomUUID();
    const now = Date.now();
    await pool.query(
      `INSERT INTO processes (id, role, host, started_at, beat, beat_at, version, schema_newest, schema_oldest, key_ids)
       VALUES ($1, $2, $3, $4, 0, $4, $5, $6, $6, $7)`,
      // A start runs what is pending, or is refused: the newest is also the oldest.
      [newId, role, host, now, program.version, program.migrations.at(-1), JSON.stringify(keyIds())],
    );
    return newId;
  }

  function schedule(): void {
    if (isStopped) return;
    timer = setTimeout(() => {
      working = turn().then(schedule);
    }, beatMs);
  }

  async function turn(): Promise<void> {
    try {
      await beat();
    } catch (error) {
      watch.miss();
      log.warn({ part: 'processes', error: messageOf(error) }, 'the database cannot be told that this process lives');
      return;
    }
    if (role === 'web' || performance.now() - reconciledAt < reconcileMs) return;
    reconciledAt = performance.now();
    await tidy();
  }

  async function beat(): Promise<void> {
    const readAt = performance.now();
    const beaten = await pool.query('UPDATE processes SET beat = beat + 1, beat_at = $2, key_ids = $3 WHERE id = $1', [
      id,
      Date.now(),
      JSON.stringify(keyIds()),
    ]);
    if (beaten.rowCount === 0) {
      log.error({ part: 'processes', process: id }, 'this process was taken for dead; others go on with what it ran');
      await onDeclaredDead();
      id = await register();
    }
    const { rows } = await pool.query<Beat>('SELECT id, beat::text FROM processes WHERE id <> $1', [id]);
    for (const dead of watch.read(rows, readAt)) await bury(dead);
    await versions.advance();
    const tooOld = await versions.findTooOld();
    if (tooOld === undefined || isTooOld) return;
    isTooOld = true;
    log.error({ part: 'processes', process: id, error: tooOld.message }, 'this program is too old for the database; it stops');
    onTooOld(tooOld);
  }

  /** One of the survivors does it: the others find the row locked or gone. */
  async function bury(dead: Beat): Promise<void> {
    try {
      const count = await transaction(pool, async (client) => {
        const { rows } = await client.query('SELECT FROM processes WHERE id = $1 AND beat = $2 FOR UPDATE SKIP LOCKED', [
          dead.id,
          dead.beat,
        ]);
        return rows.length === 0 ? undefined : takeOver(client, tasks, dead.id);
      });
      if (count === undefined) return;
      log.warn({ part: 'processes', process: dead.id, executions: count }, 'a process is dead; what it ran goes on elsewhere');
    } catch (error) {
      log.error(
        { part: 'processes', process: dead.id, error: messageOf(error) },
        'what a dead process ran cannot be taken over yet',
      );
    }
  }

  async function tidy(): Promise<void> {
    try {
      await transaction(pool, (client) => tasks.keepLocks(client, id));
      const count = await reconcile(pool, tasks);
      if (count > 0) log.warn({ part: 'processes', executions: count }, 'executions that nobody would have run were queued');
    } catch (error) {
      log.warn({ part: 'processes', error: messageOf(error) }, 'lost executions could not be looked for');
    }
  }

  async function signOff(): Promise<void> {
    try {
      await transaction(pool, (client) => takeOver(client, tasks, id));
    } catch (error) {
      log.warn({ part: 'processes', error: messageOf(error) }, 'this process could not sign off; the others will notice');
    }
  }

  // Behind the registration: from here on a migration that would break this program sees it.
  const tooOld = await versions.findTooOld();
  if (tooOld !== undefined) {
    await signOff();
    throw tooOld;
  }
  if (role !== 'web') await tidy();
  schedule();
  return {
    id: () => id,
    everyProcessKnows: (migration) => versions.everyProcessKnows(migration),
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await working;
      await signOff();
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
