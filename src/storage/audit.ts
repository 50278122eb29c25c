// The audit log in the database.

import { Op, type WhereOptions } from 'sequelize';
import type { AuditStore, StoredAuditEntry } from '../access/ports.ts';
import { isRecord } from '../engine/path.ts';
import type { AuditRow } from './access-models.ts';
import { adoptEntries, appendEntries, cutStart } from './audit-chain.ts';
import { type Database, isSearchable } from './database.ts';
import { isExecutionId, lowestIdAt } from './execution-id.ts';
import { type ListKind, limitOf, placeOf, toPage } from './page.ts';
import { isText, listOf, type RowReader } from './row-reader.ts';
import { withStorageErrors } from './storage-error.ts';

/** Newest first. The ids are made as those of executions are. */
const AUDIT_LIST: ListKind<[id: string]> = {
  name: 'audit',
  isPlace: (value): value is [string] => value.length === 1 && isExecutionId(value[0]),
};

export function auditStore({ read, write, rows: reader }: Database): AuditStore {
  return {
    add: (entry, sign) => write((models) => appendEntries(models, [entry], sign)),

    async list(filter) {
      const limit = limitOf(filter);
      const before = placeOf(AUDIT_LIST, filter.cursor)?.[0];
      const { actor, action, target, outcome, from, to } = filter;
      if (![actor, action, target].every((text) => text === undefined || isSearchable(text))) {
        return { items: [], nextCursor: null };
      }
      const where: WhereOptions<AuditRow> = {
        [Op.and]: [
          actor === undefined ? {} : { [Op.or]: [{ actorId: actor }, { actorName: actor }] },
          action === undefined ? {} : { action },
          target === undefined ? {} : { target },
          outcome === undefined ? {} : { outcome: outcome === 'done' ? null : outcome },
          from === undefined ? {} : { id: { [Op.gte]: lowestIdAt(from) } },
          to === undefined ? {} : { id: { [Op.lt]: lowestIdAt(to) } },
          before === undefined ? {} : { id: { [Op.lt]: before } },
        ],
      };
      const rows = await withStorageErrors(() => read.auditLog.findAll({ where, order: [['id', 'DESC']], limit: limit + 1 }));
      const entries = rows.map((row) => toEntry(reader, row.get()));
      return toPage(AUDIT_LIST, entries, limit, ({ id }) => [id]);
    },

    async deleteOld(before, limit, sign) {
      const deleted = await write((models) => cutStart(models, before, limit, sign));
      // Of a process of the version before, and too old to be chained.
      const rows = await withStorageErrors(() =>
        read.auditLog.findAll({
          attributes: ['id'],
          where: { sequence: null, id: { [Op.lt]: lowestIdAt(before) } },
          order: [['id', 'ASC']],
          limit,
        }),
      );
      if (rows.length === 0) return deleted;
      return deleted + (await write(({ auditLog }) => auditLog.destroy({ where: { id: rows.map((row) => row.get().id) } })));
    },

    adopt: (now, limit, sign) => write((models) => adoptEntries(models, now, limit, sign)),
  };
}

/** What a request was about: lists of texts by name. */
const isDetails = (value: unknown): boolean => isRecord(value) && Object.values(value).every(listOf(isText));

const KINDS = ['user', 'token', 'admin-token', 'nobody'] as const satisfies StoredAuditEntry['actor']['kind'][];

function toEntry(rows: RowReader, row: AuditRow): StoredAuditEntry {
  return rows.read('audit_log', row.id, (fields) => ({
    id: row.id,
    at: fields.time('at', row.at),
    actor: {
      kind: fields.oneOf('actor_kind', row.actorKind, KINDS, 'nobody'),
      id: fields.text('actor_id', row.actorId),
      name: fields.text('actor_name', row.actorName),
    },
    action: fields.text('action', row.action),
    target: fields.textOrNull('target', row.target),
    fields: fields.json<string[]>('fields', row.fields, [], listOf(isText)),
    address: fields.text('address', row.address),
    details: row.details === null ? {} : fields.json('details', row.details, {}, isDetails),
    outcome: row.outcome === 'refused' || row.outcome === 'failed' ? row.outcome : 'done',
    sequence: fields.countOrNull('sequence', row.sequence),
    hash: fields.textOrNull('hash', row.hash),
  }));
}
