// Slows down those who guess: after a few tries each further one has to wait longer than the one before.

import { isIPv6 } from 'node:net';
import { HooklineError } from '../errors.ts';

export interface ThrottleOptions {
  /** Tries without any wait. */
  readonly free: number;
  /** The longest wait, in milliseconds. The first one is a second; each is twice the one before. */
  readonly maxWaitMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Counts tries by a key: an e-mail address, or where they come from. */
export interface Throttle {
  /** How long this key has to wait, in milliseconds; 0: not at all. */
  waitMs(key: string): number;
  /** Call it before the try is judged: others that come meanwhile wait. */
  count(key: string): void;
  /** Takes one try back: it was no guess. */
  takeBack(key: string): void;
  /** Forgets the key: whoever it is knows the secret. */
  forget(key: string): void;
}

const FIRST_WAIT_MS = 1_000;
/** How long tries are remembered after the last one, in milliseconds. */
const MEMORY_MS = 3_600_000;
/** Keys may come from strangers: more are not remembered; who was quiet the longest is forgotten. A few MB. */
const MAX_KEYS = 10_000;

interface Tries {
  count: number;
  lastAt: number;
  waitUntil: number;
}

export function createThrottle({ free, maxWaitMs, now }: ThrottleOptions): Throttle {
  /** In the order of the last tries. */
  const known = new Map<string, Tries>();

  function get(key: string): Tries | undefined {
    const tries = known.get(key);
    if (tries === undefined || tries.lastAt + MEMORY_MS > now()) return tries;
    known.delete(key);
    return undefined;
  }

  return {
    waitMs: (key) => Math.max(0, (get(key)?.waitUntil ?? 0) - now()),
    count(key) {
      const at = now();
      const tries = get(key) ?? { count: 0, lastAt: at, waitUntil: 0 };
      tries.count += 1;
      tries.lastAt = at;
      const over = tries.count - free;
      if (over > 0) tries.waitUntil = at + Math.min(maxWaitMs, FIRST_WAIT_MS * 2 ** (over - 1));
      known.delete(key);
      known.set(key, tries);
      if (known.size <= MAX_KEYS) return;
      for (const oldest of known.keys()) {
        known.delete(oldest);
        break;
      }
    },
    takeBack(key) {
      const tries = get(key);
      if (tries === undefined) return;
      tries.count -= 1;
      tries.waitUntil = 0;
      if (tries.count <= 0) known.delete(key);
    },
    forget: (key) => void known.delete(key),
  };
}

/** @throws HooklineError `too_many_requests` with `Retry-After` when one of these keys has to wait */
export function requireNoWait(...keys: readonly (readonly [Throttle, string])[]): void {
  const waitMs = Math.max(...keys.map(([throttle, key]) => throttle.waitMs(key)));
  if (waitMs <= 0) return;
  const seconds = Math.ceil(waitMs / 1_000);
  throw new HooklineError('too_many_requests', `Too many tries. Wait ${seconds} s before the next one.`, {
    headers: { 'Retry-After': String(seconds) },
  });
}

/** What counts as one place: an IPv4 address, or the /64 that an IPv6 customer has for himself. */
export function placeOfAddress(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.toLowerCase().split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array<string>(missing).fill('0'), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
