// Slows down who guesses a password, without locking out whose password it is.

import { timingSafeEqual } from 'node:crypto';
import type { UserPlaceStore } from '../ports.ts';
import { makeSecret } from '../random-secret.ts';
import { digestOf, type MakeCounter } from './counter.ts';
import { placeOfAddress } from './place.ts';
import { createPlaceThrottle } from './place-throttle.ts';
import type { Refusals } from './refusals.ts';
import { createThrottle, type Throttled, takeTurn } from './throttle.ts';

/** A try whose password may be judged. */
export interface SignInTurn {
  /** The user is signed in: forgets the wrong tries before, and remembers the place. */
  succeed(userId: string): Promise<void>;
  /** The password was right, but a code is needed: the try was no guess. */
  pass(): Promise<void>;
}

export interface SignInThrottle {
  /**
   * Counts a try before its password is judged. A browser or a place that the user signed in from before has a count of its
   * own; all others share the counts of the e-mail address and of their place. That goes for unknown e-mail addresses, too.
   * @param from.userId undefined when no user has this e-mail address
   * @throws HooklineError `too_many_requests` with `Retry-After`
   */
  take(from: {
    readonly email: string;
    readonly userId: string | undefined;
    readonly address: string;
    readonly device?: string | undefined;
  }): Promise<SignInTurn>;
  /** By what a user is known there: the browser or the place of an earlier sign-in. Undefined for strangers. */
  knownBy(userId: string, from: { readonly address: string; readonly device?: string | undefined }): Promise<string | undefined>;
  /** Notes that a user has signed in from an address. */
  remember(userId: string, address: string): Promise<void>;
  /** A new value for the cookie of a browser that this user signs in with. */
  deviceOf(userId: string): string;
}

/** Places that are remembered of a user; the ones longest not used go. */
const MAX_PLACES = 20;
const FREE = 5;
const MAX_WAIT_MS = 300_000;
/** As `deviceOf` makes it: a random name, and the code that ties it to its user. */
const DEVICE = /^([\w-]{43})\.([\w-]{43})$/;

/** @param options.sign a code that only holders of the installation's key can make */
export function createSignInThrottle(options: {
  store: UserPlaceStore;
  sign: (text: string) => string;
  counters: MakeCounter;
  refusals: Pick<Refusals, 'note'>;
  now: () => number;
}): SignInThrottle {
  const { store, sign, counters, refusals, now } = options;
  const limits = { free: FREE, maxWaitMs: MAX_WAIT_MS, counters };
  const byKnown = createThrottle({ name: 'sign-in-known', ...limits });
  const byEmail = createThrottle({ name: 'sign-in-email', ...limits });
  const byPlace = createPlaceThrottle('sign-in', counters);

  const codeOf = (userId: string, name: string): string => sign(`device:${JSON.stringify([userId, name])}`);
  const placeOf = (userId: string, address: string): string =>
    sign(`user-place:${JSON.stringify([userId, placeOfAddress(address)])}`);

  /** What is known of where a user signs in; undefined for strangers. */
  async function knownKey(userId: string, address: string, device: string | undefined): Promise<string | undefined> {
    const [, name, code] = DEVICE.exec(device ?? '') ?? [];
    const isKnownDevice = name !== undefined && code !== undefined && isSame(code, codeOf(userId, name));
    const place = placeOf(userId, address);
    // Asked in any case: the time says nothing of which e-mail addresses exist.
    const isKnownPlace = await store.has(userId, place);
    if (isKnownDevice) return `device ${userId} ${name}`;
    return isKnownPlace ? `place ${userId} ${place}` : undefined;
  }

  async function remember(userId: string, address: string): Promise<void> {
    await store.remember(userId, placeOf(userId, address), now(), MAX_PLACES);
  }

  return {
    async take({ email, userId, address, device }) {
      const known = await knownKey(userId ?? '', address, device);
      const keys: Throttled[] = known === undefined ? [[byEmail, email], ...byPlace.keysOf(address)] : [[byKnown, known]];
      try {
        await takeTurn(...keys);
      } catch (error) {
        refusals.note({ action: 'signInThrottled', target: userId ?? null, name: email, address });
        throw error;
      }
      return {
        async pass() {
          await Promise.all(keys.map(([throttle, key]) => throttle.takeBack(key)));
        },
        async succeed(id) {
          const [first, ...others] = keys;
          await Promise.all([
            first?.[0].forget(first[1]),
            ...others.map(([throttle, key]) => throttle.takeBack(key)),
            remember(id, address),
          ]);
        },
      };
    },
    knownBy: (userId, { address, device }) => knownKey(userId, address, device),
    remember,
    deviceOf(userId) {
      const name = makeSecret();
      return `${name}.${codeOf(userId, name)}`;
    },
  };
}

function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(Buffer.from(digestOf(given)), Buffer.from(digestOf(wanted)));
}
