// Workflows and their revisions in the database.

import { cast, col, fn, literal, Op, UniqueConstraintError, type WhereOptions } from 'sequelize';
import { nameAuditTarget } from '../engine/audit-scope.ts';
import { type Document, modeSchema, type Revision, type Workflow } from '../engine/model.ts';
import type { WorkflowStore } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';
import { type Database, isSearchable } from './database.ts';
import { countExecutions, purgeExecutions, startPurge } from './execution-purge.ts';
import type { Models } from './models.ts';
import { type ListKind, limitOf, placeOf, toPage } from './page.ts';
import { isObject, isText, listOf, objectOf, orMissing, type RowReader } from './row-reader.ts';
import { withStorageErrors } from './storage-error.ts';
import type { RevisionRow, WorkflowRow } from './workflow-models.ts';

/** Newest first; two of the same millisecond by id. */
const WORKFLOW_LIST: ListKind<[createdAt: number, id: string]> = {
  name: 'workflows',
  isPlace: (value): value is [number, string] =>
    value.length === 2 && Number.isSafeInteger(value[0]) && typeof value[1] === 'string',
};
const REVISION_LIST: ListKind<[revision: number]> = {
  name: 'revisions',
  isPlace: (value): value is [number] => value.length === 1 && Number.isSafeInteger(value[0]),
};

/** Workflows read at a time while titles are searched. */
const SEARCH_BATCH = 200;

/** The workflow part of the storage port. */
export function workflowStore(database: Database): WorkflowStore {
  const { read, write, rows: reader } = database;

  async function findBy(column: 'id' | 'hookKey', value: string): Promise<Workflow | undefined> {
    if (!isSearchable(value)) return undefined;
    const row = await withStorageErrors(() => read.workflows.findOne({ where: { [column]: value } }));
    return row ? toWorkflow(reader, row.get()) : undefined;
  }

  function readAfter(where: WhereOptions<WorkflowRow>, after: [number, string] | undefined, limit: number) {
    const [createdAt, id] = after ?? [];
    const behind = after ? { [Op.or]: [{ createdAt: { [Op.lt]: createdAt } }, { createdAt, id: { [Op.lt]: id } }] } : {};
    return withStorageErrors(async () => {
      const rows = await read.workflows.findAll({
        where: { [Op.and]: [where, behind] },
        order: [
          ['createdAt', 'DESC'],
          ['id', 'DESC'],
        ],
        limit,
      });
      return rows.map((row) => toWorkflow(reader, row.get()));
    });
  }

  return {
    async insert(workflow, document) {
      nameAuditTarget(workflow.id);
      await refuseTakenKey(workflow.hookKey, () =>
        write(async ({ workflows, revisions }) => {
          await workflows.create({ ...workflow, tags: JSON.stringify(workflow.tags), removedExecutions: 0 });
          await revisions.create(newRevision(workflow.id, workflow.revision, document, workflow.createdAt));
        }),
      );
    },

    get: (id) => findBy('id', id),
    findByHookKey: (hookKey) => findBy('hookKey', hookKey),

    async list(filter) {
      const limit = limitOf(filter);
      const where: WhereOptions<WorkflowRow> = {
        ...(filter.enabled === undefined ? {} : { enabled: filter.enabled }),
        ...(filter.mode === undefined ? {} : { mode: filter.mode }),
        deletedAt: filter.trashed ? { [Op.not]: null } : null,
      };
      let after = placeOf(WORKFLOW_LIST, filter.cursor);
      const search = foldCase(filter.search ?? '');
      const found: Workflow[] = [];
      const { tag, shownText = (text: string) => text } = filter;
      const matches = ({ title, tags }: Workflow): boolean =>
        foldCase(shownText(title)).includes(search) && (tag === undefined || tags.some((own) => shownText(own) === tag));
      // SQL's LIKE folds ASCII letters only, and each database its own way; titles and tags are few enough to be searched here.
      const batchSize = search === '' && tag === undefined ? limit + 1 : SEARCH_BATCH;
      for (;;) {
        const batch = await readAfter(where, after, batchSize);
        found.push(...batch.filter(matches));
        const last = batch.at(-1);
        if (last === undefined || batch.length < batchSize || found.length > limit) break;
        after = placeInList(last);
      }
      return toPage(WORKFLOW_LIST, found, limit, placeInList);
    },

    hookKeys: () =>
      withStorageErrors(async () => {
        const rows = await read.workflows.findAll({ attributes: ['hookKey'] });
        return rows.map((row) => row.get().hookKey);
      }),

    hookKeysState: () =>
      withStorageErrors(async () => {
        // The sum and not the latest: the clock of another process may be behind. Of remainders: one damaged time is not to exceed
        // BIGINT.
        const [row] = await read.workflows.findAll({
          attributes: [
            [fn('COUNT', col('id')), 'count'],
            [cast(fn('SUM', literal(`updated_at % ${2 ** 40}`)), 'TEXT'), 'sum'],
            [fn('MAX', col('id')), 'newest'],
          ],
        });
        return JSON.stringify(row);
      }),

    listEnabled: () =>
      withStorageErrors(async () => {
        const rows = await read.workflows.findAll({ where: { enabled: true, deletedAt: null }, order: [['id', 'ASC']] });
        return rows.map((row) => toWorkflow(reader, row.get()));
      }),

    async update(id, change) {
      const { title, enabled, hookKey, revision, deletedAt, updatedAt } = change;
      const tags = change.tags && JSON.stringify(change.tags);
      const values: Partial<WorkflowRow> = Object.fromEntries(
        Object.entries({ title, enabled, hookKey, revision, tags, deletedAt, updatedAt }).filter(
          ([, value]) => value !== undefined,
        ),
      );
      await refuseTakenKey(hookKey, () =>
        write(async ({ workflows, revisions }) => {
          await requireWorkflow(workflows, id);
          if (revision !== undefined && (await revisions.count({ where: { workflowId: id, revision } })) === 0) {
            throw new HooklineError('revision_not_found', `Workflow ${id} has no revision ${revision}.`);
          }
          if (Object.keys(values).length > 0) await workflows.update(values, { where: { id } });
        }),
      );
    },

    saveDocument: (id, document, now) =>
      write(async ({ workflows, revisions }) => {
        const { revision: live } = await requireWorkflow(workflows, id);
        // Locked too: it may be marked as executed at this moment.
        const stored = await revisions.findOne({ where: { workflowId: id, revision: live }, lock: true });
        if (stored && !stored.get().executed) {
          await revisions.update({ document: JSON.stringify(document) }, { where: { workflowId: id, revision: live } });
          await workflows.update({ updatedAt: now }, { where: { id } });
          return live;
        }
        // The live revision may be an older one that was made live again.
        const newest = await revisions.max<number, InstanceType<typeof revisions>>('revision', { where: { workflowId: id } });
        const next = Math.max(newest ?? 0, live) + 1;
        await revisions.create(newRevision(id, next, document, now));
        await workflows.update({ revision: next, updatedAt: now }, { where: { id } });
        return next;
      }),

    getRevision: (id, revision) =>
      withStorageErrors(async () => {
        if (!isSearchable(id)) return undefined;
        const row = await read.revisions.findOne({ where: { workflowId: id, revision } });
        return row ? toRevision(reader, row.get()) : undefined;
      }),

    async listRevisions(id, page) {
      const limit = limitOf(page);
      const before = placeOf(REVISION_LIST, page.cursor)?.[0];
      if (!isSearchable(id)) return { items: [], nextCursor: null };
      const rows = await withStorageErrors(() =>
        read.revisions.findAll({
          where: { workflowId: id, ...(before === undefined ? {} : { revision: { [Op.lt]: before } }) },
          order: [['revision', 'DESC']],
          limit: limit + 1,
        }),
      );
      const revisions = rows.map((row) => toRevision(reader, row.get()));
      return toPage(REVISION_LIST, revisions, limit, (revision) => [revision.revision]);
    },

    async delete(id) {
      await write(async (models) => {
        await requireWorkflow(models.workflows, id);
        await deleteWorkflow(models, id);
      });
      await purgeExecutions(database, id);
    },

    async deleteTrashed(before, limit) {
      const old: WhereOptions<WorkflowRow> = { deletedAt: { [Op.lt]: before } };
      const rows = await withStorageErrors(() => read.workflows.findAll({ attributes: ['id'], where: old, limit }));
      const deleted: string[] = [];
      for (const { id } of rows.map((row) => row.get())) {
        const isOld = await write(async (models) => {
          // It may have been restored meanwhile, or deleted by another process.
          const row = await models.workflows.findOne({ where: { [Op.and]: [{ id }, old] }, lock: true });
          if (row) await deleteWorkflow(models, id);
          return row !== null;
        });
        if (!isOld) continue;
        await purgeExecutions(database, id);
        deleted.push(id);
      }
      return deleted;
    },

    countTags: () =>
      withStorageErrors(async () => {
        const tagged: WhereOptions<WorkflowRow> = { deletedAt: null, tags: { [Op.ne]: '[]' } };
        const rows = await read.workflows.findAll({ where: tagged });
        const counts = new Map<string, number>();
        for (const tag of rows.flatMap((row) => toWorkflow(reader, row.get()).tags)) {
          counts.set(tag, (counts.get(tag) ?? 0) + 1);
        }
        return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
      }),

    titles: (ids) =>
      withStorageErrors(async () => {
        const wanted = [...new Set(ids)].filter(isSearchable);
        if (wanted.length === 0) return new Map();
        const rows = await read.workflows.findAll({ attributes: ['id', 'title'], where: { id: wanted } });
        return new Map(rows.map((row) => [row.get().id, row.get().title]));
      }),

    executionCounts: (names) =>
      withStorageErrors(async () => {
        const ids = names.filter(isSearchable);
        const rows = await read.workflows.findAll({ attributes: ['id', 'removedExecutions'], where: { id: ids } });
        const stored = await countExecutions(read, { workflowId: ids });
        return new Map(
          rows.map((row) => {
            const { id, removedExecutions } = row.get();
            return [id, Number(removedExecutions) + (stored.get(id) ?? 0)];
          }),
        );
      }),
  };
}

/** @throws HooklineError `conflict` in place of the database's complaint about a unique value */
async function refuseTakenKey(hookKey: string | undefined, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof UniqueConstraintError)) throw error;
    const taken = hookKey === undefined ? 'id' : 'id or hook key';
    throw new HooklineError('conflict', `Another workflow has this ${taken} already.`, { cause: error });
  }
}

/**
 * Reads a workflow in a transaction that changes it. On PostgreSQL the row is locked, so that two processes change it one
 * after the other; SQLite has one writer anyway. @throws HooklineError `workflow_not_found`
 */
async function requireWorkflow(workflows: Models['workflows'], id: string): Promise<WorkflowRow> {
  const row = isSearchable(id) ? await workflows.findByPk(id, { lock: true }) : null;
  if (!row) throw new HooklineError('workflow_not_found', `There is no workflow ${id}.`);
  return row.get();
}

/** Deletes a workflow in a transaction; its executions go after it, by `purgeExecutions`. */
async function deleteWorkflow(models: Models, id: string): Promise<void> {
  await models.revisions.destroy({ where: { workflowId: id } });
  await models.samples.destroy({ where: { workflowId: id } });
  await models.workflows.destroy({ where: { id } });
  await models.statistics.destroy({ where: { workflowId: id } });
  await startPurge(models, id);
}

function newRevision(workflowId: string, revision: number, document: Document, createdAt: number): RevisionRow {
  return { workflowId, revision, document: JSON.stringify(document), executed: false, createdAt };
}

function placeInList(workflow: Workflow): [number, string] {
  return [workflow.createdAt, workflow.id];
}

function foldCase(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

// SQLite gives BOOLEAN as 0 or 1; hence Boolean.

function toWorkflow(rows: RowReader, row: WorkflowRow): Workflow {
  return rows.read('workflows', row.id, (fields) => ({
    id: row.id,
    title: fields.text('title', row.title),
    mode: fields.oneOf('mode', row.mode, modeSchema.options, 'async'),
    enabled: Boolean(row.enabled),
    hookKey: fields.text('hook_key', row.hookKey),
    revision: fields.count('revision', row.revision),
    tags: fields.json<string[]>('tags', row.tags, [], listOf(isText)),
    deletedAt: fields.timeOrNull('deleted_at', row.deletedAt),
    createdAt: fields.time('created_at', row.createdAt),
    updatedAt: fields.time('updated_at', row.updatedAt),
  }));
}

/** Of a type that no version has: it starts nothing, and is shown as a type that is missing. */
const UNREADABLE_DOCUMENT: Document = { trigger: { type: 'unreadable', config: {} }, nodes: [] };

const isDocument = (value: unknown): boolean =>
  objectOf({
    trigger: objectOf({ type: isText, config: isObject }),
    nodes: listOf(isNode),
    settings: orMissing(isObject),
  })(value);

function isNode(value: unknown): boolean {
  const fits = objectOf({ key: isText, type: isText, config: isObject, title: orMissing(isText), branches: orMissing(isObject) });
  if (!fits(value)) return false;
  const { branches = {} } = value as { branches?: Record<string, unknown> };
  return Object.values(branches).every(listOf(isNode));
}

/** It is unreadable when its document is; without the time that it was made at, it runs all the same. */
function toRevision(rows: RowReader, row: RevisionRow): Revision {
  const { unreadable, ...revision } = rows.read('revisions', `${row.workflowId} ${row.revision}`, (fields) => ({
    workflowId: row.workflowId,
    revision: row.revision,
    document: fields.json('document', row.document, UNREADABLE_DOCUMENT, isDocument),
    executed: Boolean(row.executed),
    createdAt: fields.time('created_at', row.createdAt),
  }));
  return unreadable === undefined || revision.document !== UNREADABLE_DOCUMENT ? revision : { ...revision, unreadable };
}
