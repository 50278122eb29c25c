// Graphile-worker's log as ours: quiet, as what it tells of is repeated by itself or logged by the queue.

import { Logger } from 'graphile-worker';
import type { Log } from '../engine/plugin.ts';

/** Warnings and errors are warnings; everything else, and each task that was put back, is for debugging. */
export function createGraphileLogger(log: Log): Logger {
  return new Logger((scope) => (level, message, meta) => {
    const isLoud = (level === 'error' || level === 'warning') && meta?.failure !== true;
    log[isLoud ? 'warn' : 'debug']({ part: 'queue', ...scope }, message);
  });
}
