// The tables of executions, and of what is counted of them: their rows and columns, for `models.ts`.

import { DataTypes } from 'sequelize';
import { type DefineTable, key, optional, required, type Table } from './table.ts';

/** Written by the committers alone, which name the columns themselves, and by `execution-changes.ts`. */
export interface ExecutionRow {
  /** UUIDv7: the order of ids is the order of acceptance. */
  id: string;
  workflowId: string;
  revision: number;
  status: string;
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  /** Null when a program before 0006 wrote it. */
  source: string | null;
  replayOf: string | null;
  /** What else does not change: JSON of `Origin` in `execution-row.ts`; never null in a stored row. */
  origin: string;
  /** The request's raw body; null without a request. */
  body: string | null;
  /** JSON of `Result` in `execution-row.ts` once the status is final; its jobs come after those of the log. */
  result: string | null;
  /** The process that runs it (PostgreSQL only); null when nobody does. */
  owner: string | null;
  /** While it waits: when it goes on by itself. Null in every other status. */
  wakeAt: number | null;
  /** The name of its lane. */
  lane: string | null;
}

/** The job log: what writes that were not final brought, in order of `sequence`. */
export interface ExecutionJobsRow {
  executionId: string;
  sequence: number;
  /** JSON array. */
  jobs: string;
}

/** A value for a waiting job that has not been taken yet. */
export interface SignalRow {
  executionId: string;
  jobPath: string;
  /** JSON `{ output?, error?, branch? }`. */
  value: string;
  createdAt: number;
}

/** Counts of a span of time, of one workflow or of all together. */
export interface StatisticsRow {
  /** Length of the span. */
  spanMs: number;
  /** Empty: all together. */
  workflowId: string;
  /** When the span begins, a multiple of its length. */
  at: number;
  /** Accepted in it. */
  calls: number;
  /** Ended in it, whenever they were accepted; `failed`: as failed, error or timed_out. */
  succeeded: number;
  failed: number;
  /** JSON of a `Histogram` in `statistics/histogram.ts`: durations of all that ended in it. */
  durations: string;
  /** Id of an execution that failed in it, one of the last. */
  lastFailure: string | null;
  /** Of all together: greatest age of the oldest queued execution that was seen. */
  queueAgeMs: number | null;
}

export interface ExecutionModels {
  readonly executions: Table<ExecutionRow>;
  readonly executionJobs: Table<ExecutionJobsRow>;
  readonly signals: Table<SignalRow>;
  readonly statistics: Table<StatisticsRow>;
}

export function defineExecutionModels(table: DefineTable): ExecutionModels {
  const { BIGINT, INTEGER, TEXT } = DataTypes;
  return {
    executions: table<ExecutionRow>('executions', {
      id: key(TEXT),
      workflowId: required(TEXT),
      revision: required(INTEGER),
      status: required(TEXT),
      createdAt: required(BIGINT),
      startedAt: optional(BIGINT),
      finishedAt: optional(BIGINT),
      source: optional(TEXT),
      replayOf: optional(TEXT),
      origin: optional(TEXT),
      body: optional(TEXT),
      result: optional(TEXT),
      owner: optional(TEXT),
      wakeAt: optional(BIGINT),
      lane: optional(TEXT),
    }),
    executionJobs: table<ExecutionJobsRow>('execution_jobs', {
      executionId: key(TEXT),
      sequence: key(INTEGER),
      jobs: required(TEXT),
    }),
    signals: table<SignalRow>('signals', {
      executionId: key(TEXT),
      jobPath: key(TEXT),
      value: required(TEXT),
      createdAt: required(BIGINT),
    }),
    statistics: table<StatisticsRow>('statistics', {
      spanMs: key(INTEGER),
      workflowId: key(TEXT),
      at: key(BIGINT),
      calls: required(INTEGER),
      succeeded: required(INTEGER),
      failed: required(INTEGER),
      durations: required(TEXT),
      lastFailure: optional(TEXT),
      queueAgeMs: optional(BIGINT),
    }),
  };
}
