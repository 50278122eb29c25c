// Access control in one piece: users, sessions, links, tokens and the audit log over one store.

import type { Log } from '../engine/plugin.ts';
import { AUDIT_KEEP_MS, type AuditService, createAudit } from './audit.ts';
import { createLinks, type LinkService } from './links.ts';
import { createPasswords, type Passwords } from './passwords.ts';
import type { AccessStore } from './ports.ts';
import { createPendingSignIns } from './second-factor/pending-sign-in.ts';
import { createSecondFactors, type SecondFactorService } from './second-factor/second-factors.ts';
import { createSessions, type SessionService } from './sessions.ts';
import { type BearerThrottle, createBearerThrottle } from './throttle/bearer-throttle.ts';
import { createMemoryCounter, type MakeCounter } from './throttle/counter.ts';
import { createKnownCallers } from './throttle/known-callers.ts';
import { createPlaceThrottle } from './throttle/place-throttle.ts';
import { createRefusals, type Refusals } from './throttle/refusals.ts';
import { createSignInThrottle } from './throttle/sign-in-throttle.ts';
import { createTriggerThrottle, type TriggerThrottle } from './throttle/trigger-throttle.ts';
import { createTokens, type TokenService } from './tokens.ts';
import { createUsers, type UserService } from './users.ts';

export interface Access {
  readonly users: UserService;
  readonly sessions: SessionService;
  readonly links: LinkService;
  readonly tokens: TokenService;
  readonly audit: AuditService;
  readonly secondFactors: SecondFactorService;
  readonly bearers: BearerThrottle;
  readonly triggers: TriggerThrottle;
  readonly refusals: Refusals;
  /** Resolves when everything that was noted in passing is stored. Call it before the database is closed. */
  settle(): Promise<void>;
  /** Deletes what is over: sessions, links, and up to `limit` old entries of the audit log. @returns how many of these */
  deleteOld(limit: number): Promise<number>;
}

export interface AccessOptions {
  readonly store: AccessStore;
  /** The public URL with the prefix: links begin with it. */
  readonly baseUrl: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  /** A code that only holders of the installation's key can make. */
  readonly sign: (text: string) => string;
  /** Seals the secrets of authenticator apps. */
  readonly box: { seal(text: string): string; open(sealed: string): string };
  /** Whether owners must have a second factor. Default never. */
  readonly isSecondFactorRequired?: () => Promise<boolean>;
  /** Default: in the memory of this process. */
  readonly counters?: MakeCounter;
  /** Default: as costly as they should be. */
  readonly passwords?: Passwords;
}

export function createAccess(options: AccessOptions): Access {
  const { store, baseUrl, now, log, sign, box, counters = createMemoryCounter, passwords = createPasswords() } = options;
  const audit = createAudit({ store: store.audit, now, log });
  const refusals = createRefusals({ store: store.refusedCalls, audit, now, log });
  const known = createKnownCallers({ store: store.knownCallers, sign, now, log });
  const signIns = createSignInThrottle({ store: store.userPlaces, sign, counters, refusals, now });
  const secondFactors = createSecondFactors({
    ...{ box, passwords, counters, refusals, audit, now },
    store: store.secondFactors,
    isRequiredForOwners: options.isSecondFactorRequired ?? (async () => false),
  });
  const pending = createPendingSignIns({ sign, now });
  const sessions = createSessions({ store, passwords, throttle: signIns, pending, secondFactors, audit, now, log });
  return {
    audit,
    sessions,
    users: createUsers({ store, passwords, secondFactors, counters, baseUrl, now }),
    links: createLinks({
      ...{ store, passwords, sessions, signIns, secondFactors, audit, baseUrl, now },
      throttle: createPlaceThrottle('link', counters),
    }),
    tokens: createTokens({ store: store.tokens, now, log }),
    secondFactors,
    bearers: createBearerThrottle({ throttle: createPlaceThrottle('bearer', counters), known, refusals }),
    triggers: createTriggerThrottle({ counters, known, refusals, now }),
    refusals,
    async settle() {
      await Promise.all([refusals.settle(), known.settle()]);
    },
    async deleteOld(limit) {
      await store.deleteOldTries(now());
      await store.deleteExpired({ ...sessions.bounds(), now: now() });
      return store.audit.deleteOld(now() - AUDIT_KEEP_MS, limit);
    },
  };
}
