// Counts executions once a minute, in each process, and notes how old the backlog is.

import { toFailure } from '../../engine/failure.ts';
import type { ExecutionStore } from '../../engine/ports.ts';
import type { StatisticsStore } from '../../engine/statistics-ports.ts';

export interface CountingOptions {
  /** Between the end of one round and the start of the next, in milliseconds. Default one minute. */
  readonly intervalMs?: number;
  readonly log: { warn(fields: object, message: string): void };
  /** Milliseconds since 1970. Default the system's clock. */
  readonly now?: () => number;
}

/** What counting needs of the storage. */
export interface CountingStorage {
  readonly statistics: Pick<StatisticsStore, 'count' | 'sampleQueueAge' | 'deleteOld'>;
  readonly executions: Pick<ExecutionStore, 'oldestQueuedAt'>;
}

/** After storage was away, ends that could not be stored are stored late: nothing is counted for good so soon. */
const PAUSE_MS = 2 * 60_000;
const CLEANING_MS = 60 * 60_000;

/**
 * Starts rounds; the first one begins at once. One that fails is logged and tried again.
 * @returns stops, and resolves when nothing is being counted any more
 */
export function startCounting({ statistics, executions }: CountingStorage, options: CountingOptions): () => Promise<void> {
  const { intervalMs = 60_000, log, now = Date.now } = options;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let countsFrom = 0;
  let cleansFrom = 0;
  let round = run();

  async function run(): Promise<void> {
    try {
      const time = now();
      const oldest = await executions.oldestQueuedAt();
      await statistics.sampleQueueAge(time, oldest === null ? 0 : Math.max(0, time - oldest));
      if (time >= countsFrom) await statistics.count(time, () => isStopped);
      if (time >= cleansFrom && !isStopped) {
        await statistics.deleteOld(time);
        cleansFrom = time + CLEANING_MS;
      }
    } catch (error) {
      countsFrom = now() + PAUSE_MS;
      log.warn({ error: toFailure(error) }, 'Could not count executions; the next round tries again');
    }
    if (isStopped) return;
    timer = setTimeout(() => {
      round = run();
    }, intervalMs);
    timer.unref();
  }

  return async () => {
    isStopped = true;
    clearTimeout(timer);
    await round;
  };
}
