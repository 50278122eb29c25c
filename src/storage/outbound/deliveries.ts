// Deliveries in the database: found, listed, and put back into the queue.

import { literal, Op, QueryTypes, type Sequelize, type WhereOptions } from 'sequelize';
import type { DeliveryStatus } from '../../engine/outbound-model.ts';
import { deliveryStatusSchema, endpointStatusSchema } from '../../engine/outbound-model.ts';
import type { DeliveryFilter, DeliverySummary, OutboundStore } from '../../engine/outbound-ports.ts';
import { HooklineError } from '../../errors.ts';
import { type Database, DELETE_CHUNK, isSearchable, yieldTurn } from '../database.ts';
import type { Models } from '../models.ts';
import type { DeliveryRow } from '../outbound-models.ts';
import { type ListKind, limitOf, placeOf, toPage } from '../page.ts';
import { withStorageErrors } from '../storage-error.ts';
import { isOutboundId, lowestOutboundIdAt } from './ids.ts';
import { toDelivery } from './records.ts';

const DELIVERY_LIST: ListKind<[id: string]> = {
  name: 'deliveries',
  isPlace: (value): value is [string] => value.length === 1 && isOutboundId('dlv', value[0]),
};

const STATUSES = deliveryStatusSchema.options;
/** The condition of the index of what neither is in the queue nor has succeeded. */
const IN_STATUS_INDEX = "status NOT IN ('pending', 'succeeded')";

/** The delivery part of the outbound store. `sequelize` is the reader's. */
export function deliveryStore(sequelize: Sequelize, { read, write, rows: reader }: Database): OutboundStore['deliveries'] {
  async function summarize(rows: readonly DeliveryRow[]): Promise<DeliverySummary[]> {
    const pending = new Set(rows.filter(({ status }) => status === 'pending').map(({ endpointId }) => endpointId));
    const holding = new Set<string>();
    if (pending.size > 0) {
      const where = { id: [...pending], status: { [Op.ne]: 'active' } };
      const endpoints = await read.endpoints.findAll({ attributes: ['id'], where });
      for (const endpoint of endpoints) holding.add(endpoint.get().id);
    }
    return rows.map((row) => ({ ...toDelivery(reader, row), isHeld: row.status === 'pending' && holding.has(row.endpointId) }));
  }

  /**
   * A status in the words of the index that has it. What is pending is looked up in the queue's index, endpoint by endpoint, and
   * sorted: unlike all deliveries together, what is pending at one moment is not endless.
   */
  function withStatus(status: NonNullable<DeliveryFilter['status']>): WhereOptions<DeliveryRow> {
    if (status === 'succeeded') return { status };
    if (status !== 'pending' && status !== 'held') return { [Op.and]: [{ status }, literal(IN_STATUS_INDEX)] };
    const endpoints = `(SELECT id FROM endpoints WHERE status ${status === 'held' ? '<>' : '='} 'active')`;
    return { status: 'pending', endpointId: { [Op.in]: literal(endpoints) } };
  }

  return {
    get: (id) =>
      withStorageErrors(async () => {
        const row = isSearchable(id) ? await read.deliveries.findByPk(id) : null;
        return row ? (await summarize([row.get()]))[0] : undefined;
      }),

    async list(filter) {
      const limit = limitOf(filter);
      const before = placeOf(DELIVERY_LIST, filter.cursor)?.[0];
      const { endpointId, messageId, eventType, status, from, to } = filter;
      if (![endpointId ?? '', messageId ?? '', eventType ?? ''].every(isSearchable)) return { items: [], nextCursor: null };
      const where: WhereOptions<DeliveryRow> = {
        [Op.and]: [
          endpointId === undefined ? {} : { endpointId },
          messageId === undefined ? {} : { messageId },
          eventType === undefined ? {} : { eventType },
          status === undefined ? {} : withStatus(status),
          from === undefined ? {} : { id: { [Op.gte]: lowestOutboundIdAt('dlv', from) } },
          to === undefined ? {} : { id: { [Op.lt]: lowestOutboundIdAt('dlv', to) } },
          before === undefined ? {} : { id: { [Op.lt]: before } },
        ],
      };
      const items = await withStorageErrors(async () => {
        const rows = await read.deliveries.findAll({ where, order: [['id', 'DESC']], limit: limit + 1 });
        return summarize(rows.map((row) => row.get()));
      });
      return toPage(DELIVERY_LIST, items, limit, ({ id }) => [id]);
    },

    ofMessage: (messageId) =>
      withStorageErrors(async () => {
        if (!isSearchable(messageId)) return [];
        const rows = await read.deliveries.findAll({ where: { messageId }, order: [['id', 'ASC']] });
        return rows.map((row) => toDelivery(reader, row.get()));
      }),

    async reopen(id, now) {
      const missing = () => new HooklineError('delivery_not_found', `There is no delivery ${id}.`);
      if (!isSearchable(id)) throw missing();
      await write(async (models) => {
        const row = await models.deliveries.findByPk(id, { lock: true });
        if (!row) throw missing();
        const { status, endpointId } = row.get();
        if (status === 'pending') {
          throw new HooklineError('conflict', `Delivery ${id} has not ended; only one that has ended can be sent again.`);
        }
        if (!(await keepEndpoint(models, endpointId))) {
          throw new HooklineError('conflict', `The endpoint of delivery ${id} was deleted; replay its message to another one.`);
        }
        await models.deliveries.update(reopened(now), { where: { id } });
      });
    },

    async reopenFailed(endpointId, since, now) {
      if (!isSearchable(endpointId)) return 0;
      let total = 0;
      for (let after = lowestOutboundIdAt('dlv', since), isFirst = true; ; isFirst = false) {
        const ended = { endpointId, status: ['failed', 'expired'] };
        const rows = await withStorageErrors(() =>
          read.deliveries.findAll({
            attributes: ['id'],
            where: { [Op.and]: [ended, { id: isFirst ? { [Op.gte]: after } : { [Op.gt]: after } }] },
            order: [['id', 'ASC']],
            limit: DELETE_CHUNK,
          }),
        );
        const ids = rows.map((row) => row.get().id);
        const last = ids.at(-1);
        if (last === undefined) return total;
        total += await write(async (models) => {
          if (!(await keepEndpoint(models, endpointId))) return 0;
          const [changed] = await models.deliveries.update(reopened(now), { where: { ...ended, id: ids } });
          return changed;
        });
        if (ids.length < DELETE_CHUNK) return total;
        after = last;
        await yieldTurn();
      }
    },

    countByStatus: () =>
      withStorageErrors(async () => {
        // From the partial indexes, and the rest by subtraction: no scan of the table itself.
        const rows = await sequelize.query<{ status: string; count: number | string }>(
          `SELECT status, COUNT(*) AS count FROM deliveries WHERE ${IN_STATUS_INDEX} GROUP BY status
           UNION ALL SELECT 'pending', COUNT(*) FROM deliveries WHERE status = 'pending'
           UNION ALL SELECT 'all', COUNT(*) FROM deliveries`,
          { type: QueryTypes.SELECT },
        );
        const stored = new Map(rows.map(({ status, count }) => [status, Number(count)]));
        const others = STATUSES.filter((status) => status !== 'succeeded');
        const counts = Object.fromEntries(others.map((status) => [status, stored.get(status) ?? 0]));
        const succeeded = others.reduce((rest, status) => rest - (stored.get(status) ?? 0), stored.get('all') ?? 0);
        return { ...counts, succeeded } as Record<DeliveryStatus, number>;
      }),

    backlog: () =>
      withStorageErrors(async () => {
        const rows = await sequelize.query<{ id: string; status: string; pending: number; oldestAt: number }>(
          `SELECT e.id, e.status, waiting.pending, oldest.created_at AS "oldestAt"
           FROM (SELECT endpoint_id, COUNT(*) AS pending, MIN(id) AS oldest FROM deliveries
             WHERE status = 'pending' GROUP BY endpoint_id) waiting
           JOIN endpoints e ON e.id = waiting.endpoint_id AND e.kind = 'endpoint'
           JOIN deliveries oldest ON oldest.id = waiting.oldest
           ORDER BY e.id`,
          { type: QueryTypes.SELECT },
        );
        return rows.map(({ id, status, pending, oldestAt }) => ({
          endpointId: id,
          status: endpointStatusSchema.options.find((known) => known === status) ?? 'disabled',
          pending: Number(pending),
          oldestAt: Number(oldestAt),
        }));
      }),
  };
}

/** What another try changes. What came out last stays to be seen until there is something newer. */
function reopened(now: number) {
  return { status: 'pending', dueAt: now, attemptsBefore: literal('attempts'), batchId: null, finishedAt: null } as const;
}

/** Whether the endpoint is there; on PostgreSQL it is until the end of the transaction. */
async function keepEndpoint({ endpoints }: Models, id: string): Promise<boolean> {
  return (await endpoints.findByPk(id, { attributes: ['id'], lock: true })) !== null;
}
