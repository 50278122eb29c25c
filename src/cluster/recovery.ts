// Puts back into the queue what nobody runs any more: what a process left, and what has no task although it should have one.

import type { ClientBase, Pool, PoolClient } from 'pg';
import type { Lane } from '../engine/model.ts';
import { isRecord } from '../engine/path.ts';
import type { QueueTask } from '../engine/ports.ts';

/** What recovery needs of the queue; each call belongs to the caller's transaction. */
export interface TaskTable {
  /** Adds tasks; one replaces the task that its execution has. */
  addTasks(client: ClientBase, tasks: readonly QueueTask[]): Promise<void>;
  /** A SQL condition: whether the execution whose id this expression gives has a task. */
  hasTaskSql(id: string): string;
  /** Deletes the tasks that a process has locked and frees its lanes. @returns the ids of their executions */
  takeTasksBack(client: ClientBase, processId: string): Promise<string[]>;
  /** Ids of the processes that have locked tasks or lanes. */
  findLockHolders(client: ClientBase): Promise<string[]>;
  /** Renews the locks of a process that lives. */
  keepLocks(client: ClientBase, processId: string): Promise<void>;
  /** Deletes what the queue remembers of lanes that are not used any more. */
  forgetIdleLanes(client: ClientBase): Promise<void>;
}

interface TaskRow {
  readonly id: string;
  readonly status: string;
  /** BIGINT, as text. */
  readonly wake_at: string | null;
  /** JSON; null when it has no lane. */
  readonly origin: string | null;
}

const TASK_COLUMNS = 'id, status, wake_at, CASE WHEN lane IS NULL THEN NULL ELSE origin END AS origin';
/** Executions of one transaction of `reconcile`. */
const CHUNK = 1_000;
/** Advisory lock: one process at a time looks for lost executions. `hook`, 3. */
const RECONCILE_LOCK = '1752133483, 3';

/**
 * Takes from a process everything that it has: what it runs is queued, its tasks are added anew, the endpoints that it leases
 * are free, its row is deleted. To be called in a transaction. @returns how many executions were put back
 */
export async function takeOver(client: ClientBase, tasks: TaskTable, processId: string): Promise<number> {
  const requeued = await client.query<TaskRow>(
    `UPDATE executions SET status = 'queued', owner = NULL WHERE owner = $1 AND status = 'running' RETURNING ${TASK_COLUMNS}`,
    [processId],
  );
  const taken = await tasks.takeTasksBack(client, processId);
  // Its workers had taken their tasks and not begun yet, or had written a new state that has a task of its own by now.
  const others = await client.query<TaskRow>(
    `SELECT ${TASK_COLUMNS} FROM executions
     WHERE id = ANY($1) AND (status = 'queued' OR status = 'waiting' AND wake_at IS NOT NULL)`,
    [taken],
  );
  await tasks.addTasks(client, [...requeued.rows, ...others.rows].map(toTask));
  await client.query('UPDATE endpoints SET owner = NULL WHERE owner = $1', [processId]);
  await client.query('DELETE FROM processes WHERE id = $1', [processId]);
  return requeued.rows.length;
}

/**
 * Finds executions that nobody would ever run, as in a copied database or a restored backup, and gives them tasks; and what
 * belongs to processes that are not in `processes`, endpoints included. Does nothing while another process is at it.
 * @returns how many executions got a task
 */
export async function reconcile(pool: Pool, tasks: TaskTable): Promise<number> {
  let found = 0;
  for (;;) {
    const count = await transaction(pool, (client) => reconcileSome(client, tasks));
    found += count;
    if (count < CHUNK) break;
  }
  await transaction(pool, (client) => tasks.forgetIdleLanes(client)).catch((error: unknown) => {
    // Somebody was in the way; there is no hurry.
    if (!isLockTimeout(error)) throw error;
  });
  return found;
}

async function reconcileSome(client: PoolClient, tasks: TaskTable): Promise<number> {
  const lock = await client.query<{ locked: boolean }>(`SELECT pg_try_advisory_xact_lock(${RECONCILE_LOCK}) AS locked`);
  if (lock.rows[0]?.locked !== true) return 0;
  for (const processId of await tasks.findLockHolders(client)) {
    const { rows } = await client.query('SELECT FROM processes WHERE id = $1', [processId]);
    if (rows.length === 0) await takeOver(client, tasks, processId);
  }
  await client.query(
    `UPDATE endpoints SET owner = NULL WHERE id IN (
       SELECT id FROM endpoints WHERE owner IS NOT NULL
       AND NOT EXISTS (SELECT FROM processes WHERE processes.id = endpoints.owner) FOR UPDATE SKIP LOCKED
     )`,
  );
  const ownerless = await client.query<TaskRow>(
    `UPDATE executions SET status = 'queued', owner = NULL WHERE id IN (
       SELECT id FROM executions WHERE status = 'running'
       AND (owner IS NULL OR NOT EXISTS (SELECT FROM processes WHERE processes.id = executions.owner))
       LIMIT ${CHUNK} FOR UPDATE SKIP LOCKED
     ) RETURNING ${TASK_COLUMNS}`,
  );
  const taskless = await client.query<TaskRow>(
    `SELECT ${TASK_COLUMNS} FROM executions
     WHERE (status = 'queued' OR status = 'waiting' AND wake_at IS NOT NULL) AND NOT ${tasks.hasTaskSql('executions.id')}
     LIMIT ${CHUNK} FOR UPDATE SKIP LOCKED`,
  );
  const rows = [...ownerless.rows, ...taskless.rows];
  await tasks.addTasks(client, rows.map(toTask));
  return new Set(rows.map(({ id }) => id)).size;
}

function toTask({ id, status, wake_at: wakeAt, origin }: TaskRow): QueueTask {
  const isTimed = status === 'waiting' && wakeAt !== null;
  return { executionId: id, runAt: isTimed ? Number(wakeAt) : null, lane: origin === null ? null : laneOf(origin) };
}

/** The lane in what is stored of an execution's acceptance: see `storage/execution-row.ts`. */
function laneOf(origin: string): Lane | null {
  let stored: unknown;
  try {
    stored = JSON.parse(origin);
  } catch (error) {
    // One that cannot be read must not keep the others from being put back; whoever claims it finds out.
    if (!(error instanceof SyntaxError)) throw error;
  }
  const lane = isRecord(stored) ? stored.lane : undefined;
  if (!isRecord(lane) || typeof lane.name !== 'string' || typeof lane.limit !== 'number') return null;
  return { name: lane.name, limit: lane.limit };
}

/** Runs `work` in one transaction on a connection of its own. */
export async function transaction<Result>(pool: Pool, work: (client: PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    // The connection is closed, which also rolls back what is open.
    client.release(true);
    throw error;
  }
}

/** PostgreSQL's code for a lock that was not to be had in time. */
const LOCK_NOT_AVAILABLE = '55P03';

function isLockTimeout(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === LOCK_NOT_AVAILABLE;
}
