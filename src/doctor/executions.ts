// Checks of executions: which of them do not go on, and why.

import { DatabaseError } from 'sequelize';
import { dialectOf } from '../storage/dialect.ts';
import { type FoundExecution, findExecutions, type Patient, readJson, rowsOf, toItems } from './patient.ts';
import { describeAge, type Finding, plural } from './report.ts';

/** How long something may be due before it counts as stuck, in milliseconds. */
const LATE_MS = 60_000;
const LONG_RUN_MS = 10 * 60_000;
const LONG_WAIT_MS = 30 * 86_400_000;
/** Errors that are read to be counted, at most. */
const MAX_ERRORS = 10_000;

/** The oldest queued execution, and what holds its lane. */
export async function checkQueued(patient: Patient): Promise<Finding> {
  const { now } = patient;
  const { count, found } = await findExecutions(patient, "e.status = 'queued'");
  const [oldest] = found;
  if (!oldest)
    return { check: 'queued', isProblem: false, summary: 'No execution is queued.', values: { count: 0, oldestAgeMs: 0 } };
  const ageMs = now - oldest.createdAt;
  const isProblem = ageMs > LATE_MS;
  const reason = oldest.lane === null ? '' : ` ${await describeLane(patient, oldest.lane)}`;
  const items = await toItems(patient, isProblem ? found : [], ({ createdAt }) => `accepted ${describeAge(now - createdAt)} ago`);
  const summary = `${plural(count, 'execution')} queued, the oldest accepted ${describeAge(ageMs)} ago.${reason}`;
  return { check: 'queued', isProblem, summary, items, values: { count, oldestAgeMs: ageMs } };
}

async function describeLane(patient: Patient, lane: string): Promise<string> {
  const { found } = await findExecutions(patient, "e.status = 'running' AND e.lane = ?", [lane]);
  if (found.length === 0) return `It waits in the lane ${lane}, in which nothing runs.`;
  const holders = found.map(
    ({ id, startedAt }) => `${id}${startedAt === null ? '' : ` (since ${describeAge(patient.now - startedAt)})`}`,
  );
  return `It waits in the lane ${lane} (concurrency limit of its workflow) for ${holders.join(', ')}.`;
}

/** Waiting executions whose time has come and gone. */
export async function checkOverdue(patient: Patient): Promise<Finding> {
  const { now } = patient;
  const { count, found } = await findExecutions(patient, "e.status = 'waiting' AND e.wake_at < ?", [now - LATE_MS], 'e.wake_at');
  return {
    check: 'overdue',
    isProblem: count > 0,
    summary:
      count === 0
        ? 'No waiting execution is overdue.'
        : `${plural(count, 'execution')} should have gone on by now: no process takes them, or all are busy.`,
    items: await toItems(patient, found, ({ wakeAt }) => `due ${describeAge(now - (wakeAt ?? now))} ago`),
    values: { count },
  };
}

/** Executions that are `running` without anybody who runs them. */
export async function checkOrphans(patient: Patient, isServerRunning: boolean): Promise<Finding> {
  const orphaned = patient.isPostgres
    ? "e.status = 'running' AND (e.owner IS NULL OR NOT EXISTS (SELECT 1 FROM processes p WHERE p.id = e.owner))"
    : "e.status = 'running'";
  const isPossible = patient.isPostgres || !isServerRunning;
  const { count, found } = isPossible ? await findExecutions(patient, orphaned) : { count: 0, found: [] };
  const remedy = patient.isPostgres
    ? 'A live worker takes them over within a minute; start one.'
    : 'They go on when the server starts.';
  return {
    check: 'orphaned',
    isProblem: count > 0,
    summary:
      count === 0
        ? 'Every running execution has a process that runs it.'
        : `${plural(count, 'running execution')} without a process that runs it. ${remedy}`,
    items: await toItems(patient, found, describeStart(patient)),
    values: { count },
  };
}

export async function checkLongRuns(patient: Patient): Promise<Finding> {
  const long = "e.status = 'running' AND e.started_at < ?";
  const { count, found } = await findExecutions(patient, long, [patient.now - LONG_RUN_MS], 'e.started_at');
  return {
    check: 'long-running',
    isProblem: count > 0,
    summary:
      count === 0
        ? 'No execution has been running for more than 10 minutes.'
        : `${plural(count, 'execution')} running and begun more than 10 minutes ago. Cancel one with POST /api/executions/<id>/cancel.`,
    items: await toItems(patient, found, describeStart(patient)),
    values: { count },
  };
}

function describeStart({ now }: Patient): (execution: FoundExecution) => string {
  return ({ startedAt, createdAt }) => `begun ${describeAge(now - (startedAt ?? createdAt))} ago`;
}

/** Waiting for somebody who perhaps never calls. */
export async function checkEndlessWaits(patient: Patient): Promise<Finding> {
  const { now } = patient;
  const endless = "e.status = 'waiting' AND e.wake_at IS NULL AND e.created_at < ?";
  const { count, found } = await findExecutions(patient, endless, [now - LONG_WAIT_MS]);
  return {
    check: 'endless-wait',
    isProblem: count > 0,
    summary:
      count === 0
        ? 'No execution older than 30 days waits without an end.'
        : `${plural(count, 'execution')} older than 30 days that would wait for ever. Resume or cancel them, and give the wait nodes a timeout.`,
    items: await toItems(patient, found, ({ createdAt }) => `accepted ${describeAge(now - createdAt)} ago`),
    values: { count },
  };
}

/** What went wrong in the last 24 hours, by code: no problem of the server by itself. */
export async function checkErrors(patient: Patient): Promise<Finding> {
  const dayAgo = patient.now - 86_400_000;
  const codes = new Map<string, number>();
  let total = 0;
  for (const status of ['error', 'failed', 'timed_out']) {
    const rows = await readErrors(patient, status, dayAgo);
    total += rows.length;
    for (const { error } of rows) {
      const parsed = error === null ? null : readJson<{ code?: string } | null>(error, null);
      const code = `${status}${parsed?.code === undefined ? '' : ` ${parsed.code}`}`;
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  }
  const sorted = [...codes].sort((one, two) => two[1] - one[1]);
  return {
    check: 'errors',
    isProblem: false,
    summary:
      total === 0
        ? 'No execution accepted in the last 24 hours has failed.'
        : `${plural(total, 'execution')} accepted in the last 24 hours did not succeed: ${sorted.map(([code, count]) => `${code} ${count}`).join(', ')}.`,
    values: Object.fromEntries(sorted),
  };
}

async function readErrors(patient: Patient, status: string, since: number): Promise<{ error: string | null }[]> {
  const select = (error: string) =>
    rowsOf<{ error: string | null }>(
      patient,
      `SELECT ${error} AS error FROM executions e
       WHERE e.status <> 'succeeded' AND e.status = ? AND e.created_at >= ? ORDER BY e.id DESC LIMIT ${MAX_ERRORS}`,
      [status, since],
    );
  try {
    return await select(errorOf(patient));
  } catch (error) {
    // One of them is no JSON; `unreadable` says which. They are counted all the same.
    if (!(error instanceof DatabaseError && 'code' in error.original && error.original.code === '22P02')) throw error;
    return select('NULL');
  }
}

/** The JSON text of the stored error. */
function errorOf({ sequelize }: Patient): string {
  return dialectOf(sequelize).jsonMember('e.result', 'error');
}
