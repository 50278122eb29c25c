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

/** Written by `commit.ts` alone, which names the columns itself. */
export interface ExecutionRow {
  /** UUIDv7: the order of ids is the order of acceptance. */
  id: string;
  workflowId: string;
  revision: number;
  status: string;
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  /** JSON `{ source, replayOf?, context?, request?: { method, url, headers, address } }`; never null in a stored row. */
  origin: string;
  /** The request's raw body; null without a request. */
  body: string | null;
  /** JSON `{ response, error, jobs }` once the status is final; its jobs come after those of the log. */
  result: string | null;
}

/** The job log: what writes that were not final brought, in order of `sequence`. */
export interface ExecutionJobsRow {
  executionId: string;
  sequence: number;
  /** JSON array. */
  jobs: string;
}

export interface SettingRow {
  name: string;
  value: string;
}

type Table<Row extends object> = ModelStatic<Model<Row, Row>>;

export interface Models {
  readonly workflows: Table<WorkflowRow>;
  readonly revisions: Table<RevisionRow>;
  readonly executions: Table<ExecutionRow>;
  readonly executionJobs: Table<ExecutionJobsRow>;
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
    }),
    executionJobs: table<ExecutionJobsRow>('execution_jobs', {
      executionId: key(TEXT),
      sequence: key(INTEGER),
      jobs: required(TEXT),
    }),
    settings: table<SettingRow>('settings', { name: key(TEXT), value: required(TEXT) }),
  };
}
