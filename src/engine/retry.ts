// When a node that failed is tried again: at once while the run stays in memory, or later from storage.

import { backoffMs } from './backoff.ts';
import type { CompiledNode } from './compile.ts';

/** Shorter pauses are slept through in memory; for longer ones the execution waits in storage and holds nothing up. */
const LONGEST_SLEEP_MS = 1_000;

export type RetryPlan = { readonly type: 'soon'; readonly delayMs: number } | { readonly type: 'later'; readonly until: number };

/**
 * @param attempt the try that has just failed, from 1
 * @param mayWait whether the execution may wait in storage
 * @returns undefined when there is no further try
 */
export function planRetry({ retry }: CompiledNode, attempt: number, now: number, mayWait: boolean): RetryPlan | undefined {
  if (retry === undefined || attempt >= retry.attempts) return undefined;
  const delayMs = backoffMs(retry, attempt, Math.random());
  return mayWait && delayMs > LONGEST_SLEEP_MS ? { type: 'later', until: now + delayMs } : { type: 'soon', delayMs };
}

/** Resolves after a pause, or as soon as the run is over. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal.addEventListener('abort', wake);
    if (signal.aborted) wake();
  });
}
