// Executions in the database: what the committer wrote, read back; and their deletion by age.

import { DatabaseError, literal, Op, QueryTypes, type Sequelize } from 'sequelize';
import type { ExecutionStatus, ExecutionWithJobs, Job, Signal } from '../engine/model.ts';
import { EXECUTION_STATUSES, isFinal } from '../engine/model.ts';
import type { ClaimedExecution, ExecutionStore, ExecutionSummary } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';
import type { ExecutionWriter } from './committer.ts';
import { type Database, isSearchable } from './database.ts';
import { dialectOf, NO_JSON } from './dialect.ts';
import { isExecutionId, lowestIdAt } from './execution-id.ts';
import { findPage, statusCondition } from './execution-list.ts';
import { deleteExecutions, findIds } from './execution-purge.ts';
import { isJobs, SUMMARY_COLUMNS, toExecution, toSummary } from './execution-row.ts';
import { type ListKind, limitOf, placeOf, toPage } from './page.ts';
import { readTogether } from './read-together.ts';
import { isObject } from './row-reader.ts';
import { COUNTED_COLUMNS, countLost, lockCountedUntil } from './statistics/counted-until.ts';
import { withStorageErrors } from './storage-error.ts';

const EXECUTION_LIST: ListKind<[id: string]> = {
  name: 'executions',
  isPlace: (value): value is [string] => value.length === 1 && isExecutionId(value[0]),
};

/** What the job log has of an execution. */
interface JobLog {
  jobs: Job[];
  sequence: number;
  /** What of it cannot be read. */
  fault?: string;
}

const UNREADABLE_SIGNAL = { code: 'node_failed', message: 'The stored answer cannot be read by this version.' };

/** PostgreSQL: a text that was to be read as JSON is none. */
function isInvalidJson(error: unknown): boolean {
  return error instanceof DatabaseError && 'code' in error.original && error.original.code === '22P02';
}

/** The execution part of the storage port. `sequelize` is the reader's. */
export function executionStore(sequelize: Sequelize, database: Database, writer: ExecutionWriter): ExecutionStore {
  const { read, write, rows: reader } = database;
  const { jsonMember } = dialectOf(sequelize);

  /** Jobs of the log by execution, in the order they finished, and the sequence of the entry that comes next. */
  async function loggedJobs(ids: readonly string[]): Promise<Map<string, JobLog>> {
    const rows = await read.executionJobs.findAll({
      where: { executionId: [...ids] },
      order: [
        ['executionId', 'ASC'],
        ['sequence', 'ASC'],
      ],
    });
    const logs = new Map<string, JobLog>();
    for (const row of rows) {
      const { executionId, sequence, jobs: json } = row.get();
      const log = logs.get(executionId) ?? { jobs: [], sequence: 0 };
      const entry = reader.read('execution_jobs', `${executionId} ${sequence}`, (fields) => ({
        jobs: fields.json<Job[]>('jobs', json, [], isJobs),
      }));
      for (const job of entry.jobs) log.jobs.push(job);
      if (entry.unreadable !== undefined) log.fault = `of the log cannot be read (entry ${sequence})`;
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
      // One that cannot be read still is an answer that has come: its job fails with that.
      const signal = reader.read('signals', `${executionId} ${jobPath}`, (fields) =>
        fields.json<Omit<Signal, 'jobPath'>>('value', value, { error: UNREADABLE_SIGNAL }, isObject),
      );
      const { unreadable: _, ...content } = signal;
      known.push({ jobPath, ...content });
      signals.set(executionId, known);
    }
    return signals;
  }

  async function findOne(id: string): Promise<ExecutionWithJobs | undefined> {
    // The row before its log: what is written in between is at worst newer, never missing.
    const row = await read.executions.findByPk(id);
    if (!row) return undefined;
    const log = (await loggedJobs([id])).get(id);
    return toExecution(reader, row.get(), log?.jobs ?? [], log?.fault);
  }

  /** Newest first. */
  async function summariesOf(ids: readonly string[]): Promise<ExecutionSummary[]> {
    if (ids.length === 0) return [];
    try {
      return await readSummaries(ids, jsonMember('result', 'error'));
    } catch (error) {
      if (!isInvalidJson(error)) throw error;
      // PostgreSQL does not say which of them is no JSON.
      if (ids.length === 1) return readSummaries(ids, `'${NO_JSON}'`);
      const halves = [ids.slice(0, ids.length / 2), ids.slice(ids.length / 2)];
      return (await Promise.all(halves.map(summariesOf))).flat().sort((a, b) => (a.id < b.id ? 1 : -1));
    }
  }

  async function readSummaries(ids: readonly string[], error: string): Promise<ExecutionSummary[]> {
    const rows = await read.executions.findAll({
      attributes: [...SUMMARY_COLUMNS, [literal(error), 'error']],
      where: { id: [...ids] },
      order: [['id', 'DESC']],
    });
    return rows.map((row) => toSummary(reader, row.get(), row.get('error')));
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
      const { jobs, sequence, fault }: JobLog = logs.get(values.id) ?? { jobs: [], sequence: 0 };
      return { execution: toExecution(reader, values, jobs, fault), signals: signals.get(values.id) ?? [], sequence };
    });
  }

  /**
   * The same without those that cannot be read, which nobody here may run. They stay as they are: for a version that can read
   * them, or for someone who cancels or repairs them. One that was repaired is looked at again after a restart.
   */
  async function findReadable(select: (without: string) => string): Promise<ClaimedExecution[]> {
    for (;;) {
      const known = new Set(reader.known('executions'));
      const found = await findClaimable(select(without('id')));
      const unreadable = found.filter(({ execution }) => execution.unreadable !== undefined);
      // Those that were met first now took the places of others: once more without them.
      if (reader.known('executions').length === known.size || unreadable.length === 0) {
        return found.filter(({ execution }) => execution.unreadable === undefined);
      }
    }
  }

  /** A condition on an id that leaves out what is known to be unreadable. */
  function without(column: string): string {
    const known = reader.known('executions').map((id) => sequelize.escape(id));
    return known.length === 0 ? '1 = 1' : `${column} NOT IN (${known.join(', ')})`;
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
      if (claimed?.execution.unreadable !== undefined) return undefined;
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
        return findReadable(
          (readable) =>
            `SELECT id FROM executions WHERE ${[...conditions, readable].join(' AND ')} ORDER BY id LIMIT ${Math.trunc(limit)}`,
        );
      }),

    listDue: (now, limit) =>
      withStorageErrors(async () => {
        const due = await findReadable(
          (readable) =>
            `SELECT id FROM executions WHERE wake_at <= ${Math.trunc(now)} AND ${readable} ORDER BY wake_at LIMIT ${Math.trunc(limit)}`,
        );
        return due.sort((a, b) => (a.execution.wakeAt ?? 0) - (b.execution.wakeAt ?? 0));
      }),

    nextWakeAt: () =>
      withStorageErrors(async () => {
        const [row] = await sequelize.query<{ wakeAt: number | string | null }>(
          `SELECT MIN(wake_at) AS "wakeAt" FROM executions WHERE wake_at IS NOT NULL AND ${without('id')}`,
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
