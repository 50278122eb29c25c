// Writes outgoing webhooks on PostgreSQL, inside a transaction of the committer: one statement a kind, with columns as arrays.

import type pg from 'pg';
import type { OutboundWrite } from '../../engine/outbound-ports.ts';
import { DELETIONS_LOCK } from '../dialect.ts';
import { COLUMNS, type Columns, type OutboundKind, toOutboundRows } from '../outbound/rows.ts';

/** The rows of the parameters, one array for each column, as `c`. */
function sourceOf(kind: OutboundKind): string {
  const columns: Columns = COLUMNS[kind];
  const arrays = Object.values(columns).map((type, index) => `$${index + 1}::${type}[]`);
  return `unnest(${arrays.join(', ')}) AS c (${Object.keys(columns).join(', ')})`;
}

function insertInto(table: string, kind: OutboundKind, rest: string): string {
  return `INSERT INTO ${table} (${Object.keys(COLUMNS[kind]).join(', ')}) SELECT * FROM ${sourceOf(kind)} ${rest}`;
}

const SQL: Readonly<Record<OutboundKind, string>> = {
  endpoints: insertInto(
    'endpoints',
    'endpoints',
    `ON CONFLICT (id) DO UPDATE SET url = excluded.url, workspace = excluded.workspace,
      description = excluded.description, config = excluded.config, sealed_secrets = excluded.sealed_secrets,
      updated_at = excluded.updated_at`,
  ),
  // Also one whose id is there: it gets another delivery.
  messages: insertInto('messages', 'messages', 'ON CONFLICT DO NOTHING'),
  deliveries: insertInto(
    'deliveries',
    'deliveries',
    `WHERE EXISTS (SELECT FROM messages WHERE messages.id = c.message_id OFFSET 0)
      AND EXISTS (SELECT FROM endpoints WHERE endpoints.id = c.endpoint_id OFFSET 0) ON CONFLICT DO NOTHING`,
  ),
  attempts: insertInto('attempts', 'attempts', 'ON CONFLICT DO NOTHING'),
  batches: insertInto('attempt_batches', 'batches', 'ON CONFLICT DO NOTHING'),
  changes: `UPDATE deliveries SET status = c.status, due_at = c.due_at, attempts = c.attempts, batch_id = c.batch_id,
      last_status = c.last_status, error = c.error, finished_at = c.finished_at
    FROM ${sourceOf('changes')}
    WHERE deliveries.id = c.id AND deliveries.status = 'pending' AND deliveries.attempts = c.known_attempts`,
  states: `UPDATE endpoints SET state_sequence = c.state_sequence, status = c.status, state = c.state, probe_at = c.probe_at
    FROM ${sourceOf('states')} WHERE endpoints.id = c.id AND endpoints.state_sequence < c.state_sequence`,
  settled: `UPDATE messages SET settled_at = c.settled_at FROM ${sourceOf('settled')}
    WHERE messages.id = c.id AND messages.settled_at IS NULL`,
};

/** Kinds that must not be deleted between a look at them and the end of the transaction. */
const NEEDED: ReadonlySet<OutboundKind> = new Set(['endpoints', 'messages']);
const LOCK_SQL = `SELECT pg_advisory_xact_lock_shared(${DELETIONS_LOCK})`;

/** Writes these, in order; call it in a transaction. */
export async function writeOutbound(client: pg.ClientBase, writes: readonly OutboundWrite[]): Promise<void> {
  const parts = toOutboundRows(writes);
  if (parts.some(({ kind }) => NEEDED.has(kind))) await client.query({ name: 'hookline-keep', text: LOCK_SQL });
  for (const { kind, rows } of parts) {
    const values = Object.keys(COLUMNS[kind]).map((_, index) => rows.map((row) => row[index]));
    await client.query({ name: `hookline-outbound-${kind}`, text: SQL[kind], values });
  }
}
