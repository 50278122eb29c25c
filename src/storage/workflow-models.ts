// The tables of workflows, with what designers keep beside them: their rows and columns, for `models.ts`.

import { DataTypes } from 'sequelize';
import { type DefineTable, key, optional, required, type Table } from './table.ts';

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

export interface WorkflowModels {
  readonly workflows: Table<WorkflowRow>;
  readonly revisions: Table<RevisionRow>;
  readonly samples: Table<SampleRow>;
  readonly captures: Table<CaptureRow>;
}

export function defineWorkflowModels(table: DefineTable): WorkflowModels {
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
    samples: table<SampleRow>('samples', { workflowId: key(TEXT), request: required(TEXT), createdAt: required(BIGINT) }),
    captures: table<CaptureRow>('captures', {
      id: key(TEXT),
      workflowId: required(TEXT),
      capture: required(TEXT),
      createdAt: required(BIGINT),
    }),
  };
}
