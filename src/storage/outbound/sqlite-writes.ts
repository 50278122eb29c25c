// Writes outgoing webhooks on SQLite: whatever a batch has of them in one statement, with one JSON parameter a kind.

import type sqlite3 from 'sqlite3';
import type { OutboundWrite } from '../../engine/outbound-ports.ts';
import { execute, Statement } from '../sqlite-handle.ts';
import { COLUMNS, type OutboundKind, toOutboundRows } from './rows.ts';

const listOf = (kind: OutboundKind): string => Object.keys(COLUMNS[kind]).join(', ');

/** The rows of the parameter, with the names of their columns. */
function sourceOf(kind: OutboundKind): string {
  const columns = Object.keys(COLUMNS[kind]).map((name, index) => `value ->> ${index} AS ${name}`);
  return `SELECT ${columns.join(', ')} FROM jsonb_each(new.${kind})`;
}

function insertInto(table: string, kind: OutboundKind, rest: string): string {
  return `INSERT INTO ${table} (${listOf(kind)}) ${sourceOf(kind)} ${rest}`;
}

/** `WHERE true` tells the parser that ON belongs to the insert, not to a join. */
const SQL: Readonly<Record<OutboundKind, string>> = {
  endpoints: insertInto(
    'endpoints',
    'endpoints',
    `WHERE true ON CONFLICT (id) DO UPDATE SET url = excluded.url, workspace = excluded.workspace,
      description = excluded.description, config = excluded.config, sealed_secrets = excluded.sealed_secrets,
      updated_at = excluded.updated_at`,
  ),
  // Also one whose id is there: it gets another delivery.
  messages: insertInto('messages', 'messages', 'WHERE true ON CONFLICT DO NOTHING'),
  deliveries: insertInto(
    'deliveries',
    'deliveries',
    `WHERE EXISTS (SELECT 1 FROM messages WHERE id = value ->> 1) AND EXISTS (SELECT 1 FROM endpoints WHERE id = value ->> 2)
      ON CONFLICT DO NOTHING`,
  ),
  attempts: insertInto('attempts', 'attempts', 'WHERE true ON CONFLICT DO NOTHING'),
  batches: insertInto('attempt_batches', 'batches', 'WHERE true ON CONFLICT DO NOTHING'),
  changes: `UPDATE deliveries SET status = c.status, due_at = c.due_at, attempts = c.attempts, batch_id = c.batch_id,
      last_status = c.last_status, error = c.error, finished_at = c.finished_at
    FROM (${sourceOf('changes')}) AS c
    WHERE deliveries.id = c.id AND deliveries.status = 'pending' AND deliveries.attempts = c.known_attempts`,
  states: `UPDATE endpoints SET state_sequence = c.state_sequence, status = c.status, state = c.state, probe_at = c.probe_at
    FROM (${sourceOf('states')}) AS c WHERE endpoints.id = c.id AND endpoints.state_sequence < c.state_sequence`,
  settled: `UPDATE messages SET settled_at = c.settled_at FROM (${sourceOf('settled')}) AS c
    WHERE messages.id = c.id AND messages.settled_at IS NULL`,
};

/** In the order in which they are written. */
const KINDS = Object.keys(SQL) as OutboundKind[];

/**
 * A view that is written to and never read: its trigger has the statements of all kinds. So a batch is one statement, and with
 * it one hand-over to SQLite's thread and back. While requests are under way, each of these waits for a turn of the event loop
 * with hundreds of sockets; a transaction with a statement for each kind needs five.
 */
const SETUP_SQL = `CREATE TEMP VIEW IF NOT EXISTS outbound_batch AS SELECT ${KINDS.map((kind) => `NULL AS ${kind}`).join(', ')};
  CREATE TEMP TRIGGER IF NOT EXISTS write_outbound_batch INSTEAD OF INSERT ON outbound_batch BEGIN
    ${KINDS.map((kind) => `${SQL[kind]};`).join('\n')}
  END`;

const WRITE_SQL = `INSERT INTO outbound_batch (${KINDS.join(', ')}) VALUES (${KINDS.map(() => '?').join(', ')})`;

/** The parameters of one statement: JSON for each kind, null without rows. */
export type OutboundStatement = readonly (string | null)[];

/**
 * Statements that write all of these, in order: one, and one more for each time that the same delivery changes again, since an
 * UPDATE changes a row once.
 */
export function toOutboundStatements(writes: readonly OutboundWrite[]): OutboundStatement[] {
  const statements: Map<OutboundKind, string>[] = [];
  for (const { kind, rows } of toOutboundRows(writes)) {
    const free = statements.find((statement) => !statement.has(kind));
    const json = JSON.stringify(rows);
    if (free) free.set(kind, json);
    else statements.push(new Map([[kind, json]]));
  }
  return statements.map((statement) => KINDS.map((kind) => statement.get(kind) ?? null));
}

/** Writes `OutboundStatement`s; each is a transaction by itself, unless there is one already. */
export interface OutboundWriter {
  /** @returns about what went to the database, in bytes */
  write(statement: OutboundStatement): Promise<number>;
  /** Lets the prepared statement go. */
  reset(): Promise<void>;
}

/** Opens the writer on the connection of the committer. */
export async function outboundWriter(handle: sqlite3.Database): Promise<OutboundWriter> {
  await execute(handle, SETUP_SQL);
  const insert = new Statement(handle, WRITE_SQL);
  return {
    async write(statement) {
      await insert.run(...statement);
      return statement.reduce((length, json) => length + (json?.length ?? 0), 0);
    },
    reset: () => insert.reset(),
  };
}
