// Copies a whole database to another one, between SQLite and PostgreSQL either way, in one transaction.

import { QueryTypes, type Sequelize } from 'sequelize';
import { HooklineError } from '../errors.ts';
import { type CopyEnd, openSource, openTarget } from './copy-ends.ts';
import { parseStored } from './database.ts';
import type { Origin } from './execution-row.ts';
import { COLUMNS } from './outbound/rows.ts';
import { withStorageErrors } from './storage-error.ts';

export interface CopyOptions {
  /** Database URLs. */
  readonly from: string;
  readonly to: string;
  /** Told of each table before its first page and after each page. */
  readonly onProgress?: (progress: CopyProgress) => void;
}

export interface CopyProgress {
  readonly table: string;
  /** Rows of the table that are copied. */
  readonly rows: number;
  /** All rows of the table. */
  readonly totalRows: number;
  /** The same over all tables. */
  readonly allRows: number;
  readonly allTotalRows: number;
}

export interface CopiedTable {
  readonly table: string;
  /** Rows in the source, and as many counted in the target. */
  readonly rows: number;
}

type Row = Record<string, unknown>;

interface TableDescription {
  readonly name: string;
  readonly key: readonly string[];
  readonly columns: readonly string[];
  /** Booleans, which SQLite has as 0 and 1. */
  readonly booleans?: readonly string[];
  change?(row: Row): void;
}

/** Everything but `processes` (nobody runs), `captures` (nobody listens), `migrations` (the target has its own), and what is kept for a day at most: `throttles`, `known_callers`, `refused_calls`. Referenced tables come first. */
const TABLES: readonly TableDescription[] = [
  {
    name: 'workflows',
    key: ['id'],
    columns: [
      ...['id', 'title', 'mode', 'enabled', 'hook_key', 'revision', 'removed_executions'],
      ...['tags', 'deleted_at', 'created_at', 'updated_at'],
    ],
    booleans: ['enabled'],
  },
  {
    name: 'revisions',
    key: ['workflow_id', 'revision'],
    columns: ['workflow_id', 'revision', 'document', 'executed', 'created_at'],
    booleans: ['executed'],
  },
  {
    name: 'executions',
    key: ['id'],
    columns: [
      ...['id', 'workflow_id', 'revision', 'status', 'created_at', 'started_at', 'finished_at'],
      ...['source', 'replay_of', 'origin', 'body', 'result', 'owner', 'wake_at', 'lane'],
    ],
    change: (row) => {
      // Its owner is a process of the source.
      row.owner = null;
      moveBody(row);
    },
  },
  { name: 'execution_jobs', key: ['execution_id', 'sequence'], columns: ['execution_id', 'sequence', 'jobs'] },
  { name: 'signals', key: ['execution_id', 'job_path'], columns: ['execution_id', 'job_path', 'value', 'created_at'] },
  {
    name: 'endpoints',
    key: ['id'],
    columns: [...Object.keys(COLUMNS.endpoints), 'owner'],
    change: (row) => {
      row.owner = null;
    },
  },
  {
    name: 'event_types',
    key: ['name', 'version'],
    columns: [
      ...['name', 'version', 'title', 'description', 'schema', 'example'],
      ...['down_conversion', 'created_at', 'updated_at'],
    ],
  },
  { name: 'messages', key: ['id'], columns: [...Object.keys(COLUMNS.messages), 'settled_at'], booleans: ['awaited'] },
  { name: 'deliveries', key: ['id'], columns: Object.keys(COLUMNS.deliveries) },
  { name: 'attempts', key: ['id'], columns: Object.keys(COLUMNS.attempts), booleans: ['succeeded'] },
  { name: 'attempt_batches', key: ['attempt_id', 'position'], columns: Object.keys(COLUMNS.batches) },
  {
    name: 'secrets',
    key: ['name'],
    columns: ['name', 'description', 'sealed_value', 'allowed_hosts', 'updated_by', 'created_at', 'updated_at'],
  },
  { name: 'samples', key: ['workflow_id'], columns: ['workflow_id', 'request', 'created_at'] },
  {
    name: 'users',
    key: ['id'],
    columns: [
      ...['id', 'email', 'name', 'role', 'password', 'disabled', 'totp_secret', 'totp_since', 'totp_step'],
      ...['last_seen_at', 'created_at', 'updated_at'],
    ],
    booleans: ['disabled'],
  },
  {
    name: 'sessions',
    key: ['hash'],
    columns: ['hash', 'user_id', 'last_seen_at', 'created_at', 'id', 'address', 'user_agent', 'confirmed_at'],
  },
  { name: 'one_time_links', key: ['hash'], columns: ['hash', 'purpose', 'user_id', 'expires_at', 'created_at'] },
  {
    name: 'api_tokens',
    key: ['id'],
    columns: [
      ...['id', 'hash', 'name', 'hint', 'permissions', 'user_id', 'created_by'],
      ...['expires_at', 'last_used_at', 'created_at'],
    ],
  },
  {
    name: 'audit_log',
    key: ['id'],
    columns: [
      ...['id', 'at', 'actor_kind', 'actor_id', 'actor_name', 'action', 'target', 'fields', 'address'],
      ...['details', 'outcome', 'sequence', 'hash', 'previous'],
    ],
  },
  {
    name: 'audit_chain',
    key: ['id'],
    columns: ['id', 'sequence', 'hash', 'start_sequence', 'start_hash', 'signature'],
  },
  {
    name: 'notices',
    key: ['id'],
    columns: ['id', 'user_id', 'kind', 'address', 'user_agent', 'subject', 'at', 'last_at', 'read_at'],
  },
  { name: 'recovery_codes', key: ['user_id', 'hash'], columns: ['user_id', 'hash', 'created_at'] },
  { name: 'user_places', key: ['user_id', 'place'], columns: ['user_id', 'place', 'at'] },
  {
    name: 'statistics',
    key: ['span_ms', 'workflow_id', 'at'],
    columns: [
      ...['span_ms', 'workflow_id', 'at', 'calls', 'succeeded', 'failed'],
      ...['durations', 'last_failure', 'queue_age_ms'],
    ],
  },
  { name: 'settings', key: ['name'], columns: ['name', 'value'] },
];

/** Rows of a page, and their size in bytes unless a single row is larger. */
const PAGE_ROWS = 500;
const PAGE_BYTES = 4 * 1024 ** 2;

/** Most rows that an error names. */
const MAX_NAMED = 10;

/**
 * Copies every table, counts the rows of both sides and commits. When anything fails, the target is as empty as before and the
 * copy can simply be started again.
 * @throws HooklineError `invalid_configuration` when either is being used, the target is not empty, or a value cannot be stored
 *   there; `migration_needed` when the source's schema is old; `storage_unavailable`
 */
export async function copyStorage({ from, to, onProgress = () => {} }: CopyOptions): Promise<CopiedTable[]> {
  const source = await openSource(from);
  try {
    const target = await openTarget(to);
    try {
      return await withStorageErrors(() => copyTables(source, target, onProgress));
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function copyTables(
  source: CopyEnd,
  target: CopyEnd,
  onProgress: (progress: CopyProgress) => void,
): Promise<CopiedTable[]> {
  await requireEmpty(target.sequelize);
  // Of a server that was only started on it: its token, its key and its setup link are not those of what is copied.
  for (const table of ['settings', 'one_time_links', 'audit_log', 'audit_chain'])
    await target.sequelize.query(`DELETE FROM ${table}`);
  const totals = new Map<string, number>();
  for (const { name } of TABLES) totals.set(name, await count(source.sequelize, name));
  const allTotalRows = [...totals.values()].reduce((sum, rows) => sum + rows, 0);
  let allRows = 0;
  for (const table of TABLES) {
    const totalRows = totals.get(table.name) ?? 0;
    let rows = 0;
    const tell = (): void => onProgress({ table: table.name, rows, totalRows, allRows, allTotalRows });
    tell();
    for await (const page of pagesOf(source.sequelize, table)) {
      await insert(target.sequelize, table, page);
      rows += page.length;
      allRows += page.length;
      tell();
    }
  }
  const copied: CopiedTable[] = [];
  for (const { name: table } of TABLES) {
    const [rows, arrived] = [totals.get(table) ?? 0, await count(target.sequelize, table)];
    if (rows !== arrived) {
      const sentence = `The counts differ: ${table} has ${rows} rows in the source and ${arrived} in the target. Nothing was kept.`;
      throw new HooklineError('storage_unavailable', sentence);
    }
    copied.push({ table, rows });
  }
  await target.commit();
  return copied;
}

async function requireEmpty(target: Sequelize): Promise<void> {
  for (const table of ['workflows', 'executions', 'endpoints', 'messages', 'users', 'api_tokens']) {
    const rows = await count(target, table);
    if (rows === 0) continue;
    throw new HooklineError('invalid_configuration', `The target is not empty: it has ${rows} ${table}. Name an empty database.`);
  }
}

async function count(sequelize: Sequelize, table: string): Promise<number> {
  const [row] = await sequelize.query<{ count: number | string }>(`SELECT COUNT(*) AS count FROM ${table}`, {
    type: QueryTypes.SELECT,
  });
  return Number(row?.count);
}

/** The rows in order of their key, in pages that fit into memory whatever is in them. */
async function* pagesOf(source: Sequelize, { name, key, columns }: TableDescription): AsyncGenerator<Row[]> {
  const keys = key.join(', ');
  const size = columns.map((column) => `coalesce(octet_length(CAST(${column} AS TEXT)), 0)`).join(' + ');
  const tuple = (first: number): string => `(${key.map((_, index) => `$${first + index}`).join(', ')})`;
  let last: unknown[] | undefined;
  for (;;) {
    const after: string = last === undefined ? '' : `WHERE (${keys}) > ${tuple(1)}`;
    const sized: Row[] = await source.query<Row>(
      `SELECT ${keys}, ${size} AS bytes FROM ${name} ${after} ORDER BY ${keys} LIMIT ${PAGE_ROWS}`,
      { type: QueryTypes.SELECT, bind: last ?? [] },
    );
    let bytes = 0;
    const fitting = sized.filter((row, index) => {
      bytes += Number(row.bytes);
      return index === 0 || bytes <= PAGE_BYTES;
    });
    const final = fitting.at(-1);
    if (final === undefined) return;
    const end: unknown[] = key.map((column) => final[column]);
    const before: string = `(${keys}) <= ${tuple(key.length + 1)}`;
    const from: unknown[] = last ?? key.map((column) => fitting[0]?.[column]);
    const operator = last === undefined ? '>=' : '>';
    yield await source.query<Row>(
      `SELECT ${columns.join(', ')} FROM ${name} WHERE (${keys}) ${operator} ${tuple(1)} AND ${before} ORDER BY ${keys}`,
      { type: QueryTypes.SELECT, bind: [...from, ...end] },
    );
    last = end;
  }
}

/** One statement with all rows in one JSON parameter, as the committer does it. */
async function insert(target: Sequelize, table: TableDescription, rows: Row[]): Promise<void> {
  const { name, columns, booleans = [], change } = table;
  const isPostgres = target.getDialect() === 'postgres';
  for (const row of rows) {
    change?.(row);
    for (const column of booleans) row[column] = Boolean(row[column]);
  }
  if (isPostgres) refuseNul(table, rows);
  const list = columns.join(', ');
  const values = isPostgres
    ? `SELECT ${list} FROM json_populate_recordset(NULL::${name}, $1::json)`
    : `SELECT ${columns.map((column) => `value ->> '${column}'`).join(', ')} FROM json_each($1)`;
  await target.query(`INSERT INTO ${name} (${list}) ${values}`, { bind: [JSON.stringify(rows)] });
}

/** PostgreSQL's texts have no U+0000. Hookline writes such a body into the JSON of `origin` there. */
function moveBody(row: Row): void {
  const { body, origin } = row;
  if (typeof body !== 'string' || typeof origin !== 'string' || !body.includes('\0')) return;
  let parsed: Origin;
  try {
    parsed = parseStored<Origin>(origin);
  } catch (error) {
    // A row that cannot be read is copied as it is; then its body is refused as any other text with U+0000.
    if (error instanceof SyntaxError) return;
    throw error;
  }
  if (!parsed?.request) return;
  row.origin = JSON.stringify({ ...parsed, request: { ...parsed.request, body } } satisfies Origin);
  row.body = null;
}

/** @throws HooklineError `invalid_configuration` that names the rows */
function refuseNul({ name, key, columns }: TableDescription, rows: readonly Row[]): void {
  const places = rows.flatMap((row) =>
    columns
      .filter((column) => typeof row[column] === 'string' && row[column].includes('\0'))
      .map((column) => `${column} of the row ${key.map((part) => JSON.stringify(row[part])).join(', ')} in ${name}`),
  );
  if (places.length === 0) return;
  const named = places.slice(0, MAX_NAMED).join('; ');
  throw new HooklineError(
    'invalid_configuration',
    `PostgreSQL cannot store the character U+0000, which is in: ${named}. Change it in the source (a workflow gets another title with PATCH /api/workflows/<id>) and copy again; nothing was kept.`,
  );
}
