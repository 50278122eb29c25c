// Slows down guessing by where it comes from, at two levels: the address or /64, and the /48 around it with a higher limit.

import type { MakeCounter } from './counter.ts';
import { placesOfAddress } from './place.ts';
import { createThrottle, type Throttled, takeTurn } from './throttle.ts';

export interface PlaceThrottle {
  /** The keys that tries from an address are counted by. */
  keysOf(address: string): Throttled[];
  /** Counts a try before it is judged. @throws HooklineError `too_many_requests` with `Retry-After` */
  take(address: string): Promise<{ takeBack(): Promise<void> }>;
}

/** Tries of an address or a /64 without any wait within an hour: many people may share one. */
const FREE = 20;
/** The same of a /48. */
const FREE_WIDE = 200;
/** The longest wait, in milliseconds. */
const MAX_WAIT_MS = 60_000;

/** @param name tells the counters of different secrets apart */
export function createPlaceThrottle(name: string, counters: MakeCounter): PlaceThrottle {
  const narrow = createThrottle({ name: `${name}-place`, free: FREE, maxWaitMs: MAX_WAIT_MS, counters });
  const wide = createThrottle({ name: `${name}-block`, free: FREE_WIDE, maxWaitMs: MAX_WAIT_MS, counters });

  function keysOf(address: string): Throttled[] {
    const places = placesOfAddress(address);
    return [[narrow, places.narrow], ...(places.wide === undefined ? [] : [[wide, places.wide] as const])];
  }

  return {
    keysOf,
    async take(address) {
      const keys = keysOf(address);
      await takeTurn(...keys);
      return {
        async takeBack() {
          await Promise.all(keys.map(([throttle, key]) => throttle.takeBack(key)));
        },
      };
    },
  };
}
