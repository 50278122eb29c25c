// Counts tries for all processes on one PostgreSQL database; while that is away, each process counts for itself.

import type { Pool } from 'pg';
import { RateLimiterPostgres } from 'rate-limiter-flexible';
import { toFailure } from '../../engine/failure.ts';
import type { Log } from '../../engine/plugin.ts';
import { type Counter, countOf, createMemoryCounter, digestOf, type MakeCounter } from './counter.ts';

/** Made by migration 0011 in the form that rate-limiter-flexible reads and writes. */
const TABLE = 'throttles';

/** @param options.pool connections of this process; a count is one statement */
export function createPostgresCounters({ pool, log }: { readonly pool: Pool; readonly log: Log }): MakeCounter {
  return (options) => {
    const limiter = new RateLimiterPostgres({
      storeClient: pool,
      storeType: 'pool',
      tableName: TABLE,
      tableCreated: true,
      clearExpiredByTimeout: false,
      keyPrefix: options.name,
      points: 1,
      duration: options.windowMs / 1_000,
    });
    const own = createMemoryCounter(options);

    async function shared<Result>(work: () => Promise<Result>, alone: () => Promise<Result>): Promise<Result> {
      try {
        return await work();
      } catch (error) {
        log.warn({ error: toFailure(error), counter: options.name }, 'Tries are counted by this process alone for now');
        return alone();
      }
    }

    const counter: Counter = {
      add: (key, windowMs = options.windowMs) =>
        shared(
          async () => countOf(await limiter.penalty(digestOf(key), 1, { customDuration: windowMs / 1_000 })),
          () => own.add(key, windowMs),
        ),
      get: (key) =>
        shared(
          async () => countOf(await limiter.get(digestOf(key))),
          () => own.get(key),
        ),
      takeBack: (key) =>
        shared(
          async () => {
            const digest = digestOf(key);
            if (countOf(await limiter.get(digest)).tries > 0) await limiter.reward(digest, 1);
          },
          () => own.takeBack(key),
        ),
      forget: (key) =>
        shared(
          async () => void (await limiter.delete(digestOf(key))),
          () => own.forget(key),
        ),
    };
    return counter;
  };
}
