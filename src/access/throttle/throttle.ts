// Slows down guessing: after a few tries each further one has to wait longer than the one before.

import { HooklineError } from '../../errors.ts';
import type { MakeCounter } from './counter.ts';

export interface ThrottleOptions {
  readonly name: string;
  /** Tries without any wait. */
  readonly free: number;
  /** The longest wait, in milliseconds. The first one is a second; each is twice the one before. */
  readonly maxWaitMs: number;
  /** How long tries are counted from the first one on, in milliseconds. Default an hour. */
  readonly windowMs?: number;
  readonly counters: MakeCounter;
}

/** Counts tries by a key: a user, an e-mail address, or where they come from. */
export interface Throttle {
  /** How long this key has to wait, in milliseconds; 0: not at all. */
  waitMs(key: string): Promise<number>;
  /**
   * Counts a try before it is judged: of those that come at once, only as many are judged as may be.
   * @returns 0, or how long this try has to wait, in milliseconds; then it was not counted
   */
  count(key: string): Promise<number>;
  /** Takes one try back: it was no guess. */
  takeBack(key: string): Promise<void>;
  /** Forgets the key: the secret is known there. */
  forget(key: string): Promise<void>;
}

const HOUR_MS = 3_600_000;
const FIRST_WAIT_MS = 1_000;

export function createThrottle({ name, free, maxWaitMs, windowMs = HOUR_MS, counters }: ThrottleOptions): Throttle {
  const tries = counters({ name, windowMs });
  /** Who may try next: the first in a wait's time. */
  const turns = counters({ name: `${name}-turn`, windowMs: maxWaitMs });
  return {
    async waitMs(key) {
      return (await turns.get(key)).restMs;
    },
    async count(key) {
      const over = (await tries.add(key)).tries - free;
      if (over <= 0) return 0;
      const turn = await turns.add(key, Math.min(maxWaitMs, FIRST_WAIT_MS * 2 ** (over - 1)));
      if (turn.tries <= 1) return 0;
      await tries.takeBack(key);
      return turn.restMs;
    },
    async takeBack(key) {
      await Promise.all([tries.takeBack(key), turns.forget(key)]);
    },
    async forget(key) {
      await Promise.all([tries.forget(key), turns.forget(key)]);
    },
  };
}

/** A throttle with the key that is counted in it. */
export type Throttled = readonly [Throttle, string];

/**
 * Lets one try be judged, counted by all of these keys, or none.
 * @throws HooklineError `too_many_requests` with `Retry-After` when one of the keys has to wait
 */
export async function takeTurn(...keys: readonly Throttled[]): Promise<void> {
  requireNoWait(Math.max(...(await Promise.all(keys.map(([throttle, key]) => throttle.waitMs(key))))));
  const waits = await Promise.all(keys.map(([throttle, key]) => throttle.count(key)));
  const longest = Math.max(...waits);
  if (longest <= 0) return;
  // Those that had a turn give it back: this try is not judged.
  await Promise.all(keys.map(([throttle, key], n) => (waits[n] === 0 ? throttle.takeBack(key) : undefined)));
  requireNoWait(longest);
}

/** @throws HooklineError `too_many_requests` with `Retry-After` unless the wait is 0 */
export function requireNoWait(waitMs: number): void {
  if (waitMs > 0) throw tooManyTries(waitMs);
}

export function tooManyTries(waitMs: number): HooklineError {
  const seconds = Math.ceil(waitMs / 1_000);
  return new HooklineError('too_many_requests', `Too many tries. Wait ${seconds} s before the next one.`, {
    headers: { 'Retry-After': String(seconds) },
  });
}
