// Reads workflows: for designers, without write-only values and with what is wrong; for the engine, with everything opened.

import { compareDocuments } from './compare.ts';
import type { DocumentJudge } from './document-judge.ts';
import { createSecretMarker, hideDocument, keepSecrets, openDocument } from './document-secrets.ts';
import { type Document, nodeSchema, type Problem, type Revision, type Workflow } from './model.ts';
import type { SecretBox, WorkflowStore } from './ports.ts';
import type { Registry } from './registry.ts';
import { describeNodes } from './secret-use.ts';
import type { StoredWorkflows } from './stored-workflows.ts';
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
    | 'get'
    | 'list'
    | 'countTags'
    | 'titles'
    | 'listRevisions'
    | 'getRevision'
    | 'compare'
    | 'describeUse'
    | 'describeNode'
    | 'byId'
    | 'byHookKey'
  > {
  /** @param problems what is known to be wrong with the document; default: it is judged */
  show(workflow: Workflow, document: Document, problems?: Problem[]): Promise<WorkflowView>;
  /** With the live revision. */
  showLive(workflow: Workflow): Promise<WorkflowView>;
}

export function createWorkflowReader({ store, stored, judge, registry, secretBox }: WorkflowReaderOptions): WorkflowReader {
  const { find, findRevision } = stored;

  async function show(workflow: Workflow, document: Document, problems?: Problem[]): Promise<WorkflowView> {
    const counts = await store.executionCounts([workflow.id]);
    return toWorkflowView(
      workflow,
      hideDocument(document, registry),
      counts.get(workflow.id) ?? 0,
      problems ?? (await judge.judgeStored(workflow, document)),
    );
  }

  async function showLive(workflow: Workflow): Promise<WorkflowView> {
    return show(workflow, (await findRevision(workflow.id, workflow.revision)).document);
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
    const document = openDocument(revision.document, registry, secretBox);
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
      const views = items.map(async (workflow) => {
        const { document } = await findRevision(workflow.id, workflow.revision);
        const problems = judge.inspectStored(workflow, document);
        return toWorkflowView(workflow, hideDocument(document, registry), counts.get(workflow.id) ?? 0, problems);
      });
      return { items: await Promise.all(views), nextCursor };
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
      const mark = createSecretMarker(registry, secretBox);
      return { from, to, changes: compareDocuments(mark(before.document), mark(after.document)) };
    },

    async describeUse(id) {
      const { document } = await findRevision(id, (await find(id)).revision);
      const { nodes, ...beside } = openDocument(document, registry, secretBox, () => undefined);
      return describeNodes(nodes, registry, beside);
    },

    async describeNode(node, workflowId) {
      if (workflowId === undefined) return describeNodes([node], registry, undefined);
      const stored = (await findRevision(workflowId, (await find(workflowId)).revision)).document;
      const previous = openDocument(stored, registry, secretBox, () => undefined);
      const { nodes } = keepSecrets({ trigger: previous.trigger, nodes: [node] }, previous, registry);
      return describeNodes(nodeSchema.array().safeParse(nodes).data ?? [node], registry, undefined);
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
