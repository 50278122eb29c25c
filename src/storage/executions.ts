// Executions in the database: what the committer wrote, read back; and their deletion by age.

import { literal, Op, QueryTypes, type Sequelize, type WhereOptions } from 'sequelize';
import type {
  Execution,
  ExecutionSource,
  ExecutionStatus,
  ExecutionWithJobs,
  Job,
  Reply,
  StoredRequest,
} from '../engine/model.ts';
import { EXECUTION_STATUSES, executionStatusSchema, isFinal } from '../engine/model.ts';
import type { ExecutionStore, ExecutionSummary } from '../engine/ports.ts';
import type { Committer } from './commit.ts';
import { type Database, isSearchable, parseStored } from './database.ts';
import { isExecutionId, lowestIdAt } from './execution-id.ts';
import { countExecutions, deleteExecutions, findIds } from './execution-purge.ts';
import type { ExecutionRow } from './models.ts';
import { type ListKind, limitOf, placeOf, toPage } from './page.ts';
import { withStorageErrors } from './storage-error.ts';

const EXECUTION_LIST: ListKind<[id: string]> = {
  name: 'executions',
  isPlace: (value): value is [string] => value.length === 1 && isExecutionId(value[0]),
};

/** The columns of a summary; `origin` and `result` may be large and are not read whole. */
const SUMMARY_COLUMNS = ['id', 'workflowId', 'revision', 'status', 'createdAt', 'startedAt', 'finishedAt'] as const;

type Origin = {
  source: ExecutionSource;
  replayOf?: string;
  context?: unknown;
  response?: Reply;
  request?: Omit<StoredRequest, 'body'>;
};
type Result = Pick<ExecutionWithJobs, 'response' | 'error' | 'jobs'>;

/** The execution part of the storage port. `sequelize` is the reader's. */
export function executionStore(sequelize: Sequelize, database: Database, committer: Pick<Committer, 'commit'>): ExecutionStore {
  const { read, write } = database;

  /** Jobs of the log by execution, in the order they finished. */
  async function loggedJobs(ids: readonly string[]): Promise<Map<string, Job[]>> {
    const rows = await read.executionJobs.findAll({
      where: { executionId: [...ids] },
      order: [
        ['executionId', 'ASC'],
        ['sequence', 'ASC'],
      ],
    });
    const jobs = new Map<string, Job[]>();
    for (const row of rows) {
      const { executionId, jobs: json } = row.get();
      jobs.set(executionId, [...(jobs.get(executionId) ?? []), ...parseStored<Job[]>(json)]);
    }
    return jobs;
  }

  return {
    commit: (unit) => committer.commit(unit),

    markExecuted: (workflowId, revision) =>
      write(async ({ revisions }) => {
        await revisions.update({ executed: true }, { where: { workflowId, revision } });
      }),

    get: (id) =>
      withStorageErrors(async () => {
        if (!isExecutionId(id)) return undefined;
        // The row before its log: what is written in between is at worst newer, never missing.
        const row = await read.executions.findByPk(id);
        return row ? toExecution(row.get(), (await loggedJobs([id])).get(id) ?? []) : undefined;
      }),

    async list(filter) {
      const limit = limitOf(filter);
      const before = placeOf(EXECUTION_LIST, filter.cursor)?.[0];
      if (filter.workflowId !== undefined && !isSearchable(filter.workflowId)) return { items: [], nextCursor: null };
      const where: WhereOptions<ExecutionRow> = {
        [Op.and]: [
          filter.workflowId === undefined ? {} : { workflowId: filter.workflowId },
          filter.status === undefined ? {} : withStatus(filter.status),
          filter.from === undefined ? {} : { id: { [Op.gte]: lowestIdAt(filter.from) } },
          filter.to === undefined ? {} : { id: { [Op.lt]: lowestIdAt(filter.to) } },
          before === undefined ? {} : { id: { [Op.lt]: before } },
        ],
      };
      const rows = await withStorageErrors(() =>
        read.executions.findAll({
          attributes: [
            ...SUMMARY_COLUMNS,
            [literal("origin ->> 'source'"), 'source'],
            [literal("origin ->> 'replayOf'"), 'replayOf'],
            [literal("result -> 'error'"), 'error'],
          ],
          where,
          order: [['id', 'DESC']],
          limit: limit + 1,
        }),
      );
      const items = rows.map((row) => toSummary(row.get(), row.get('source'), row.get('replayOf'), row.get('error')));
      return toPage(EXECUTION_LIST, items, limit, ({ id }) => [id]);
    },

    listOldest: (status, limit) =>
      withStorageErrors(async () => {
        // One statement, so that fewer than `limit` means that there are no more: what changes meanwhile cannot fall out.
        const oldest = literal(
          `(SELECT id FROM executions WHERE status = '${status}' AND status <> 'succeeded' ORDER BY id LIMIT ${Math.trunc(limit)})`,
        );
        const rows = await read.executions.findAll({ where: { id: { [Op.in]: oldest } }, order: [['id', 'ASC']] });
        const jobs = await loggedJobs(rows.map((row) => row.get().id));
        return rows.map((row) => toExecution(row.get(), jobs.get(row.get().id) ?? []));
      }),

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
        const [id] = await findIds(read, withStatus('queued'), 1);
        const row = id === undefined ? null : await read.executions.findByPk(id, { attributes: ['createdAt'] });
        return row === null ? null : Number(row.get().createdAt);
      }),

    async deleteOld(status, before, limit) {
      if (!isFinal(status)) throw new TypeError(`Only executions in a final status are deleted, not "${status}".`);
      const old = { [Op.and]: [withStatus(status), { id: { [Op.lt]: lowestIdAt(before) } }] };
      const ids = await findIds(read, old, limit);
      if (ids.length === 0) return 0;
      return write(async (models) => {
        // Counted here and not before: another deletion may have been quicker.
        const removed = await countExecutions(models, { id: ids });
        for (const [id, by] of removed) await models.workflows.increment('removedExecutions', { by, where: { id } });
        return deleteExecutions(models, ids);
      });
    },
  };
}

/** A status condition in the words of the partial index, which SQLite only uses when its own condition is repeated. */
function withStatus(status: ExecutionStatus): WhereOptions<ExecutionRow> {
  return status === 'succeeded' ? { status } : { [Op.and]: [{ status }, literal("status <> 'succeeded'")] };
}

function toExecution(row: ExecutionRow, logged: readonly Job[]): ExecutionWithJobs {
  const origin = parseStored<Origin>(row.origin);
  const result = row.result === null ? undefined : parseStored<Result>(row.result);
  const execution: Execution = {
    ...common(row),
    source: origin.source,
    request: origin.request ? { ...origin.request, body: row.body ?? '' } : null,
    context: origin.context ?? null,
    response: result?.response ?? origin.response ?? null,
    error: result?.error ?? null,
    replayOf: origin.replayOf ?? null,
  };
  return { ...execution, jobs: latest([...logged, ...(result?.jobs ?? [])]) };
}

/** A job that waited is in the log once as waiting and once as finished; the later entry counts. */
function latest(jobs: Job[]): Job[] {
  const last = new Map(jobs.map((job) => [job.path, job]));
  return last.size === jobs.length ? jobs : jobs.filter((job) => last.get(job.path) === job);
}

function toSummary(row: ExecutionRow, source: unknown, replayOf: unknown, error: unknown): ExecutionSummary {
  return {
    ...common(row),
    source: source as ExecutionSource,
    replayOf: typeof replayOf === 'string' ? replayOf : null,
    error: typeof error === 'string' ? parseStored(error) : null,
  };
}

/** PostgreSQL gives BIGINT as text; hence Number. */
function common(row: ExecutionRow) {
  return {
    id: row.id,
    workflowId: row.workflowId,
    revision: row.revision,
    status: executionStatusSchema.parse(row.status),
    createdAt: Number(row.createdAt),
    startedAt: row.startedAt === null ? null : Number(row.startedAt),
    finishedAt: row.finishedAt === null ? null : Number(row.finishedAt),
  };
}
