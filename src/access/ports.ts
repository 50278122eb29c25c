// What access control stores: its records, and the port that the storage implements. Times are milliseconds since 1970.

import type { AuditEntry, AuditOutcome, SignAudit } from '../engine/audit-scope.ts';
import type { Page, PageRequest } from '../engine/ports.ts';
import type { LinkPurpose, NoticeKind, Permission, Role } from './model.ts';

export interface User {
  readonly id: string;
  /** In lower case; no two users have the same. */
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  /** As `passwords.ts` encodes it; null until the user has chosen one. */
  readonly password: string | null;
  readonly isDisabled: boolean;
  /** When the second factor was turned on; null or missing: there is none. */
  readonly secondFactorSince?: number | null;
  readonly lastSeenAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** What of the row could not be read, and is a stand-in here: see `storage/row-reader.ts`. Undefined: all was read. */
  readonly unreadable?: string | undefined;
}

export interface Session {
  /** Of what the cookie holds; the value itself is nowhere. */
  readonly hash: string;
  /** What people and the API see of it. */
  readonly id: string;
  readonly userId: string;
  readonly lastSeenAt: number;
  readonly createdAt: number;
  /** When the password was last entered in it. */
  readonly confirmedAt: number;
  /** Where it began; empty: not known. */
  readonly address: string;
  readonly userAgent: string;
}

/** What a user is told about the own account. */
export interface Notice {
  readonly id: string;
  readonly userId: string;
  readonly kind: NoticeKind;
  readonly address: string;
  readonly userAgent: string;
  /** The name of a token; place and browser of a sign-in; empty for others. */
  readonly subject: string;
  readonly at: number;
  /** Null: not read yet. */
  readonly readAt: number | null;
}

export interface OneTimeLink {
  readonly hash: string;
  readonly purpose: LinkPurpose;
  /** Null for `setup`. */
  readonly userId: string | null;
  readonly expiresAt: number;
  readonly createdAt: number;
}

export interface ApiToken {
  readonly id: string;
  readonly hash: string;
  readonly name: string;
  /** Its last four characters. */
  readonly hint: string;
  readonly permissions: readonly Permission[];
  /** Whose rights bound those of the token; null when it was made with the admin token. */
  readonly userId: string | null;
  /** Name of who made it. */
  readonly createdBy: string;
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
  readonly createdAt: number;
  /** What of the row could not be read, and is a stand-in here: see `storage/row-reader.ts`. Undefined: all was read. */
  readonly unreadable?: string | undefined;
}

/** An entry with its place in the chain; null: it is not chained yet. */
export interface StoredAuditEntry extends AuditEntry {
  readonly sequence: number | null;
  readonly hash: string | null;
}

export interface AuditFilter extends PageRequest {
  /** Id or name. */
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  readonly from?: number | undefined;
  /** Exclusive. */
  readonly to?: number | undefined;
}

export interface UserStore {
  get(id: string): Promise<User | undefined>;
  findByEmail(email: string): Promise<User | undefined>;
  /** The oldest first. */
  list(): Promise<User[]>;
  /** Whether there is an owner who can sign in. */
  hasOwner(): Promise<boolean>;
  /** @throws HooklineError `conflict` when the e-mail address is taken */
  insert(user: User, link: OneTimeLink): Promise<void>;
  /**
   * Disabling ends the user's sessions and links.
   * @param requireAllowed is shown the user as the transaction sees it, and throws when the change may not be made
   * @throws HooklineError `user_not_found`; `conflict` when no owner who can sign in would be left
   */
  update(
    id: string,
    change: { name?: string | undefined; role?: Role | undefined; isDisabled?: boolean | undefined; updatedAt: number },
    requireAllowed: RequireAllowed,
  ): Promise<User>;
  /**
   * Changes what a user may change alone. A password ends all sessions but one and takes links back; it is refused when it is
   * another one by now.
   * @returns false: the password was another one; nothing is changed
   */
  updateSelf(id: string, change: SelfUpdate): Promise<User | false>;
  /** Stores the same password with other parameters, unless it was changed meanwhile. */
  rehash(id: string, from: string, to: string): Promise<void>;
  /**
   * With sessions, links, tokens and notices.
   * @throws HooklineError `user_not_found`; `conflict` when no owner who can sign in would be left
   */
  delete(id: string, requireAllowed: RequireAllowed): Promise<void>;
}

/** @throws HooklineError `forbidden` */
export type RequireAllowed = (user: User) => void;

export interface SelfUpdate {
  readonly name?: string | undefined;
  readonly password?:
    | {
        readonly from: string;
        readonly to: string;
        readonly keepSession: string;
        readonly revokeTokens: boolean;
        readonly notice: Notice;
      }
    | undefined;
  readonly updatedAt: number;
}

export interface SessionStore {
  /**
   * @param password the encoded one that was checked
   * @param notice stored unless one with the same subject (place and browser) is known; then it is remembered for longer
   * @returns false when the user is disabled or gone, or has another password by now; then there is no session
   */
  start(session: Session, password: string, notice: Notice): Promise<boolean>;
  find(hash: string): Promise<{ readonly session: Session; readonly user: User } | undefined>;
  /** Writes when a session, and so its user, was last seen. */
  touch(session: Pick<Session, 'hash' | 'userId'>, at: number): Promise<void>;
  /** The password was entered anew. @returns false when the session is over */
  confirm(hash: string, at: number): Promise<boolean>;
  end(hash: string): Promise<void>;
  /** The latest seen first. */
  list(userId: string): Promise<Session[]>;
  /** @returns false when the user has no such session */
  endOne(userId: string, id: string): Promise<boolean>;
  /** @returns how many there were */
  endOthers(userId: string, keepHash: string): Promise<number>;
  /** @throws HooklineError `user_not_found`, and what `requireAllowed` throws */
  endAll(userId: string, requireAllowed: RequireAllowed): Promise<void>;
}

export interface LinkStore {
  /** A link for a user replaces the ones before. @throws HooklineError `user_not_found`, and what `requireAllowed` throws */
  insert(
    link: OneTimeLink,
    options?: { readonly requireAllowed?: RequireAllowed; readonly notice?: Notice | undefined },
  ): Promise<void>;
  find(hash: string): Promise<{ readonly link: OneTimeLink; readonly user: User | null } | undefined>;
  /**
   * Uses a link up: sets the password of its user (for `setup`, adds `owner`), ends the user's sessions, starts a new one, and
   * revokes the user's tokens when that is asked for.
   * @returns false when it is unknown, used or expired, its user is disabled, or an owner exists already
   * @throws HooklineError `conflict` when the owner's e-mail address is taken; the link can then be used again
   */
  accept(
    hash: string,
    use: {
      readonly now: number;
      readonly password: string;
      readonly owner: User | undefined;
      readonly session: Omit<Session, 'userId'>;
      readonly revokeTokens: boolean;
      /** For the user whose link it is. */
      noticeFor(userId: string): Notice;
    },
  ): Promise<User | false>;
}

export interface TokenStore {
  insert(token: ApiToken, notice: Notice | undefined): Promise<void>;
  /** The oldest first. */
  list(): Promise<ApiToken[]>;
  /** With the user whose rights bound it. */
  find(hash: string): Promise<{ readonly token: ApiToken; readonly user: User | undefined } | undefined>;
  touch(id: string, at: number): Promise<void>;
  /** @throws HooklineError `token_not_found`, and what `requireAllowed` throws */
  delete(id: string, requireAllowed: (token: ApiToken, user: User | undefined) => void): Promise<void>;
}

export interface NoticeStore {
  /** Those of a user, the newest first. */
  list(userId: string): Promise<Notice[]>;
  /** Marks all of a user as read. */
  read(userId: string, at: number): Promise<void>;
}

export interface AuditStore {
  /** Adds an entry at the end of the chain. */
  add(entry: AuditEntry, sign: SignAudit): Promise<void>;
  /** The newest first. */
  list(filter: AuditFilter): Promise<Page<StoredAuditEntry>>;
  /** Deletes up to `limit` entries from before a time, at the start of the chain. @returns how many */
  deleteOld(before: number, limit: number, sign: SignAudit): Promise<number>;
  /** Chains up to `limit` entries that processes of the version before have written. @returns how many */
  adopt(now: number, limit: number, sign: SignAudit): Promise<number>;
}

/** Callers that have presented the right credentials, by a code that says nothing of them. */
export interface KnownCallerStore {
  remember(key: string, at: number): Promise<void>;
  /** Those that were right at or after `from`, the latest `limit` of them. */
  listSince(from: number, limit: number): Promise<{ readonly key: string; readonly at: number }[]>;
}

/** Calls of a workflow that were refused for their credentials, from one place within one span of time. */
export interface RefusedCall {
  readonly workflowId: string;
  /** Begin of the span. */
  readonly at: number;
  readonly place: string;
  readonly calls: number;
}

export interface RefusedCalls {
  readonly calls: number;
  /** Places that they came from: addresses, or blocks of IPv6 addresses. */
  readonly places: number;
}

export interface RefusedCallStore {
  /** Adds to what is counted already. */
  add(calls: readonly RefusedCall[]): Promise<void>;
  count(workflowId: string, from: number): Promise<RefusedCalls>;
}

/** Secrets of authenticator apps and recovery codes. */
export interface SecondFactorStore {
  /** `since` is null as long as no code was confirmed. */
  get(userId: string): Promise<{ readonly sealedSecret: string; readonly since: number | null } | undefined>;
  /** Stores a secret to be confirmed. @returns false when there is a second factor already */
  begin(userId: string, sealedSecret: string): Promise<boolean>;
  /** Turns it on, unless another secret is stored by now. @returns whether it is on */
  enable(
    userId: string,
    change: {
      readonly sealedSecret: string;
      readonly step: number;
      readonly at: number;
      readonly hashes: readonly string[];
      readonly notice: Notice;
    },
  ): Promise<boolean>;
  /** Uses up a time step and all before it. @returns false when it was used already */
  accept(userId: string, step: number): Promise<boolean>;
  /** @returns false when there is no such code */
  spendRecoveryCode(userId: string, hash: string): Promise<boolean>;
  countRecoveryCodes(userId: string): Promise<number>;
  replaceRecoveryCodes(userId: string, hashes: readonly string[], notice: Notice): Promise<void>;
  /**
   * @param notice stored when there was one
   * @returns whether there was one, or one to be confirmed
   * @throws HooklineError `user_not_found`
   */
  remove(userId: string, notice: Notice): Promise<boolean>;
}

/** Where each user has signed in from, as codes that say nothing of the address. */
export interface UserPlaceStore {
  has(userId: string, place: string): Promise<boolean>;
  /** Keeps the latest `keep` places of a user. */
  remember(userId: string, place: string, at: number, keep: number): Promise<void>;
}

/** The access part of a storage. */
export interface AccessStore {
  readonly users: UserStore;
  readonly sessions: SessionStore;
  readonly links: LinkStore;
  readonly tokens: TokenStore;
  readonly notices: NoticeStore;
  readonly audit: AuditStore;
  readonly knownCallers: KnownCallerStore;
  readonly refusedCalls: RefusedCallStore;
  readonly userPlaces: UserPlaceStore;
  readonly secondFactors: SecondFactorStore;
  /** Deletes counted tries, known callers and refused calls from before `now` that nobody asks for any more. */
  deleteOldTries(now: number): Promise<void>;
  /** Deletes sessions begun or last seen before these times, links that expired before `now`, and old notices. */
  deleteExpired(bounds: {
    readonly begunBefore: number;
    readonly seenBefore: number;
    readonly noticesBefore: number;
    readonly now: number;
  }): Promise<void>;
}
