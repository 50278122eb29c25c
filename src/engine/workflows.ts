// The workflow service: everything that designers save, and the documents that the engine runs.

import { randomBytes } from 'node:crypto';
import { HooklineError } from '../errors.ts';
import { compareDocuments } from './compare.ts';
import { limitProblems, requireNoErrors, toPlainJson } from './document.ts';
import { createSecretMarker, hideDocument, keepSecrets, openDocument, sealDocument } from './document-secrets.ts';
import { createIdSource } from './id.ts';
import { createKeyedLock } from './keyed-lock.ts';
import type { Document, Problem, Revision, Workflow } from './model.ts';
import { isRecord } from './path.ts';
import type { ExpressionEvaluator, Page, PageRequest, SecretBox, Storage, WorkflowChange, WorkflowFilter } from './ports.ts';
import type { Registry } from './registry.ts';
import type { SecretVault } from './secret-vault.ts';
import { problem } from './tree.ts';
import { inspectDocument, validateDocument } from './validate.ts';
import {
  type Comparison,
  type CreateWorkflow,
  type LoadedWorkflow,
  parseCreate,
  parseImport,
  parseTime,
  parseUpdate,
  type RevisionView,
  toRevisionView,
  toWorkflowView,
  type UpdateWorkflow,
  type WorkflowExport,
  type WorkflowView,
} from './workflow-views.ts';

export type { Comparison, CreateWorkflow, LoadedWorkflow, RevisionView, UpdateWorkflow, WorkflowExport, WorkflowView };

export interface WorkflowServiceOptions {
  readonly storage: Pick<Storage, 'workflows'>;
  readonly registry: Registry;
  readonly evaluator: Pick<ExpressionEvaluator, 'check' | 'checkScript'>;
  readonly secretBox: SecretBox;
  /** Named secrets, of which unknown ones are told. Default: they are not looked at. */
  readonly vault?: Pick<SecretVault, 'current'> | undefined;
  /** Milliseconds since 1970. */
  now(): number;
  /** Told after every change, so that compiled copies are dropped; awaited before the change is answered. */
  onChange(workflowId: string): void | Promise<void>;
}

/** Problems are all told at once: `invalid_workflow` has them as `details.problems`. Warnings stop nothing. */
export interface WorkflowService {
  /** @throws HooklineError `invalid_workflow` */
  create(input: CreateWorkflow): Promise<WorkflowView>;
  /** What a save would say of a draft; nothing is saved. Write-only values that are left out are the workflow's. @throws `workflow_not_found` */
  check(draft: DraftWorkflow): Promise<Problem[]>;
  /** @throws HooklineError `workflow_not_found` */
  get(id: string): Promise<WorkflowView>;
  list(filter: WorkflowFilter): Promise<Page<WorkflowView>>;
  /**
   * Changes what is named. Write-only values that are left out stay; a document that has executed gets a new revision.
   * Enabling checks the whole document again.
   * @param options.ifUpdatedAt the `updatedAt` that the change is based on
   * @throws HooklineError `workflow_not_found`, `invalid_workflow`, `conflict` for another mode or a stale `ifUpdatedAt`
   */
  update(id: string, change: UpdateWorkflow, options?: { ifUpdatedAt?: string | undefined }): Promise<WorkflowView>;
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
  /** A disabled copy of the live revision, its secrets included, with a key of its own. @throws `workflow_not_found` */
  duplicate(id: string): Promise<WorkflowView>;
  /** The old trigger URL is gone at once. @throws HooklineError `workflow_not_found` */
  rotateKey(id: string): Promise<WorkflowView>;
  /** Newest first. @throws HooklineError `workflow_not_found` */
  listRevisions(id: string, page: PageRequest): Promise<Page<RevisionView>>;
  /** @throws HooklineError `workflow_not_found`, `revision_not_found` */
  getRevision(id: string, revision: number): Promise<RevisionView>;
  /**
   * Makes a revision the live one. @throws HooklineError `workflow_not_found`, `revision_not_found`, `invalid_workflow` when
   *   the workflow is enabled and the revision can no longer run
   */
  activate(id: string, revision: number): Promise<WorkflowView>;
  /** What changed from revision `from` to revision `to`. @throws HooklineError `workflow_not_found`, `revision_not_found` */
  compare(id: string, from: number, to: number): Promise<Comparison>;
  /** Without write-only values. @throws HooklineError `workflow_not_found` */
  exportWorkflow(id: string): Promise<WorkflowExport>;
  /**
   * Always a new workflow, disabled. Missing write-only values are warnings here, and errors when it is enabled.
   * @param options.keepKey keep the exported trigger URL; default false: a new one
   * @throws HooklineError `invalid_workflow`, `conflict` when the kept key is taken
   */
  importWorkflow(document: unknown, options?: { keepKey?: boolean | undefined }): Promise<WorkflowView>;
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

/** 128 random bits. */
const HOOK_KEY_BYTES = 16;
const MAX_TITLE_LENGTH = 200;

export function createWorkflowService(options: WorkflowServiceOptions): WorkflowService {
  const { registry, evaluator, secretBox, now } = options;
  const secretNames = (): ReadonlySet<string> | undefined =>
    options.vault && new Set(Object.keys(options.vault.current().values));
  const store = options.storage.workflows;
  const lock = createKeyedLock();
  const createId = createIdSource();

  async function find(id: string): Promise<Workflow> {
    const workflow = await store.get(id);
    if (!workflow) throw new HooklineError('workflow_not_found', `There is no workflow ${id.slice(0, 100)}.`);
    return workflow;
  }

  /** @throws HooklineError `workflow_not_found`, `conflict` for one in the trash */
  async function findEditable(id: string): Promise<Workflow> {
    const workflow = await find(id);
    if (workflow.deletedAt === null) return workflow;
    throw new HooklineError('conflict', 'The workflow is in the trash. Restore it first.');
  }

  async function findRevision(id: string, number: number): Promise<Revision> {
    const revision = await store.getRevision(id, number);
    if (!revision) throw new HooklineError('revision_not_found', `Workflow ${id} has no revision ${number}.`);
    return revision;
  }

  /** The stored document as it runs; secrets that the present key does not open are left out and told. */
  function open(document: Document): { opened: Document; unreadable: Problem[] } {
    const unreadable: Problem[] = [];
    const opened = openDocument(document, registry, secretBox, (place) => {
      const message = 'this secret cannot be read with the present key: bring back the key, or enter the secret again';
      unreadable.push(problem(place, 'secret_unreadable', message, 'warning'));
    });
    return { opened, unreadable };
  }

  /** While a workflow is disabled, it may wait for its secrets. */
  function ofStored(workflow: Workflow, problems: readonly Problem[]): Problem[] {
    return workflow.enabled ? [...problems] : withoutSecrets(problems);
  }

  async function show(workflow: Workflow, document: Document, problems?: Problem[]): Promise<WorkflowView> {
    const counts = await store.executionCounts([workflow.id]);
    return toWorkflowView(
      workflow,
      hideDocument(document, registry),
      counts.get(workflow.id) ?? 0,
      problems ?? (await checkStored(workflow, document)),
    );
  }

  /** The syntax of expressions was checked when they were saved, and does not change. */
  async function checkStored(workflow: Workflow, document: Document): Promise<Problem[]> {
    const { opened, unreadable } = open(document);
    const { problems } = await validateDocument(opened, { mode: workflow.mode, registry, secretNames: secretNames() });
    return ofStored(workflow, [...unreadable, ...problems]);
  }

  async function validate(
    workflow: Pick<Workflow, 'mode'>,
    document: unknown,
  ): Promise<{ document: Document | undefined; problems: Problem[] }> {
    return validateDocument(document, { mode: workflow.mode, registry, evaluator, secretNames: secretNames() });
  }

  async function insert(
    input: Pick<Workflow, 'title' | 'mode' | 'enabled' | 'tags'> & { hookKey?: string | undefined },
    sealed: Document,
  ): Promise<Workflow> {
    const time = now();
    const { title, mode, enabled, tags, hookKey = createHookKey() } = input;
    const times = { deletedAt: null, createdAt: time, updatedAt: time };
    const workflow = { id: createId(now()), title, mode, enabled, hookKey, revision: 1, tags, ...times };
    await store.insert(workflow, sealed);
    await options.onChange(workflow.id);
    return workflow;
  }

  /** Later than before, also within one millisecond, so that `ifUpdatedAt` notices every change. */
  async function change(workflow: Workflow, fields: Omit<WorkflowChange, 'updatedAt'>): Promise<Workflow> {
    const updatedAt = Math.max(now(), workflow.updatedAt + 1);
    await store.update(workflow.id, { ...fields, updatedAt });
    return { ...workflow, ...fields, updatedAt };
  }

  /** An edit of trigger or nodes, and everything that is wrong with it. */
  async function judge(
    workflow: Pick<Workflow, 'mode' | 'enabled'>,
    previous: Document,
    given: { readonly trigger: unknown; readonly nodes: unknown; readonly settings?: unknown },
  ): Promise<{ document: Document | undefined; problems: Problem[] }> {
    const plain = toPlainJson(given);
    const next = isRecord(plain)
      ? { ...plain, ...keepSecrets({ trigger: plain.trigger, nodes: plain.nodes }, previous, registry) }
      : given;
    const { document, problems } = await validate(workflow, next);
    const mayWait =
      !workflow.enabled &&
      inspectDocument(previous, { mode: workflow.mode, registry, secretNames: secretNames() }).problems.some(isMissingSecret);
    return { document, problems: mayWait ? withoutSecrets(problems) : problems };
  }

  /** An edit of trigger or nodes as it will be saved; `outer` is what is wrong beside them. @throws HooklineError `invalid_workflow` */
  async function edit(
    workflow: Workflow,
    previous: Document,
    input: { readonly trigger: unknown; readonly nodes: unknown; readonly settings: unknown },
    outer: readonly Problem[],
  ): Promise<{ document: Document; problems: Problem[] }> {
    const { trigger = previous.trigger, nodes = previous.nodes, settings = previous.settings } = input;
    const given = { trigger, nodes, ...(settings === undefined || settings === null ? {} : { settings }) };
    const { document, problems } = await judge(workflow, previous, given);
    requireNoErrors([...outer, ...problems]);
    return { document: requireDocument(document), problems };
  }

  return {
    async create(input) {
      const { input: wanted, mode, document: given, problems: outer } = parseCreate(input);
      const { document, problems } = await validateDocument(given, { mode, registry, evaluator, secretNames: secretNames() });
      const all = [...outer, ...problems];
      requireNoErrors(all);
      if (!wanted) throw new HooklineError('invalid_workflow', 'The workflow is not valid.');
      const sealed = sealDocument(requireDocument(document), registry, secretBox);
      return show(await insert(wanted, sealed), sealed, all);
    },

    async check({ workflowId, mode, trigger, nodes, settings }) {
      const given = { trigger, nodes, ...(settings === undefined || settings === null ? {} : { settings }) };
      if (workflowId === undefined) return (await validate({ mode }, given)).problems;
      const { enabled, revision } = await find(workflowId);
      const { opened } = open((await findRevision(workflowId, revision)).document);
      return (await judge({ mode, enabled }, opened, given)).problems;
    },

    async get(id) {
      const workflow = await find(id);
      return show(workflow, (await findRevision(id, workflow.revision)).document);
    },

    async list(filter) {
      const { items, nextCursor } = await store.list(filter);
      const counts = await store.executionCounts(items.map(({ id }) => id));
      const views = items.map(async (workflow) => {
        const { document } = await findRevision(workflow.id, workflow.revision);
        const { opened, unreadable } = open(document);
        const { problems } = inspectDocument(opened, { mode: workflow.mode, registry, secretNames: secretNames() });
        const told = ofStored(workflow, [...unreadable, ...problems]);
        return toWorkflowView(workflow, hideDocument(document, registry), counts.get(workflow.id) ?? 0, told);
      });
      return { items: await Promise.all(views), nextCursor };
    },

    update(id, input, { ifUpdatedAt } = {}) {
      return lock(id, async () => {
        const { input: wanted = {}, document: given, problems: outer } = parseUpdate(input);
        const before = await findEditable(id);
        if (ifUpdatedAt !== undefined && parseTime(ifUpdatedAt) !== before.updatedAt) {
          throw new HooklineError(
            'conflict',
            'Somebody else has changed this workflow meanwhile. Load it again and repeat the change.',
            {
              details: { updatedAt: new Date(before.updatedAt).toISOString() },
            },
          );
        }
        if (wanted.mode !== undefined && wanted.mode !== before.mode) {
          throw new HooklineError(
            'conflict',
            `The mode is fixed at creation: this workflow is ${before.mode}. Create a new one instead.`,
          );
        }
        const stored = (await findRevision(id, before.revision)).document;
        const target = { ...before, enabled: wanted.enabled ?? before.enabled };
        const { opened } = open(stored);
        let { revision } = before;
        let document = stored;
        let problems: Problem[] | undefined;
        if (given.trigger !== undefined || given.nodes !== undefined || given.settings !== undefined) {
          const edited = await edit(target, opened, given, outer);
          problems = edited.problems;
          // What was sent back unchanged is no edit.
          if (JSON.stringify(edited.document) !== JSON.stringify(opened)) {
            document = sealDocument(edited.document, registry, secretBox);
            revision = await store.saveDocument(id, document, now());
          }
        } else {
          requireNoErrors(outer);
          if (target.enabled && !before.enabled) {
            ({ problems } = await validate(before, opened));
            requireNoErrors(problems);
          }
        }
        const { title = before.title, tags = before.tags } = wanted;
        const changed = await change({ ...before, revision }, { title, tags, enabled: target.enabled });
        await options.onChange(id);
        return show(changed, document, problems);
      });
    },

    trash(id) {
      return lock(id, async () => {
        const workflow = await find(id);
        if (workflow.deletedAt === null) await change(workflow, { deletedAt: now() });
        await options.onChange(id);
      });
    },

    restore(id) {
      return lock(id, async () => {
        const workflow = await find(id);
        const restored = workflow.deletedAt === null ? workflow : await change(workflow, { deletedAt: null });
        await options.onChange(id);
        return show(restored, (await findRevision(id, restored.revision)).document);
      });
    },

    countTags: () => store.countTags(),
    titles: (ids) => store.titles(ids),

    delete(id) {
      return lock(id, async () => {
        await find(id);
        await store.delete(id);
        await options.onChange(id);
      });
    },

    async duplicate(id) {
      const { title, mode, tags, revision } = await find(id);
      const { document } = await findRevision(id, revision);
      const suffix = ' copy';
      const copyTitle = `${title.slice(0, MAX_TITLE_LENGTH - suffix.length)}${suffix}`;
      return show(await insert({ title: copyTitle, mode, enabled: false, tags }, document), document);
    },

    rotateKey(id) {
      return lock(id, async () => {
        const changed = await change(await findEditable(id), { hookKey: createHookKey() });
        await options.onChange(id);
        return show(changed, (await findRevision(id, changed.revision)).document);
      });
    },

    async listRevisions(id, page) {
      const workflow = await find(id);
      const { items, nextCursor } = await store.listRevisions(id, page);
      return { items: items.map((revision) => showRevision(workflow, revision)), nextCursor };
    },

    async getRevision(id, number) {
      return showRevision(await find(id), await findRevision(id, number));
    },

    activate(id, number) {
      return lock(id, async () => {
        const workflow = await findEditable(id);
        const { document } = await findRevision(id, number);
        if (number === workflow.revision) return show(workflow, document);
        const { problems } = await validate(workflow, open(document).opened);
        if (workflow.enabled) requireNoErrors(problems);
        const changed = await change(workflow, { revision: number });
        await options.onChange(id);
        return show(changed, document, ofStored(workflow, problems));
      });
    },

    async compare(id, from, to) {
      await find(id);
      const [before, after] = await Promise.all([findRevision(id, from), findRevision(id, to)]);
      const mark = createSecretMarker(registry, secretBox);
      return { from, to, changes: compareDocuments(mark(before.document), mark(after.document)) };
    },

    async exportWorkflow(id) {
      const { title, mode, hookKey, tags, revision } = await find(id);
      const { document } = await findRevision(id, revision);
      return { hookline: 1, title, mode, hookKey, tags, ...hideDocument(document, registry) };
    },

    async importWorkflow(source, { keepKey = false } = {}) {
      const { input: wanted, mode, document: given, problems: outer } = parseImport(source);
      const { document, problems } = await validateDocument(given, { mode, registry, evaluator, secretNames: secretNames() });
      const all = withoutSecrets([...outer, ...problems]);
      requireNoErrors(all);
      if (!wanted) throw new HooklineError('invalid_workflow', 'The workflow is not valid.');
      const hookKey = keepKey ? wanted.hookKey : undefined;
      if (hookKey !== undefined && (await store.findByHookKey(hookKey))) {
        throw new HooklineError('conflict', 'Another workflow has this trigger URL already. Import it with a new one.');
      }
      const sealed = sealDocument(requireDocument(document), registry, secretBox);
      const { title, mode: givenMode, tags } = wanted;
      const workflow = await insert({ title, mode: givenMode, enabled: false, tags, hookKey }, sealed);
      return show(workflow, sealed, all);
    },

    async byId(id, revision) {
      return load(await store.get(id), revision);
    },

    async byHookKey(hookKey) {
      const workflow = await store.findByHookKey(hookKey);
      return workflow?.deletedAt === null ? load(workflow, undefined) : undefined;
    },
  };

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
}

function createHookKey(): string {
  return randomBytes(HOOK_KEY_BYTES).toString('base64url');
}

function isMissingSecret({ code }: Problem): boolean {
  return code === 'missing_secret';
}

/** The same problems, but secrets that are still to be entered stop nothing. */
function withoutSecrets(problems: readonly Problem[]): Problem[] {
  return limitProblems(problems.map((found) => (isMissingSecret(found) ? { ...found, severity: 'warning' } : found)));
}

/** A document without problems has a right shape; this says so where the types cannot. */
function requireDocument(document: Document | undefined): Document {
  if (!document) throw new HooklineError('invalid_workflow', 'The workflow has no usable trigger and nodes.');
  return document;
}
