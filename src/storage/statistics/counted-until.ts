// Until when executions have been counted, and what is counted before it is lost: by deletion, or because it runs again.

import { Op } from 'sequelize';
import { lowestIdAt } from '../execution-id.ts';
import type { ExecutionRow } from '../execution-models.ts';
import type { Models } from '../models.ts';
import { isTime, MAX_TIME } from '../row-reader.ts';
import { acceptedAt, addEnded, countsOf, keepCounts, type Tallies, tallyAt } from './counts.ts';
import { FINE_MS } from './spans.ts';

export const COUNTED_UNTIL = 'statistics-until';

/** What `countLost` has to know of an execution. */
export const COUNTED_COLUMNS = ['id', 'workflowId', 'status', 'createdAt', 'startedAt', 'finishedAt'] as const;
type CountedRow = Pick<ExecutionRow, (typeof COUNTED_COLUMNS)[number]>;

/**
 * Everything before this moment is in the statistics, nothing from it on is. Until the end of the transaction nobody else changes
 * that; take it before any other lock.
 * @returns milliseconds since 1970; 0 when nothing was counted yet
 */
export async function lockCountedUntil(models: Models): Promise<number> {
  const { settings } = models;
  await settings.bulkCreate([{ name: COUNTED_UNTIL, value: '0' }], { ignoreDuplicates: true });
  const row = await settings.findByPk(COUNTED_UNTIL, { lock: true, rejectOnEmpty: true });
  return countedUntilOf(models, row.get().value);
}

/** From the value of the setting; where it is no time, the end of what is kept: nothing is counted twice. */
export async function countedUntilOf({ statistics }: Pick<Models, 'statistics'>, value: string | undefined): Promise<number> {
  if (value === undefined) return 0;
  if (/^\d+$/.test(value) && isTime(Number(value))) return Number(value);
  const where = { spanMs: FINE_MS, at: { [Op.lte]: MAX_TIME } };
  const last = await statistics.findOne({ attributes: ['at'], where, order: [['at', 'DESC']] });
  return last ? Number(last.get().at) + FINE_MS : 0;
}

export async function setCountedUntil({ settings }: Models, until: number): Promise<void> {
  await settings.update({ value: String(until) }, { where: { name: COUNTED_UNTIL } });
}

/**
 * Counts what has not been counted of executions that are about to be deleted or to run again.
 * @param until from `lockCountedUntil`, in the same transaction
 * @param lost `all`: they are deleted; `all-of-workflow`: with their workflow, so that only the total is kept; `end`: they run again
 */
export async function countLost(
  models: Models,
  until: number,
  rows: readonly CountedRow[],
  lost: 'all' | 'all-of-workflow' | 'end',
): Promise<void> {
  const tallies: Tallies = new Map();
  for (const { id, workflowId, status, ...times } of rows) {
    const [createdAt, startedAt, finishedAt] = [times.createdAt, times.startedAt, times.finishedAt].map((time) =>
      time === null ? undefined : Number(time),
    );
    const isAccepted = id >= lowestIdAt(until);
    if (lost !== 'end' && isAccepted) countsOf(tallyAt(tallies, acceptedAt(createdAt ?? 0, id)), workflowId).calls += 1;
    if (finishedAt === undefined || finishedAt < until || !isTime(finishedAt)) continue;
    const durationMs = startedAt === undefined || !isTime(startedAt) ? null : finishedAt - startedAt;
    addEnded(tallyAt(tallies, finishedAt), { workflowId, status, durationMs, count: 1, id });
  }
  await keepCounts(models, tallies, lost !== 'all-of-workflow');
}
