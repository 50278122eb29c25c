// The list of executions, newest first: each combination of filters walks the one index that leaves the fewest rows to look at.

import { QueryTypes, type Sequelize } from 'sequelize';
import type { ExecutionStatus } from '../engine/model.ts';
import type { ExecutionFilter } from '../engine/ports.ts';
import { isSearchable } from './database.ts';
import { dialectOf } from './dialect.ts';
import { isExecutionId, lowestIdAt } from './execution-id.ts';

/** An index, and the conditions that make one walk through it; several walks are merged by id. */
interface Route {
  readonly index: string;
  readonly walks: readonly string[];
  /** What is looked at on the way. */
  readonly checks: readonly string[];
}

/**
 * The ids of a page.
 * @param before the last id of the page before
 * @param limit most ids
 */
export async function findPage(
  sequelize: Sequelize,
  filter: Omit<ExecutionFilter, 'limit' | 'cursor'>,
  before: string | undefined,
  limit: number,
): Promise<string[]> {
  const { workflowId, replayOf, from, to, statuses, sources } = filter;
  // Nothing that is stored has such names; and a list of no statuses has no rows.
  if (workflowId !== undefined && !isSearchable(workflowId)) return [];
  if (replayOf !== undefined && !isExecutionId(replayOf)) return [];
  if (statuses?.length === 0 || sources?.length === 0) return [];
  const bounds = [
    ...(from === undefined ? [] : [`id >= '${lowestIdAt(from)}'`]),
    ...(to === undefined ? [] : [`id < '${lowestIdAt(to)}'`]),
    ...(before === undefined ? [] : [`id < '${before}'`]),
  ];
  const isOdd = (statuses && !statuses.includes('succeeded')) || (sources && !sources.includes('webhook'));
  const isOfFew = isOdd === true && workflowId !== undefined && (await hasFew(sequelize, workflowId));
  const { index, walks, checks } = routeOf(sequelize, filter, isOfFew);
  const hint = dialectOf(sequelize).indexHint(index);
  const selects = walks.map((walk) => {
    const conditions = [...(walk === '' ? [] : [walk]), ...bounds, ...checks];
    const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
    return `SELECT id FROM executions${hint}${where} ORDER BY id DESC LIMIT ${Math.trunc(limit)}`;
  });
  const [only = '', ...more] = selects;
  const merged = selects.map((select) => `SELECT id FROM (${select}) AS walk`).join(' UNION ALL ');
  const sql = more.length === 0 ? only : `${merged} ORDER BY id DESC LIMIT ${Math.trunc(limit)}`;
  const rows = await sequelize.query<{ id: string }>(sql, { type: QueryTypes.SELECT });
  return rows.map(({ id }) => id);
}

/** So many executions of a workflow are looked at sooner than those of others are passed by. */
const FEW = 2_000;

async function hasFew(sequelize: Sequelize, workflowId: string): Promise<boolean> {
  const [row] = await sequelize.query(
    `SELECT id FROM executions${dialectOf(sequelize).indexHint('executions_workflow')}
     WHERE workflow_id = ${sequelize.escape(workflowId)} ORDER BY id LIMIT 1 OFFSET ${FEW}`,
    { type: QueryTypes.SELECT },
  );
  return row === undefined;
}

/** @param hasFewOfWorkflow whether its workflow has few executions */
function routeOf(
  sequelize: Sequelize,
  { workflowId, statuses, sources, replayOf }: Omit<ExecutionFilter, 'limit'>,
  hasFewOfWorkflow: boolean,
): Route {
  const text = (value: string): string => sequelize.escape(value);
  const among = (column: string, values: readonly string[]): string => `${column} IN (${values.map(text).join(', ')})`;
  const ofWorkflow = workflowId === undefined ? [] : [`workflow_id = ${text(workflowId)}`];
  const ofStatus = statuses === undefined ? [] : [among('status', statuses)];
  // Null in rows of programs before 0006 on SQLite, and while a migration is under way.
  const ofSource =
    sources === undefined ? [] : [among(sources.includes('webhook') ? "COALESCE(source, 'webhook')" : 'source', sources)];
  if (replayOf !== undefined) {
    const walk = `replay_of = ${text(replayOf)}`;
    return { index: 'executions_replay', walks: [walk], checks: [...ofWorkflow, ...ofStatus, ...ofSource] };
  }
  if (!hasFewOfWorkflow && statuses && !statuses.includes('succeeded')) {
    const walks = [...new Set(statuses)].map(statusCondition);
    return { index: 'executions_status', walks, checks: [...ofWorkflow, ...ofSource] };
  }
  if (!hasFewOfWorkflow && sources && !sources.includes('webhook')) {
    // Again the condition of the partial index in its own words.
    const walks = [...new Set(sources)].map((source) => `source = ${text(source)} AND source <> 'webhook'`);
    return { index: 'executions_source', walks, checks: [...ofWorkflow, ...ofStatus] };
  }
  const [walk] = ofWorkflow;
  if (walk !== undefined) return { index: 'executions_workflow', walks: [walk], checks: [...ofStatus, ...ofSource] };
  return { index: 'sqlite_autoindex_executions_1', walks: [''], checks: [...ofStatus, ...ofSource] };
}

/** A status in the words of the partial index, which SQLite only uses when its own condition is repeated. */
export function statusCondition(status: ExecutionStatus): string {
  return status === 'succeeded' ? `status = 'succeeded'` : `status = '${status}' AND status <> 'succeeded'`;
}
