// Counts tries by key within a time: in the memory of this process, with a bound that a flood of keys cannot abuse.

import { createHash } from 'node:crypto';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';

export interface CounterOptions {
  /** Tells the counters of one installation apart. */
  readonly name: string;
  /** How long a key is counted from its first try on, in milliseconds; then it starts at 0 again. */
  readonly windowMs: number;
}

export interface Count {
  /** Tries within the window. */
  readonly tries: number;
  /** Time until the count starts at 0 again, in milliseconds. */
  readonly restMs: number;
}

export interface Counter {
  /** Adds one try. @param windowMs of a key that is not counted yet; default as the counter has it */
  add(key: string, windowMs?: number): Promise<Count>;
  get(key: string): Promise<Count>;
  takeBack(key: string): Promise<void>;
  forget(key: string): Promise<void>;
}

/** Makes the counters of an installation: in memory for a process that is alone, shared where several have one database. */
export type MakeCounter = (options: CounterOptions) => Counter;

/** More keys are not kept: a few MB. */
export const MAX_KEYS = 10_000;
/** How many keys go together when there are too many. */
const EVICTED = 1_000;

/** Keys hold e-mail addresses and are as long as strangers like: what is kept of them is their SHA-256. */
export function digestOf(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('base64url');
}

/** What a limiter says of a key; nothing for one whose time is over. */
export function countOf(found: RateLimiterRes | null): Count {
  if (found === null || found.msBeforeNext <= 0) return { tries: 0, restMs: 0 };
  return { tries: Math.max(0, found.consumedPoints), restMs: found.msBeforeNext };
}

/**
 * When there are too many keys, those with the fewest tries go first: whoever wants a count of n tries to be forgotten has to
 * make more than n tries on each of 10,000 other keys.
 */
export const createMemoryCounter: MakeCounter = ({ name, windowMs }) => {
  const limiter = new RateLimiterMemory({ keyPrefix: name, points: 1, duration: windowMs / 1_000 });
  /** What the limiter holds, for eviction: the oldest first. */
  const held = new Map<string, { tries: number; until: number }>();

  function note(key: string, { tries, restMs }: Count): void {
    const isNew = !held.has(key);
    held.set(key, { tries, until: Date.now() + restMs });
    if (isNew && held.size > MAX_KEYS) evict();
  }

  function evict(): void {
    const now = Date.now();
    for (const [key, { until }] of held) if (until <= now) held.delete(key);
    if (held.size <= MAX_KEYS) return;
    const fewest = [...held].sort(([, one], [, other]) => one.tries - other.tries).slice(0, EVICTED);
    for (const [key] of fewest) {
      held.delete(key);
      void limiter.delete(key);
    }
  }

  return {
    async add(key, ownWindowMs = windowMs) {
      const digest = digestOf(key);
      const count = countOf(await limiter.penalty(digest, 1, { customDuration: ownWindowMs / 1_000 }));
      note(digest, count);
      return count;
    },
    get: async (key) => countOf(await limiter.get(digestOf(key))),
    async takeBack(key) {
      const digest = digestOf(key);
      if (countOf(await limiter.get(digest)).tries === 0) return;
      note(digest, countOf(await limiter.reward(digest, 1)));
    },
    async forget(key) {
      const digest = digestOf(key);
      held.delete(digest);
      await limiter.delete(digest);
    },
  };
};
