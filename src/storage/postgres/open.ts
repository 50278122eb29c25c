// Opens the storage on PostgreSQL: connections, migrations, committer and model writer, wired together.

import { randomUUID } from 'node:crypto';
import type { Sequelize } from 'sequelize';
import { appendEntries, withEntry } from '../audit-chain.ts';
import type { ExecutionWriter } from '../committer.ts';
import type { Durability } from '../connect.ts';
import { audited, type Database } from '../database.ts';
import { reopenExecution } from '../execution-changes.ts';
import { laneOf } from '../execution-row.ts';
import { requireMigrated } from '../migrate.ts';
import { defineModels } from '../models.ts';
import type { Leases } from '../outbound/queue.ts';
import { createRowReader, type UnreadableRow } from '../row-reader.ts';
import { type AddTasks, createPostgresCommitter } from './commit.ts';
import { connectPostgres } from './connect.ts';
import { postgresLeases } from './leases.ts';
import { migratePostgres } from './migrate.ts';
import { forgetOldCommits, transactionsOn } from './transaction.ts';
import { type ModelWriter, modelWriter } from './writer.ts';

export interface PostgresStorageOptions {
  readonly url: string;
  readonly durability: Durability;
  readonly autoMigrate: boolean;
  readonly onUnreadable?: ((row: UnreadableRow) => void) | undefined;
  /** Connections that read, at most. Default 10. */
  readonly poolSize?: number | undefined;
  /** Owner of what this process runs; other processes on the database have others. Default a new UUID. */
  readonly processId?: (() => string) | undefined;
  /** Adds the queue's tasks in the transaction that makes them necessary. Default: there are none. */
  readonly addTasks?: AddTasks | undefined;
}

/** The parts of a storage that the stores are built on. */
export interface PostgresParts {
  readonly reader: Sequelize;
  readonly database: Database;
  readonly writer: ExecutionWriter;
  readonly leases: Leases;
  close(): Promise<void>;
}

/** @throws HooklineError `invalid_configuration`, `migration_needed`, `storage_unavailable` */
export async function openPostgres(options: PostgresStorageOptions): Promise<PostgresParts> {
  const ownId = randomUUID();
  const { processId = () => ownId, addTasks = async () => {} } = options;
  const connections = await connectPostgres(options);
  try {
    if (options.autoMigrate) await migratePostgres(options.url);
    else await requireMigrated(connections.reader);
    await forgetOldCommits(connections.pool);
  } catch (error) {
    await connections.close();
    throw error;
  }
  const rows = createRowReader(options.onUnreadable);
  const transact = transactionsOn(connections.pool, options.durability);
  const committer = createPostgresCommitter({ transact, processId, addTasks });
  const models = modelWriter(transact);
  const write: ModelWriter['write'] = (work) =>
    audited((claimed) => models.write((tables, client) => withEntry(tables, claimed, () => work(tables, client))));
  return {
    reader: connections.reader,
    database: {
      read: defineModels(connections.reader),
      rows,
      write: (work) => write(work),
    },
    writer: {
      commit: (unit) =>
        audited(async (claimed) => {
          if (claimed) {
            await models.write(async (tables, client) => {
              await committer.writeInside(client, unit);
              await appendEntries(tables, [claimed.entry()], claimed.sign);
            });
          } else await committer.commit(unit);
          return { result: undefined, isWritten: claimed !== undefined };
        }),
      claim: (id, now) => committer.claim(id, now),
      reopen: (id, jobs) =>
        write(async (tables, client) => {
          await reopenExecution(tables, id, jobs);
          const row = await tables.executions.findByPk(id, { attributes: ['origin'] });
          const lane = row === null ? null : laneOf(row.get().origin);
          await addTasks(client, [{ executionId: id, runAt: null, lane }]);
        }),
    },
    leases: postgresLeases(connections.pool, processId),
    close: async () => {
      await Promise.allSettled([committer.close(), models.close()]);
      await connections.close();
    },
  };
}
