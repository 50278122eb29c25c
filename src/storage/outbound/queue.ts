// The queue of deliveries: what may be sent now, and by which process.

import { type Model, type ModelStatic, QueryTypes, type Sequelize } from 'sequelize';
import type { OutboundStore } from '../../engine/outbound-ports.ts';
import { type Database, isSearchable } from '../database.ts';
import { withStorageErrors } from '../storage-error.ts';
import { dueReader } from './due.ts';
import { lowestOutboundIdAt } from './ids.ts';
import { isOfEvent, toDelivery, toEndpoint } from './records.ts';

/** How endpoints are leased, which each database does in its own way. */
export interface Leases {
  /** See `OutboundStore.queue.lease`. @returns ids */
  take(now: number, limit: number, held: readonly string[]): Promise<string[]>;
  release(endpointIds: readonly string[]): Promise<void>;
}

/** When the first pending delivery of endpoint `e` is due. */
export const FIRST_DUE_SQL =
  "SELECT MIN(d.due_at) AS due_at FROM deliveries d WHERE d.endpoint_id = e.id AND d.status = 'pending'";

/** Whether endpoint `e` may be sent to at the time of a parameter. */
export const mayBeSentTo = (now: string): string =>
  `e.status IN ('active', 'blocked') AND (e.status = 'active' OR e.probe_at <= ${now})`;

/** On SQLite one process has them all. */
export function sqliteLeases(reader: Sequelize): Leases {
  return {
    async take(now, limit, held) {
      const rows = await reader.query<{ id: string }>(
        `SELECT id FROM (SELECT e.id, (${FIRST_DUE_SQL}) AS due_at FROM endpoints e
           WHERE ${mayBeSentTo('$1')} AND e.id NOT IN (SELECT value FROM json_each($3)))
         WHERE due_at <= $1 ORDER BY due_at LIMIT $2`,
        { type: QueryTypes.SELECT, bind: [now, limit, JSON.stringify(held)] },
      );
      return rows.map(({ id }) => id);
    },
    release: () => Promise.resolve(),
  };
}

/** The queue part of the outbound store. `sequelize` is the reader's. */
export function queueStore(
  sequelize: Sequelize,
  { read, rows: reader }: Pick<Database, 'read' | 'rows'>,
  leases: Leases,
): OutboundStore['queue'] {
  const deliveryColumns = columnsOf(read.deliveries, 'd');

  // Beyond the newest `count`, or accepted before. What is appended to the ids keeps SQLite in the queue's index: in the one that
  // has the endpoint's ids in order is everything that it has ever got.
  const overdueSql = `SELECT ${deliveryColumns.sql}, (SELECT m.source FROM messages m WHERE m.id = d.message_id) AS source
    FROM deliveries d
    WHERE d.endpoint_id = $1 AND d.status = 'pending' AND (d.id < $2 OR d.id <= (
      SELECT id FROM deliveries WHERE endpoint_id = $1 AND status = 'pending' ORDER BY id || '' DESC LIMIT 1 OFFSET $3))
    ORDER BY d.id || '' LIMIT $4`;

  async function query<Row extends object>(sql: string, bind: unknown[]): Promise<Row[]> {
    return withStorageErrors(() => sequelize.query<Row>(sql, { type: QueryTypes.SELECT, bind }));
  }

  return {
    async lease(now, limit, held) {
      const ids = await withStorageErrors(() => leases.take(now, limit, [...held, ...reader.known('endpoints')]));
      if (ids.length === 0) return [];
      const rows = await withStorageErrors(() => read.endpoints.findAll({ where: { id: ids } }));
      const endpoints = rows.map((row) => toEndpoint(reader, row.get()));
      const unreadable = endpoints.filter((endpoint) => endpoint.unreadable !== undefined).map(({ id }) => id);
      // For a process that can read them; this one does not ask for them again.
      if (unreadable.length > 0) await withStorageErrors(() => leases.release(unreadable));
      return endpoints.filter((endpoint) => endpoint.unreadable === undefined);
    },

    release: (endpointIds) =>
      endpointIds.length === 0 ? Promise.resolve() : withStorageErrors(() => leases.release(endpointIds)),

    ...dueReader(sequelize, read, reader),

    async listOverdueHeld(endpointId, before, count, limit) {
      if (!isSearchable(endpointId)) return [];
      const bind = [endpointId, lowestOutboundIdAt('dlv', before), count, limit];
      const rows = await query<Record<string, unknown>>(overdueSql, bind);
      return rows.map((row) => ({ ...toDelivery(reader, deliveryColumns.pick(row)), isOfEvent: isOfEvent(row.source) }));
    },

    async listHolding() {
      const rows = await query<{ id: string }>(
        `SELECT e.id FROM endpoints e WHERE e.status IN ('blocked', 'disabled')
         AND EXISTS (SELECT 1 FROM deliveries d WHERE d.endpoint_id = e.id AND d.status = 'pending')`,
        [],
      );
      if (rows.length === 0) return [];
      const endpoints = await withStorageErrors(() => read.endpoints.findAll({ where: { id: rows.map(({ id }) => id) } }));
      return endpoints.map((row) => toEndpoint(reader, row.get())).filter(({ unreadable }) => unreadable === undefined);
    },
  };
}

/** The columns of a table in a join, each under its alias, and how a row of the table is taken out of a joined one. */
function columnsOf<Row extends object>(
  model: ModelStatic<Model<Row, Row>>,
  alias: string,
): { readonly sql: string; pick(joined: Record<string, unknown>): Row } {
  const attributes: Record<string, { field?: string }> = model.getAttributes();
  const columns = Object.entries(attributes).map(([name, { field }]) => [name, field ?? name] as const);
  return {
    sql: columns.map(([name, field]) => `${alias}.${field} AS "${alias}_${name}"`).join(', '),
    pick: (joined) => Object.fromEntries(columns.map(([name]) => [name, joined[`${alias}_${name}`]])) as Row,
  };
}
