// Opens what an engine stands on: embedded SQLite for one process, or PostgreSQL for as many as wanted.

import { createMemoryCounter, type MakeCounter } from './access/throttle/counter.ts';
import { createLocalBus, type ProcessBus } from './cluster/bus.ts';
import type { Config } from './config.ts';
import { toFailure } from './engine/failure.ts';
import type { Log } from './engine/plugin.ts';
import type { Queue } from './engine/ports.ts';
import { HooklineError } from './errors.ts';
import { createSqliteQueue } from './queue/sqlite.ts';
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
  /** Signs this process off. Call it when nothing runs any more. */
  close(): Promise<void>;
}

/** @throws HooklineError `invalid_configuration`, `migration_needed`, `storage_unavailable` */
export async function openBackend(config: Config, log: Log): Promise<Backend> {
  if (!isPostgresUrl(config.databaseUrl)) return openSqliteBackend(config, log);
  // Loaded when it is needed: most servers have no use for the driver and the queue of PostgreSQL.
  const { openPostgresBackend } = await import('./postgres-backend.ts');
  return openPostgresBackend(config, log);
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
    onCheckpointError: (error) => log.warn({ error: toFailure(error) }, 'a checkpoint of the database failed'),
  });
  const { executions } = storage;
  const bus = createLocalBus(log);
  return {
    storage,
    queue: createSqliteQueue({ executions, window: config.queueWindow, concurrency: config.concurrency, log }),
    bus,
    counters: createMemoryCounter,
    lead: ({ onLead }) => onLead(),
    async close() {
      await bus.stop();
      await storage.close();
    },
  };
}
