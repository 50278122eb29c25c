// Leases of endpoints on PostgreSQL: one process at a time sends to an endpoint.

import type pg from 'pg';
import { FIRST_DUE_SQL, type Leases, mayBeSentTo } from '../outbound/queue.ts';

// A process that is at it meanwhile takes others. FIRST_DUE_SQL is looked up for each endpoint, which the index does at once.
const TAKE_SQL = `UPDATE endpoints SET owner = $4 WHERE id IN (
    SELECT e.id FROM endpoints e CROSS JOIN LATERAL (${FIRST_DUE_SQL}) first
    WHERE ${mayBeSentTo('$1::bigint')} AND e.owner IS NULL AND e.id <> ALL($3::text[]) AND first.due_at <= $1::bigint
    ORDER BY first.due_at LIMIT $2 FOR UPDATE OF e SKIP LOCKED
  ) RETURNING id`;

const RELEASE_SQL = 'UPDATE endpoints SET owner = NULL WHERE owner = $1 AND id = ANY($2::text[])';

/** Leases of the process with this id, which changes when it was taken for dead. */
export function postgresLeases(pool: pg.Pool, processId: () => string): Leases {
  return {
    async take(now, limit, held) {
      const { rows } = await pool.query<{ id: string }>(TAKE_SQL, [now, limit, held, processId()]);
      return rows.map(({ id }) => id);
    },
    async release(endpointIds) {
      await pool.query(RELEASE_SQL, [processId(), endpointIds]);
    },
  };
}
