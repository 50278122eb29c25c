// How long to wait before a node that failed is tried again.

import type { Retry } from './model.ts';

/**
 * The pause behind try number `attempt` (1 is the first), in milliseconds: exponential, bounded, and a part of it left to
 * chance (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/).
 * @param random a number from 0 to 1
 */
export function backoffMs({ delayMs, factor, maxDelayMs, jitter }: Retry, attempt: number, random: number): number {
  const whole = Math.min(delayMs * factor ** (attempt - 1), maxDelayMs);
  return Math.round(whole * (1 - jitter * random));
}
