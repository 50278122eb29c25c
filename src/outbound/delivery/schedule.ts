// Pure: when a delivery that failed is tried again.

import type { RetrySchedule } from '../../engine/outbound-model.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Pauses behind each failed attempt: the example of Standard Webhooks 1.0.0, ten attempts in about three days. */
const STANDARD_MS: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];
const SHORT_MS: readonly number[] = [5 * SECOND, 30 * SECOND, 2 * MINUTE];
const PRESET_JITTER = 0.2;

/** Longest pause that a receiver can ask for with `Retry-After`, in milliseconds: 12 hours. */
export const MAX_RETRY_AFTER_MS = 12 * HOUR;

/**
 * The pause before the next attempt, in milliseconds.
 * @param failedAttempts how many have failed since the schedule began; 1 behind the first
 * @param random from 0 to 1, for jitter
 * @returns undefined when the schedule is used up
 */
export function nextDelayMs(schedule: RetrySchedule, failedAttempts: number, random: number): number | undefined {
  switch (schedule.type) {
    case 'standard':
      return fromList(STANDARD_MS, PRESET_JITTER, failedAttempts, random);
    case 'short':
      return fromList(SHORT_MS, PRESET_JITTER, failedAttempts, random);
    case 'dastra':
    case 'none':
      return undefined;
    case 'custom':
      return fromList(schedule.delaysMs, schedule.jitter, failedAttempts, random);
    case 'exponential': {
      if (failedAttempts >= schedule.attempts) return undefined;
      const whole = Math.min(schedule.firstDelayMs * schedule.factor ** (failedAttempts - 1), schedule.maxDelayMs);
      return withJitter(whole, schedule.jitter, random);
    }
  }
}

/** What a receiver has asked for, bounded to 12 hours; 0 when it has not. */
export function boundedRetryAfterMs(retryAfterMs: number | null): number {
  return Math.min(Math.max(retryAfterMs ?? 0, 0), MAX_RETRY_AFTER_MS);
}

function fromList(delaysMs: readonly number[], jitter: number, failedAttempts: number, random: number): number | undefined {
  const whole = delaysMs[failedAttempts - 1];
  return whole === undefined ? undefined : withJitter(whole, jitter, random);
}

/** Shorter or longer by at most this share: receivers that were down must not get everything in the same moment. */
function withJitter(wholeMs: number, jitter: number, random: number): number {
  return Math.round(wholeMs * (1 + jitter * (2 * random - 1)));
}
