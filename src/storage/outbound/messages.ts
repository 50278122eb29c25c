// Messages in the database: found, listed, and deleted when they are old.

import { literal, Op, QueryTypes, type Sequelize, type WhereOptions } from 'sequelize';
import type { OutboundStore } from '../../engine/outbound-ports.ts';
import { type Database, DELETE_CHUNK, isSearchable } from '../database.ts';
import { dialectOf } from '../dialect.ts';
import type { Models } from '../models.ts';
import type { MessageRow } from '../outbound-models.ts';
import { type ListKind, limitOf, placeOf, toPage } from '../page.ts';
import { withStorageErrors } from '../storage-error.ts';
import { isOutboundId, lowestOutboundIdAt } from './ids.ts';
import { toMessage } from './records.ts';
import { storable } from './rows.ts';

const MESSAGE_LIST: ListKind<[id: string]> = {
  name: 'messages',
  isPlace: (value): value is [string] => value.length === 1 && isOutboundId('msg', value[0]),
};

/**
 * The limit keeps PostgreSQL from reading all deliveries at once instead of a few for each message, and what is appended to the
 * status from reading the whole queue: its index holds all that is pending.
 */
const HAS_PENDING = `EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = m.id AND d.status || '' = 'pending'
  LIMIT 1 OFFSET 0)`;

/** The message part of the outbound store. `sequelize` is the reader's. */
export function messageStore(sequelize: Sequelize, { read, write, rows: reader }: Database): OutboundStore['messages'] {
  const { lockDeletions } = dialectOf(sequelize);

  async function selectIds(sql: string, ...bind: unknown[]): Promise<string[]> {
    const rows = await sequelize.query<{ id: string }>(sql, { type: QueryTypes.SELECT, bind });
    return rows.map(({ id }) => id);
  }

  return {
    get: (id) =>
      withStorageErrors(async () => {
        const row = isSearchable(id) ? await read.messages.findByPk(id) : null;
        return row ? toMessage(reader, row.get()) : undefined;
      }),

    findByIdempotencyKey: (key) =>
      withStorageErrors(async () => {
        const row = await read.messages.findOne({ where: { idempotencyKey: storable(key) } });
        return row ? toMessage(reader, row.get()) : undefined;
      }),

    async list(filter) {
      const limit = limitOf(filter);
      const before = placeOf(MESSAGE_LIST, filter.cursor)?.[0];
      const { type, from, to } = filter;
      if (type !== undefined && !isSearchable(type)) return { items: [], nextCursor: null };
      const where: WhereOptions<MessageRow> = {
        [Op.and]: [
          type === undefined ? {} : { type },
          from === undefined ? {} : { id: { [Op.gte]: lowestOutboundIdAt('msg', from) } },
          to === undefined ? {} : { id: { [Op.lt]: lowestOutboundIdAt('msg', to) } },
          before === undefined ? {} : { id: { [Op.lt]: before } },
        ],
      };
      const rows = await withStorageErrors(() => read.messages.findAll({ where, order: [['id', 'DESC']], limit: limit + 1 }));
      const items = rows.map((row) => toMessage(reader, row.get()));
      return toPage(MESSAGE_LIST, items, limit, ({ id }) => [id]);
    },

    listUnsettled: (limit) =>
      withStorageErrors(async () => {
        const ids = await selectIds(
          `SELECT id FROM messages m WHERE awaited AND settled_at IS NULL AND NOT ${HAS_PENDING} ORDER BY id LIMIT $1`,
          limit,
        );
        if (ids.length === 0) return [];
        const rows = await read.messages.findAll({ where: { id: ids }, order: [['id', 'ASC']] });
        return rows.map((row) => toMessage(reader, row.get()));
      }),

    async deleteOld(before, limit) {
      let total = 0;
      while (total < limit) {
        const chunk = Math.min(limit - total, DELETE_CHUNK);
        const ids = await withStorageErrors(() =>
          // An execution that waits for the outcome has to be told first.
          selectIds(
            `SELECT id FROM messages m WHERE id < $1 AND NOT (awaited AND settled_at IS NULL) AND NOT ${HAS_PENDING}
             ORDER BY id LIMIT $2`,
            ...[lowestOutboundIdAt('msg', before), chunk],
          ),
        );
        if (ids.length > 0) {
          total += await write(async (models) => {
            if (lockDeletions) await models.messages.sequelize?.query(lockDeletions);
            return deleteMessages(models, ids, before);
          });
        }
        if (ids.length < chunk) break;
      }
      await deleteOldTests(before);
      return total;
    },
  };

  /** Attempts that belong to no delivery: their number is small, but nothing else deletes them. */
  async function deleteOldTests(before: number): Promise<void> {
    for (;;) {
      const where = { [Op.and]: [literal("kind <> 'delivery'"), { startedAt: { [Op.lt]: before } }] };
      const rows = await withStorageErrors(() => read.attempts.findAll({ attributes: ['id'], where, limit: DELETE_CHUNK }));
      const ids = rows.map((row) => row.get().id);
      if (ids.length > 0) await write(({ attempts }) => attempts.destroy({ where: { id: ids } }));
      if (ids.length < DELETE_CHUNK) return;
    }
  }
}

/** Deletes these messages with everything that belongs to them, except those that were tried again meanwhile. @returns how many */
async function deleteMessages(models: Models, candidates: readonly string[], before: number): Promise<number> {
  const { messages, deliveries, attempts, attemptBatches, endpoints } = models;
  // Locked: somebody may ask for another try at this moment.
  const rows = await deliveries.findAll({
    attributes: ['id', 'messageId', 'endpointId', 'status'],
    where: { messageId: [...candidates] },
    order: [['id', 'ASC']],
    lock: true,
  });
  const known = rows.map((row) => row.get());
  const pending = new Set(known.filter(({ status }) => status === 'pending').map(({ messageId }) => messageId));
  const messageIds = candidates.filter((id) => !pending.has(id));
  const old = known.filter(({ messageId }) => !pending.has(messageId));
  const deliveryIds = old.map(({ id }) => id);

  const batched = await attemptBatches.findAll({ attributes: ['attemptId'], where: { deliveryId: deliveryIds } });
  const attemptIds = [...new Set(batched.map((row) => row.get().attemptId))];
  await attempts.destroy({ where: { deliveryId: deliveryIds } });
  if (attemptIds.length > 0) {
    await attemptBatches.destroy({ where: { deliveryId: deliveryIds } });
    // Those of a batch stay as long as one of its deliveries does.
    const left = await attemptBatches.findAll({ attributes: ['attemptId'], where: { attemptId: attemptIds } });
    const needed = new Set(left.map((row) => row.get().attemptId));
    await attempts.destroy({ where: { id: attemptIds.filter((id) => !needed.has(id)) } });
  }
  await deliveries.destroy({ where: { id: deliveryIds } });
  const endpointIds = [...new Set(old.map(({ endpointId }) => endpointId))];
  await endpoints.destroy({
    where: {
      [Op.and]: [
        { id: endpointIds, kind: 'url', updatedAt: { [Op.lt]: before } },
        literal('NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.endpoint_id = endpoints.id)'),
      ],
    },
  });
  return messages.destroy({ where: { id: messageIds } });
}
