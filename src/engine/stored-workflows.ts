// Workflows as they are stored: finds them and their revisions, adds and changes them, and orders what is done to one.

import { randomBytes } from 'node:crypto';
import { HooklineError } from '../errors.ts';
import { moveDocument, sealDocument } from './document-secrets.ts';
import { createIdSource } from './id.ts';
import { createKeyedLock, type KeyedLock } from './keyed-lock.ts';
import type { Document, Revision, Workflow } from './model.ts';
import { isRecord } from './path.ts';
import type { SecretBox, WorkflowChange, WorkflowStore } from './ports.ts';
import type { Registry } from './registry.ts';
import { type FieldBox, fieldsOf, workflowRow } from './sealed-places.ts';

export interface StoredWorkflowsOptions {
  readonly store: WorkflowStore;
  readonly registry: Registry;
  readonly secretBox: SecretBox;
  /** Milliseconds since 1970. */
  now(): number;
  /** Told after every change. */
  onChange(workflowId: string): void | Promise<void>;
}

export interface NewWorkflow extends Pick<Workflow, 'title' | 'mode' | 'enabled' | 'tags'> {
  /** Default: a new one. */
  readonly hookKey?: string | undefined;
}

export interface StoredWorkflows {
  /** Changes of one workflow go one after the other. */
  readonly lock: KeyedLock;
  /** @throws HooklineError `workflow_not_found` */
  find(id: string): Promise<Workflow>;
  /** @throws HooklineError `workflow_not_found`, `conflict` for one in the trash */
  findEditable(id: string): Promise<Workflow>;
  /** @throws HooklineError `revision_not_found` */
  findRevision(id: string, revision: number): Promise<Revision>;
  /** To be used as it is. @throws HooklineError `revision_not_found`, `conflict` when it cannot be read */
  findReadableRevision(id: string, revision: number): Promise<Revision>;
  /**
   * Adds a workflow with its first revision.
   * @param documentOf gives the document as it is stored, encrypted for the id of the new workflow
   * @returns the workflow, and the document as it is stored
   * @throws HooklineError `conflict` when the key is taken
   */
  insert(
    input: NewWorkflow,
    documentOf: (workflowId: string) => Document,
  ): Promise<{ readonly workflow: Workflow; readonly document: Document }>;
  /** A document as it is stored: its write-only values, given in clear, encrypted for this workflow. */
  seal(workflowId: string, opened: Document): Document;
  /** A stored document of one workflow as it is stored for another one. Values that no key decrypts are left out. */
  sealedFor(workflowId: string, stored: Document, from: string): Document;
  /** Its `updatedAt` is later than before, also within one millisecond, so that `ifUpdatedAt` notices every change. */
  change(workflow: Workflow, fields: Omit<WorkflowChange, 'updatedAt'>): Promise<Workflow>;
}

/** 128 random bits. */
const HOOK_KEY_BYTES = 16;

export function createStoredWorkflows(options: StoredWorkflowsOptions): StoredWorkflows {
  const { store, registry, secretBox, now, onChange } = options;
  const createId = createIdSource();

  function seal(workflowId: string, opened: Document): Document {
    return sealDocument(opened, registry, boxOf(workflowId));
  }

  function boxOf(workflowId: string): FieldBox {
    return fieldsOf(secretBox, workflowRow(workflowId));
  }

  async function find(id: string): Promise<Workflow> {
    const workflow = await store.get(id);
    if (!workflow) throw new HooklineError('workflow_not_found', `There is no workflow ${id.slice(0, 100)}.`);
    return workflow;
  }

  async function findRevision(id: string, number: number): Promise<Revision> {
    const revision = await store.getRevision(id, number);
    if (!revision) throw new HooklineError('revision_not_found', `Workflow ${id} has no revision ${number}.`);
    return revision;
  }

  return {
    lock: createKeyedLock(),
    find,
    seal,
    sealedFor: (workflowId, stored, from) => moveDocument(stored, registry, boxOf(from), boxOf(workflowId)),

    async findEditable(id) {
      const workflow = await find(id);
      if (workflow.deletedAt === null) return workflow;
      throw new HooklineError('conflict', 'The workflow is in the trash. Restore it first.');
    },

    findRevision,

    async findReadableRevision(id, number) {
      const revision = await findRevision(id, number);
      if (revision.unreadable !== undefined) throw unreadableRevision(revision);
      return revision;
    },

    async insert(input, documentOf) {
      const time = now();
      const { title, mode, enabled, tags, hookKey = createHookKey() } = input;
      const times = { deletedAt: null, createdAt: time, updatedAt: time };
      const workflow = { id: createId(time), title, mode, enabled, hookKey, revision: 1, tags, ...times };
      const document = documentOf(workflow.id);
      await store.insert(workflow, document);
      await onChange(workflow.id);
      return { workflow, document };
    },

    async change(workflow, fields) {
      const updatedAt = Math.max(now(), workflow.updatedAt + 1);
      await store.update(workflow.id, { ...fields, updatedAt });
      return { ...workflow, ...fields, updatedAt };
    },
  };
}

/** What is asked for needs what cannot be read of it. @param code `invalid_config` ends an execution, which can be retried */
export function unreadableRevision(
  { workflowId, revision, unreadable = '' }: Revision,
  code: 'conflict' | 'invalid_config' = 'conflict',
): HooklineError {
  return new HooklineError(
    code,
    `Revision ${revision} of workflow ${workflowId} cannot be read by this version (${unreadable}). Upgrade, or save the workflow anew.`,
    { details: { unreadable } },
  );
}

/** For what can do without: @returns null in place of the error that a revision cannot be read */
export async function nullIfUnreadable<Value>(loading: Promise<Value>): Promise<Value | null> {
  try {
    return await loading;
  } catch (error) {
    if (error instanceof HooklineError && isRecord(error.details) && 'unreadable' in error.details) return null;
    throw error;
  }
}

/** The secret part of a trigger URL. */
export function createHookKey(): string {
  return randomBytes(HOOK_KEY_BYTES).toString('base64url');
}
