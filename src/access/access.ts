// Access control in one piece: users, sessions, links, tokens and the audit log over one store.

import type { Log } from '../engine/plugin.ts';
import { AUDIT_KEEP_MS, type AuditService, createAudit } from './audit.ts';
import { createLinks, type LinkService } from './links.ts';
import { createPasswords, type Passwords } from './passwords.ts';
import type { AccessStore } from './ports.ts';
import { createSessions, type SessionService } from './sessions.ts';
import { createTokens, type TokenService } from './tokens.ts';
import { createUsers, type UserService } from './users.ts';

export interface Access {
  readonly users: UserService;
  readonly sessions: SessionService;
  readonly links: LinkService;
  readonly tokens: TokenService;
  readonly audit: AuditService;
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
  /** Default: as costly as they should be. */
  readonly passwords?: Passwords;
}

export function createAccess({ store, baseUrl, now, log, passwords = createPasswords() }: AccessOptions): Access {
  const audit = createAudit({ store: store.audit, now, log });
  const sessions = createSessions({ store, passwords, audit, now, log });
  return {
    audit,
    sessions,
    users: createUsers({ store, passwords, baseUrl, now }),
    links: createLinks({ store, passwords, sessions, audit, baseUrl, now }),
    tokens: createTokens({ store: store.tokens, now, log }),
    async deleteOld(limit) {
      await store.deleteExpired({ ...sessions.bounds(), now: now() });
      return store.audit.deleteOld(now() - AUDIT_KEEP_MS, limit);
    },
  };
}
