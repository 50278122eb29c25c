// Copies workflows: one beside it, out as JSON, and in again.

import { HooklineError } from '../errors.ts';
import { addAuditDetails } from './audit-scope.ts';
import { requireNoErrors } from './document.ts';
import { type DocumentJudge, requireDocument, withoutSecrets } from './document-judge.ts';
import { hideDocument } from './document-secrets.ts';
import type { WorkflowStore } from './ports.ts';
import type { Registry } from './registry.ts';
import { ALL_RIGHTS, requireSecretRights } from './secret-places.ts';
import { describeDocument } from './secret-use.ts';
import type { StoredWorkflows } from './stored-workflows.ts';
import type { WorkflowReader } from './workflow-reader.ts';
import { parseImport } from './workflow-views.ts';
import type { WorkflowService } from './workflows.ts';

export interface WorkflowCopiesOptions {
  readonly store: Pick<WorkflowStore, 'findByHookKey'>;
  readonly stored: Pick<StoredWorkflows, 'find' | 'findReadableRevision' | 'insert' | 'seal' | 'sealedFor'>;
  readonly judge: Pick<DocumentJudge, 'open' | 'validate'>;
  readonly reader: Pick<WorkflowReader, 'show'>;
  readonly registry: Registry;
}

export type WorkflowCopies = Pick<WorkflowService, 'duplicate' | 'exportWorkflow' | 'importWorkflow'>;

const MAX_TITLE_LENGTH = 200;

export function createWorkflowCopies(options: WorkflowCopiesOptions): WorkflowCopies {
  const { store, judge, reader, registry } = options;
  const { find, findReadableRevision, insert, seal, sealedFor } = options.stored;
  return {
    async duplicate(id, rights = ALL_RIGHTS) {
      const { title, mode, tags, revision } = await find(id);
      const { document } = await findReadableRevision(id, revision);
      const { opened } = judge.open(id, document);
      requireSecretRights(rights, undefined, opened, registry);
      addAuditDetails(describeDocument(opened, registry));
      const suffix = ' copy';
      const copyTitle = `${title.slice(0, MAX_TITLE_LENGTH - suffix.length)}${suffix}`;
      const copy = await insert({ title: copyTitle, mode, enabled: false, tags }, (copyId) => sealedFor(copyId, document, id));
      return reader.show(copy.workflow, copy.document);
    },

    async exportWorkflow(id) {
      const { title, mode, hookKey, tags, revision } = await find(id);
      const { document } = await findReadableRevision(id, revision);
      return { hookline: 1, title, mode, hookKey, tags, ...hideDocument(document, registry) };
    },

    async importWorkflow(source, { keepKey = false, mayUseSecrets = true } = {}) {
      const { input: wanted, mode, document: given, problems: outer } = parseImport(source);
      const { document, problems } = await judge.validate(mode, given);
      const all = withoutSecrets([...outer, ...problems]);
      requireNoErrors(all);
      if (!wanted) throw new HooklineError('invalid_workflow', 'The workflow is not valid.');
      const whole = requireDocument(document);
      requireSecretRights({ mayUseSecrets }, undefined, whole, registry);
      addAuditDetails(describeDocument(whole, registry));
      const hookKey = keepKey ? wanted.hookKey : undefined;
      if (hookKey !== undefined && (await store.findByHookKey(hookKey))) {
        throw new HooklineError('conflict', 'Another workflow has this trigger URL already. Import it with a new one.');
      }
      const { title, mode: givenMode, tags } = wanted;
      const imported = await insert({ title, mode: givenMode, enabled: false, tags, hookKey }, (id) => seal(id, whole));
      return reader.show(imported.workflow, imported.document, all);
    },
  };
}
