// Checks of webhooks that are sent: endpoints that hold their deliveries, and deliveries that nobody sends.

import { MAX_ITEMS, type Patient, readJson, rowsOf } from './patient.ts';
import { describeAge, type Finding, plural } from './report.ts';

/** How long a delivery may be due before it counts as stuck, in milliseconds; rate limits and slow receivers take their time. */
const LATE_MS = 5 * 60_000;

interface EndpointRow {
  id: string;
  url: string;
  state: string;
  /** Text on PostgreSQL. */
  pending: number | string;
  oldest: number | string;
}

/** Endpoints that are blocked or disabled while deliveries wait for them. */
export async function checkEndpoints(patient: Patient): Promise<Finding> {
  const rows = await rowsOf<EndpointRow>(
    patient,
    `SELECT e.id, e.url, e.state, waiting.pending, waiting.oldest FROM endpoints e
     JOIN (SELECT endpoint_id, COUNT(*) AS pending, MIN(created_at) AS oldest FROM deliveries
       WHERE status = 'pending' GROUP BY endpoint_id) waiting ON waiting.endpoint_id = e.id
     WHERE e.status <> 'active' ORDER BY waiting.oldest`,
  );
  const held = rows.reduce((sum, { pending }) => sum + Number(pending), 0);
  const items = rows.slice(0, MAX_ITEMS).map(({ id, url, state, pending, oldest }) => {
    const { status, reason } = readJson<{ status: string; reason: string | null }>(state, { status: 'unreadable', reason: null });
    const age = describeAge(patient.now - Number(oldest));
    const held = Number(pending) === 1 ? '1 delivery' : `${pending} deliveries`;
    return { id, text: `${url} is ${status}: ${reason ?? 'no reason is known'} It holds ${held}, the oldest for ${age}.` };
  });
  return {
    check: 'endpoints',
    isProblem: rows.length > 0,
    summary:
      rows.length === 0
        ? 'No endpoint holds deliveries back.'
        : `${plural(rows.length, 'endpoint')} blocked or disabled while webhooks wait for them: repair the receiver, then unblock or enable.`,
    items,
    values: { endpoints: rows.length, held },
  };
}

/** Deliveries to endpoints that work which should have been sent by now. */
export async function checkDeliveries(patient: Patient): Promise<Finding> {
  const { now } = patient;
  const rows = await rowsOf<{ id: string; url: string; due: number | string; count: number | string }>(
    patient,
    `SELECT e.id, e.url, waiting.due, waiting.count FROM endpoints e
     JOIN (SELECT endpoint_id, COUNT(*) AS count, MIN(due_at) AS due FROM deliveries
       WHERE status = 'pending' AND due_at < ? GROUP BY endpoint_id) waiting ON waiting.endpoint_id = e.id
     WHERE e.status = 'active' ORDER BY waiting.due`,
    [now - LATE_MS],
  );
  const count = rows.reduce((sum, row) => sum + Number(row.count), 0);
  return {
    check: 'deliveries',
    isProblem: count > 0,
    summary:
      count === 0
        ? 'No webhook is overdue.'
        : `Webhooks to ${plural(rows.length, 'endpoint')} should have been sent by now: no process delivers, or the endpoint is slow or limited.`,
    items: rows.slice(0, MAX_ITEMS).map(({ id, url, due, count: overdue }) => ({
      id,
      text: `${url}: ${overdue} overdue, the first one due ${describeAge(now - Number(due))} ago`,
    })),
    values: { count },
  };
}
