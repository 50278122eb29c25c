// Makes and edits workflows: checks what was given, seals what is secret, saves it as a revision.

import { HooklineError } from '../errors.ts';
import { addAuditDetails } from './audit-scope.ts';
import { requireNoErrors } from './document.ts';
import { type DocumentJudge, type GivenDocument, ofStored, requireDocument } from './document-judge.ts';
import type { Document, Problem, Workflow } from './model.ts';
import type { WorkflowStore } from './ports.ts';
import type { Registry } from './registry.ts';
import { ALL_RIGHTS, requireSecretRights } from './secret-places.ts';
import { describeDocument } from './secret-use.ts';
import { createHookKey, type StoredWorkflows, unreadableRevision } from './stored-workflows.ts';
import type { WorkflowReader } from './workflow-reader.ts';
import { parseCreate, parseTime, parseUpdate } from './workflow-views.ts';
import type { WorkflowService } from './workflows.ts';

export interface WorkflowEditorOptions {
  readonly store: Pick<WorkflowStore, 'saveDocument'>;
  readonly stored: StoredWorkflows;
  readonly judge: Pick<DocumentJudge, 'open' | 'validate' | 'judgeEdit'>;
  readonly reader: Pick<WorkflowReader, 'show' | 'showLive'>;
  readonly registry: Registry;
  /** Milliseconds since 1970. */
  now(): number;
  /** Told after every change. */
  onChange(workflowId: string): void | Promise<void>;
}

export type WorkflowEditor = Pick<WorkflowService, 'create' | 'check' | 'update' | 'rotateKey' | 'activate'>;

export function createWorkflowEditor(options: WorkflowEditorOptions): WorkflowEditor {
  const { store, judge, reader, registry, now, onChange } = options;
  const { lock, find, findEditable, findRevision, findReadableRevision, insert, seal, change } = options.stored;

  /** An edit of trigger or nodes as it will be saved; `outer` is what is wrong beside them. @throws HooklineError `invalid_workflow` */
  async function edit(
    workflow: Workflow,
    previous: Document,
    { trigger = previous.trigger, nodes = previous.nodes, settings = previous.settings }: GivenDocument,
    outer: readonly Problem[],
  ): Promise<{ document: Document; problems: Problem[] }> {
    const { document, problems } = await judge.judgeEdit(workflow, previous, { trigger, nodes, settings });
    requireNoErrors([...outer, ...problems]);
    return { document: requireDocument(document), problems };
  }

  return {
    async create(input, rights = ALL_RIGHTS) {
      const { input: wanted, mode, document: given, problems: outer } = parseCreate(input);
      const { document, problems } = await judge.validate(mode, given);
      const all = [...outer, ...problems];
      requireNoErrors(all);
      if (!wanted) throw new HooklineError('invalid_workflow', 'The workflow is not valid.');
      const whole = requireDocument(document);
      requireSecretRights(rights, undefined, whole, registry);
      addAuditDetails(describeDocument(whole, registry));
      const created = await insert(wanted, (id) => seal(id, whole));
      return reader.show(created.workflow, created.document, all);
    },

    async check({ workflowId, mode, trigger, nodes, settings }) {
      if (workflowId === undefined) {
        const given = { trigger, nodes, ...(settings === undefined || settings === null ? {} : { settings }) };
        return (await judge.validate(mode, given)).problems;
      }
      const { enabled, revision } = await find(workflowId);
      const { opened } = judge.open(workflowId, (await findRevision(workflowId, revision)).document);
      return (await judge.judgeEdit({ mode, enabled }, opened, { trigger, nodes, settings })).problems;
    },

    update(id, input, { ifUpdatedAt, mayUseSecrets = true } = {}) {
      return lock(id, async () => {
        const { input: wanted = {}, document: given, problems: outer } = parseUpdate(input);
        const before = await findEditable(id);
        requireUnchanged(before, ifUpdatedAt);
        requireSameMode(before, wanted.mode);
        const live = await findRevision(id, before.revision);
        // A whole new document replaces it; anything less would keep what cannot be read.
        if (live.unreadable !== undefined && (given.trigger === undefined || given.nodes === undefined))
          throw unreadableRevision(live);
        const stored = live.document;
        const target = { ...before, enabled: wanted.enabled ?? before.enabled };
        const { opened } = judge.open(id, stored);
        let { revision } = before;
        let document = stored;
        let problems: Problem[] | undefined;
        if (given.trigger !== undefined || given.nodes !== undefined || given.settings !== undefined) {
          const edited = await edit(target, opened, given, outer);
          problems = edited.problems;
          // What was sent back unchanged is no edit.
          if (JSON.stringify(edited.document) !== JSON.stringify(opened)) {
            requireSecretRights({ mayUseSecrets }, opened, edited.document, registry);
            addAuditDetails(describeDocument(edited.document, registry));
            document = seal(id, edited.document);
            revision = await store.saveDocument(id, document, now());
          }
        } else {
          requireNoErrors(outer);
          if (target.enabled && !before.enabled) {
            ({ problems } = await judge.validate(before.mode, opened));
            requireNoErrors(problems);
          }
        }
        const { title = before.title, tags = before.tags } = wanted;
        const changed = await change({ ...before, revision }, { title, tags, enabled: target.enabled });
        await onChange(id);
        return reader.show(changed, document, problems);
      });
    },

    rotateKey(id) {
      return lock(id, async () => {
        const changed = await change(await findEditable(id), { hookKey: createHookKey() });
        await onChange(id);
        return reader.showLive(changed);
      });
    },

    activate(id, number, rights = ALL_RIGHTS) {
      return lock(id, async () => {
        const workflow = await findEditable(id);
        const { document } = await findReadableRevision(id, number);
        if (number === workflow.revision) return reader.show(workflow, document);
        const { opened } = judge.open(id, document);
        const live = judge.open(id, (await findRevision(id, workflow.revision)).document).opened;
        requireSecretRights(rights, live, opened, registry);
        addAuditDetails(describeDocument(opened, registry));
        const { problems } = await judge.validate(workflow.mode, opened);
        if (workflow.enabled) requireNoErrors(problems);
        const changed = await change(workflow, { revision: number });
        await onChange(id);
        return reader.show(changed, document, ofStored(workflow, problems));
      });
    },
  };
}

/** @throws HooklineError `conflict`, `invalid_request` when it is no time */
function requireUnchanged({ updatedAt }: Workflow, ifUpdatedAt: string | undefined): void {
  if (ifUpdatedAt === undefined || parseTime(ifUpdatedAt) === updatedAt) return;
  const message = 'Somebody else has changed this workflow meanwhile. Load it again and repeat the change.';
  throw new HooklineError('conflict', message, { details: { updatedAt: new Date(updatedAt).toISOString() } });
}

/** @throws HooklineError `conflict` */
function requireSameMode({ mode }: Workflow, wanted: Workflow['mode'] | undefined): void {
  if (wanted === undefined || wanted === mode) return;
  throw new HooklineError('conflict', `The mode is fixed at creation: this workflow is ${mode}. Create a new one instead.`);
}
