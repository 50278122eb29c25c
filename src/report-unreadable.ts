// Says in the log that a row of the database cannot be read.

import type { Log } from './engine/plugin.ts';
import type { UnreadableRow } from './storage/row-reader.ts';

/** One row's problem: the rest of the page, the queue and the statistics go without it. */
export function reportUnreadable(log: Log, { table, key, reason }: UnreadableRow): void {
  log.error(
    { part: 'storage', table, row: key, reason },
    'a row of the database cannot be read; it is shown as unreadable and left out of work',
  );
}
