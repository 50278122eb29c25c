// The statistics part of the storage port: what is kept of the past, and what has not been counted yet from the executions.

import { Op, QueryTypes, type Sequelize } from 'sequelize';
import { endpointStatusSchema } from '../../engine/outbound-model.ts';
import type { BucketCounts, FailingWorkflow, StatisticsStore } from '../../engine/statistics-ports.ts';
import { type Database, isSearchable, yieldTurn } from '../database.ts';
import { dialectOf } from '../dialect.ts';
import { lowestIdAt, timeOfId } from '../execution-id.ts';
import type { StatisticsRow } from '../execution-models.ts';
import { connectionOf, type Models } from '../models.ts';
import { lowestOutboundIdAt } from '../outbound/ids.ts';
import { isEndpointState } from '../outbound/records.ts';
import { withStorageErrors } from '../storage-error.ts';
import { COUNTED_UNTIL, countedUntilOf, lockCountedUntil, setCountedUntil } from './counted-until.ts';
import {
  ALL,
  addCounts,
  type Counts,
  countExecutions,
  countsOf,
  keepCounts,
  noCounts,
  readKept,
  toCounts,
  totalOf,
} from './counts.ts';
import { type Histogram, percentileOf } from './histogram.ts';
import { bucketsOf, COARSE_MS, SPANS, startOf } from './spans.ts';

/**
 * Executions are counted this long after they ended, since what has ended is stored a little later; and so the clocks of machines
 * on one database may differ by as much.
 */
const LAG_MS = 2 * 60_000;
/** Most executions that are counted in one transaction: commits wait for milliseconds. */
const MAX_COUNTED = 5_000;
const DELETE_CHUNK = 1_000;
/** Other machines' clocks may be ahead. */
const AHEAD_MS = 10 * 60_000;

/** They are most of a row, and cost the most to read. */
const WITHOUT_DURATIONS = ['workflowId', 'at', 'calls', 'succeeded', 'failed', 'lastFailure', 'queueAgeMs'] as const;

interface Range {
  readonly from: number;
  readonly to: number;
  readonly spanMs: number;
}

/** Numbers of one workflow, or all together, in one kept span. */
interface Piece {
  readonly workflowId: string;
  readonly at: number;
  readonly counts: Counts;
}

/** @param sequelize the reader's */
export function statisticsStore(sequelize: Sequelize, { read, write, rows: reader }: Database): StatisticsStore {
  const { indexHint } = dialectOf(sequelize);

  async function countedUntil(): Promise<number> {
    return countedUntilOf(read, (await read.settings.findByPk(COUNTED_UNTIL))?.get().value);
  }

  /** Reads until nothing was counted in between, which would be missing or be there twice. */
  async function steadily<Result>(work: (until: number) => Promise<Result>): Promise<Result> {
    for (let turn = 0; ; turn += 1) {
      const until = await countedUntil();
      const result = await work(until);
      if (turn > 3 || (await countedUntil()) === until) return result;
    }
  }

  /**
   * What is kept and what is not counted yet, together.
   * @param of ids of workflows; undefined: all together
   * @param attributes default all
   */
  function piecesOf(
    { from, to, spanMs }: Range,
    of: readonly string[] | undefined,
    now: number,
    attributes?: readonly (keyof StatisticsRow)[],
  ): Promise<Piece[]> {
    const within = { [Op.gte]: startOf(from, spanMs), [Op.lt]: to };
    return steadily(async (until) => {
      const rows = await readKept(read, { spanMs, workflowId: of ? [...of] : ALL, at: within }, attributes);
      const pieces = rows.map(
        ({ workflowId, at, ...counts }): Piece => ({ workflowId, at: Number(at), counts: toCounts(counts) }),
      );
      for (const [time, tally] of await countOpen(from, to, until, now, of)) {
        const at = startOf(time, spanMs);
        if (of) for (const [workflowId, counts] of tally) pieces.push({ workflowId, at, counts });
        else pieces.push({ workflowId: ALL, at, counts: totalOf(tally) });
      }
      return pieces;
    });
  }

  /** What is not counted yet of a range. */
  function countOpen(from: number, to: number, until: number, now: number, of?: readonly string[]) {
    return countExecutions(sequelize, Math.max(from, until), Math.min(to, now + AHEAD_MS), of);
  }

  /**
   * The workflows with the most failures.
   * @param of ids of those to look at; undefined: all
   */
  function mostFailures({ from, to, spanMs }: Range, of: readonly string[] | undefined, limit: number, now: number) {
    const within = `span_ms = ${spanMs} AND at >= ${from} AND at < ${to}`;
    const select = <Row extends object>(sql: string) => sequelize.query<Row>(sql, { type: QueryTypes.SELECT });
    const list = (ids: readonly string[]) => ids.map((id) => sequelize.escape(id)).join(', ');
    return steadily(async (until): Promise<FailingWorkflow[]> => {
      const failed = new Map<string, number>();
      const kept = await select<{ workflowId: string; failed: number | string }>(
        `SELECT workflow_id AS "workflowId", SUM(failed) AS failed FROM statistics${of ? '' : indexHint('statistics_failed')}
         WHERE failed > 0 AND ${within} AND ${of ? `workflow_id IN (${list(of)})` : "workflow_id <> ''"} GROUP BY workflow_id`,
      );
      for (const row of kept) failed.set(row.workflowId, Number(row.failed));
      const open = [...(await countOpen(from, to, until, now, of)).values()].flatMap((tally) => [...tally]);
      for (const [id, counts] of open) failed.set(id, (failed.get(id) ?? 0) + counts.failed);
      const most = [...failed].filter(([, count]) => count > 0).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
      const found = new Map(
        most.slice(0, limit).map(([workflowId, count]) => [workflowId, { workflowId, calls: 0, failed: count, lastFailure: '' }]),
      );
      if (found.size === 0) return [];
      // The other counts of these few alone.
      const ids = [...found.keys()];
      const sums = await select<{ workflowId: string; calls: number | string; failedAt: number | string | null }>(
        `SELECT workflow_id AS "workflowId", SUM(calls) AS calls, MAX(CASE WHEN failed > 0 THEN at END) AS "failedAt"
         FROM statistics WHERE ${within} AND workflow_id IN (${list(ids)}) GROUP BY workflow_id`,
      );
      const failedAt = new Map(sums.map((sum) => [sum.workflowId, Number(sum.failedAt)]));
      // More than needed, since SQLite would not look up pairs one by one.
      const where = { spanMs, workflowId: ids, at: [...new Set(failedAt.values())] };
      const last = (await readKept(read, where, WITHOUT_DURATIONS)).filter(
        (row) => failedAt.get(row.workflowId) === Number(row.at),
      );
      for (const { workflowId, calls } of sums) add(workflowId, Number(calls), null);
      for (const { workflowId, lastFailure } of last) add(workflowId, 0, lastFailure);
      for (const [workflowId, { calls, lastFailure }] of open) add(workflowId, calls, lastFailure);
      return [...found.values()].map((one) => ({ ...one, lastFailure: one.lastFailure || null }));

      function add(workflowId: string, calls: number, lastFailure: string | null): void {
        const one = found.get(workflowId);
        if (!one) return;
        one.calls += calls;
        one.lastFailure = lastFailure ?? one.lastFailure;
      }
    });
  }

  async function countNext(now: number): Promise<boolean> {
    return write(async (models) => {
      const until = await lockCountedUntil(models);
      const limit = now - LAG_MS;
      if (until >= limit) return false;
      const from = await nextEvent(models, until);
      if (from === undefined || from >= limit) {
        await setCountedUntil(models, limit);
        return false;
      }
      const to = await endOfSlice(models, from, limit);
      await keepCounts(models, await countExecutions(connectionOf(models), from, to));
      await setCountedUntil(models, to);
      return to < limit;
    });
  }

  /** One catches up for all who ask meanwhile. */
  let counting: Promise<void> | undefined;
  function countAll(now: number, isStopped: () => boolean = () => false): Promise<void> {
    counting ??= (async () => {
      while (!isStopped() && (await countNext(now))) await yieldTurn();
    })().finally(() => {
      counting = undefined;
    });
    return counting;
  }

  /** After a start on a database with executions that were never counted: nobody shall see half of them. */
  async function requireCounted(now: number): Promise<void> {
    if ((await countedUntil()) < now - COARSE_MS) await countAll(now);
  }

  return {
    count: (now, isStopped) => withStorageErrors(() => countAll(now, isStopped)),

    sampleQueueAge: (now, queueAgeMs) =>
      write(async (models) => {
        await lockCountedUntil(models);
        await keepCounts(models, new Map([[now, new Map([[ALL, { ...noCounts(), queueAgeMs }]])]]));
      }),

    async deleteOld(now) {
      for (const { spanMs, keepMs } of SPANS) {
        const old = { spanMs, at: { [Op.lt]: now - keepMs } };
        for (let deleted = DELETE_CHUNK; deleted === DELETE_CHUNK; await yieldTurn()) {
          const keys = await withStorageErrors(() =>
            read.statistics.findAll({ attributes: ['workflowId', 'at'], where: old, limit: DELETE_CHUNK }),
          );
          deleted = keys.length;
          if (deleted === 0) break;
          const rows = keys.map((row) => ({ workflowId: row.get().workflowId, at: row.get().at }));
          await write(({ statistics }) => statistics.destroy({ where: { spanMs, [Op.or]: rows } }));
        }
      }
    },

    read: ({ from, to, workflowId }, now) =>
      withStorageErrors(async () => {
        await requireCounted(now);
        const buckets = bucketsOf(from, to, now);
        const { bucketMs } = buckets;
        const isKnown = workflowId === undefined || isSearchable(workflowId);
        const of = workflowId === undefined ? undefined : [workflowId];
        const sums = new Map<number, Counts>();
        for (let at = buckets.from; at < buckets.to; at += bucketMs) sums.set(at, noCounts());
        for (const { at, counts } of isKnown ? await piecesOf(buckets, of, now) : []) {
          addCounts(countsOf(sums, startOf(at, bucketMs)), counts);
        }
        const total = noCounts();
        for (const counts of sums.values()) addCounts(total, counts);
        return {
          ...{ from: buckets.from, to: buckets.to, bucketMs },
          buckets: [...sums].map(([at, counts]) => ({ at, ...shown(counts) })),
          totals: shown(total),
        };
      }),

    failingWorkflows: ({ from, to, workflowId }, limit, now) =>
      withStorageErrors(async () => {
        await requireCounted(now);
        const buckets = bucketsOf(from, to, now);
        if (workflowId !== undefined && !isSearchable(workflowId)) return [];
        return mostFailures(buckets, workflowId === undefined ? undefined : [workflowId], limit, now);
      }),

    activity: (ids, hours, now) =>
      withStorageErrors(async () => {
        await requireCounted(now);
        const known = [...new Set(ids)].filter(isSearchable);
        const to = startOf(now, COARSE_MS) + COARSE_MS;
        const from = to - hours * COARSE_MS;
        const byWorkflow = new Map(
          known.map((id) => [id, new Map(Array.from({ length: hours }, (_, hour) => [from + hour * COARSE_MS, noCounts()]))]),
        );
        for (const { workflowId, at, counts } of await piecesOf({ from, to, spanMs: COARSE_MS }, known, now, WITHOUT_DURATIONS)) {
          const sums = byWorkflow.get(workflowId);
          if (sums) addCounts(countsOf(sums, at), counts);
        }
        const last = await lastExecutions(known);
        return new Map(
          [...byWorkflow].map(([id, sums]) => {
            const shownHours = [...sums].map(([at, { succeeded, failed }]) => ({ at, succeeded, failed }));
            return [id, { lastExecutionId: last.get(id) ?? null, hours: shownHours }];
          }),
        );
      }),

    failingEndpoints: (from, to) =>
      withStorageErrors(async () => {
        const rows = await sequelize.query<{
          endpointId: string;
          url: string;
          status: string;
          state: string;
          failed: number | string;
          held: number | string;
        }>(
          `SELECT e.id AS "endpointId", e.url, e.status, e.state, coalesce(f.failed, 0) AS failed, coalesce(h.held, 0) AS held
           FROM endpoints e
           LEFT JOIN (SELECT endpoint_id, COUNT(*) AS failed FROM deliveries
             WHERE status IN ('failed', 'expired') AND status NOT IN ('pending', 'succeeded')
               AND id >= '${lowestOutboundIdAt('dlv', from)}' AND id < '${lowestOutboundIdAt('dlv', to)}'
             GROUP BY endpoint_id) f ON f.endpoint_id = e.id
           LEFT JOIN (SELECT d.endpoint_id, COUNT(*) AS held FROM endpoints b
             JOIN deliveries d ON d.endpoint_id = b.id AND d.status = 'pending'
             WHERE b.status <> 'active' GROUP BY d.endpoint_id) h ON h.endpoint_id = e.id
           WHERE e.kind = 'endpoint' AND (f.failed > 0 OR h.held > 0 OR e.status <> 'active')
           ORDER BY e.id`,
          { type: QueryTypes.SELECT },
        );
        const found = rows.map(({ endpointId, url, status, state, failed, held }) => ({
          ...{ endpointId, url, failed: Number(failed), held: Number(held) },
          ...reader.read('endpoints', endpointId, (fields) => ({
            status: fields.oneOf('status', status, endpointStatusSchema.options, 'disabled'),
            reason: fields.json<{ reason: string | null }>('state', state, { reason: null }, isEndpointState).reason,
          })),
        }));
        return found.sort((a, b) => b.failed + b.held - (a.failed + a.held));
      }),

    unfinished: () =>
      withStorageErrors(async () => {
        const rows = await sequelize.query<{ status: string; count: number | string }>(
          `SELECT status, COUNT(*) AS count FROM executions
           WHERE status IN ('queued', 'running', 'waiting') AND status <> 'succeeded' GROUP BY status`,
          { type: QueryTypes.SELECT },
        );
        const counts = new Map(rows.map(({ status, count }) => [status, Number(count)]));
        return { queued: counts.get('queued') ?? 0, running: counts.get('running') ?? 0, waiting: counts.get('waiting') ?? 0 };
      }),
  };

  /** Id of the newest execution of each workflow that has any. */
  async function lastExecutions(ids: readonly string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const selects = ids.map((id) => {
      const escaped = sequelize.escape(id);
      return `SELECT ${escaped} AS "workflowId", (SELECT MAX(id) FROM executions WHERE workflow_id = ${escaped}) AS id`;
    });
    const rows = await sequelize.query<{ workflowId: string; id: string | null }>(selects.join(' UNION ALL '), {
      type: QueryTypes.SELECT,
    });
    return new Map(rows.flatMap(({ workflowId, id }) => (id === null ? [] : [[workflowId, id]])));
  }
}

function shown({ durations, lastFailure: _last, ...counts }: Counts): Omit<BucketCounts, 'at'> {
  return { ...counts, ...percentiles(durations) };
}

function percentiles(durations: Histogram) {
  const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((share) => percentileOf(durations, share));
  return { p50Ms: p50Ms ?? null, p95Ms: p95Ms ?? null, p99Ms: p99Ms ?? null };
}

/** When the next execution was accepted or ended, from a time on. */
async function nextEvent(models: Models, from: number): Promise<number | undefined> {
  const [row] = await connectionOf(models).query<{ id: string | null; finishedAt: number | string | null }>(
    `SELECT (SELECT MIN(id) FROM executions WHERE id >= '${lowestIdAt(from)}') AS id,
       (SELECT MIN(finished_at) FROM executions WHERE finished_at >= ${Math.trunc(from)}) AS "finishedAt"`,
    { type: QueryTypes.SELECT },
  );
  const times = [...(row?.id == null ? [] : [timeOfId(row.id)]), ...(row?.finishedAt == null ? [] : [Number(row.finishedAt)])];
  return times.length === 0 ? undefined : Math.min(...times);
}

/** An earlier end for a slice with more in it than one transaction should count; one millisecond is never divided. */
async function endOfSlice(models: Models, from: number, to: number): Promise<number> {
  const [row] = await connectionOf(models).query<{ id: string | null; finishedAt: number | string | null }>(
    `SELECT (SELECT id FROM executions WHERE id >= '${lowestIdAt(from)}' AND id < '${lowestIdAt(to)}'
         ORDER BY id LIMIT 1 OFFSET ${MAX_COUNTED}) AS id,
       (SELECT finished_at FROM executions WHERE finished_at >= ${Math.trunc(from)} AND finished_at < ${Math.trunc(to)}
         ORDER BY finished_at LIMIT 1 OFFSET ${MAX_COUNTED}) AS "finishedAt"`,
    { type: QueryTypes.SELECT },
  );
  const ends = [...(row?.id == null ? [] : [timeOfId(row.id)]), ...(row?.finishedAt == null ? [] : [Number(row.finishedAt)])];
  return Math.max(from + 1, Math.min(to, ...ends));
}
