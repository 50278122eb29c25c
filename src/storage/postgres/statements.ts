// The statements of the commit path: each takes a whole batch as arrays.

import type pg from 'pg';
import type { ExecutionStatus } from '../../engine/model.ts';
import { laneOf } from '../execution-row.ts';
import type { State, StoredState } from './batch.ts';

// In the order of ids, so that two processes never wait for each other. `origin` has the limit of a lane.
const LOCK_SQL = `SELECT id, status, started_at, wake_at, owner, CASE WHEN lane IS NOT NULL THEN origin END AS origin
  FROM executions WHERE id = ANY($1) ORDER BY id FOR UPDATE`;

const SIGNALS_SQL = 'SELECT execution_id, job_path FROM signals WHERE execution_id = ANY($1)';

/** All writes in one statement and so in one journey. */
const WRITE_SQL = `WITH added AS (
    INSERT INTO executions (id, workflow_id, revision, created_at, origin, body, lane,
      status, started_at, finished_at, result, wake_at, owner, source, replay_of)
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::text[], $6::text[], $7::text[],
      $8::text[], $9::bigint[], $10::bigint[], $11::text[], $12::bigint[], $13::text[],
      $30::text[], $31::text[])
  ), changed AS (
    UPDATE executions SET status = c.status, started_at = c.started_at, finished_at = c.finished_at, result = c.result,
      wake_at = c.wake_at, owner = c.owner
    FROM unnest($14::text[], $15::text[], $16::bigint[], $17::bigint[], $18::text[], $19::bigint[], $20::text[])
      AS c (id, status, started_at, finished_at, result, wake_at, owner)
    WHERE executions.id = c.id
  ), logged AS (
    INSERT INTO execution_jobs (execution_id, sequence, jobs) SELECT * FROM unnest($21::text[], $22::int[], $23::text[])
  ), taken AS (
    DELETE FROM signals USING unnest($24::text[], $25::text[]) AS t (execution_id, job_path)
    WHERE signals.execution_id = t.execution_id AND signals.job_path = t.job_path
  )
  INSERT INTO signals (execution_id, job_path, value, created_at)
  SELECT *, $29::bigint FROM unnest($26::text[], $27::text[], $28::text[])
  ON CONFLICT (execution_id, job_path) DO UPDATE SET value = excluded.value, created_at = excluded.created_at`;

interface LockedRow {
  id: string;
  status: ExecutionStatus;
  started_at: string | null;
  wake_at: string | null;
  owner: string | null;
  origin: string | null;
}

/** Locks these executions until the end of the transaction; those that are not there are left out. */
export async function lockExecutions(client: pg.ClientBase, ids: readonly string[]): Promise<StoredState[]> {
  const { rows } = await client.query<LockedRow>({ name: 'hookline-lock', text: LOCK_SQL, values: [ids] });
  return rows.map(({ id, status, started_at, wake_at, owner, origin }) => ({
    id,
    status,
    // PostgreSQL gives BIGINT as text.
    startedAt: started_at === null ? null : Number(started_at),
    wakeAt: wake_at === null ? null : Number(wake_at),
    owner,
    lane: origin === null ? null : laneOf(origin),
  }));
}

/** Job paths of stored signals by execution. Behind the lock: a signal of another process is either there or waits for it. */
export async function readSignals(client: pg.ClientBase, ids: readonly string[]): Promise<Map<string, string[]>> {
  const { rows } = await client.query<{ execution_id: string; job_path: string }>({
    name: 'hookline-signals',
    text: SIGNALS_SQL,
    values: [ids],
  });
  const paths = new Map<string, string[]>();
  for (const { execution_id, job_path } of rows) paths.set(execution_id, [...(paths.get(execution_id) ?? []), job_path]);
  return paths;
}

/** Writes what a batch has come to. */
export async function writeStates(client: pg.ClientBase, states: readonly State[]): Promise<void> {
  const added = states.flatMap((state) => (state.fixed ? [{ state, fixed: state.fixed }] : []));
  const changed = states.filter((state) => state.fixed === undefined);
  const logged = states.flatMap(({ id, logged }) => logged.map((entry) => ({ id, ...entry })));
  const newSignals = states.flatMap(({ id, signals }) =>
    [...signals].flatMap(([jobPath, value]) => (value === null ? [] : [{ id, jobPath, value }])),
  );
  // One that was taken and came again is replaced.
  const taken = states.flatMap(({ id, takenSignals, signals }) =>
    takenSignals.filter((jobPath) => !signals.has(jobPath)).map((jobPath) => ({ id, jobPath })),
  );
  const values = [
    added.map(({ state }) => state.id),
    added.map(({ fixed }) => fixed.workflowId),
    added.map(({ fixed }) => fixed.revision),
    added.map(({ fixed }) => fixed.createdAt),
    added.map(({ fixed }) => fixed.origin),
    added.map(({ fixed }) => fixed.body),
    added.map(({ state }) => state.lane?.name ?? null),
    ...changingColumns(added.map(({ state }) => state)),
    changed.map(({ id }) => id),
    ...changingColumns(changed),
    logged.map(({ id }) => id),
    logged.map(({ sequence }) => sequence),
    logged.map(({ jobs }) => jobs),
    taken.map(({ id }) => id),
    taken.map(({ jobPath }) => jobPath),
    newSignals.map(({ id }) => id),
    newSignals.map(({ jobPath }) => jobPath),
    newSignals.map(({ value }) => value),
    Date.now(),
    added.map(({ fixed }) => fixed.source),
    added.map(({ fixed }) => fixed.replayOf),
  ];
  await client.query({ name: 'hookline-write', text: WRITE_SQL, values });
}

function changingColumns(states: readonly State[]): unknown[][] {
  return [
    states.map(({ status }) => status),
    states.map(({ startedAt }) => startedAt),
    states.map(({ finishedAt }) => finishedAt),
    states.map(({ result }) => result),
    states.map(({ wakeAt }) => wakeAt),
    states.map(({ owner }) => owner),
  ];
}
