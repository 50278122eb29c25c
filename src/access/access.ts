// Access control in one piece: users, sessions, links, tokens and the audit log over one store.

import type { SignAudit } from '../engine/audit-scope.ts';
import type { Log } from '../engine/plugin.ts';
import type { SecretBox } from '../engine/ports.ts';
import { announceNotices } from './announce-notices.ts';
import { type AuditService, createAudit } from './audit.ts';
import { type ConfirmationService, createConfirmation } from './confirmation.ts';
import { createLinks, type LinkService } from './links.ts';
import { createNoticeMaker, createNotices, NOTICE_KEEP_MS, type NoticeService } from './notices.ts';
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
  readonly confirmation: ConfirmationService;
  readonly links: LinkService;
  readonly tokens: TokenService;
  readonly notices: NoticeService;
  readonly audit: AuditService;
  readonly secondFactors: SecondFactorService;
  readonly bearers: BearerThrottle;
  readonly triggers: TriggerThrottle;
  readonly refusals: Refusals;
  /** Resolves when everything that was noted in passing is stored. Call it before the database is closed. */
  settle(): Promise<void>;
  /** Deletes what is over: sessions, links, notices, and up to `limit` old entries of the audit log. @returns how many of these */
  deleteOld(limit: number): Promise<number>;
}

export interface AccessOptions {
  readonly store: AccessStore;
  /** The public URL with the prefix: links begin with it. */
  readonly baseUrl: string;
  /** Signs the chain of the audit log, and what is handed to browsers: see `SecretBox.sign`. */
  readonly sign: SignAudit;
  /** Told when somebody has lost a session, a token or rights. Default: nobody is. */
  readonly onAccessChange?: () => void;
  /** Told of each user who has a new notice, or has read them. Default: nothing is. */
  readonly onNotice?: (userId: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  /** Encrypts the secrets of authenticator apps. */
  readonly box: Pick<SecretBox, 'seal' | 'open'>;
  /** Whether owners must have a second factor. Default never. */
  readonly isSecondFactorRequired?: () => Promise<boolean>;
  /** Whether every process on the database asks for the code of a second factor. Default: they do. */
  readonly isSecondFactorAskedEverywhere?: () => boolean;
  /** Default: in the memory of this process. */
  readonly counters?: MakeCounter;
  /** Default: as costly as they should be. */
  readonly passwords?: Passwords;
}

export function createAccess(options: AccessOptions): Access {
  const { baseUrl, sign, box, onAccessChange = () => {}, onNotice = () => {}, now, log } = options;
  const store = announceNotices(options.store, onNotice);
  const { counters = createMemoryCounter, passwords = createPasswords() } = options;
  const audit = createAudit({ store: store.audit, sign, now, log });
  const makeNotice = createNoticeMaker(now);
  const refusals = createRefusals({ store: store.refusedCalls, audit, now, log });
  const known = createKnownCallers({ store: store.knownCallers, sign, now, log });
  const signIns = createSignInThrottle({ store: store.userPlaces, sign, counters, refusals, now });
  const secondFactors = createSecondFactors({
    ...{ box, passwords, makeNotice, counters, refusals, audit, now },
    store: store.secondFactors,
    isRequiredForOwners: options.isSecondFactorRequired ?? (async () => false),
    isAskedEverywhere: options.isSecondFactorAskedEverywhere ?? (() => true),
  });
  const pending = createPendingSignIns({ sign, now });
  const shared = { passwords, audit, makeNotice, onAccessChange, counters, now, log };
  const sessions = createSessions({ ...shared, store, throttle: signIns, pending, secondFactors });
  return {
    audit,
    sessions,
    users: createUsers({ ...shared, store, secondFactors, baseUrl }),
    confirmation: createConfirmation({ ...shared, store: store.sessions }),
    links: createLinks({
      ...shared,
      ...{ store, sessions, signIns, secondFactors, baseUrl },
      throttle: createPlaceThrottle('link', counters),
    }),
    tokens: createTokens({ ...shared, store: store.tokens }),
    notices: createNotices({ store: store.notices, now }),
    secondFactors,
    bearers: createBearerThrottle({ throttle: createPlaceThrottle('bearer', counters), known, refusals }),
    triggers: createTriggerThrottle({ counters, known, refusals, now }),
    refusals,
    async settle() {
      await Promise.all([refusals.settle(), known.settle()]);
    },
    async deleteOld(limit) {
      const at = now();
      await store.deleteOldTries(at);
      await store.deleteExpired({ ...sessions.bounds(), noticesBefore: at - NOTICE_KEEP_MS, now: at });
      await audit.adopt();
      return audit.deleteOld(limit);
    },
  };
}
