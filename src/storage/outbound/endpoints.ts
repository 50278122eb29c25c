// Endpoints in the database: what people make and change of them, and what is counted of them.

import { Op, QueryTypes, type Sequelize, UniqueConstraintError, type WhereOptions } from 'sequelize';
import { nameAuditTarget } from '../../engine/audit-scope.ts';
import type { Endpoint, EndpointStatus } from '../../engine/outbound-model.ts';
import { endpointStatusSchema } from '../../engine/outbound-model.ts';
import type { OutboundStore } from '../../engine/outbound-ports.ts';
import { HooklineError } from '../../errors.ts';
import { type Database, isSearchable } from '../database.ts';
import { dialectOf } from '../dialect.ts';
import type { Models } from '../models.ts';
import type { EndpointRow } from '../outbound-models.ts';
import { type ListKind, limitOf, placeOf, toPage } from '../page.ts';
import { withStorageErrors } from '../storage-error.ts';
import { toEndpoint } from './records.ts';
import { searchColumns } from './rows.ts';

const ENDPOINT_LIST: ListKind<[createdAt: number, id: string]> = {
  name: 'endpoints',
  isPlace: (value): value is [number, string] =>
    value.length === 2 && Number.isSafeInteger(value[0]) && typeof value[1] === 'string' && isSearchable(value[1]),
};
/** Endpoints that are read at once when they are searched. */
const SEARCH_BATCH = 500;
/** Durations that are read at most. */
const MAX_DURATIONS = 10_000;
/** Pending deliveries that are canceled in one transaction when an endpoint is deleted. */
const CANCEL_CHUNK = 1_000;
/** How far a person's change of a state is ahead of whoever delivers, whose writes may be under way and count one by one. */
const PRECEDENCE = 1_000;

/** The endpoint part of the outbound store. `sequelize` is the reader's. */
export function endpointStore(sequelize: Sequelize, { read, write, rows: reader }: Database): OutboundStore['endpoints'] {
  const { lockDeletions } = dialectOf(sequelize);

  async function readAfter(where: WhereOptions<EndpointRow>, after: [number, string] | undefined, limit: number) {
    const older = after && {
      [Op.or]: [{ createdAt: { [Op.lt]: after[0] } }, { createdAt: after[0], id: { [Op.lt]: after[1] } }],
    };
    const rows = await withStorageErrors(() =>
      read.endpoints.findAll({
        where: { [Op.and]: [where, older ?? {}] },
        order: [
          ['createdAt', 'DESC'],
          ['id', 'DESC'],
        ],
        limit,
      }),
    );
    return rows.map((row) => toEndpoint(reader, row.get()));
  }

  return {
    async insert(endpoint) {
      nameAuditTarget(endpoint.id);
      try {
        await write(({ endpoints }) => endpoints.create({ ...newRow(endpoint), owner: null }));
      } catch (error) {
        if (!(error instanceof UniqueConstraintError)) throw error;
        throw new HooklineError('conflict', `There is an endpoint ${endpoint.id} already.`, { cause: error });
      }
    },

    get: (id) =>
      withStorageErrors(async () => {
        const row = isSearchable(id) ? await read.endpoints.findByPk(id) : null;
        return row ? toEndpoint(reader, row.get()) : undefined;
      }),

    async list({ kind = 'endpoint', status, workspace, search = '', shownText = (text) => text, ...page }) {
      const limit = limitOf(page);
      let after = placeOf(ENDPOINT_LIST, page.cursor);
      if (workspace !== undefined && !isSearchable(workspace)) return { items: [], nextCursor: null };
      const where: WhereOptions<EndpointRow> = {
        kind,
        ...(status === undefined ? {} : { status }),
        ...(workspace === undefined ? {} : { workspace }),
      };
      const text = foldCase(search);
      const found: Endpoint[] = [];
      // SQL's LIKE folds ASCII letters only, and each database its own way; endpoints are few enough to be searched here.
      const batchSize = text === '' ? limit + 1 : SEARCH_BATCH;
      for (;;) {
        const batch = await readAfter(where, after, batchSize);
        found.push(
          ...batch.filter(({ config }) =>
            [config.url, config.description].some((part) => foldCase(shownText(part)).includes(text)),
          ),
        );
        const last = batch.at(-1);
        if (last === undefined || batch.length < batchSize || found.length > limit) break;
        after = placeInList(last);
      }
      return toPage(ENDPOINT_LIST, found, limit, placeInList);
    },

    listSubscribed: () =>
      withStorageErrors(async () => {
        const where = { kind: 'endpoint', status: ['active', 'blocked'] };
        const rows = await read.endpoints.findAll({ where, order: [['id', 'ASC']] });
        // What one that cannot be read has subscribed to is not known.
        return rows.map((row) => toEndpoint(reader, row.get())).filter(({ unreadable }) => unreadable === undefined);
      }),

    async update(id, { config, sealedSecrets, state, updatedAt }) {
      if (!isSearchable(id)) return undefined;
      return write(async ({ endpoints }) => {
        const row = await endpoints.findByPk(id, { lock: true });
        if (!row) return undefined;
        const stateSequence = Number(row.get().stateSequence);
        await endpoints.update(
          {
            updatedAt,
            ...(config === undefined ? {} : { ...searchColumns(config), config: JSON.stringify(config) }),
            ...(sealedSecrets === undefined ? {} : { sealedSecrets }),
            ...(state === undefined ? {} : { ...stateColumns(state), stateSequence: stateSequence + PRECEDENCE }),
          },
          { where: { id } },
        );
        const changed = await endpoints.findByPk(id, { rejectOnEmpty: true });
        return toEndpoint(reader, changed.get());
      });
    },

    async delete(id, now) {
      if (!isSearchable(id)) return false;
      // The bulk of a long queue before, so that nobody has to wait for all of it at once.
      while ((await write((models) => cancelPending(models, id, now, CANCEL_CHUNK))) === CANCEL_CHUNK);
      return write(async (models) => {
        // From here on no commit adds a delivery for it that we would not see.
        if (lockDeletions) await models.endpoints.sequelize?.query(lockDeletions);
        const deleted = await models.endpoints.destroy({ where: { id } });
        await cancelPending(models, id, now);
        return deleted > 0;
      });
    },

    countByStatus: () =>
      withStorageErrors(async () => {
        const rows = await sequelize.query<{ status: string; count: number | string }>(
          "SELECT status, COUNT(*) AS count FROM endpoints WHERE kind = 'endpoint' GROUP BY status",
          { type: QueryTypes.SELECT },
        );
        const counts: Record<EndpointStatus, number> = { active: 0, blocked: 0, disabled: 0 };
        for (const { status, count } of rows) {
          const known = endpointStatusSchema.options.find((one) => one === status);
          // As they are shown.
          counts[known ?? 'disabled'] += Number(count);
        }
        return counts;
      }),

    counts: (id, since) =>
      withStorageErrors(async () => {
        if (!isSearchable(id)) return { attempts: 0, succeeded: 0, durationsMs: [], pending: 0, oldestPendingAt: null };
        const select = <Row extends object>(sql: string, ...bind: unknown[]) =>
          sequelize.query<Row>(sql, { type: QueryTypes.SELECT, bind });
        const [made] = await select<{ attempts: number | string; succeeded: number | string | null }>(
          `SELECT COUNT(*) AS attempts, SUM(CASE WHEN succeeded THEN 1 ELSE 0 END) AS succeeded
           FROM attempts WHERE endpoint_id = $1 AND started_at >= $2`,
          ...[id, since],
        );
        const durations = await select<{ ms: number }>(
          `SELECT duration_ms AS ms FROM attempts WHERE endpoint_id = $1 AND started_at >= $2 AND succeeded
           ORDER BY started_at DESC LIMIT ${MAX_DURATIONS}`,
          ...[id, since],
        );
        const [waiting] = await select<{ pending: number | string; oldest: number | string | null }>(
          `SELECT COUNT(*) AS pending, MIN(created_at) AS oldest FROM deliveries WHERE endpoint_id = $1 AND status = 'pending'`,
          id,
        );
        return {
          attempts: Number(made?.attempts ?? 0),
          succeeded: Number(made?.succeeded ?? 0),
          durationsMs: durations.map(({ ms }) => Number(ms)).sort((a, b) => a - b),
          pending: Number(waiting?.pending ?? 0),
          oldestPendingAt: waiting?.oldest == null ? null : Number(waiting.oldest),
        };
      }),
  };
}

/** Cancels pending deliveries of an endpoint, in a transaction. @returns how many */
async function cancelPending({ deliveries }: Models, endpointId: string, now: number, limit?: number): Promise<number> {
  const pending = { endpointId, status: 'pending' };
  let where: WhereOptions = pending;
  if (limit !== undefined) {
    const rows = await deliveries.findAll({ attributes: ['id'], where: pending, order: [['id', 'ASC']], limit });
    where = { ...pending, id: rows.map((row) => row.get().id) };
  }
  const [canceled] = await deliveries.update({ status: 'canceled', finishedAt: now }, { where });
  return canceled;
}

function newRow(endpoint: Endpoint): Omit<EndpointRow, 'owner'> {
  const { id, kind, config, sealedSecrets, state, stateSequence, createdAt, updatedAt } = endpoint;
  return {
    ...{ id, kind, ...searchColumns(config), config: JSON.stringify(config), sealedSecrets },
    ...{ ...stateColumns(state), stateSequence, createdAt, updatedAt },
  };
}

function stateColumns(state: Endpoint['state']): Pick<EndpointRow, 'status' | 'state' | 'probeAt'> {
  return { status: state.status, state: JSON.stringify(state), probeAt: state.probeAt };
}

function placeInList({ createdAt, id }: Endpoint): [number, string] {
  return [createdAt, id];
}

function foldCase(text: string): string {
  return text.normalize('NFC').toLowerCase();
}
