// Remembers for a day which callers have presented the right credentials, so that they pass while others guess.

import { toFailure } from '../../engine/failure.ts';
import type { Log } from '../../engine/plugin.ts';
import type { KnownCallerStore } from '../ports.ts';
import { keepLatest } from './keep-latest.ts';

/** How long a caller is known after the last time it was right, in milliseconds. */
export const KNOWN_MS = 24 * 3_600_000;
/** How often it is written again that a caller was right, in milliseconds. */
const STORE_EVERY_MS = 3_600_000;
/** How often the others' callers are looked up at most, in milliseconds: guessing must not become a load. */
const LOOK_UP_EVERY_MS = 5_000;
/** The latest ones are kept: about a megabyte. */
const MAX_KNOWN = 10_000;

export interface KnownCallers {
  /** The key of a caller: a message authentication code, so that the database does not show what was presented. */
  keyOf(kind: string, place: string, credentials: string): string;
  /** Notes that a caller was right just now. Stored at most once an hour; a failure to store is logged. */
  remember(key: string): void;
  forget(key: string): void;
  /** Whether this process knows the caller. */
  has(key: string): boolean;
  /** Whether the caller is known to any process, also from before the last start. */
  find(key: string): Promise<boolean>;
  /** Resolves when everything is stored. */
  settle(): Promise<void>;
}

export function createKnownCallers(options: {
  store: KnownCallerStore;
  /** A code that only holders of the installation's key can make. */
  sign: (text: string) => string;
  now: () => number;
  log: Log;
}): KnownCallers {
  const { store, sign, now, log } = options;
  /** When each was right last, and when that was stored last: the oldest first. */
  const known = new Map<string, { at: number; storedAt: number }>();
  const writing = new Set<Promise<void>>();
  let lookedUpAt = Number.NEGATIVE_INFINITY;
  let lookingUp: Promise<void> | undefined;

  function has(key: string): boolean {
    const at = known.get(key)?.at;
    return at !== undefined && at > now() - KNOWN_MS;
  }

  async function lookUp(): Promise<void> {
    const from = now() - KNOWN_MS;
    for (const { key, at } of await store.listSince(from, MAX_KNOWN)) {
      if (at > (known.get(key)?.at ?? 0)) keepLatest(known, key, { at, storedAt: at }, MAX_KNOWN);
    }
    lookedUpAt = now();
  }

  return {
    keyOf: (kind, place, credentials) => sign(`known-caller:${JSON.stringify([kind, place, credentials])}`),
    has,
    remember(key) {
      const at = now();
      const storedAt = known.get(key)?.storedAt ?? Number.NEGATIVE_INFINITY;
      const isStored = storedAt > at - STORE_EVERY_MS;
      keepLatest(known, key, { at, storedAt: isStored ? storedAt : at }, MAX_KNOWN);
      if (isStored) return;
      const write = store.remember(key, at).catch((error: unknown) => {
        log.warn({ error: toFailure(error) }, 'Could not store that a caller presented the right credentials');
      });
      writing.add(write);
      void write.finally(() => writing.delete(write));
    },
    forget: (key) => void known.delete(key),
    async find(key) {
      if (has(key)) return true;
      if (now() - lookedUpAt >= LOOK_UP_EVERY_MS) {
        lookingUp ??= lookUp().finally(() => {
          lookingUp = undefined;
        });
      }
      await lookingUp;
      return has(key);
    },
    async settle() {
      await Promise.all(writing);
    },
  };
}
