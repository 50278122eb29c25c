// Named secrets in the database; their values are sealed before they come here.

import { UniqueConstraintError } from 'sequelize';
import { nameAuditTarget } from '../engine/audit-scope.ts';
import type { SecretStore, StoredSecret } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';
import { type Database, isSearchable } from './database.ts';
import type { SecretRow } from './installation-models.ts';
import { storable } from './outbound/rows.ts';
import { withStorageErrors } from './storage-error.ts';

/** The secrets part of the storage port. */
export function secretStore({ read, write }: Database): SecretStore {
  return {
    list: () =>
      withStorageErrors(async () => {
        const rows = await read.secrets.findAll();
        // Each database has an order of texts of its own.
        return rows.map((row) => toSecret(row.get())).sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
      }),

    get: (name) =>
      withStorageErrors(async () => {
        const row = isSearchable(name) ? await read.secrets.findByPk(name) : null;
        return row ? toSecret(row.get()) : undefined;
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

/** What cannot be read allows no host, rather than all of them. */
function readHosts(text: string | null): readonly string[] | null {
  if (text === null) return null;
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/** PostgreSQL gives BIGINT as text. */
function toSecret({ createdAt, updatedAt, allowedHosts, ...row }: SecretRow): StoredSecret {
  return { ...row, allowedHosts: readHosts(allowedHosts ?? null), createdAt: Number(createdAt), updatedAt: Number(updatedAt) };
}
