// What happened in a span of time: counted from the executions, and added to what is kept.

import { QueryTypes, type Sequelize, type WhereOptions } from 'sequelize';
import type { ExecutionStatus } from '../../engine/model.ts';
import { dialectOf } from '../dialect.ts';
import { lowestIdAt, timeOfId } from '../execution-id.ts';
import type { StatisticsRow } from '../execution-models.ts';
import type { Models } from '../models.ts';
import { isTime, MAX_TIME } from '../row-reader.ts';
import { addTo, classOf, type Histogram, readHistogram, writeHistogram } from './histogram.ts';
import { FINE_MS, SPANS, startOf } from './spans.ts';

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

const FAILED: ReadonlySet<string> = new Set<ExecutionStatus>(['failed', 'error', 'timed_out']);

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
  /** One that this version does not know counts as neither succeeded nor failed. */
  readonly status: string;
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

/** How long an execution ran; null also where a time of its row is none. Subtracting such a one may exceed BIGINT. */
const DURATION = `CASE WHEN started_at BETWEEN 0 AND ${MAX_TIME} THEN finished_at - started_at END`;

/** Tallies by the start of the short span that they are of. */
export type Tallies = Map<number, Tally>;

export function tallyAt(tallies: Tallies, time: number): Tally {
  const at = startOf(time, FINE_MS);
  const tally: Tally = tallies.get(at) ?? new Map();
  tallies.set(at, tally);
  return tally;
}

/** When an execution was accepted: its id has the time, too, where the column has none. */
export function acceptedAt(createdAt: number, id: string): number {
  return [createdAt, timeOfId(id)].find(isTime) ?? 0;
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
): Promise<Tallies> {
  const { indexHint } = dialectOf(sequelize);
  const ids = workflowIds?.map((id) => sequelize.escape(id)).join(', ');
  const ofWorkflows = ids === undefined ? '' : `AND workflow_id IN (${ids})`;
  const tallies: Tallies = new Map();
  if (ids === '' || from >= to) return tallies;
  const accepted = await sequelize.query<{ workflowId: string; span: number | string; count: number | string; id: string }>(
    `SELECT workflow_id AS "workflowId", created_at / ${FINE_MS} AS span, COUNT(*) AS count, MIN(id) AS id
     FROM executions${indexHint('sqlite_autoindex_executions_1')}
     WHERE id >= '${lowestIdAt(from)}' AND id < '${lowestIdAt(to)}' ${ofWorkflows}
     GROUP BY workflow_id, created_at / ${FINE_MS}`,
    { type: QueryTypes.SELECT },
  );
  for (const { workflowId, span, count, id } of accepted) {
    countsOf(tallyAt(tallies, acceptedAt(Number(span) * FINE_MS, id)), workflowId).calls += Number(count);
  }
  const ended = await sequelize.query<{
    workflowId: string;
    status: string;
    span: number | string;
    durationMs: number | string | null;
    count: number | string;
    id: string;
  }>(
    `SELECT workflow_id AS "workflowId", status, finished_at / ${FINE_MS} AS span, ${DURATION} AS "durationMs",
       COUNT(*) AS count, MAX(id) AS id
     FROM executions${indexHint('executions_finished')}
     WHERE finished_at >= ${Math.trunc(from)} AND finished_at < ${Math.trunc(to)} ${ofWorkflows}
     GROUP BY workflow_id, status, finished_at / ${FINE_MS}, ${DURATION} ORDER BY MAX(id)`,
    { type: QueryTypes.SELECT },
  );
  for (const { workflowId, status, span, durationMs, count, id } of ended) {
    addEnded(tallyAt(tallies, Number(span) * FINE_MS), {
      ...{ workflowId, id, status, count: Number(count) },
      durationMs: durationMs === null ? null : Number(durationMs),
    });
  }
  return tallies;
}

/** All workflows of a tally together. */
export function totalOf(tally: Tally): Counts {
  const total = noCounts();
  for (const counts of tally.values()) addCounts(total, counts);
  return total;
}

const COLUMNS = {
  span_ms: 'spanMs',
  workflow_id: 'workflowId',
  at: 'at',
  calls: 'calls',
  succeeded: 'succeeded',
  failed: 'failed',
  durations: 'durations',
  last_failure: 'lastFailure',
  queue_age_ms: 'queueAgeMs',
} as const satisfies Record<string, keyof StatisticsRow>;
const NAMES = Object.keys(COLUMNS);
const CHANGING = NAMES.slice(3);

/**
 * Adds tallies to what is kept, in a transaction that holds the lock of `counted-until.ts`.
 * @param ofWorkflows whether to keep them by workflow too; default true
 */
export async function keepCounts(models: Models, tallies: Tallies, ofWorkflows = true): Promise<void> {
  for (const { spanMs } of SPANS) {
    const added: Tallies = new Map();
    for (const [time, tally] of [...tallies].sort(([a], [b]) => a - b)) {
      const at = startOf(time, spanMs);
      const sums: Tally = added.get(at) ?? new Map();
      added.set(at, sums);
      for (const [workflowId, counts] of ofWorkflows ? tally : [])
        if (workflowId !== ALL) addCounts(countsOf(sums, workflowId), counts);
      addCounts(countsOf(sums, ALL), totalOf(tally));
    }
    await writeSums(models, spanMs, added);
  }
}

async function writeSums({ statistics }: Models, spanMs: number, added: Tallies): Promise<void> {
  const workflowIds = new Set([...added.values()].flatMap((sums) => [...sums.keys()]));
  if (workflowIds.size === 0 || !statistics.sequelize) return;
  const where = { spanMs, at: [...added.keys()], workflowId: [...workflowIds] };
  const kept = new Map<string, Counts>();
  for (const row of await readKept({ statistics }, where)) kept.set(`${row.at} ${row.workflowId}`, toCounts(row));
  const rows: Record<string, unknown>[] = [];
  for (const [at, sums] of added) {
    for (const [workflowId, counts] of sums) {
      const sum = kept.get(`${at} ${workflowId}`) ?? noCounts();
      addCounts(sum, counts);
      const row: StatisticsRow = { spanMs, workflowId, at, ...sum, durations: writeHistogram(sum.durations) };
      rows.push(Object.fromEntries(Object.entries(COLUMNS).map(([column, name]) => [column, row[name]])));
    }
  }
  // One parameter, as on the commit path: the first count of a large database adds many thousands of rows.
  await statistics.sequelize.query(
    `INSERT INTO statistics (${NAMES.join(', ')}) ${dialectOf(statistics.sequelize).rowsOf('statistics', NAMES, '$1')}
     ON CONFLICT (span_ms, workflow_id, at) DO UPDATE SET ${CHANGING.map((name) => `${name} = excluded.${name}`).join(', ')}`,
    { bind: [JSON.stringify(rows)] },
  );
}

/**
 * Rows that are kept, as plain objects: a month of ten workflows is thousands of them.
 * @param attributes default all
 */
export async function readKept(
  { statistics }: Pick<Models, 'statistics'>,
  where: WhereOptions<StatisticsRow>,
  attributes?: readonly (keyof StatisticsRow)[],
): Promise<(KeptCounts & Pick<StatisticsRow, 'workflowId' | 'at'>)[]> {
  const rows: unknown = await statistics.findAll({ ...(attributes ? { attributes: [...attributes] } : {}), where, raw: true });
  return rows as StatisticsRow[];
}

type KeptCounts = Omit<StatisticsRow, 'spanMs' | 'workflowId' | 'at' | 'durations'> & Partial<Pick<StatisticsRow, 'durations'>>;

/** PostgreSQL gives BIGINT as text; hence Number. Without durations where they were not read. */
export function toCounts({ calls, succeeded, failed, durations = '[]', lastFailure, queueAgeMs }: KeptCounts): Counts {
  const age = queueAgeMs === null ? null : Number(queueAgeMs);
  return { calls, succeeded, failed, durations: readHistogram(durations), lastFailure, queueAgeMs: age };
}
