// Slows down who guesses bearer tokens, before any token is looked up, and lets those pass that were right before.

import type { KnownCallers } from './known-callers.ts';
import { placeOfAddress } from './place.ts';
import type { PlaceThrottle } from './place-throttle.ts';
import type { Refusals } from './refusals.ts';

export interface BearerThrottle {
  /**
   * Looks a token up, unless too many wrong ones came from this address. A token that was right from there within 24 hours is
   * looked up in any case.
   * @param find what the token gives; undefined when it is wrong
   * @returns undefined when it is wrong
   * @throws HooklineError `too_many_requests` with `Retry-After`
   */
  judge<Found>(address: string, token: string, find: () => Promise<Found | undefined>): Promise<Found | undefined>;
}

export function createBearerThrottle(options: {
  throttle: PlaceThrottle;
  known: KnownCallers;
  refusals: Pick<Refusals, 'note'>;
}): BearerThrottle {
  const { throttle, known, refusals } = options;
  /** Tokens that are judged for the first time at this moment; resolved, never rejected, when that is over. */
  const judging = new Map<string, Promise<void>>();

  async function judge<Found>(address: string, key: string, find: () => Promise<Found | undefined>): Promise<Found | undefined> {
    const refuse = () => refusals.note({ action: 'bearerRefused', target: null, address });
    let turn: { takeBack(): Promise<void> } | undefined;
    if (!known.has(key)) {
      try {
        turn = await throttle.take(address);
      } catch (error) {
        if (!(await known.find(key))) {
          refuse();
          throw error;
        }
      }
    }
    const found = await find();
    if (found === undefined) {
      // It was revoked: the next time it counts like any other.
      known.forget(key);
      refuse();
      return undefined;
    }
    await turn?.takeBack();
    known.remember(key);
    return found;
  }

  return {
    async judge(address, token, find) {
      const key = known.keyOf('bearer', placeOfAddress(address), token);
      // A program that begins with many requests at once makes one try: the others wait until it is known.
      if (!known.has(key)) await judging.get(key);
      if (known.has(key) || judging.has(key)) return judge(address, key, find);
      const judged = judge(address, key, find);
      const over = (): void => void judging.delete(key);
      judging.set(key, judged.then(over, over));
      return judged;
    },
  };
}
