// A workflow store in memory, for tests of what is above storage.

import { type Document, isLive, type Revision, type Workflow } from '../../src/engine/model.ts';
import type { Page, PageRequest, WorkflowStore } from '../../src/engine/ports.ts';
import { HooklineError } from '../../src/errors.ts';

export interface MemoryWorkflows extends WorkflowStore {
  /** Everything as it is stored, to look for what must not be there. */
  dump(): string;
  /** What the engine does when a revision first runs. */
  markExecuted(id: string, revision: number): void;
}

export function createMemoryWorkflows(): MemoryWorkflows {
  const workflows = new Map<string, Workflow>();
  const revisions = new Map<string, Revision[]>();

  const requireOne = (id: string): Workflow => {
    const workflow = workflows.get(id);
    if (!workflow) throw new HooklineError('workflow_not_found', `There is no workflow ${id}.`);
    return workflow;
  };
  const revisionsOf = (id: string): Revision[] => revisions.get(id) ?? [];
  const refuseTaken = (hookKey: string | undefined, id: string) => {
    const other = [...workflows.values()].find((workflow) => workflow.hookKey === hookKey && workflow.id !== id);
    if (other) throw new HooklineError('conflict', 'Another workflow has this hook key.');
  };
  const copy = <Value>(value: Value): Value => structuredClone(value);
  const add = (id: string, revision: number, document: Document, createdAt: number) => {
    const stored = { workflowId: id, revision, document: copy(document), executed: false, createdAt };
    revisions.set(id, [...revisionsOf(id), stored]);
  };

  return {
    dump: () => JSON.stringify([[...workflows], [...revisions]]),
    markExecuted(id, number) {
      for (const revision of revisionsOf(id)) if (revision.revision === number) revision.executed = true;
    },
    async insert(workflow, document) {
      refuseTaken(workflow.hookKey, workflow.id);
      workflows.set(workflow.id, copy(workflow));
      add(workflow.id, workflow.revision, document, workflow.createdAt);
    },
    get: async (id) => copy(workflows.get(id)),
    findByHookKey: async (hookKey) => copy([...workflows.values()].find((workflow) => workflow.hookKey === hookKey)),
    list: async (filter) => {
      const wanted = [...workflows.values()].filter(({ deletedAt }) => (deletedAt !== null) === (filter.trashed ?? false));
      return paginate(wanted.reverse().map(copy), filter);
    },
    hookKeys: async () => [...workflows.values()].map(({ hookKey }) => hookKey),
    hookKeysState: async () => JSON.stringify([...workflows.values()].map(({ hookKey }) => hookKey)),
    listEnabled: async () => [...workflows.values()].filter(isLive).map(copy),
    async update(id, change) {
      refuseTaken(change.hookKey, id);
      workflows.set(id, { ...requireOne(id), ...change });
    },
    async saveDocument(id, document, now) {
      const workflow = requireOne(id);
      const live = revisionsOf(id).find(({ revision }) => revision === workflow.revision);
      if (live && !live.executed) {
        live.document = copy(document);
        return live.revision;
      }
      const next = Math.max(...revisionsOf(id).map(({ revision }) => revision)) + 1;
      add(id, next, document, now);
      workflows.set(id, { ...workflow, revision: next });
      return next;
    },
    getRevision: async (id, number) => copy(revisionsOf(id).find(({ revision }) => revision === number)),
    listRevisions: async (id, page) => paginate([...revisionsOf(id)].reverse().map(copy), page),
    async delete(id) {
      requireOne(id);
      workflows.delete(id);
      revisions.delete(id);
    },
    deleteTrashed: () => Promise.reject(new Error('not in these tests')),
    countTags: () => Promise.reject(new Error('not in these tests')),
    titles: async (ids) =>
      new Map(ids.flatMap((id) => [...workflows.values()].filter((one) => one.id === id)).map((one) => [one.id, one.title])),
    executionCounts: async (ids) => new Map(ids.map((id) => [id, 0])),
  };
}

function paginate<Item>(items: Item[], { limit, cursor }: PageRequest): Page<Item> {
  const start = cursor === undefined ? 0 : Number(cursor);
  const end = start + limit;
  return { items: items.slice(start, end), nextCursor: end < items.length ? String(end) : null };
}
