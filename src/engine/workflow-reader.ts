// Reads workflows: for designers, without write-only values and with what is wrong; for the engine, with everything opened.

import { compareDocuments } from './compare.ts';
import type { DocumentJudge } from './document-judge.ts';
import { createSecretMarker, hideDocument, openDocument } from './document-secrets.ts';
import type { Document, Problem, Revision, Workflow } from './model.ts';
import type { SecretBox, WorkflowStore } from './ports.ts';
import type { Registry } from './registry.ts';
import { fieldsOf, workflowRow } from './sealed-places.ts';
import { type StoredWorkflows, unreadableRevision } from './stored-workflows.ts';
import { type LoadedWorkflow, type RevisionView, toRevisionView, toWorkflowView, type WorkflowView } from './workflow-views.ts';
import type { WorkflowService } from './workflows.ts';

export interface WorkflowReaderOptions {
  readonly store: WorkflowStore;
  readonly stored: Pick<StoredWorkflows, 'find' | 'findRevision'>;
  readonly judge: Pick<DocumentJudge, 'judgeStored' | 'inspectStored'>;
  readonly registry: Registry;
  readonly secretBox: SecretBox;
}

export interface WorkflowReader
  extends Pick<
    WorkflowService,
    'get' | 'list' | 'countTags' | 'titles' | 'listRevisions' | 'getRevision' | 'compare' | 'byId' | 'byHookKey'
  > {
  /** @param problems what is known to be wrong with the document; default: it is judged */
  show(workflow: Workflow, document: Document, problems?: Problem[], unreadable?: string): Promise<WorkflowView>;
  /** With the live revision. */
  showLive(workflow: Workflow): Promise<WorkflowView>;
}

const MISSING_DOCUMENT: Document = { trigger: { type: 'unreadable', config: {} }, nodes: [] };

export function createWorkflowReader({ store, stored, judge, registry, secretBox }: WorkflowReaderOptions): WorkflowReader {
  const { find, findRevision } = stored;

  async function show(workflow: Workflow, document: Document, problems?: Problem[], unreadable?: string): Promise<WorkflowView> {
    const counts = await store.executionCounts([workflow.id]);
    return toWorkflowView(
      workflow,
      hideDocument(document, registry),
      counts.get(workflow.id) ?? 0,
      problems ?? (await judge.judgeStored(workflow, document)),
      unreadable,
    );
  }

  /** Also where it is missing: a workflow without its live revision is shown as one that cannot be read. */
  async function findLive({ id, revision }: Workflow): Promise<Pick<Revision, 'document' | 'unreadable'>> {
    const found = await store.getRevision(id, revision);
    return found ?? { document: MISSING_DOCUMENT, unreadable: 'the live revision is missing' };
  }

  async function showLive(workflow: Workflow): Promise<WorkflowView> {
    const { document, unreadable } = await findLive(workflow);
    return show(workflow, document, undefined, unreadable);
  }

  function showRevision(workflow: Workflow, revision: Revision): RevisionView {
    return toRevisionView(revision, hideDocument(revision.document, registry), {
      live: revision.revision === workflow.revision,
      executed: revision.executed,
    });
  }

  async function load(workflow: Workflow | undefined, number: number | undefined): Promise<LoadedWorkflow | undefined> {
    const revision = workflow && (await store.getRevision(workflow.id, number ?? workflow.revision));
    if (!workflow || !revision) return undefined;
    if (revision.unreadable !== undefined) throw unreadableRevision(revision, 'invalid_config');
    const document = openDocument(revision.document, registry, fieldsOf(secretBox, workflowRow(workflow.id)));
    return { workflow, revision: revision.revision, executed: revision.executed, document };
  }

  return {
    show,
    showLive,

    async get(id) {
      return showLive(await find(id));
    },

    async list(filter) {
      const { items, nextCursor } = await store.list(filter);
      const counts = await store.executionCounts(items.map(({ id }) => id));
      const views: WorkflowView[] = [];
      // One after the other: all of them in the same turn of the event loop would hold it.
      for (const workflow of items) {
        const { document, unreadable } = await findLive(workflow);
        const problems = await judge.inspectStored(workflow, document);
        const count = counts.get(workflow.id) ?? 0;
        views.push(toWorkflowView(workflow, hideDocument(document, registry), count, problems, unreadable));
      }
      return { items: views, nextCursor };
    },

    countTags: () => store.countTags(),
    titles: (ids) => store.titles(ids),

    async listRevisions(id, page) {
      const workflow = await find(id);
      const { items, nextCursor } = await store.listRevisions(id, page);
      return { items: items.map((revision) => showRevision(workflow, revision)), nextCursor };
    },

    async getRevision(id, number) {
      return showRevision(await find(id), await findRevision(id, number));
    },

    async compare(id, from, to) {
      await find(id);
      const [before, after] = await Promise.all([findRevision(id, from), findRevision(id, to)]);
      for (const revision of [before, after]) if (revision.unreadable !== undefined) throw unreadableRevision(revision);
      const mark = createSecretMarker(registry, fieldsOf(secretBox, workflowRow(id)));
      return { from, to, changes: compareDocuments(mark(before.document), mark(after.document)) };
    },

    async byId(id, revision) {
      return load(await store.get(id), revision);
    },

    async byHookKey(hookKey) {
      const workflow = await store.findByHookKey(hookKey);
      return workflow?.deletedAt === null ? load(workflow, undefined) : undefined;
    },
  };
}
