// The event catalogue in the database.

import { UniqueConstraintError } from 'sequelize';
import { nameAuditTarget } from '../../engine/audit-scope.ts';
import type { OutboundStore } from '../../engine/outbound-ports.ts';
import { HooklineError } from '../../errors.ts';
import { type Database, isSearchable } from '../database.ts';
import type { EventTypeRow } from '../outbound-models.ts';
import { withStorageErrors } from '../storage-error.ts';
import { toEventType } from './records.ts';
import { jsonOrNull, storable } from './rows.ts';

/** The catalogue part of the outbound store. */
export function eventTypeStore({ read, write, rows: reader }: Database): OutboundStore['eventTypes'] {
  return {
    async insert({ name, version, createdAt, updatedAt, ...texts }) {
      nameAuditTarget(name);
      const columns = { schema: null, example: null, downConversion: null, title: '', description: '', ...columnsOf(texts) };
      try {
        await write(({ eventTypes }) => eventTypes.create({ name, version, createdAt, updatedAt, ...columns }));
      } catch (error) {
        if (!(error instanceof UniqueConstraintError)) throw error;
        throw new HooklineError('conflict', `Version ${version} of ${name} is in the catalogue already.`, { cause: error });
      }
    },

    get: (name) =>
      withStorageErrors(async () => {
        if (!isSearchable(name)) return [];
        const rows = await read.eventTypes.findAll({ where: { name }, order: [['version', 'ASC']] });
        return rows.map((row) => toEventType(reader, row.get()));
      }),

    listAll: () =>
      withStorageErrors(async () => {
        const rows = await read.eventTypes.findAll();
        // Each database has an order of texts of its own.
        const inOrder = (a: EventTypeRow, b: EventTypeRow) =>
          a.name === b.name ? a.version - b.version : a.name < b.name ? -1 : 1;
        return rows
          .map((row) => row.get())
          .sort(inOrder)
          .map((row) => toEventType(reader, row));
      }),

    async update(name, version, { updatedAt, ...texts }) {
      if (!isSearchable(name)) return false;
      const values = { ...columnsOf(texts), ...(updatedAt === undefined ? {} : { updatedAt }) };
      return write(async ({ eventTypes }) => {
        if ((await eventTypes.count({ where: { name, version } })) === 0) return false;
        if (Object.keys(values).length > 0) await eventTypes.update(values, { where: { name, version } });
        return true;
      });
    },

    async delete(name, version) {
      if (!isSearchable(name)) return false;
      return write(async ({ eventTypes }) => (await eventTypes.destroy({ where: { name, version } })) > 0);
    },
  };
}

type Texts = Parameters<OutboundStore['eventTypes']['update']>[2];

/** The columns of what is there. */
function columnsOf({ title, description, schema, example, downConversion }: Texts): Partial<EventTypeRow> {
  return {
    ...(title === undefined ? {} : { title: storable(title) }),
    ...(description === undefined ? {} : { description: storable(description) }),
    ...(schema === undefined ? {} : { schema: jsonOrNull(schema) }),
    ...(example === undefined ? {} : { example: jsonOrNull(example) }),
    ...(downConversion === undefined ? {} : { downConversion: downConversion === null ? null : storable(downConversion) }),
  };
}
