// An execution as it is stored: what goes into a row and into the job log, and how it is read back.

import type { Execution, ExecutionSource, ExecutionWithJobs, Job, Reply, StoredRequest } from '../engine/model.ts';
import { EXECUTION_STATUSES, executionSourceSchema, isFinal, jobStatusSchema } from '../engine/model.ts';
import type { ExecutionSummary, ExecutionWrite } from '../engine/ports.ts';
import type { ExecutionRow } from './execution-models.ts';
import { weightOfOutbound } from './outbound/rows.ts';
import {
  createRowReader,
  type Fields,
  isNumber,
  isText,
  isTexts,
  listOf,
  objectOf,
  oneOfTexts,
  orMissing,
  orNull,
  type RowReader,
} from './row-reader.ts';

/** What is known when an execution is accepted. What is missing is null, or 0 for `depth`. */
export interface Origin {
  context?: unknown;
  /** The reply of an async workflow, which is known before there is a result. */
  response?: Reply | undefined;
  /** Its body is in a column of its own, unless the database's texts cannot hold it. */
  request?: (Omit<StoredRequest, 'body'> & { body?: string }) | undefined;
  parent?: Execution['parent'] | undefined;
  depth?: number | undefined;
  lane?: Execution['lane'] | undefined;
  /** The context as it is, where `context` shows names of secrets. */
  sealed?: string | undefined;
}

/** As programs before 0006 write it: two columns of today are members. */
interface OldOrigin extends Origin {
  source?: string;
  replayOf?: string | null;
}

/** What is known at the end. */
export interface Result {
  response: Reply | null;
  error: Execution['error'];
  output?: unknown;
  jobs: Job[];
}

const TABLE = 'executions';

const isFailure = objectOf({ code: isText, message: isText });
const isReply = objectOf({ status: isNumber, headers: isTexts, body: isText });
const isJob = objectOf({
  ...{ key: isText, path: isText, type: isText, status: oneOfTexts(jobStatusSchema.options), error: orMissing(isFailure) },
  ...{ startedAt: isNumber, finishedAt: orNull(isNumber), log: orMissing(listOf(isText)) },
  wait: orMissing(objectOf({ until: orNull(isNumber), kind: oneOfTexts(['retry', 'node', 'call', 'message']) })),
});
const isOrigin = objectOf({
  response: orMissing(orNull(isReply)),
  request: orMissing(
    orNull(objectOf({ method: isText, url: isText, headers: isTexts, address: isText, body: orMissing(isText) })),
  ),
  parent: orMissing(orNull(objectOf({ executionId: isText, jobPath: isText }))),
  depth: orMissing(isNumber),
  lane: orMissing(orNull(objectOf({ name: isText, limit: isNumber }))),
});
/** Whether a value is an entry of the job log. */
export const isJobs = listOf(isJob);
const isResult = objectOf({ response: orMissing(orNull(isReply)), error: orMissing(orNull(isFailure)), jobs: isJobs });

/**
 * A row of `executions` to be written: new when it has an `origin`, else the change of a stored one, whose `body` is a JSON array
 * of the paths of signals that the run knows.
 */
export type WrittenRow = readonly [
  id: string,
  workflowId: string,
  revision: number,
  status: string,
  createdAt: number,
  startedAt: number | null,
  finishedAt: number | null,
  origin: Origin | null,
  body: string | null,
  result: Result | null,
  wakeAt: number | null,
  lane: string | null,
  source: string | null,
  replayOf: string | null,
];

/** The row of an `insert` or an `update`; undefined for a signal. */
export function toRow({ insert, update }: ExecutionWrite): WrittenRow | undefined {
  if (insert) {
    const { id, workflowId, revision, status, createdAt, startedAt, finishedAt, request, lane, source, replayOf } = insert;
    const body = request === null ? null : request.body;
    const [origin, result, laneName] = [originOf(insert), resultOf(insert), lane?.name ?? null];
    return [
      ...([id, workflowId, revision, status, createdAt, startedAt, finishedAt, origin, body, result] as const),
      ...([wakeAtOf(insert), laneName, source, replayOf] as const),
    ];
  }
  if (!update) return undefined;
  const { id, status, startedAt, finishedAt } = update;
  // The body of a request never changes: its place tells the statement which signals the run knows.
  const known = update.knownSignals?.length ? JSON.stringify(update.knownSignals) : null;
  return [id, '', 0, status, 0, startedAt, finishedAt, null, known, resultOf(update), wakeAtOf(update), null, null, null];
}

function originOf(execution: ExecutionWithJobs): Origin {
  const { request, response, parent, depth, lane } = execution;
  return {
    context: request === null ? execution.context : undefined,
    response: isFinal(execution.status) ? undefined : (response ?? undefined),
    request:
      request === null
        ? undefined
        : { method: request.method, url: request.url, headers: request.headers, address: request.address },
    parent: parent ?? undefined,
    depth: depth === 0 ? undefined : depth,
    lane: lane ?? undefined,
    sealed: execution.sealed,
  };
}

type Resulting = Pick<ExecutionWithJobs, 'status' | 'response' | 'error' | 'output' | 'jobs'>;

function resultOf({ status, response, error, output, jobs }: Resulting): Result | null {
  return isFinal(status) ? { response, error, output: output ?? undefined, jobs } : null;
}

/** The index of `wake_at` holds what waits and nothing else. */
function wakeAtOf({ status, wakeAt }: Pick<Execution, 'status' | 'wakeAt'>): number | null {
  return status === 'waiting' ? wakeAt : null;
}

/** An entry of the job log to be written. */
export type WrittenJobs = readonly [id: string, sequence: number, jobs: readonly Job[]];

/** Jobs of a write that is not final go to the job log, since the next write replaces `result`. */
export function toLogEntry({ insert, update }: ExecutionWrite): WrittenJobs | undefined {
  const write = insert ?? update;
  if (!write || write.jobs.length === 0 || isFinal(write.status)) return undefined;
  return [write.id, update?.sequence ?? 0, write.jobs];
}

/** What the large texts of a write weigh, in characters. */
export function lengthOf({ insert, update, outbound }: ExecutionWrite): number {
  const sent = outbound ? weightOfOutbound(outbound) : 0;
  return (insert?.request?.body.length ?? 0) + ((insert ?? update)?.response?.body.length ?? 0) + sent;
}

/** An execution from its row and the entries of its job log in order. */
export function toExecution(rows: RowReader, row: ExecutionRow, logged: readonly Job[], logFault?: string): ExecutionWithJobs {
  return rows.read(TABLE, row.id, (fields) => {
    if (logFault !== undefined) fields.fault('jobs', logFault);
    return readExecution(fields, row, logged);
  });
}

function readExecution(fields: Fields, row: ExecutionRow, logged: readonly Job[]): ExecutionWithJobs {
  const origin = fields.json<OldOrigin>('origin', row.origin, {}, isOrigin);
  const result = row.result === null ? undefined : fields.json<Result | undefined>('result', row.result, undefined, isResult);
  const execution: Execution = {
    ...common(fields, row),
    source: sourceOf(fields, row.source ?? origin.source),
    request: origin.request ? { ...origin.request, body: row.body ?? origin.request.body ?? '' } : null,
    context: origin.context ?? null,
    response: result?.response ?? origin.response ?? null,
    error: result?.error ?? null,
    replayOf: row.replayOf ?? origin.replayOf ?? null,
    parent: origin.parent ?? null,
    depth: origin.depth ?? 0,
    output: result?.output ?? null,
    lane: origin.lane ?? null,
    ...(origin.sealed === undefined ? {} : { sealed: origin.sealed }),
  };
  return { ...execution, jobs: latest([...logged, ...(result?.jobs ?? [])]) };
}

/** The lane in what is stored of an execution's acceptance; null also when that cannot be read. */
export function laneOf(origin: string): Execution['lane'] {
  return createRowReader().read(TABLE, '', (fields) => fields.json<Origin>('origin', origin, {}, isOrigin)).lane ?? null;
}

/** A job that waited is in the log once as waiting and once as finished; the later entry counts. */
function latest(jobs: Job[]): Job[] {
  const last = new Map(jobs.map((job) => [job.path, job]));
  return last.size === jobs.length ? jobs : jobs.filter((job) => last.get(job.path) === job);
}

/** The columns of a summary; `origin` and `result` may be large and are not read whole. */
export const SUMMARY_COLUMNS = [
  'id',
  'workflowId',
  'revision',
  'status',
  'createdAt',
  'startedAt',
  'finishedAt',
  'wakeAt',
  'source',
  'replayOf',
] as const;

type SummaryRow = Pick<ExecutionRow, (typeof SUMMARY_COLUMNS)[number]>;

/** A summary from these columns and the JSON text of its error, which is null where it is missing. */
export function toSummary(rows: RowReader, row: SummaryRow, error: unknown): ExecutionSummary {
  return rows.read(TABLE, row.id, (fields) => ({
    ...common(fields, row),
    source: sourceOf(fields, row.source),
    replayOf: row.replayOf,
    error: typeof error === 'string' ? fields.json<Execution['error']>('result', error, null, orNull(isFailure)) : null,
  }));
}

/** Programs before 0006 leave the column out when they run beside this one: `origin` has it then, and calls are what is usual. */
function sourceOf(fields: Fields, source: string | null | undefined): ExecutionSource {
  return fields.oneOf('source', source ?? 'webhook', executionSourceSchema.options, 'webhook');
}

function common(fields: Fields, row: Omit<SummaryRow, 'source' | 'replayOf'>) {
  return {
    id: row.id,
    workflowId: row.workflowId,
    revision: fields.count('revision', row.revision),
    status: fields.oneOf('status', row.status, EXECUTION_STATUSES, 'error'),
    createdAt: fields.time('created_at', row.createdAt),
    startedAt: fields.timeOrNull('started_at', row.startedAt),
    finishedAt: fields.timeOrNull('finished_at', row.finishedAt),
    wakeAt: fields.dueOrNull('wake_at', row.wakeAt),
  };
}
