// The tasks of the scale-out queue as rows of graphile-worker's tables: added, taken back, counted, cleaned.

import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import type { Lane } from '../engine/model.ts';
import type { QueueTask } from '../engine/ports.ts';

/** Where graphile-worker has its tables. */
export const QUEUE_SCHEMA = 'graphile_worker';
/** The one kind of task: run this execution on. Its payload is `{ id }`. */
export const TASK = 'execution';

// The tables behind graphile-worker's views have the locks. They are its own business, so its version is tested, not assumed.
const JOBS = `${QUEUE_SCHEMA}._private_jobs`;
const JOB_QUEUES = `${QUEUE_SCHEMA}._private_job_queues`;

/** As many as its column holds: an execution is never given up. */
const MAX_ATTEMPTS = 32_767;
/** Longest name of a graphile queue, in characters. */
const MAX_QUEUE_NAME = 128;
const LOCK_PREFIX = 'hookline:';
/** Graphile releases locks after four hours; those of a process that lives are renewed long before. */
const KEEP_LOCKS_AFTER = '1 hour';
/** A task locked no longer ago may be on its way to its worker. */
const RECENT = '3 seconds';
/** Lanes that are remembered although nothing is in them. Every fetch of a task looks at all of them. */
const MAX_IDLE_LANES = 1_000;
/** Latest time a timestamp of PostgreSQL and a JavaScript date both hold, in milliseconds since 1970. */
const LATEST = 8.64e15;

/** The name under which a process locks tasks. It says whose they are when the process is gone. */
export function lockNameOf(processId: string): string {
  return LOCK_PREFIX + processId;
}

/**
 * The graphile queue for one task of a lane. Graphile runs the tasks of one queue one after the other, by time. A lane with a
 * limit of N has N queues and puts each task into any of them: never more than N at once, but a task can wait behind a slow
 * one although another of the queues is idle, and only a limit of 1 keeps the order of arrival.
 */
export function queueNameOf(lane: Lane): string {
  const name = lane.limit > 1 ? `${lane.name}#${Math.floor(Math.random() * lane.limit)}` : lane.name;
  if (name.length <= MAX_QUEUE_NAME) return name;
  return createHash('sha256').update(name).digest('hex');
}

/**
 * Adds tasks in the caller's transaction, with one statement. A task replaces the one that the execution has, unless that one
 * is being run at this moment: then it is a second one, and the first will not be run again. Those that are due now run in
 * the order in which their executions were accepted. Write the execution's row first in the same transaction: whoever has just taken its old
 * task waits for that row, and so sees the new state.
 */
export async function addTasks(client: ClientBase, tasks: readonly QueueTask[]): Promise<void> {
  if (tasks.length === 0) return;
  // One statement may not meet a row twice. Sorted, since two transactions that take rows in one order cannot block each other.
  const latest = new Map(tasks.map((task) => [task.executionId, task]));
  const sorted = [...latest.values()].sort((a, b) => (a.executionId < b.executionId ? -1 : 1));
  await client.query(ADD_TASKS, [
    sorted.map(({ executionId }) => executionId),
    sorted.map(({ runAt }) => (runAt === null ? null : Math.max(0, Math.min(runAt, LATEST)))),
    sorted.map(({ executionId }) => acceptedAt(executionId)),
    sorted.map(({ lane }) => (lane === null ? null : queueNameOf(lane))),
  ]);
}

/** When an execution was accepted, in microseconds: the time in its id, and its number within the millisecond. */
function acceptedAt(executionId: string): number | null {
  const uuid = UUID_V7.exec(executionId);
  if (!uuid) return null;
  return Number.parseInt(`${uuid[1]}${uuid[2]}`, 16) * 1_000 + Math.min(Number.parseInt(uuid[3] ?? '', 16), 999);
}

const UUID_V7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7([0-9a-f]{3})-/;

// Graphile orders by `run_at` alone. What is due now gets its time of acceptance, unless that clock is ahead of this one.
const ADD_TASKS = `
  SELECT count(*) FROM ${QUEUE_SCHEMA}.add_jobs(ARRAY(
    SELECT ROW(
      '${TASK}',
      json_build_object('id', task.id),
      task.queue,
      CASE
        WHEN task.run_at IS NULL THEN least(
          now() - (cardinality($1::text[]) - task.position) * interval '1 microsecond',
          'epoch'::timestamptz + task.accepted_at * interval '1 microsecond'
        )
        ELSE to_timestamp(task.run_at / 1000.0)
      END,
      ${MAX_ATTEMPTS},
      '${TASK}:' || task.id,
      0,
      NULL
    )::${QUEUE_SCHEMA}.job_spec
    FROM unnest($1::text[], $2::float8[], $3::float8[], $4::text[]) WITH ORDINALITY AS task (id, run_at, accepted_at, queue, position)
    ORDER BY task.position
  ))`;

/** A SQL condition: whether the execution whose id this expression gives has a task. */
export function hasTaskSql(id: string): string {
  return `EXISTS (SELECT FROM ${JOBS} AS task WHERE task.key = '${TASK}:' || ${id})`;
}

/**
 * Deletes the tasks that a process has locked and frees its lanes. To be called in a transaction that gives each execution
 * that still needs one a new task: a zombie may yet delete the old one when its work ends.
 * @returns the ids of their executions
 */
export async function takeTasksBack(client: ClientBase, processId: string): Promise<string[]> {
  const lock = lockNameOf(processId);
  const { rows } = await client.query<{ id: string }>(
    `DELETE FROM ${JOBS} WHERE locked_by = $1 RETURNING payload ->> 'id' AS id`,
    [lock],
  );
  await client.query(`UPDATE ${JOB_QUEUES} SET locked_at = NULL, locked_by = NULL WHERE locked_by = $1`, [lock]);
  return rows.map(({ id }) => id);
}

/** Ids of the processes that have locked tasks or lanes. */
export async function findLockHolders(client: ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT locked_by AS name FROM ${JOBS} WHERE locked_by IS NOT NULL
     UNION SELECT locked_by FROM ${JOB_QUEUES} WHERE locked_by IS NOT NULL`,
  );
  return rows.filter(({ name }) => name.startsWith(LOCK_PREFIX)).map(({ name }) => name.slice(LOCK_PREFIX.length));
}

/** Renews the locks of a process, so that what runs for hours is not started a second time beside itself. */
export async function keepLocks(client: ClientBase, processId: string): Promise<void> {
  for (const table of [JOBS, JOB_QUEUES]) {
    await client.query(
      `UPDATE ${table} SET locked_at = now() WHERE locked_by = $1 AND locked_at < now() - interval '${KEEP_LOCKS_AFTER}'`,
      [lockNameOf(processId)],
    );
  }
}

/** Forgets lanes without tasks once there are many. In a transaction of its own: it locks the table for a moment. */
export async function forgetIdleLanes(client: ClientBase): Promise<void> {
  const { rows } = await client.query(`SELECT FROM ${JOB_QUEUES} OFFSET ${MAX_IDLE_LANES} LIMIT 1`);
  if (rows.length === 0) return;
  // Whoever adds a task names its queue first: without the lock its queue could be deleted between the two.
  await client.query("SET LOCAL lock_timeout = '1s'");
  await client.query(`LOCK TABLE ${JOB_QUEUES} IN SHARE ROW EXCLUSIVE MODE`);
  await client.query(
    `DELETE FROM ${JOB_QUEUES} AS lane WHERE locked_at IS NULL
     AND NOT EXISTS (SELECT FROM ${JOBS} AS task WHERE task.job_queue_id = lane.id)`,
  );
}

/** Ends a task that has run, and frees its lane, before its worker asks for the next one. */
export async function finishTask(client: Pick<ClientBase, 'query'>, jobId: string): Promise<void> {
  await client.query(
    `WITH ended AS (DELETE FROM ${JOBS} WHERE id = $1 RETURNING job_queue_id, locked_by)
     UPDATE ${JOB_QUEUES} AS lane SET locked_at = NULL, locked_by = NULL
     FROM ended WHERE lane.id = ended.job_queue_id AND lane.locked_by = ended.locked_by`,
    [jobId],
  );
}

/** Puts a task back as if it had never been taken. */
export function returnTask(client: Pick<ClientBase, 'query'>, jobId: string): Promise<void> {
  return returnTasks(client, 'id = $1', [jobId]);
}

/** Puts back what a process has locked, apart from these tasks and from what it locked in the last seconds. */
export function returnUnknownTasks(
  client: Pick<ClientBase, 'query'>,
  processId: string,
  knownJobIds: readonly string[],
): Promise<void> {
  const condition = `locked_by = $1 AND id <> ALL($2::bigint[]) AND locked_at < now() - interval '${RECENT}'`;
  return returnTasks(client, condition, [lockNameOf(processId), knownJobIds]);
}

const COPIED = 'job_queue_id, task_id, payload, priority, run_at, max_attempts, key, flags';

/**
 * As new rows: what graphile reports later of the old ones finds nothing. One without a key was replaced while it was locked,
 * and does not come back.
 */
async function returnTasks(client: Pick<ClientBase, 'query'>, condition: string, values: unknown[]): Promise<void> {
  await client.query(
    `WITH taken AS (DELETE FROM ${JOBS} WHERE ${condition} RETURNING ${COPIED}, locked_by),
     returned AS (INSERT INTO ${JOBS} (${COPIED}) SELECT ${COPIED} FROM taken WHERE key IS NOT NULL)
     UPDATE ${JOB_QUEUES} AS lane SET locked_at = NULL, locked_by = NULL
     FROM taken WHERE lane.id = taken.job_queue_id AND lane.locked_by = taken.locked_by`,
    values,
  );
}

/** All that recovery needs of the tasks: see `TaskTable` in `src/cluster/recovery.ts`. */
export const graphileTasks = { addTasks, hasTaskSql, takeTasksBack, findLockHolders, keepLocks, forgetIdleLanes };
