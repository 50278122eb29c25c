// Executions in the database: what the committer wrote, read back; and their deletion by age.

import { literal, Op, QueryTypes, type Sequelize } from 'sequelize';
import type { ExecutionStatus, ExecutionWithJobs, Job, Signal } from '../engine/model.ts';
import { EXECUTION_STATUSES, isFinal } from '../engine/model.ts';
import type { ClaimedExecution, ExecutionStore, ExecutionSummary } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';
import type { ExecutionWriter } from './committer.ts';
import { type Database, isSearchable, parseStored } from './database.ts';
import { dialectOf } from './dialect.ts';
import { isExecutionId, lowestIdAt } from './execution-id.ts';
import { findPage, statusCondition } from './execution-list.ts';
import { deleteExecutions, findIds } from './execution-purge.ts';
import { SUMMARY_COLUMNS, toExecution, toSummary } from './execution-row.ts';
import { type ListKind, limitOf, placeOf, toPage } from './page.ts';
import { readTogether } from './read-together.ts';
import { COUNTED_COLUMNS, countLost, lockCountedUntil } from './statistics/counted-until.ts';
import { withStorageErrors } from './storage-error.ts';

const EXECUTION_LIST: ListKind<[id: string]> = {
  name: 'executions',
  isPlace: (value): value is [string] => value.length === 1 && isExecutionId(value[0]),
};

/** The execution part of the storage port. `sequelize` is the reader's. */
export function executionStore(sequelize: Sequelize, database: Database, writer: ExecutionWriter): ExecutionStore {
  const { read, write } = database;
  const { jsonMember } = dialectOf(sequelize);

  /** Jobs of the log by execution, in the order they finished, and the sequence of the entry that comes next. */
  async function loggedJobs(ids: readonly string[]): Promise<Map<string, { jobs: Job[]; sequence: number }>> {
    const rows = await read.executionJobs.findAll({
      where: { executionId: [...ids] },
      order: [
        ['executionId', 'ASC'],
        ['sequence', 'ASC'],
      ],
    });
    const logs = new Map<string, { jobs: Job[]; sequence: number }>();
    for (const row of rows) {
      const { executionId, sequence, jobs: json } = row.get();
      const log = logs.get(executionId) ?? { jobs: [], sequence: 0 };
      for (const job of parseStored<Job[]>(json)) log.jobs.push(job);
      log.sequence = sequence + 1;
      logs.set(executionId, log);
    }
    return logs;
  }

  /** Signals by execution, in the order they came. */
  async function storedSignals(ids: readonly string[]): Promise<Map<string, Signal[]>> {
    const rows = await read.signals.findAll({
      where: { executionId: [...ids] },
      order: [
        ['createdAt', 'ASC'],
        ['jobPath', 'ASC'],
      ],
    });
    const signals = new Map<string, Signal[]>();
    for (const row of rows) {
      const { executionId, jobPath, value } = row.get();
      const known = signals.get(executionId) ?? [];
      known.push({ jobPath, ...parseStored<Omit<Signal, 'jobPath'>>(value) });
      signals.set(executionId, known);
    }
    return signals;
  }

  async function findOne(id: string): Promise<ExecutionWithJobs | undefined> {
    // The row before its log: what is written in between is at worst newer, never missing.
    const row = await read.executions.findByPk(id);
    return row ? toExecution(row.get(), (await loggedJobs([id])).get(id)?.jobs ?? []) : undefined;
  }

  /** Newest first. */
  async function summariesOf(ids: readonly string[]): Promise<ExecutionSummary[]> {
    if (ids.length === 0) return [];
    const rows = await read.executions.findAll({
      attributes: [...SUMMARY_COLUMNS, [literal(jsonMember('result', 'error')), 'error']],
      where: { id: [...ids] },
      order: [['id', 'DESC']],
    });
    return rows.map((row) => toSummary(row.get(), row.get('error')));
  }

  /**
   * The executions that a statement selects the ids of. One statement with their rows, so that fewer than its limit means that
   * there are no more: what changes meanwhile cannot fall out.
   */
  async function findClaimable(selectIds: string): Promise<ClaimedExecution[]> {
    const rows = await read.executions.findAll({ where: { id: { [Op.in]: literal(`(${selectIds})`) } }, order: [['id', 'ASC']] });
    if (rows.length === 0) return [];
    const ids = rows.map((row) => row.get().id);
    const logs = await loggedJobs(ids);
    const signals = await storedSignals(ids);
    return rows.map((row) => {
      const values = row.get();
      const { jobs, sequence } = logs.get(values.id) ?? { jobs: [], sequence: 0 };
      return { execution: toExecution(values, jobs), signals: signals.get(values.id) ?? [], sequence };
    });
  }

  const readClaimed = readTogether(async (ids) => {
    const list = ids.map((id) => sequelize.escape(id)).join(', ');
    const found = await withStorageErrors(() => findClaimable(`SELECT id FROM executions WHERE id IN (${list})`));
    return new Map(found.map((claimed) => [claimed.execution.id, claimed]));
  });

  return {
    commit: (...unit) => writer.commit(unit),

    markExecuted: (workflowId, revision) =>
      write(async ({ revisions }) => {
        await revisions.update({ executed: true }, { where: { workflowId, revision } });
      }),

    get: (id) => withStorageErrors(async () => (isExecutionId(id) ? findOne(id) : undefined)),

    signals: (id) => withStorageErrors(async () => (isExecutionId(id) ? ((await storedSignals([id])).get(id) ?? []) : [])),

    async claim(id, now) {
      if (!isExecutionId(id) || !(await writer.claim(id, now))) return undefined;
      const claimed = await readClaimed(id);
      // It may have been canceled or deleted in between.
      return claimed?.execution.status === 'running' ? claimed : undefined;
    },

    summaries: (ids) =>
      withStorageErrors(
        async () => new Map((await summariesOf(ids.filter(isExecutionId))).map((summary) => [summary.id, summary])),
      ),

    async list(filter) {
      const limit = limitOf(filter);
      const before = placeOf(EXECUTION_LIST, filter.cursor)?.[0];
      return withStorageErrors(async () => {
        const found = await findPage(sequelize, filter, before, limit + 1);
        const { items: ids, nextCursor } = toPage(EXECUTION_LIST, found, limit, (id) => [id]);
        return { items: await summariesOf(ids), nextCursor };
      });
    },

    listOldest: (status, limit, lanes = {}) =>
      withStorageErrors(async () => {
        const { only, without = [] } = lanes;
        if (only !== undefined && !isSearchable(only)) return [];
        const conditions = [`status = '${status}'`, "status <> 'succeeded'"];
        if (only !== undefined) conditions.push(`lane = ${sequelize.escape(only)}`);
        const excluded = without.filter(isSearchable).map((lane) => sequelize.escape(lane));
        if (excluded.length > 0) conditions.push(`(lane IS NULL OR lane NOT IN (${excluded.join(', ')}))`);
        return findClaimable(
          `SELECT id FROM executions WHERE ${conditions.join(' AND ')} ORDER BY id LIMIT ${Math.trunc(limit)}`,
        );
      }),

    listDue: (now, limit) =>
      withStorageErrors(async () => {
        const due = await findClaimable(
          `SELECT id FROM executions WHERE wake_at <= ${Math.trunc(now)} ORDER BY wake_at LIMIT ${Math.trunc(limit)}`,
        );
        return due.sort((a, b) => (a.execution.wakeAt ?? 0) - (b.execution.wakeAt ?? 0));
      }),

    nextWakeAt: () =>
      withStorageErrors(async () => {
        const [row] = await sequelize.query<{ wakeAt: number | string | null }>(
          'SELECT MIN(wake_at) AS "wakeAt" FROM executions WHERE wake_at IS NOT NULL',
          { type: QueryTypes.SELECT },
        );
        return row?.wakeAt == null ? null : Number(row.wakeAt);
      }),

    async reopen(id, jobs) {
      if (!isExecutionId(id)) throw new HooklineError('execution_not_found', `There is no execution ${id}.`);
      await writer.reopen(id, jobs);
    },

    countByStatus: () =>
      withStorageErrors(async () => {
        // The statuses that are in the index, and the rest by subtraction: no scan of the table itself.
        const rows = await sequelize.query<{ status: string; count: number }>(
          `SELECT status, COUNT(*) AS count FROM executions WHERE status <> 'succeeded' GROUP BY status
           UNION ALL SELECT 'all', COUNT(*) FROM executions`,
          { type: QueryTypes.SELECT },
        );
        const stored = new Map(rows.map(({ status, count }) => [status, Number(count)]));
        const others = EXECUTION_STATUSES.filter((status) => status !== 'succeeded');
        const counts = Object.fromEntries(others.map((status) => [status, stored.get(status) ?? 0]));
        const succeeded = others.reduce((rest, status) => rest - (stored.get(status) ?? 0), stored.get('all') ?? 0);
        return { ...counts, succeeded } as Record<ExecutionStatus, number>;
      }),

    oldestQueuedAt: () =>
      withStorageErrors(async () => {
        const [id] = await findIds(read, { [Op.and]: [literal(statusCondition('queued'))] }, 1);
        const row = id === undefined ? null : await read.executions.findByPk(id, { attributes: ['createdAt'] });
        return row === null ? null : Number(row.get().createdAt);
      }),

    async deleteOld(status, before, limit) {
      if (!isFinal(status)) throw new TypeError(`Only executions in a final status are deleted, not "${status}".`);
      const old = { [Op.and]: [literal(statusCondition(status)), { id: { [Op.lt]: lowestIdAt(before) } }] };
      const ids = await findIds(read, old, limit);
      if (ids.length === 0) return 0;
      return write(async (models) => {
        // Counted here and not before: another deletion may have been quicker. On PostgreSQL one of another process may be under
        // way at this moment, hence the lock, and the order, in which nobody waits for somebody who waits for him.
        const until = await lockCountedUntil(models);
        const rows = await models.executions.findAll({
          attributes: [...COUNTED_COLUMNS],
          where: { id: ids },
          order: [['id', 'ASC']],
          lock: true,
        });
        await countLost(
          models,
          until,
          rows.map((row) => row.get()),
          'all',
        );
        const removed = new Map<string, number>();
        for (const row of rows) removed.set(row.get().workflowId, (removed.get(row.get().workflowId) ?? 0) + 1);
        for (const [id, by] of [...removed].sort()) await models.workflows.increment('removedExecutions', { by, where: { id } });
        return deleteExecutions(models, ids);
      });
    },
  };
}
