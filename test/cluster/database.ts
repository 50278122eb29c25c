// A database with the tables of storage and queue, and words to put executions into it and to look at them.

import type pg from 'pg';
import { createClusterPool } from '../../src/cluster/pool.ts';
import { transaction } from '../../src/cluster/recovery.ts';
import { createIdSource } from '../../src/engine/id.ts';
import type { Log } from '../../src/engine/plugin.ts';
import type { QueueTask } from '../../src/engine/ports.ts';
import { addTasks } from '../../src/queue/graphile-tasks.ts';
import { installQueue } from '../../src/queue/graphile-worker.ts';
import { openStorage } from '../../src/storage/storage.ts';
import type { TestPostgres } from '../postgres.ts';

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

export interface StoredExecution {
  readonly id: string;
  readonly status: string;
  readonly owner: string | null;
}

export interface StoredTask {
  readonly id: string;
  readonly executionId: string;
  readonly key: string | null;
  readonly lockedBy: string | null;
  readonly lane: string | null;
  readonly runAt: Date;
}

const newId = createIdSource();

/** Makes an empty database with all tables, and gives its URL; copies of it are quick to make. */
export async function makeTemplate(postgres: TestPostgres): Promise<string> {
  const url = await postgres.createDatabase();
  const storage = await openStorage({ url });
  await storage.close();
  const pool = createClusterPool({ url, log: silent });
  await installQueue(pool, silent);
  await pool.end();
  return url;
}

/** What one test needs of one database; `pool` is for the test's own questions. */
export function createTables(pool: pg.Pool) {
  async function rows<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return (await pool.query<Row>(sql, values)).rows;
  }
  return {
    rows,
    /** Stores an execution; with `task` also its task. @returns its id */
    async insert(
      status: string,
      more: { owner?: string; wakeAt?: number; lane?: QueueTask['lane']; hasTask?: boolean } = {},
    ): Promise<string> {
      const { owner = null, wakeAt = null, lane = null, hasTask = false } = more;
      const now = Date.now();
      const id = newId(now);
      const origin = JSON.stringify({ source: 'webhook', lane: lane ?? undefined });
      await transaction(pool, async (client) => {
        await client.query(
          `INSERT INTO executions (id, workflow_id, revision, status, created_at, origin, owner, wake_at, lane)
           VALUES ($1, 'w1', 1, $2, $3, $4, $5, $6, $7)`,
          [id, status, now, origin, owner, wakeAt, lane?.name ?? null],
        );
        if (hasTask) await addTasks(client, [{ executionId: id, runAt: wakeAt, lane }]);
      });
      return id;
    },
    async execution(id: string): Promise<StoredExecution | undefined> {
      return (await rows<StoredExecution>('SELECT id, status, owner FROM executions WHERE id = $1', [id]))[0];
    },
    add: (...tasks: QueueTask[]): Promise<void> => transaction(pool, (client) => addTasks(client, tasks)),
    tasks: (): Promise<StoredTask[]> =>
      rows<StoredTask>(
        `SELECT task.id, payload ->> 'id' AS "executionId", key, task.locked_by AS "lockedBy", queue_name AS lane, run_at AS "runAt"
         FROM graphile_worker._private_jobs AS task
         LEFT JOIN graphile_worker._private_job_queues AS lane ON lane.id = task.job_queue_id ORDER BY run_at, task.id`,
      ),
    lockedLanes: async (): Promise<string[]> =>
      (
        await rows<{ name: string }>(
          'SELECT queue_name AS name FROM graphile_worker._private_job_queues WHERE locked_at IS NOT NULL ORDER BY 1',
        )
      ).map(({ name }) => name),
    /** As a worker of a process takes a task: locked together with its lane. */
    async lock(executionId: string, processId: string): Promise<void> {
      await pool.query(
        `WITH task AS (
           UPDATE graphile_worker._private_jobs SET locked_at = now(), locked_by = $2, attempts = attempts + 1
           WHERE key = 'execution:' || $1 RETURNING job_queue_id
         )
         UPDATE graphile_worker._private_job_queues AS lane SET locked_at = now(), locked_by = $2
         FROM task WHERE lane.id = task.job_queue_id`,
        [executionId, `hookline:${processId}`],
      );
    },
    processes: (): Promise<{ id: string; role: string }[]> => rows('SELECT id, role FROM processes ORDER BY started_at, id'),
  };
}
