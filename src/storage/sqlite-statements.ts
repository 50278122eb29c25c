// The statements of the commit path on SQLite. Each has one parameter, a JSON array: the driver takes a microsecond for each
// bound value, and a batch of any size is one prepared statement.

/** Every status that is not final. */
const UNFINISHED = "('queued', 'running', 'waiting')";

/**
 * Whether the new state of an execution would wait although a signal is there that it does not know. Those that it knows stand
 * in the place of the body, which never changes.
 */
const IS_WAITING_IN_VAIN = `excluded.status = 'waiting' AND EXISTS (
  SELECT 1 FROM signals WHERE signals.execution_id = excluded.id
    AND job_path NOT IN (SELECT value FROM json_each(coalesce(excluded.body, '[]'))))`;

/**
 * One statement for new executions and for changed ones: an upsert keeps a batch in one implicit transaction, and so in one
 * hand-over to SQLite's thread. Its rows are `WrittenRow`s. A changed row whose execution was deleted meanwhile has no `origin`
 * and is dropped; one whose execution is final already stays as it is.
 */
export const UPSERT_SQL = `INSERT INTO executions
  (id, workflow_id, revision, status, created_at, started_at, finished_at, origin, body, result, wake_at, lane,
    source, replay_of)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
    nullif(value -> 7, 'null'), value ->> 8, nullif(value -> 9, 'null'), value ->> 10, value ->> 11,
    value ->> 12, value ->> 13
  FROM jsonb_each(?)
  WHERE value ->> 7 IS NOT NULL OR EXISTS (SELECT 1 FROM executions WHERE id = value ->> 0)
  ON CONFLICT (id) DO UPDATE SET
    status = CASE WHEN ${IS_WAITING_IN_VAIN} THEN 'queued' ELSE excluded.status END,
    wake_at = CASE WHEN ${IS_WAITING_IN_VAIN} THEN NULL ELSE excluded.wake_at END,
    started_at = excluded.started_at, finished_at = excluded.finished_at, result = excluded.result
  WHERE executions.status IN ${UNFINISHED}`;

/** The same, and the ids of the rows that were not dropped. */
export const UPSERT_RETURNING_SQL = `${UPSERT_SQL} RETURNING id`;

/** Adds `WrittenJobs` to the log, but not for an execution that was refused: nothing would ever remove the row. */
export const LOG_SQL = `INSERT INTO execution_jobs (execution_id, sequence, jobs)
  SELECT value ->> 0, value ->> 1, value -> 2 FROM jsonb_each(?)
  WHERE EXISTS (SELECT 1 FROM executions WHERE id = value ->> 0 AND status IN ${UNFINISHED})`;

/** Deletes signals that were taken: `[executionId, jobPath]` each. Those of a refused update stay. */
export const TAKE_SQL = `DELETE FROM signals
  WHERE (execution_id, job_path) IN (SELECT value ->> 0, value ->> 1 FROM jsonb_each(?))
  AND EXISTS (SELECT 1 FROM executions WHERE id = execution_id AND status IN ${UNFINISHED})`;

/** Keeps `[executionId, jobPath, value, createdAt]`; returns a row when it did, none when it is refused. */
export const SIGNAL_SQL = `INSERT INTO signals (execution_id, job_path, value, created_at)
  SELECT value ->> 0, value ->> 1, value -> 2, value ->> 3 FROM jsonb_each(?)
  WHERE EXISTS (SELECT 1 FROM executions WHERE id = value ->> 0 AND status IN ${UNFINISHED})
  ON CONFLICT DO NOTHING RETURNING job_path`;

/** Puts executions that wait, by their ids, into the queue. */
export const WAKE_SQL = `UPDATE executions SET status = 'queued', wake_at = NULL
  WHERE id IN (SELECT value FROM json_each(?)) AND status = 'waiting'`;

/** Those of these ids that are not final. */
export const UNFINISHED_SQL = `SELECT id FROM executions
  WHERE id IN (SELECT value FROM json_each(?)) AND status IN ${UNFINISHED}`;

/** Makes what may run here `running`: `[id, now]` each; returns the ids. One process has the whole file: it owns what runs. */
export const CLAIM_SQL = `UPDATE executions
  SET status = 'running', started_at = coalesce(started_at, claim.now), wake_at = NULL
  FROM (SELECT value ->> 0 AS id, value ->> 1 AS now FROM json_each(?)) AS claim
  WHERE executions.id = claim.id
    AND (status IN ('queued', 'running') OR (status = 'waiting' AND wake_at <= claim.now))
  RETURNING executions.id`;
