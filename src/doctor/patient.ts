// What the checks look at: the database, opened to read, and words to ask it for executions.

import { QueryTypes, type Sequelize } from 'sequelize';
import type { Job } from '../engine/model.ts';
import type { Item } from './report.ts';

/** Most examples of one kind. */
export const MAX_ITEMS = 10;

export interface Patient {
  readonly sequelize: Sequelize;
  readonly isPostgres: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How long a process may be silent, in milliseconds. */
  readonly recoveryMs: number;
  /** SQLite only: the database file. */
  readonly file: string | undefined;
  /** Whether this type of node is part of this build. */
  isNodeType(type: string): boolean;
}

/** An execution with what people need to recognise it. */
export interface FoundExecution {
  readonly id: string;
  readonly title: string;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly wakeAt: number | null;
  readonly owner: string | null;
  readonly lane: string | null;
}

/** Rows of a statement with `?` for each value. */
export function rowsOf<Row extends object>({ sequelize }: Patient, sql: string, values: unknown[] = []): Promise<Row[]> {
  return sequelize.query<Row>(sql, { type: QueryTypes.SELECT, replacements: values });
}

/**
 * How many executions meet a condition, and the oldest of them by `order`.
 * @param condition SQL over `e`, the table of executions; it has to name the status
 */
export async function findExecutions(
  patient: Patient,
  condition: string,
  values: unknown[] = [],
  order = 'e.id',
): Promise<{ count: number; found: FoundExecution[] }> {
  // SQLite uses the partial index only when its own condition is there word for word.
  const where = `WHERE e.status <> 'succeeded' AND ${condition}`;
  const [counted] = await rowsOf<{ count: number | string }>(
    patient,
    `SELECT COUNT(*) AS count FROM executions e ${where}`,
    values,
  );
  const count = Number(counted?.count);
  if (count === 0) return { count, found: [] };
  const rows = await rowsOf<Record<string, unknown>>(
    patient,
    `SELECT e.id, e.created_at, e.started_at, e.wake_at, e.owner, e.lane, w.title
     FROM executions e LEFT JOIN workflows w ON w.id = e.workflow_id ${where} ORDER BY ${order} LIMIT ${MAX_ITEMS}`,
    values,
  );
  const found = rows.map((row) => ({
    id: String(row.id),
    title: row.title === null ? '(deleted workflow)' : String(row.title),
    createdAt: Number(row.created_at),
    startedAt: row.started_at === null ? null : Number(row.started_at),
    wakeAt: row.wake_at === null ? null : Number(row.wake_at),
    owner: row.owner === null ? null : String(row.owner),
    lane: row.lane === null ? null : String(row.lane),
  }));
  return { count, found };
}

/** Stored JSON; `fallback` for what is none: the doctor has to come through with damaged rows, which a check of its own reports. */
export function readJson<Value>(text: string, fallback: Value): Value {
  try {
    return JSON.parse(text) as Value;
  } catch (error) {
    if (error instanceof SyntaxError) return fallback;
    throw error;
  }
}

/** Each with its workflow, the node it is at, and what `describe` adds. */
export function toItems(
  patient: Patient,
  executions: readonly FoundExecution[],
  describe: (execution: FoundExecution) => string,
): Promise<Item[]> {
  return Promise.all(
    executions.map(async (execution) => {
      const place = await placeOf(patient, execution.id);
      return { id: execution.id, text: [`"${execution.title}"`, place, describe(execution)].join(', ') };
    }),
  );
}

/** Jobs of the log: those that wait, else the last that has finished, which is all that is known of one that runs. */
async function placeOf(patient: Patient, executionId: string): Promise<string> {
  const rows = await rowsOf<{ jobs: string }>(
    patient,
    'SELECT jobs FROM execution_jobs WHERE execution_id = ? ORDER BY sequence',
    [executionId],
  );
  const jobs = new Map<string, Job>();
  for (const row of rows) for (const job of readJson<Job[]>(row.jobs, [])) jobs.set(job.path, job);
  const waiting = [...jobs.values()].filter(({ status }) => status === 'waiting');
  if (waiting.length > 0) return `waits at ${waiting.map(({ path, type }) => `${path} (${type})`).join(' and ')}`;
  const last = [...jobs.values()].at(-1);
  return last === undefined ? 'no node stored yet' : `behind ${last.path} (${last.type})`;
}
