// Opens what an engine stands on when several processes share a PostgreSQL database.

import { hostname } from 'node:os';
import { createPostgresCounters } from './access/throttle/postgres-counter.ts';
import type { Backend, BackendOptions } from './backend.ts';
import { type ProcessBus, startBus } from './cluster/bus.ts';
import { type Leader, startLeader } from './cluster/leader.ts';
import { createClusterPool } from './cluster/pool.ts';
import { type Process, startProcess } from './cluster/processes.ts';
import type { Config } from './config.ts';
import type { Queue } from './engine/ports.ts';
import { program } from './program.ts';
import { graphileTasks } from './queue/graphile-tasks.ts';
import { createGraphileQueue, installQueue } from './queue/graphile-worker.ts';
import { reportUnreadable } from './report-unreadable.ts';
import { openStorage } from './storage/storage.ts';

/** Takes nothing from the queue: other processes do. What is committed is announced to them by the database. */
const NO_QUEUE: Queue = {
  start: () => Promise.resolve(),
  push() {},
  wake() {},
  stop: () => Promise.resolve(),
  depth: () => ({ waiting: 0, running: 0 }),
};

/** See `openBackend`. @throws HooklineError `invalid_configuration`, `migration_needed`, `storage_unavailable` */
export async function openPostgresBackend(config: Config, { log, keyIds, onTooOld }: BackendOptions): Promise<Backend> {
  const { databaseUrl: url, durability, autoMigrate, role, recoveryMs } = config;
  const pool = createClusterPool({ url, log });
  /** What is open already, to be closed in the opposite order. */
  const closers: (() => Promise<void>)[] = [() => pool.end()];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) await close();
  };
  let self: Process | undefined;
  let bus: ProcessBus | undefined;
  const processId = (): string => self?.id() ?? '';
  try {
    const storage = await openStorage({
      url,
      durability,
      autoMigrate,
      processId,
      onUnreadable: (row) => reportUnreadable(log, row),
      addTasks: graphileTasks.addTasks,
    });
    closers.push(() => storage.close());
    await installQueue(pool, log);
    bus = await startBus({ pool, log });
    const { stop: stopBus, deliver } = bus;
    closers.push(stopBus);
    const started = await startProcess({
      pool,
      role,
      host: hostname(),
      recoveryMs,
      program,
      keyIds,
      tasks: graphileTasks,
      log,
      onDeclaredDead: () => deliver({ type: 'declared-dead' }),
      onTooOld,
    });
    self = started;
    closers.push(() => started.stop());
    const { executions } = storage;
    const { concurrency } = config;
    let queue = NO_QUEUE;
    if (role !== 'web') {
      const queuePool = createClusterPool({ url, waitsForDisk: false, log });
      closers.push(() => queuePool.end());
      const graphile = createGraphileQueue({ pool: queuePool, processId, executions, concurrency, log, now: Date.now });
      // Before the process signs off: what has ended reports its end first.
      closers.push(() => graphile.close());
      queue = graphile;
    }
    return {
      storage,
      queue,
      bus,
      everyProcessKnows: (migration) => started.everyProcessKnows(migration),
      counters: createPostgresCounters({ pool, log }),
      async lead({ onLead, onLose }) {
        const leader: Leader = await startLeader({ pool, onLead, onLose, log });
        closers.push(() => leader.stop());
      },
      close: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}
