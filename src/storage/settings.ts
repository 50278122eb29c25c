// Small named values of the installation.

import type { Storage } from '../engine/ports.ts';
import { type Database, isSearchable } from './database.ts';
import { withStorageErrors } from './storage-error.ts';

/** The settings part of the storage port. */
export function settingStore({ read, write }: Database): Storage['settings'] {
  return {
    get: (name) =>
      withStorageErrors(async () => (isSearchable(name) ? (await read.settings.findByPk(name))?.get().value : undefined)),
    set: (name, value) =>
      write(async ({ settings }) => {
        await settings.upsert({ name, value });
      }),
    setAll: (values) =>
      write(async ({ settings }) => {
        for (const [name, value] of values) await settings.upsert({ name, value });
      }),
    setIfMissing: (name, value) =>
      write(async ({ settings }) => {
        await settings.bulkCreate([{ name, value }], { ignoreDuplicates: true });
        const row = await settings.findByPk(name, { rejectOnEmpty: true });
        return row.get().value;
      }),
  };
}
