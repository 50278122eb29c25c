// Deletes executions in chunks, so that neither a deleted workflow nor retention ever holds up the hot path.

import { col, fn, Op, type WhereOptions } from 'sequelize';
import { type Database, DELETE_CHUNK, yieldTurn } from './database.ts';
import type { ExecutionRow } from './execution-models.ts';
import type { Models } from './models.ts';
import { COUNTED_COLUMNS, countLost, lockCountedUntil } from './statistics/counted-until.ts';
import { withStorageErrors } from './storage-error.ts';

/** Settings of this name remember workflows whose executions are still to be deleted. */
const PURGE_PREFIX = 'purge:';

/** Remembers, in the transaction that deletes a workflow, that its executions have to go: a crash does not leave them behind. */
export async function startPurge({ settings }: Models, workflowId: string): Promise<void> {
  await settings.upsert({ name: PURGE_PREFIX + workflowId, value: '' });
}

/** Deletes what a deleted workflow has left. */
export async function purgeExecutions(database: Database, workflowId: string): Promise<void> {
  for (;;) {
    const ids = await findIds(database.read, { workflowId }, DELETE_CHUNK);
    if (ids.length === 0) break;
    await database.write(async (models) => {
      const until = await lockCountedUntil(models);
      const rows = await models.executions.findAll({ attributes: [...COUNTED_COLUMNS], where: { id: ids } });
      await countLost(
        models,
        until,
        rows.map((row) => row.get()),
        'all-of-workflow',
      );
      await deleteExecutions(models, ids);
    });
    await yieldTurn();
  }
  await database.write(({ settings }) => settings.destroy({ where: { name: PURGE_PREFIX + workflowId } }));
}

/** Goes on with what a crash has interrupted. */
export async function finishPurges(database: Database): Promise<void> {
  const pending = await withStorageErrors(() =>
    database.read.settings.findAll({ where: { name: { [Op.startsWith]: PURGE_PREFIX } } }),
  );
  for (const row of pending) await purgeExecutions(database, row.get().name.slice(PURGE_PREFIX.length));
}

/** The lowest ids that meet a condition; only reads. */
export function findIds({ executions }: Models, where: WhereOptions<ExecutionRow>, limit: number): Promise<string[]> {
  return withStorageErrors(async () => {
    const rows = await executions.findAll({ attributes: ['id'], where, order: [['id', 'ASC']], limit });
    return rows.map((row) => row.get().id);
  });
}

/** Deletes these executions with their job log and their signals. @returns how many there were */
export async function deleteExecutions(models: Models, ids: readonly string[]): Promise<number> {
  const { executions, executionJobs, signals } = models;
  await executionJobs.destroy({ where: { executionId: [...ids] } });
  await signals.destroy({ where: { executionId: [...ids] } });
  return executions.destroy({ where: { id: [...ids] } });
}

/** How many executions meet a condition, by workflow. */
export async function countExecutions({ executions }: Models, where: WhereOptions<ExecutionRow>): Promise<Map<string, number>> {
  const rows = await executions.findAll({
    attributes: ['workflowId', [fn('COUNT', col('id')), 'count']],
    where,
    group: ['workflowId'],
  });
  return new Map(rows.map((row) => [row.get().workflowId, Number(row.get('count'))]));
}
