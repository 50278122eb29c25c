// Opens the storage: connections, migrations, committer and stores, wired together.

import type { Sequelize } from 'sequelize';
import type { AccessStore } from '../access/ports.ts';
import type { SignAudit } from '../engine/audit-scope.ts';
import type { OutboundStore } from '../engine/outbound-ports.ts';
import type { CaptureStore, ExecutionStore, SampleStore, SecretStore, Storage, WorkflowStore } from '../engine/ports.ts';
import type { StatisticsStore } from '../engine/statistics-ports.ts';
import { accessStore } from './access.ts';
import { appendEntries } from './audit-chain.ts';
import { type AuditVerification, verifyAudit } from './audit-verify.ts';
import { type CommitterOptions, createCommitter } from './commit.ts';
import type { ExecutionWriter } from './committer.ts';
import { type ConnectOptions, connect, connectReader, type Durability } from './connect.ts';
import { audited, type Database, databaseOn } from './database.ts';
import { reopenExecution } from './execution-changes.ts';
import { finishPurges } from './execution-purge.ts';
import { executionStore } from './executions.ts';
import { migrate, requireMigrated } from './migrate.ts';
import { defineModels } from './models.ts';
import { type Leases, sqliteLeases } from './outbound/queue.ts';
import { outboundStore } from './outbound/store.ts';
import type { AddTasks } from './postgres/commit.ts';
import { isPostgresUrl } from './postgres-url.ts';
import { createRowReader, type UnreadableRow } from './row-reader.ts';
import { captureStore, sampleStore } from './samples.ts';
import { secretStore } from './secrets.ts';
import { settingStore } from './settings.ts';
import { statisticsStore } from './statistics/store.ts';
import { withStorageErrors } from './storage-error.ts';
import { workflowStore } from './workflows.ts';

export interface StorageOptions {
  /** `sqlite:<path>` or `postgres://…`. */
  readonly url: string;
  /** Default `full`: an acknowledged write survives a power cut. */
  readonly durability?: Durability | undefined;
  /** Whether to run pending migrations. Default true; false throws `migration_needed` when there are some. */
  readonly autoMigrate?: boolean | undefined;
  /** Told once of each row that cannot be read: see `row-reader.ts`. */
  readonly onUnreadable?: ((row: UnreadableRow) => void) | undefined;
  /** SQLite only. */
  readonly onCheckpointError?: CommitterOptions['onCheckpointError'];
  /** SQLite only: told of files that other users of the machine could read. */
  readonly onModes?: ConnectOptions['onModes'];
  /** PostgreSQL only: connections that read, at most. Default 10; four more write. */
  readonly poolSize?: number | undefined;
  /** PostgreSQL only: the owner of what this process runs; each process has another. Default a new UUID. */
  readonly processId?: (() => string) | undefined;
  /** PostgreSQL only: adds the queue's tasks in the transaction that makes them necessary. Default: there are none. */
  readonly addTasks?: AddTasks | undefined;
}

/** The storage port, with what only the server itself needs. */
export interface OpenStorage extends Storage {
  readonly statistics: StatisticsStore;
  readonly access: AccessStore;
  readonly samples: SampleStore;
  readonly captures: CaptureStore;
  readonly secrets: SecretStore;
  /** How many rows could not be read since the start, each counted once. */
  unreadableRows(): number;
  /** Deletes what deletions that a crash interrupted have left; `startRetention` calls it. */
  finishDeletes(): Promise<void>;
  /** For tests and for tools that work on the database itself. On PostgreSQL both are the same. */
  readonly connections: { readonly reader: Sequelize; readonly writer: Sequelize };
}

/** What the stores are built on. */
interface Parts {
  readonly connections: OpenStorage['connections'];
  readonly database: Database;
  readonly writer: ExecutionWriter;
  readonly leases: Leases;
  close(): Promise<void>;
}

/** What a program may use that only reads, such as `hookline export`. */
export interface StorageReader {
  readonly workflows: Pick<
    WorkflowStore,
    | 'get'
    | 'findByHookKey'
    | 'list'
    | 'listEnabled'
    | 'hookKeys'
    | 'hookKeysState'
    | 'getRevision'
    | 'listRevisions'
    | 'countTags'
    | 'titles'
    | 'executionCounts'
  >;
  readonly executions: Pick<
    ExecutionStore,
    'get' | 'signals' | 'list' | 'listOldest' | 'listDue' | 'nextWakeAt' | 'countByStatus' | 'oldestQueuedAt'
  >;
  readonly outbound: {
    readonly endpoints: Pick<OutboundStore['endpoints'], 'get' | 'list' | 'listSubscribed' | 'countByStatus' | 'counts'>;
    readonly eventTypes: Pick<OutboundStore['eventTypes'], 'get' | 'listAll'>;
    readonly messages: Pick<OutboundStore['messages'], 'get' | 'list' | 'listUnsettled'>;
    readonly deliveries: Pick<OutboundStore['deliveries'], 'get' | 'list' | 'ofMessage' | 'countByStatus' | 'backlog'>;
    readonly attempts: OutboundStore['attempts'];
  };
  readonly settings: Pick<Storage['settings'], 'get'>;
  /** @param signs by each key that may have signed the chain of the audit log */
  verifyAudit(signs: readonly SignAudit[]): Promise<AuditVerification>;
  close(): Promise<void>;
}

/** Whoever listens reads a capture at once; what is older has been left by a process that is gone. */
const STALE_CAPTURE_MS = 60_000;
/** Writes this setting to see whether writing works. */
const PING_SETTING = 'ping';

/**
 * Opens the database for a server. One on SQLite is then the only one that writes to it; on PostgreSQL there may be more.
 * @throws HooklineError `invalid_configuration`, `migration_needed`, `storage_unavailable`
 */
export async function openStorage(options: StorageOptions): Promise<OpenStorage> {
  const { connections, database, writer, leases, close } = await (isPostgresUrl(options.url) ? onPostgres : onSqlite)(options);
  const captures = captureStore(database);
  let closing: Promise<void> | undefined;
  return {
    workflows: workflowStore(database),
    executions: executionStore(connections.reader, database, writer),
    statistics: statisticsStore(connections.reader, database),
    outbound: outboundStore(connections.reader, database, leases),
    settings: settingStore(database),
    access: accessStore(database),
    samples: sampleStore(database),
    secrets: secretStore(database),
    captures,
    unreadableRows: () => database.rows.count(),
    ping: pingOn(connections.reader, database),
    async finishDeletes() {
      await finishPurges(database);
      await captures.deleteBefore(Date.now() - STALE_CAPTURE_MS);
    },
    connections,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

async function onSqlite(options: StorageOptions): Promise<Parts> {
  const { url, durability = 'full', autoMigrate = true, onCheckpointError, onModes } = options;
  const connections = await connect({ url, durability, onModes });
  try {
    if (autoMigrate) await migrate(connections.writer);
    else await requireMigrated(connections.writer);
    const committer = await createCommitter(connections.writerHandle, {
      checkpointPath: connections.file,
      ...(onCheckpointError === undefined ? {} : { onCheckpointError }),
    });
    const models = defineModels(connections.writer);
    const rows = createRowReader(options.onUnreadable);
    const database = databaseOn(defineModels(connections.reader), models, committer, rows);
    const writer: ExecutionWriter = {
      commit: (unit) =>
        audited(async (claimed) => {
          if (claimed) await committer.commitWith(unit, () => appendEntries(models, [claimed.entry()], claimed.sign));
          else await committer.commit(unit);
          return { result: undefined, isWritten: claimed !== undefined };
        }),
      claim: (id, now) => committer.claim(id, now),
      reopen: (id, jobs) => database.write((models) => reopenExecution(models, id, jobs)),
    };
    const leases = sqliteLeases(connections.reader);
    return { connections, database, writer, leases, close: () => committer.close().finally(() => connections.close()) };
  } catch (error) {
    await connections.close();
    throw error;
  }
}

async function onPostgres(options: StorageOptions): Promise<Parts> {
  const { durability = 'full', autoMigrate = true } = options;
  // Loaded when it is needed: most servers have no use for the driver.
  const { openPostgres } = await import('./postgres/open.ts');
  const { reader, ...parts } = await openPostgres({ ...options, durability, autoMigrate });
  return { connections: { reader, writer: reader }, ...parts };
}

/**
 * Brings the schema of a database up to date; a server on SQLite has to be stopped.
 * @returns the names of the migrations that ran
 * @throws HooklineError `invalid_configuration`, `migration_needed` when it is newer than the program, `storage_unavailable`
 */
export async function migrateStorage(url: string): Promise<string[]> {
  if (isPostgresUrl(url)) return (await import('./postgres/migrate.ts')).migratePostgres(url);
  const connections = await connect({ url, durability: 'full' });
  try {
    return await migrate(connections.writer);
  } finally {
    await connections.close();
  }
}

/**
 * Opens the database to read only; a server may be running on it.
 * @throws HooklineError `invalid_configuration` when there is none, `migration_needed`, `storage_unavailable`
 */
export async function openStorageReader(url: string): Promise<StorageReader> {
  const reader = isPostgresUrl(url)
    ? await (await import('./postgres/connect.ts')).connectPostgresReader(url)
    : await connectReader(url);
  const close = () => withStorageErrors(() => reader.close());
  try {
    await requireMigrated(reader);
  } catch (error) {
    await close();
    throw error;
  }
  const models = defineModels(reader);
  const refuse = () => Promise.reject(new TypeError('This storage was opened to read only.'));
  const database: Database = { read: models, rows: createRowReader(), write: refuse };
  return {
    workflows: workflowStore(database),
    executions: executionStore(reader, database, { commit: refuse, claim: refuse, reopen: refuse }),
    outbound: outboundStore(reader, database, { take: refuse, release: refuse }),
    settings: settingStore(database),
    verifyAudit: (signs) => verifyAudit(models, signs),
    close,
  };
}

/** One read and one write, shared by everybody who asks meanwhile: health checks must not become a load. */
function pingOn(reader: Sequelize, { write }: Database): Storage['ping'] {
  let running: Promise<void> | undefined;
  async function ping(): Promise<void> {
    await withStorageErrors(() => reader.query('SELECT 1'));
    await write(({ settings }) => settings.upsert({ name: PING_SETTING, value: String(Date.now()) }));
  }
  return () => {
    running ??= ping().finally(() => {
      running = undefined;
    });
    return running;
  };
}
