// The workflow service: everything that designers save, and the documents that the engine runs.

import { createDocumentJudge, type DocumentJudgeOptions } from './document-judge.ts';
import type { Problem, Workflow } from './model.ts';
import type { Page, PageRequest, Storage, WorkflowFilter } from './ports.ts';
import type { SecretRights } from './secret-places.ts';
import { createStoredWorkflows } from './stored-workflows.ts';
import { createWorkflowCopies } from './workflow-copies.ts';
import { createWorkflowEditor } from './workflow-editor.ts';
import { createWorkflowReader } from './workflow-reader.ts';
import { createWorkflowTrash } from './workflow-trash.ts';
import type {
  Comparison,
  CreateWorkflow,
  LoadedWorkflow,
  RevisionView,
  UpdateWorkflow,
  WorkflowExport,
  WorkflowView,
} from './workflow-views.ts';

export type { Comparison, CreateWorkflow, LoadedWorkflow, RevisionView, UpdateWorkflow, WorkflowExport, WorkflowView };

export interface WorkflowServiceOptions extends DocumentJudgeOptions {
  readonly storage: Pick<Storage, 'workflows'>;
  /** Milliseconds since 1970. */
  now(): number;
  /** Told after every change, so that compiled copies are dropped; awaited before the change is answered. */
  onChange(workflowId: string): void | Promise<void>;
}

/**
 * Problems are all told at once: `invalid_workflow` has them as `details.problems`. Warnings stop nothing. Who may not use named
 * secrets gets `forbidden` for an edit that adds or changes a place which makes use of them; the default is that they may.
 */
export interface WorkflowService {
  /** @throws HooklineError `invalid_workflow`, `forbidden` */
  create(input: CreateWorkflow, rights?: SecretRights): Promise<WorkflowView>;
  /** What a save would say of a draft; nothing is saved. Write-only values that are left out are the workflow's. @throws `workflow_not_found` */
  check(draft: DraftWorkflow): Promise<Problem[]>;
  /** @throws HooklineError `workflow_not_found` */
  get(id: string): Promise<WorkflowView>;
  list(filter: WorkflowFilter): Promise<Page<WorkflowView>>;
  /**
   * Changes what is named. Write-only values that are left out stay, those that are sent somewhere only for the scheme, host and port
   * that they were stored for: else they are a problem `credential_dropped` and, unless the workflow is disabled, refused. A document that has executed gets a new revision.
   * Enabling checks the whole document again.
   * @param options.ifUpdatedAt the `updatedAt` that the change is based on
   * @throws HooklineError `workflow_not_found`, `invalid_workflow`, `forbidden`, `conflict` for another mode or a stale `ifUpdatedAt`
   */
  update(
    id: string,
    change: UpdateWorkflow,
    options?: Partial<SecretRights> & { readonly ifUpdatedAt?: string | undefined },
  ): Promise<WorkflowView>;
  /**
   * Puts it into the trash: nothing starts it there, what runs goes on; retention deletes it after 30 days. One that is there
   * already stays as it is. @throws HooklineError `workflow_not_found`
   */
  trash(id: string): Promise<void>;
  /** Takes it out of the trash, enabled or not as it was. @throws HooklineError `workflow_not_found` */
  restore(id: string): Promise<WorkflowView>;
  /** For ever, with its revisions and executions. @throws HooklineError `workflow_not_found` */
  delete(id: string): Promise<void>;
  /** How many workflows that are not in the trash have each tag, in order of the tags. */
  countTags(): Promise<Map<string, number>>;
  /** Titles by id, also of those in the trash; what is not there is left out. */
  titles(ids: readonly string[]): Promise<Map<string, string>>;
  /** A disabled copy of the live revision, its secrets included, with a key of its own. @throws `workflow_not_found`, `forbidden` */
  duplicate(id: string, rights?: SecretRights): Promise<WorkflowView>;
  /** The old trigger URL is gone at once. @throws HooklineError `workflow_not_found` */
  rotateKey(id: string): Promise<WorkflowView>;
  /** Newest first. @throws HooklineError `workflow_not_found` */
  listRevisions(id: string, page: PageRequest): Promise<Page<RevisionView>>;
  /** @throws HooklineError `workflow_not_found`, `revision_not_found` */
  getRevision(id: string, revision: number): Promise<RevisionView>;
  /**
   * Makes a revision the live one. @throws HooklineError `workflow_not_found`, `revision_not_found`, `invalid_workflow` when
   *   the workflow is enabled and the revision can no longer run, `forbidden`
   */
  activate(id: string, revision: number, rights?: SecretRights): Promise<WorkflowView>;
  /** What changed from revision `from` to revision `to`. @throws HooklineError `workflow_not_found`, `revision_not_found` */
  compare(id: string, from: number, to: number): Promise<Comparison>;
  /** Without write-only values. @throws HooklineError `workflow_not_found` */
  exportWorkflow(id: string): Promise<WorkflowExport>;
  /**
   * Always a new workflow, disabled. Missing write-only values are warnings here, and errors when it is enabled.
   * @param options.keepKey keep the exported trigger URL; default false: a new one
   * @throws HooklineError `invalid_workflow`, `forbidden`, `conflict` when the kept key is taken
   */
  importWorkflow(
    document: unknown,
    options?: Partial<SecretRights> & { readonly keepKey?: boolean | undefined },
  ): Promise<WorkflowView>;
  /**
   * For the engine; `revision` undefined: the live one. @returns undefined when there is no such workflow or revision
   * @throws HooklineError `invalid_configuration` when a secret cannot be opened
   */
  byId(id: string, revision?: number): Promise<LoadedWorkflow | undefined>;
  /** Not those in the trash. */
  byHookKey(hookKey: string): Promise<LoadedWorkflow | undefined>;
}

/** A workflow that is being built. */
export interface DraftWorkflow {
  /** The one that it is an edit of. */
  readonly workflowId?: string | undefined;
  readonly mode: Workflow['mode'];
  readonly trigger: unknown;
  readonly nodes: unknown;
  readonly settings?: unknown;
}

export function createWorkflowService(options: WorkflowServiceOptions): WorkflowService {
  const { registry, secretBox, now, onChange } = options;
  const store = options.storage.workflows;
  const stored = createStoredWorkflows({ store, registry, secretBox, now, onChange });
  const judge = createDocumentJudge(options);
  const { show, showLive, ...reading } = createWorkflowReader({ store, stored, judge, registry, secretBox });
  const reader = { show, showLive };
  return {
    ...reading,
    ...createWorkflowEditor({ store, stored, judge, reader, registry, now, onChange }),
    ...createWorkflowCopies({ store, stored, judge, reader, registry }),
    ...createWorkflowTrash({ store, stored, reader, now, onChange }),
  };
}
