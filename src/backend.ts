// Opens what an engine stands on: embedded SQLite for one process, or PostgreSQL for as many as wanted.

import { createMemoryCounter, type MakeCounter } from './access/throttle/counter.ts';
import { createLocalBus, type ProcessBus } from './cluster/bus.ts';
import { isFormat } from './cluster/versions.ts';
import type { Config } from './config.ts';
import { toFailure } from './engine/failure.ts';
import type { Log } from './engine/plugin.ts';
import type { Queue } from './engine/ports.ts';
import { HooklineError } from './errors.ts';
import { program } from './program.ts';
import { createSqliteQueue } from './queue/sqlite.ts';
import { reportUnreadable } from './report-unreadable.ts';
import { isPostgresUrl } from './storage/postgres-url.ts';
import { type OpenStorage, openStorage } from './storage/storage.ts';

export interface Backend {
  readonly storage: OpenStorage;
  readonly queue: Queue;
  readonly bus: ProcessBus;
  /** Counts tries of those who guess, for all processes on the database. */
  readonly counters: MakeCounter;
  /** Asks to run the triggers that listen by themselves, which one process does for all. */
  lead(turn: { readonly onLead: () => Promise<void>; readonly onLose: () => Promise<void> }): Promise<void>;
  /**
   * Whether every process on this database knows a migration of the effect `format`, so that values of the new format may be
   * written. Once true it stays true, also for later processes: a program that does not know the migration is refused from then
   * on. Always true on SQLite; on PostgreSQL it may become true at any beat (`recoveryMs / 6`).
   * @throws TypeError when there is no migration of this name and effect
   */
  everyProcessKnows(migration: string): boolean;
  /** Signs this process off. Call it when nothing runs any more. */
  close(): Promise<void>;
}

export interface BackendOptions {
  readonly log: Log;
  /** Ids of the secret keys of this process, for the processes beside it. */
  keyIds(): readonly string[];
  /** Called at most once, when another process has migrated the database beyond what this program can work on: it has to stop. */
  onTooOld(error: HooklineError): void;
}

/**
 * @throws HooklineError `invalid_configuration`, `migration_needed`, `storage_unavailable`
 */
export async function openBackend(config: Config, { log, keyIds, onTooOld }: BackendOptions): Promise<Backend> {
  if (!isPostgresUrl(config.databaseUrl)) return openSqliteBackend(config, log);
  // Loaded when it is needed: most servers have no use for the driver and the queue of PostgreSQL.
  const { openPostgresBackend } = await import('./postgres-backend.ts');
  return openPostgresBackend(config, { log, keyIds, onTooOld });
}

async function openSqliteBackend(config: Config, log: Log): Promise<Backend> {
  if (config.role !== 'all') {
    throw new HooklineError(
      'invalid_configuration',
      `The role "${config.role}" needs PostgreSQL (a database URL that begins with postgres://): one process alone may use a SQLite file.`,
    );
  }
  const storage = await openStorage({
    url: config.databaseUrl,
    durability: config.durability,
    autoMigrate: config.autoMigrate,
    onUnreadable: (row) => reportUnreadable(log, row),
    onCheckpointError: (error) => log.warn({ error: toFailure(error) }, 'a checkpoint of the database failed'),
    onModes: ({ tightened, open }) => {
      if (tightened.length > 0)
        log.warn({ files: tightened }, 'Other users could read files of the database; their mode is 0600 now');
      for (const { path, reason } of open)
        log.warn({ path, reason }, 'The database is not safe from other users of this machine');
    },
  });
  const { executions } = storage;
  const bus = createLocalBus(log);
  return {
    storage,
    queue: createSqliteQueue({ executions, window: config.queueWindow, concurrency: config.concurrency, log }),
    bus,
    counters: createMemoryCounter,
    lead: ({ onLead }) => onLead(),
    everyProcessKnows: (migration) => isFormat(program, migration),
    async close() {
      await bus.stop();
      await storage.close();
    },
  };
}
