// Named secrets in the database; their values are sealed before they come here.

import { UniqueConstraintError } from 'sequelize';
import { nameAuditTarget } from '../engine/audit-scope.ts';
import type { SecretStore, StoredSecret } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';
import { type Database, isSearchable } from './database.ts';
import type { SecretRow } from './installation-models.ts';
import { storable } from './outbound/rows.ts';
import { isText, listOf, type RowReader } from './row-reader.ts';
import { withStorageErrors } from './storage-error.ts';

/** The secrets part of the storage port. */
export function secretStore({ read, write, rows: reader }: Database): SecretStore {
  return {
    list: () =>
      withStorageErrors(async () => {
        const rows = await read.secrets.findAll();
        // Each database has an order of texts of its own.
        return rows.map((row) => toSecret(reader, row.get())).sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
      }),

    get: (name) =>
      withStorageErrors(async () => {
        const row = isSearchable(name) ? await read.secrets.findByPk(name) : null;
        return row ? toSecret(reader, row.get()) : undefined;
      }),

    async insert(secret) {
      nameAuditTarget(secret.name);
      try {
        await write(({ secrets }) => secrets.create(toRow(secret)));
      } catch (error) {
        if (!(error instanceof UniqueConstraintError)) throw error;
        throw new HooklineError('conflict', `There is a secret "${secret.name}" already.`, { cause: error });
      }
    },

    async update(name, change) {
      if (!isSearchable(name)) return false;
      const { description, sealedValue, allowedHosts, updatedBy, updatedAt } = change;
      const values = {
        updatedBy: storable(updatedBy),
        updatedAt,
        ...(description === undefined ? {} : { description: storable(description) }),
        ...(sealedValue === undefined ? {} : { sealedValue }),
        ...(allowedHosts === undefined ? {} : { allowedHosts: hostsText(allowedHosts) }),
      };
      return write(async ({ secrets }) => {
        if ((await secrets.count({ where: { name } })) === 0) return false;
        await secrets.update(values, { where: { name } });
        return true;
      });
    },

    async delete(name) {
      if (!isSearchable(name)) return false;
      return write(async ({ secrets }) => (await secrets.destroy({ where: { name } })) > 0);
    },
  };
}

function toRow({ description, updatedBy, allowedHosts, ...secret }: StoredSecret): SecretRow {
  return {
    ...secret,
    allowedHosts: hostsText(allowedHosts),
    description: storable(description),
    updatedBy: storable(updatedBy),
  };
}

function hostsText(hosts: readonly string[] | null): string | null {
  return hosts === null ? null : JSON.stringify(hosts);
}

function toSecret(rows: RowReader, row: SecretRow): StoredSecret {
  return rows.read('secrets', row.name, (fields) => ({
    name: row.name,
    description: fields.text('description', row.description),
    sealedValue: fields.text('sealed_value', row.sealedValue),
    // What cannot be read allows no host, rather than all of them.
    allowedHosts: row.allowedHosts == null ? null : fields.json<string[]>('allowed_hosts', row.allowedHosts, [], listOf(isText)),
    updatedBy: fields.text('updated_by', row.updatedBy),
    createdAt: fields.time('created_at', row.createdAt),
    updatedAt: fields.time('updated_at', row.updatedAt),
  }));
}
