// The one description of the schema: a Sequelize model for each table.

import { DataTypes, type Model, type ModelAttributes, type ModelStatic, type Sequelize } from 'sequelize';
import { type AccessModels, defineAccessModels } from './access-models.ts';

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
  /** JSON array of texts. */
  tags: string;
  /** When it was put into the trash; null: it is not there. */
  deletedAt: number | null;
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
  /** Never null in a stored row, as `origin`. */
  source: string;
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

export interface EndpointRow {
  id: string;
  kind: string;
  /** These three are in the configuration, too; here to be searched by. */
  url: string;
  workspace: string;
  description: string;
  /** Of the state, as `probeAt`. */
  status: string;
  /** JSON of `EndpointConfig`. */
  config: string;
  sealedSecrets: string;
  /** JSON of `EndpointState`. */
  state: string;
  stateSequence: number;
  probeAt: number | null;
  /** The process that leases it (PostgreSQL only); null when nobody does. */
  owner: string | null;
  createdAt: number;
  updatedAt: number;
}

export interface EventTypeRow {
  name: string;
  version: number;
  title: string;
  description: string;
  /** JSON; null for any data. */
  schema: string | null;
  /** JSON. */
  example: string | null;
  downConversion: string | null;
  createdAt: number;
  updatedAt: number;
}

/** Written by the committers alone, as are deliveries and attempts; see `outbound/rows.ts`. */
export interface MessageRow {
  id: string;
  type: string;
  version: number | null;
  /** JSON. */
  data: string;
  timestamp: number;
  userId: string | null;
  idempotencyKey: string | null;
  /** JSON `{ executionId, jobPath }`. */
  source: string | null;
  /** Whether the execution of its source waits for the outcome. */
  awaited: boolean;
  /** When that execution was told. */
  /** See `Message.sealed`. */
  sealed: string | null;
  settledAt: number | null;
  createdAt: number;
}

/** A named secret. */
export interface SecretRow {
  name: string;
  description: string;
  /** What `SecretBox.seal` gave. */
  sealedValue: string;
  updatedBy: string;
  createdAt: number;
  updatedAt: number;
}

export interface DeliveryRow {
  id: string;
  messageId: string;
  endpointId: string;
  eventType: string;
  status: string;
  dueAt: number;
  attempts: number;
  attemptsBefore: number;
  orderingKey: string | null;
  batchId: string | null;
  url: string | null;
  lastStatus: number | null;
  /** JSON. */
  error: string | null;
  createdAt: number;
  finishedAt: number | null;
}

export interface AttemptRow {
  id: string;
  endpointId: string;
  /** Null for tests, and for those of several deliveries: see `AttemptBatchRow`. */
  deliveryId: string | null;
  kind: string;
  number: number;
  succeeded: boolean;
  status: number | null;
  /** JSON. */
  error: string | null;
  startedAt: number;
  durationMs: number;
  /** JSON of `AttemptDetail` in `outbound/rows.ts`. */
  detail: string;
  body: string | null;
  responseBody: string | null;
}

/** One delivery of an attempt that had several. */
export interface AttemptBatchRow {
  attemptId: string;
  position: number;
  deliveryId: string;
}

/** The pinned sample of a workflow. */
export interface SampleRow {
  workflowId: string;
  /** JSON of `StoredRequest`. */
  request: string;
  createdAt: number;
}

/** A captured call on its way to the process whose user listens. */
export interface CaptureRow {
  id: string;
  workflowId: string;
  /** JSON of `Capture`. */
  capture: string;
  createdAt: number;
}

type Table<Row extends object> = ModelStatic<Model<Row, Row>>;

export interface Models extends AccessModels {
  readonly workflows: Table<WorkflowRow>;
  readonly revisions: Table<RevisionRow>;
  readonly executions: Table<ExecutionRow>;
  readonly executionJobs: Table<ExecutionJobsRow>;
  readonly signals: Table<SignalRow>;
  readonly processes: Table<ProcessRow>;
  readonly commits: Table<CommitRow>;
  readonly statistics: Table<StatisticsRow>;
  readonly settings: Table<SettingRow>;
  readonly endpoints: Table<EndpointRow>;
  readonly eventTypes: Table<EventTypeRow>;
  readonly messages: Table<MessageRow>;
  readonly deliveries: Table<DeliveryRow>;
  readonly attempts: Table<AttemptRow>;
  readonly attemptBatches: Table<AttemptBatchRow>;
  readonly secrets: Table<SecretRow>;
  readonly samples: Table<SampleRow>;
  readonly captures: Table<CaptureRow>;
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
  const DOUBLE = 'DOUBLE PRECISION';
  return {
    ...defineAccessModels(table),
    workflows: table<WorkflowRow>('workflows', {
      id: key(TEXT),
      title: required(TEXT),
      mode: required(TEXT),
      enabled: required(BOOLEAN),
      hookKey: { ...required(TEXT), unique: true },
      revision: required(INTEGER),
      removedExecutions: { ...required(BIGINT), defaultValue: 0 },
      tags: { ...required(TEXT), defaultValue: '[]' },
      deletedAt: optional(BIGINT),
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
    commits: table<CommitRow>('commits', { connection: key(TEXT), id: required(TEXT), at: required(BIGINT) }),
    processes: table<ProcessRow>('processes', {
      id: key(TEXT),
      role: required(TEXT),
      host: required(TEXT),
      startedAt: required(BIGINT),
      beat: required(BIGINT),
      beatAt: required(BIGINT),
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
    settings: table<SettingRow>('settings', { name: key(TEXT), value: required(TEXT) }),
    endpoints: table<EndpointRow>('endpoints', {
      id: key(TEXT),
      kind: required(TEXT),
      url: required(TEXT),
      workspace: required(TEXT),
      description: required(TEXT),
      status: required(TEXT),
      config: required(TEXT),
      sealedSecrets: required(TEXT),
      state: required(TEXT),
      stateSequence: required(BIGINT),
      probeAt: optional(BIGINT),
      owner: optional(TEXT),
      createdAt: required(BIGINT),
      updatedAt: required(BIGINT),
    }),
    eventTypes: table<EventTypeRow>('event_types', {
      name: key(TEXT),
      version: key(INTEGER),
      title: required(TEXT),
      description: required(TEXT),
      schema: optional(TEXT),
      example: optional(TEXT),
      downConversion: optional(TEXT),
      createdAt: required(BIGINT),
      updatedAt: required(BIGINT),
    }),
    messages: table<MessageRow>('messages', {
      id: key(TEXT),
      type: required(TEXT),
      version: optional(INTEGER),
      data: required(TEXT),
      timestamp: required(BIGINT),
      userId: optional(TEXT),
      idempotencyKey: { ...optional(TEXT), unique: true },
      source: optional(TEXT),
      awaited: required(BOOLEAN),
      sealed: optional(TEXT),
      settledAt: optional(BIGINT),
      createdAt: required(BIGINT),
    }),
    deliveries: table<DeliveryRow>('deliveries', {
      id: key(TEXT),
      messageId: required(TEXT),
      endpointId: required(TEXT),
      eventType: required(TEXT),
      status: required(TEXT),
      dueAt: required(BIGINT),
      attempts: required(INTEGER),
      attemptsBefore: required(INTEGER),
      orderingKey: optional(TEXT),
      batchId: optional(TEXT),
      url: optional(TEXT),
      lastStatus: optional(INTEGER),
      error: optional(TEXT),
      createdAt: required(BIGINT),
      finishedAt: optional(BIGINT),
    }),
    attempts: table<AttemptRow>('attempts', {
      id: key(TEXT),
      endpointId: required(TEXT),
      deliveryId: optional(TEXT),
      kind: required(TEXT),
      number: required(INTEGER),
      succeeded: required(BOOLEAN),
      status: optional(INTEGER),
      error: optional(TEXT),
      startedAt: required(BIGINT),
      durationMs: required(DOUBLE),
      detail: required(TEXT),
      body: optional(TEXT),
      responseBody: optional(TEXT),
    }),
    samples: table<SampleRow>('samples', { workflowId: key(TEXT), request: required(TEXT), createdAt: required(BIGINT) }),
    captures: table<CaptureRow>('captures', {
      id: key(TEXT),
      workflowId: required(TEXT),
      capture: required(TEXT),
      createdAt: required(BIGINT),
    }),
    secrets: table<SecretRow>('secrets', {
      name: key(TEXT),
      description: required(TEXT),
      sealedValue: required(TEXT),
      updatedBy: required(TEXT),
      createdAt: required(BIGINT),
      updatedAt: required(BIGINT),
    }),
    attemptBatches: table<AttemptBatchRow>('attempt_batches', {
      attemptId: key(TEXT),
      position: key(INTEGER),
      deliveryId: required(TEXT),
    }),
  };
}
