// Opens the access part of a database by itself, beside a server that may be running on it: for `hookline user`.

import type { AccessStore } from '../access/ports.ts';
import { accessStore } from './access.ts';
import { openDatabaseBeside } from './beside.ts';

export interface AccessAlone {
  readonly store: AccessStore;
  close(): Promise<void>;
}

/** @throws HooklineError `invalid_configuration` when there is no such database, `migration_needed`, `storage_unavailable` */
export async function openAccessStore(url: string): Promise<AccessAlone> {
  const { database, close } = await openDatabaseBeside(url);
  return { store: accessStore(database), close };
}
