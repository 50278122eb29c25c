// Writes outgoing webhooks on SQLite, inside a transaction of the committer: one statement a kind, with one JSON parameter.

import type sqlite3 from 'sqlite3';
import type { OutboundWrite } from '../../engine/outbound-ports.ts';
import { Statement } from '../sqlite-handle.ts';
import { COLUMNS, type OutboundKind, toOutboundRows } from './rows.ts';

const listOf = (kind: OutboundKind): string => Object.keys(COLUMNS[kind]).join(', ');

/** The rows of the parameter, with the names of their columns. */
function sourceOf(kind: OutboundKind): string {
  const columns = Object.keys(COLUMNS[kind]).map((name, index) => `value ->> ${index} AS ${name}`);
  return `SELECT ${columns.join(', ')} FROM jsonb_each(?)`;
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

export interface OutboundWriter {
  /** Call it in a transaction. @returns about what went to the database, in bytes */
  write(writes: readonly OutboundWrite[]): Promise<number>;
  /** Lets the prepared statements go. */
  reset(): Promise<void>;
}

export function outboundWriter(handle: sqlite3.Database): OutboundWriter {
  const statements = new Map<OutboundKind, Statement>();

  function statementFor(kind: OutboundKind): Statement {
    const statement = statements.get(kind) ?? new Statement(handle, SQL[kind]);
    statements.set(kind, statement);
    return statement;
  }

  return {
    async write(writes) {
      let length = 0;
      for (const { kind, rows } of toOutboundRows(writes)) {
        const parameter = JSON.stringify(rows);
        await statementFor(kind).run(parameter);
        length += parameter.length;
      }
      return length;
    },
    async reset() {
      await Promise.all([...statements.values()].map((statement) => statement.reset()));
    },
  };
}
