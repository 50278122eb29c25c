// Checkpoints of SQLite's write-ahead log beside the writer, so that no commit has to wait for one.

import sqlite3 from 'sqlite3';
import { toStorageError } from './storage-error.ts';

export interface CheckpointOptions {
  /** The database file, opened once more for checkpoints beside the writer. */
  checkpointPath: string;
  /** Called when a checkpoint fails; the write-ahead log then grows until one succeeds. */
  onCheckpointError?: (error: unknown) => void;
}

/** Log size in bytes after which its pages are copied into the database. Smaller costs more copying, larger more disk. */
const CHECKPOINT_BYTES = 12 * 1024 * 1024;

export interface Checkpoints {
  /** Counts what went to the log; starts a checkpoint beside the writer when it is due. */
  wrote(bytes: number): void;
  /** Whether the short last step is due. */
  isReady(): boolean;
  /** The short last step, on the writer's connection between two batches. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Checkpoints copy the write-ahead log into the database. SQLite's automatic ones stop the writer for 10 to 20 ms each, which
 * costs a quarter of the throughput. Here a second connection does the bulk while the writer goes on; what is left for the
 * writer is small, and with the log then wholly copied SQLite starts it anew from its beginning.
 */
export async function openCheckpoints(writer: sqlite3.Database, options: CheckpointOptions): Promise<Checkpoints> {
  const side = await new Promise<sqlite3.Database>((resolve, reject) => {
    const database = new sqlite3.Database(options.checkpointPath, sqlite3.OPEN_READWRITE, (error) =>
      error ? reject(toStorageError(error)) : resolve(database),
    );
  });
  let bytes = 0;
  let state: 'idle' | 'copying' | 'ready' = 'idle';
  let copying: Promise<void> = Promise.resolve();

  const checkpoint = (database: sqlite3.Database): Promise<void> =>
    new Promise((resolve) => {
      database.all('PRAGMA wal_checkpoint(PASSIVE)', (error: Error | null) => {
        if (error) options.onCheckpointError?.(error);
        resolve();
      });
    });

  return {
    wrote(count) {
      bytes += count;
      if (bytes < CHECKPOINT_BYTES || state !== 'idle') return;
      bytes = 0;
      state = 'copying';
      // Twice: the second run copies what was written during the first and leaves little.
      copying = checkpoint(side)
        .then(() => checkpoint(side))
        .then(() => {
          state = 'ready';
        });
    },
    isReady: () => state === 'ready',
    async finish() {
      if (state !== 'ready') return;
      state = 'idle';
      await checkpoint(writer);
    },
    async close() {
      await copying;
      await new Promise<void>((resolve, reject) => {
        side.close((error) => (error ? reject(toStorageError(error)) : resolve()));
      });
    },
  };
}
