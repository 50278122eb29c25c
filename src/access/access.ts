// Access control in one piece: users, sessions, links, tokens and the audit log over one store.

import type { SignAudit } from '../engine/audit-scope.ts';
import type { Log } from '../engine/plugin.ts';
import { type AuditService, createAudit } from './audit.ts';
import { type ConfirmationService, createConfirmation } from './confirmation.ts';
import { createLinks, type LinkService } from './links.ts';
import { createNoticeMaker, createNotices, NOTICE_KEEP_MS, type NoticeService } from './notices.ts';
import { createPasswords, type Passwords } from './passwords.ts';
import type { AccessStore } from './ports.ts';
import { createSessions, type SessionService } from './sessions.ts';
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
  /** Deletes what is over: sessions, links, notices, and up to `limit` old entries of the audit log. @returns how many of these */
  deleteOld(limit: number): Promise<number>;
}

export interface AccessOptions {
  readonly store: AccessStore;
  /** The public URL with the prefix: links begin with it. */
  readonly baseUrl: string;
  /** Signs the chain of the audit log: see `SecretBox.sign`. */
  readonly sign: SignAudit;
  /** Told when somebody has lost a session, a token or rights. Default: nobody is. */
  readonly onAccessChange?: () => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  /** Default: as costly as they should be. */
  readonly passwords?: Passwords;
}

export function createAccess(options: AccessOptions): Access {
  const { store, baseUrl, sign, onAccessChange = () => {}, now, log, passwords = createPasswords() } = options;
  const audit = createAudit({ store: store.audit, sign, now, log });
  const makeNotice = createNoticeMaker(now);
  const shared = { passwords, audit, makeNotice, onAccessChange, now, log };
  const sessions = createSessions({ ...shared, store });
  return {
    audit,
    sessions,
    users: createUsers({ ...shared, store, baseUrl }),
    confirmation: createConfirmation({ ...shared, store: store.sessions }),
    links: createLinks({ ...shared, store, sessions, baseUrl }),
    tokens: createTokens({ ...shared, store: store.tokens }),
    notices: createNotices({ store: store.notices, now }),
    async deleteOld(limit) {
      const at = now();
      await store.deleteExpired({ ...sessions.bounds(), noticesBefore: at - NOTICE_KEEP_MS, now: at });
      await audit.adopt();
      return audit.deleteOld(limit);
    },
  };
}
