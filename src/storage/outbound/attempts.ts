// Attempts in the database: the log of what was sent and answered.

import { Op, type WhereOptions } from 'sequelize';
import type { Attempt } from '../../engine/outbound-model.ts';
import type { OutboundStore } from '../../engine/outbound-ports.ts';
import { type Database, isSearchable } from '../database.ts';
import type { AttemptRow } from '../outbound-models.ts';
import { type ListKind, limitOf, placeOf, toPage } from '../page.ts';
import { withStorageErrors } from '../storage-error.ts';
import { toAttempt } from './records.ts';

const ATTEMPT_LIST: ListKind<[startedAt: number, id: string]> = {
  name: 'attempts',
  isPlace: (value): value is [number, string] =>
    value.length === 2 && Number.isSafeInteger(value[0]) && typeof value[1] === 'string' && isSearchable(value[1]),
};

/** The attempt part of the outbound store. */
export function attemptStore({ read, rows: reader }: Database): OutboundStore['attempts'] {
  /** With the deliveries of each. */
  async function complete(rows: readonly AttemptRow[]): Promise<Attempt[]> {
    const ids = rows.filter(({ deliveryId, kind }) => deliveryId === null && kind === 'delivery').map(({ id }) => id);
    const batches = new Map<string, string[]>();
    if (ids.length > 0) {
      const parts = await read.attemptBatches.findAll({
        where: { attemptId: ids },
        order: [
          ['attemptId', 'ASC'],
          ['position', 'ASC'],
        ],
      });
      for (const part of parts) {
        const { attemptId, deliveryId } = part.get();
        const known = batches.get(attemptId) ?? [];
        known.push(deliveryId);
        batches.set(attemptId, known);
      }
    }
    return rows.map((row) => toAttempt(reader, row, row.deliveryId === null ? (batches.get(row.id) ?? []) : [row.deliveryId]));
  }

  async function ofDelivery(deliveryId: string): Promise<Attempt[]> {
    const parts = await read.attemptBatches.findAll({ attributes: ['attemptId'], where: { deliveryId } });
    const [own, shared] = [
      await read.attempts.findAll({ where: { deliveryId } }),
      parts.length === 0 ? [] : await read.attempts.findAll({ where: { id: parts.map((part) => part.get().attemptId) } }),
    ];
    const rows = [...own, ...shared].map((row) => row.get());
    const attempts = await complete(rows);
    attempts.sort((a, b) => a.number - b.number || a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1));
    let body: string | null = null;
    for (const attempt of attempts) {
      body = attempt.body ?? body;
      attempt.body = body;
    }
    return attempts;
  }

  return {
    get: (id) =>
      withStorageErrors(async () => {
        const row = isSearchable(id) ? await read.attempts.findByPk(id) : null;
        if (!row) return undefined;
        const [attempt] = await complete([row.get()]);
        const [deliveryId] = attempt?.deliveryIds ?? [];
        if (attempt?.body !== null || deliveryId === undefined) return attempt;
        return (await ofDelivery(deliveryId)).find((one) => one.id === id) ?? attempt;
      }),

    ofDelivery: (deliveryId) => withStorageErrors(async () => (isSearchable(deliveryId) ? ofDelivery(deliveryId) : [])),

    async list(filter) {
      const limit = limitOf(filter);
      const { endpointId } = filter;
      const place = placeOf(ATTEMPT_LIST, filter.cursor);
      if (!isSearchable(endpointId)) return { items: [], nextCursor: null };
      const older: WhereOptions<AttemptRow> = place
        ? {
            startedAt: { [Op.lte]: place[0] },
            [Op.or]: [{ startedAt: { [Op.lt]: place[0] } }, { id: { [Op.lt]: place[1] } }],
          }
        : {};
      const items = await withStorageErrors(async () => {
        const rows = await read.attempts.findAll({
          where: { [Op.and]: [{ endpointId }, older] },
          order: [
            ['startedAt', 'DESC'],
            ['id', 'DESC'],
          ],
          limit: limit + 1,
        });
        return complete(rows.map((row) => row.get()));
      });
      return toPage(ATTEMPT_LIST, items, limit, ({ startedAt, id }) => [startedAt, id]);
    },
  };
}
