// Temporary folders for the storage tests, removed behind each test.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new folder that is removed when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hookline-storage-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Closes something when the test ends, before the folder goes. */
export function closing<Closable extends { close(): Promise<void> }>(closable: Closable): Closable {
  onTestFinished(() => closable.close());
  return closable;
}
