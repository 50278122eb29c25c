// The audit log in the database.

import { Op, type WhereOptions } from 'sequelize';
import type { AuditEntry, AuditStore } from '../access/ports.ts';
import type { AuditRow } from './access-models.ts';
import { type Database, isSearchable } from './database.ts';
import { isExecutionId, lowestIdAt } from './execution-id.ts';
import { storable } from './outbound/rows.ts';
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
    async add(entry) {
      await write(({ auditLog }) => auditLog.create(toRow(entry)));
    },

    async list(filter) {
      const limit = limitOf(filter);
      const before = placeOf(AUDIT_LIST, filter.cursor)?.[0];
      const { actor, action, target, from, to } = filter;
      if (![actor, action, target].every((text) => text === undefined || isSearchable(text))) {
        return { items: [], nextCursor: null };
      }
      const where: WhereOptions<AuditRow> = {
        [Op.and]: [
          actor === undefined ? {} : { [Op.or]: [{ actorId: actor }, { actorName: actor }] },
          action === undefined ? {} : { action },
          target === undefined ? {} : { target },
          from === undefined ? {} : { id: { [Op.gte]: lowestIdAt(from) } },
          to === undefined ? {} : { id: { [Op.lt]: lowestIdAt(to) } },
          before === undefined ? {} : { id: { [Op.lt]: before } },
        ],
      };
      const rows = await withStorageErrors(() => read.auditLog.findAll({ where, order: [['id', 'DESC']], limit: limit + 1 }));
      const entries = rows.map((row) => toEntry(reader, row.get()));
      return toPage(AUDIT_LIST, entries, limit, ({ id }) => [id]);
    },

    async deleteOld(before, limit) {
      const rows = await withStorageErrors(() =>
        read.auditLog.findAll({
          attributes: ['id'],
          where: { id: { [Op.lt]: lowestIdAt(before) } },
          order: [['id', 'ASC']],
          limit,
        }),
      );
      if (rows.length === 0) return 0;
      return write(({ auditLog }) => auditLog.destroy({ where: { id: rows.map((row) => row.get().id) } }));
    },
  };
}

function toRow({ id, at, actor, action, target, fields, address }: AuditEntry): AuditRow {
  return {
    id,
    at,
    actorKind: actor.kind,
    actorId: storable(actor.id),
    actorName: storable(actor.name),
    action,
    target: target === null ? null : storable(target),
    fields: JSON.stringify(fields),
    address: storable(address),
  };
}

const KINDS = ['user', 'token', 'admin-token', 'nobody'] as const satisfies AuditEntry['actor']['kind'][];

function toEntry(rows: RowReader, row: AuditRow): AuditEntry {
  return rows.read('audit_log', row.id, (fields) => ({
    id: row.id,
    at: Number(row.at),
    actor: { kind: fields.oneOf('actor_kind', row.actorKind, KINDS, 'nobody'), id: row.actorId, name: row.actorName },
    action: row.action,
    target: row.target,
    fields: fields.json<string[]>('fields', row.fields, [], listOf(isText)),
    address: row.address,
  }));
}
