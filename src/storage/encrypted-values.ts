// Every encrypted value in the database: where it is, and how it is encrypted again after the key or the format has changed.

import { Op, type WhereOptions } from 'sequelize';
import type { Job } from '../engine/model.ts';
import { formatPath, isRecord } from '../engine/path.ts';
import type { SecretBox } from '../engine/ports.ts';
import {
  CONTEXT_FIELD,
  endpointConfigRow,
  endpointSecretsPlace,
  executionRow,
  jobField,
  messagePlace,
  secretPlace,
  signalField,
  totpPlace,
  workflowRow,
} from '../engine/sealed-places.ts';
import { replaceSealed } from '../engine/write-only.ts';
import { HooklineError } from '../errors.ts';
import { type Database, parseStored } from './database.ts';
import type { Models } from './models.ts';
import type { Table } from './table.ts';

/** An encrypted value and its place, from `sealed-places.ts`. */
type Found = readonly [sealed: string, place: string];

type Row = Readonly<Record<string, unknown>>;

interface EncryptedTable {
  readonly name: keyof Models;
  /** Attributes of the primary key. */
  readonly key: readonly string[];
  /** Columns with encrypted values, each with those of a row. */
  readonly columns: Readonly<Record<string, (text: string, row: Row) => Found[]>>;
}

/** Narrows the rows down to those that may have encrypted values in JSON. */
const JSON_WITH_SEALED = { [Op.like]: '%"sealed":"v%' };
const DOCUMENT_WITH_SEALED = { [Op.like]: '%"$sealed":"v%' };
const FILTERS: Readonly<Record<string, WhereOptions>> = {
  revisions: { document: DOCUMENT_WITH_SEALED },
  executions: { [Op.or]: [{ origin: JSON_WITH_SEALED }, { result: JSON_WITH_SEALED }] },
  executionJobs: { jobs: JSON_WITH_SEALED },
  signals: { value: JSON_WITH_SEALED },
  messages: { sealed: { [Op.ne]: null } },
  users: { totpSecret: { [Op.ne]: null } },
};

const TABLES: readonly EncryptedTable[] = [
  { name: 'secrets', key: ['name'], columns: { sealedValue: (text, { name }) => [[text, secretPlace(String(name))]] } },
  {
    name: 'revisions',
    key: ['workflowId', 'revision'],
    columns: { document: (text, { workflowId }) => inDocument(parseStored(text), workflowRow(String(workflowId))) },
  },
  {
    name: 'endpoints',
    key: ['id'],
    columns: {
      config: (text, { id }) => inConfig(parseStored(text), endpointConfigRow(String(id))),
      sealedSecrets: (text, { id }) => [[text, endpointSecretsPlace(String(id))]],
    },
  },
  { name: 'users', key: ['id'], columns: { totpSecret: (text, { id }) => [[text, totpPlace(String(id))]] } },
  { name: 'messages', key: ['id'], columns: { sealed: (text, { id }) => [[text, messagePlace(String(id))]] } },
  {
    name: 'executions',
    key: ['id'],
    columns: {
      origin: (text, { id }) => inField(parseStored(text), `${executionRow(String(id))}/${CONTEXT_FIELD}`),
      result: (text, { id }) => inJobs(parseStored<{ jobs?: Job[] }>(text).jobs ?? [], String(id)),
    },
  },
  {
    name: 'executionJobs',
    key: ['executionId', 'sequence'],
    columns: { jobs: (text, { executionId }) => inJobs(parseStored(text), String(executionId)) },
  },
  {
    name: 'signals',
    key: ['executionId', 'jobPath'],
    columns: {
      value: (text, { executionId, jobPath }) =>
        inField(parseStored(text), `${executionRow(String(executionId))}/${signalField(String(jobPath))}`),
    },
  },
];

/** Rows read and written together, so that a server beside this waits for milliseconds. */
const PAGE = 50;

export interface ReencryptProgress {
  readonly table: string;
  /** Values that were encrypted again so far, of all tables. */
  readonly changed: number;
  /** Places of values that no configured key decrypts; they stay as they are. */
  readonly unreadable: readonly string[];
}

/**
 * Encrypts again what does not have the current key and the newest format. Safe beside running servers: each row is locked,
 * read and written in one transaction. Interrupted, it is simply run again: what is current already is passed over.
 * @param onProgress called behind each page
 * @throws HooklineError `storage_unavailable`
 */
export async function reencryptAll(
  database: Database,
  box: SecretBox,
  onProgress: (progress: ReencryptProgress) => void = () => {},
): Promise<ReencryptProgress> {
  const unreadable: string[] = [];
  const onDamaged = (place: string): void => void unreadable.push(place);
  let changed = 0;
  for (const table of TABLES) {
    let after: Row | undefined;
    for (;;) {
      const rows = await readPage(database, table, after);
      after = rows.at(-1);
      if (after === undefined) break;
      const old = rows.filter((row) => valuesOf(table, row, onDamaged).some(([sealed]) => !box.isCurrent(sealed)));
      if (old.length > 0) {
        changed += await database.write((models) => reencryptRows(models, table, old, box, onDamaged));
      }
      onProgress({ table: table.name, changed, unreadable });
    }
  }
  return { table: '', changed, unreadable };
}

async function readPage({ read }: Database, table: EncryptedTable, after: Row | undefined): Promise<Row[]> {
  const model = modelOf(read, table);
  const rows = await model.findAll({
    attributes: [...table.key, ...Object.keys(table.columns)],
    where: { [Op.and]: [FILTERS[table.name] ?? {}, after === undefined ? {} : behind(table.key, after)] },
    order: [...table.key],
    limit: PAGE,
  });
  return rows.map((row) => row.get({ plain: true }));
}

/** `(a, b) > (x, y)` in the words of Sequelize. */
function behind([name, ...rest]: readonly string[], row: Row): WhereOptions {
  if (name === undefined) return {};
  const larger = { [name]: { [Op.gt]: row[name] } };
  return rest.length === 0 ? larger : { [Op.or]: [larger, { [name]: row[name], ...behind(rest, row) }] };
}

/** In a transaction. @returns how many values were encrypted again */
async function reencryptRows(
  models: Models,
  table: EncryptedTable,
  rows: readonly Row[],
  box: SecretBox,
  onUnreadable: (place: string) => void,
): Promise<number> {
  const model = modelOf(models, table);
  let count = 0;
  for (const { ...old } of rows) {
    const where = Object.fromEntries(table.key.map((name) => [name, old[name]]));
    // Read again, locked: it may have changed or gone since the page was read. SQLite has locked all by now.
    const row = (await model.findOne({ where, lock: true }))?.get({ plain: true });
    if (row === undefined) continue;
    const change: Record<string, string> = {};
    for (const column of Object.keys(table.columns)) {
      const text = row[column];
      if (typeof text !== 'string') continue;
      let next = text;
      for (const [sealed, place] of valuesIn(table, column, row, onUnreadable)) {
        if (box.isCurrent(sealed)) continue;
        const fresh = reencrypt(sealed, place, box);
        if (fresh === undefined) {
          onUnreadable(place);
          continue;
        }
        // In the text itself: parsing and writing JSON could change numbers of the flow.
        next = next.replaceAll(sealed, fresh);
        count += 1;
      }
      if (next !== text) change[column] = next;
    }
    if (Object.keys(change).length > 0) await model.update(change, { where });
  }
  return count;
}

function reencrypt(sealed: string, place: string, box: SecretBox): string | undefined {
  try {
    return box.seal(box.open(sealed, place), place);
  } catch (error) {
    if (error instanceof HooklineError) return undefined;
    throw error;
  }
}

function modelOf(models: Models, { name }: EncryptedTable) {
  // Their rows differ; here a row is its attributes by name.
  return models[name] as unknown as Table<Record<string, unknown>>;
}

function valuesOf(table: EncryptedTable, row: Row, onDamaged: (place: string) => void): Found[] {
  return Object.keys(table.columns).flatMap((column) => valuesIn(table, column, row, onDamaged));
}

/** Text that is damaged is one row's problem: it is reported, and the others are encrypted again. */
function valuesIn(table: EncryptedTable, column: string, row: Row, onDamaged: (place: string) => void): Found[] {
  const text = row[column];
  if (typeof text !== 'string') return [];
  try {
    return table.columns[column]?.(text, row) ?? [];
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    onDamaged(`${table.name}/${table.key.map((name) => String(row[name])).join('/')}/${column}`);
    return [];
  }
}

function inField(value: unknown, place: string): Found[] {
  return isRecord(value) && typeof value.sealed === 'string' ? [[value.sealed, place]] : [];
}

function inJobs(jobs: readonly Job[], executionId: string): Found[] {
  const row = executionRow(executionId);
  return jobs.flatMap(({ path, sealed }): Found[] => (sealed === undefined ? [] : [[sealed, `${row}/${jobField(path)}`]]));
}

function inConfig(config: unknown, row: string): Found[] {
  const found: Found[] = [];
  replaceSealed(config, (sealed, segments) => {
    found.push([sealed, `${row}/${formatPath(segments)}`]);
    return undefined;
  });
  return found;
}

/** By the owners that `document-secrets.ts` binds values to: the trigger, and nodes by their keys. */
function inDocument(document: unknown, row: string): Found[] {
  if (!isRecord(document)) return [];
  const found = isRecord(document.trigger) ? inConfig(document.trigger.config, `${row}/trigger`) : [];
  const visit = (nodes: unknown): void => {
    if (!Array.isArray(nodes)) return;
    for (const node of nodes) {
      if (!isRecord(node)) continue;
      found.push(...inConfig(node.config, `${row}/nodes/${String(node.key)}`));
      if (isRecord(node.branches)) for (const list of Object.values(node.branches)) visit(list);
    }
  };
  visit(document.nodes);
  return found;
}
