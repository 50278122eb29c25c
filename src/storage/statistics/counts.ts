// What happened in a span of time: counted from the executions, and added to what is kept.

import { QueryTypes, type Sequelize } from 'sequelize';
import { type ExecutionStatus, executionStatusSchema } from '../../engine/model.ts';
import { dialectOf } from '../dialect.ts';
import { lowestIdAt } from '../execution-id.ts';
import type { Models, StatisticsRow } from '../models.ts';
import { addTo, classOf, type Histogram, readHistogram, writeHistogram } from './histogram.ts';
import { SPANS, startOf } from './spans.ts';

export interface Counts {
  /** Accepted. */
  calls: number;
  /** Ended, whenever they were accepted. */
  succeeded: number;
  failed: number;
  durations: Histogram;
  /** Id of one that failed, one of the last. */
  lastFailure: string | null;
  /** Of all workflows together: greatest age of the oldest queued execution that was seen. */
  queueAgeMs: number | null;
}

/** Counts by workflow. */
export type Tally = Map<string, Counts>;

/** The workflow of counts of all together. */
export const ALL = '';

const FAILED: ReadonlySet<ExecutionStatus> = new Set(['failed', 'error', 'timed_out']);

export function noCounts(): Counts {
  return { calls: 0, succeeded: 0, failed: 0, durations: new Map(), lastFailure: null, queueAgeMs: null };
}

export function countsOf<Key>(tally: Map<Key, Counts>, key: Key): Counts {
  const counts = tally.get(key) ?? noCounts();
  tally.set(key, counts);
  return counts;
}

/** Adds what came later. */
export function addCounts(counts: Counts, later: Counts): void {
  counts.calls += later.calls;
  counts.succeeded += later.succeeded;
  counts.failed += later.failed;
  addTo(counts.durations, later.durations);
  counts.lastFailure = later.lastFailure ?? counts.lastFailure;
  const ages = [counts.queueAgeMs, later.queueAgeMs].filter((age) => age !== null);
  counts.queueAgeMs = ages.length === 0 ? null : Math.max(...ages);
}

/** Executions that ended alike. */
export interface Ended {
  readonly workflowId: string;
  readonly status: ExecutionStatus;
  /** Null when they never ran. */
  readonly durationMs: number | null;
  readonly count: number;
  /** One of them. */
  readonly id: string;
}

export function addEnded(tally: Tally, { workflowId, status, durationMs, count, id }: Ended): void {
  const counts = countsOf(tally, workflowId);
  if (status === 'succeeded') counts.succeeded += count;
  if (FAILED.has(status)) {
    counts.failed += count;
    counts.lastFailure = id;
  }
  if (durationMs !== null) addTo(counts.durations, [[classOf(durationMs), count]]);
}

/**
 * What happened from one time on and before another, from the executions themselves.
 * @param workflowIds of these alone; default of all
 */
export async function countExecutions(
  sequelize: Sequelize,
  from: number,
  to: number,
  workflowIds?: readonly string[],
): Promise<Tally> {
  const { indexHint } = dialectOf(sequelize);
  const ids = workflowIds?.map((id) => sequelize.escape(id)).join(', ');
  const ofWorkflows = ids === undefined ? '' : `AND workflow_id IN (${ids})`;
  const tally: Tally = new Map();
  if (ids === '') return tally;
  const accepted = await sequelize.query<{ workflowId: string; count: number | string }>(
    `SELECT workflow_id AS "workflowId", COUNT(*) AS count FROM executions${indexHint('sqlite_autoindex_executions_1')}
     WHERE id >= '${lowestIdAt(from)}' AND id < '${lowestIdAt(to)}' ${ofWorkflows} GROUP BY workflow_id`,
    { type: QueryTypes.SELECT },
  );
  for (const { workflowId, count } of accepted) countsOf(tally, workflowId).calls += Number(count);
  const ended = await sequelize.query<{
    workflowId: string;
    status: string;
    durationMs: number | string | null;
    count: number | string;
    id: string;
  }>(
    `SELECT workflow_id AS "workflowId", status, finished_at - started_at AS "durationMs", COUNT(*) AS count, MAX(id) AS id
     FROM executions${indexHint('executions_finished')}
     WHERE finished_at >= ${Math.trunc(from)} AND finished_at < ${Math.trunc(to)} ${ofWorkflows}
     GROUP BY workflow_id, status, finished_at - started_at ORDER BY MAX(id)`,
    { type: QueryTypes.SELECT },
  );
  for (const { workflowId, status, durationMs, count, id } of ended) {
    addEnded(tally, {
      ...{ workflowId, id, status: executionStatusSchema.parse(status), count: Number(count) },
      durationMs: durationMs === null ? null : Number(durationMs),
    });
  }
  return tally;
}

/** All workflows of a tally together. */
export function totalOf(tally: Tally): Counts {
  const total = noCounts();
  for (const counts of tally.values()) addCounts(total, counts);
  return total;
}

/**
 * Adds a tally to what is kept, in a transaction that holds the lock of `counted-until.ts`.
 * @param at a time in the span that it is of
 * @param ofWorkflows whether to keep it by workflow too; default true
 */
export async function keepCounts({ statistics }: Models, at: number, tally: Tally, ofWorkflows = true): Promise<void> {
  if (tally.size === 0) return;
  const added = new Map([...(ofWorkflows ? tally : []), [ALL, totalOf(tally)] as const]);
  for (const { spanMs } of SPANS) {
    const start = startOf(at, spanMs);
    const where = { spanMs, at: start, workflowId: [...added.keys()] };
    const kept = new Map((await statistics.findAll({ where })).map((row) => [row.get().workflowId, row.get()]));
    const rows = [...added].map(([workflowId, counts]): StatisticsRow => {
      const row = kept.get(workflowId);
      const sum = row ? toCounts(row) : noCounts();
      addCounts(sum, counts);
      return { spanMs, workflowId, at: start, ...sum, durations: writeHistogram(sum.durations) };
    });
    await statistics.bulkCreate(rows, {
      updateOnDuplicate: ['calls', 'succeeded', 'failed', 'durations', 'lastFailure', 'queueAgeMs'],
    });
  }
}

/** PostgreSQL gives BIGINT as text; hence Number. */
export function toCounts(row: Omit<StatisticsRow, 'spanMs' | 'workflowId' | 'at'>): Counts {
  const { calls, succeeded, failed, durations, lastFailure, queueAgeMs } = row;
  const age = queueAgeMs === null ? null : Number(queueAgeMs);
  return { calls, succeeded, failed, durations: readHistogram(durations), lastFailure, queueAgeMs: age };
}
