// The one description of the schema: a Sequelize model for each table.

import { DataTypes, type Model, type ModelAttributes, type ModelStatic, type Sequelize } from 'sequelize';

// Times are milliseconds since 1970. `null` stands for what is not there.

export interface WorkflowRow {
  id: string;
  title: string;
  mode: string;
  enabled: boolean;
  hookKey: string;
  revision: number;
  /** Executions that are deleted by now; they still count. */
  removedExecutions: number;
  createdAt: number;
  updatedAt: number;
}

export interface RevisionRow {
  workflowId: string;
  revision: number;
  /** JSON of the document. */
  document: string;
  executed: boolean;
  createdAt: number;
}

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
  /** What does not change: JSON of `Origin` in `execution-row.ts`; never null in a stored row. */
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
  /** JSON `{ output?, error? }`. */
  value: string;
  createdAt: number;
}

/** A process that shares the database (PostgreSQL only). */
export interface ProcessRow {
  id: string;
  role: string;
  host: string;
  startedAt: number;
  /** Rises as long as the process lives. */
  beat: number;
  beatAt: number;
}

export interface SettingRow {
  name: string;
  value: string;
}

/** PostgreSQL only, written by `postgres/transaction.ts`. */
export interface CommitRow {
  connection: string;
  /** Of the latest transaction of that connection. */
  id: string;
  at: number;
}

type Table<Row extends object> = ModelStatic<Model<Row, Row>>;

export interface Models {
  readonly workflows: Table<WorkflowRow>;
  readonly revisions: Table<RevisionRow>;
  readonly executions: Table<ExecutionRow>;
  readonly executionJobs: Table<ExecutionJobsRow>;
  readonly signals: Table<SignalRow>;
  readonly processes: Table<ProcessRow>;
  readonly commits: Table<CommitRow>;
  readonly settings: Table<SettingRow>;
}

const key = (type: DataTypes.DataType) => ({ type, allowNull: false, primaryKey: true });
const required = (type: DataTypes.DataType) => ({ type, allowNull: false });
const optional = (type: DataTypes.DataType) => ({ type, allowNull: true });

/** Defines the models on one connection; call it for the writer and for the reader. */
export function defineModels(sequelize: Sequelize): Models {
  function table<Row extends object>(name: string, attributes: ModelAttributes<Model<Row, Row>, Row>): Table<Row> {
    return sequelize.define<Model<Row, Row>, Row>(name, attributes, { tableName: name, underscored: true, timestamps: false });
  }
  const { BIGINT, BOOLEAN, INTEGER, TEXT } = DataTypes;
  return {
    workflows: table<WorkflowRow>('workflows', {
      id: key(TEXT),
      title: required(TEXT),
      mode: required(TEXT),
      enabled: required(BOOLEAN),
      hookKey: { ...required(TEXT), unique: true },
      revision: required(INTEGER),
      removedExecutions: { ...required(BIGINT), defaultValue: 0 },
      createdAt: required(BIGINT),
      updatedAt: required(BIGINT),
    }),
    revisions: table<RevisionRow>('revisions', {
      workflowId: key(TEXT),
      revision: key(INTEGER),
      document: required(TEXT),
      executed: required(BOOLEAN),
      createdAt: required(BIGINT),
    }),
    executions: table<ExecutionRow>('executions', {
      id: key(TEXT),
      workflowId: required(TEXT),
      revision: required(INTEGER),
      status: required(TEXT),
      createdAt: required(BIGINT),
      startedAt: optional(BIGINT),
      finishedAt: optional(BIGINT),
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
    commits: table<CommitRow>('commits', { connection: key(TEXT), id: required(TEXT), at: required(BIGINT) }),
    processes: table<ProcessRow>('processes', {
      id: key(TEXT),
      role: required(TEXT),
      host: required(TEXT),
      startedAt: required(BIGINT),
      beat: required(BIGINT),
      beatAt: required(BIGINT),
    }),
    settings: table<SettingRow>('settings', { name: key(TEXT), value: required(TEXT) }),
  };
}
