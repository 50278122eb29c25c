// The tables of access to the admin API: their rows and columns, for `models.ts`.

import { DataTypes } from 'sequelize';
import { type DefineTable, key, optional, required, type Table } from './table.ts';

export interface UserRow {
  id: string;
  /** In lower case. */
  email: string;
  name: string;
  role: string;
  /** As `passwords.ts` encodes it; null until the user has chosen one. */
  password: string | null;
  disabled: boolean;
  /** Sealed; null: no second factor. */
  totpSecret: string | null;
  /** When a code was confirmed; null: not yet. */
  totpSince: number | null;
  /** The last time step that was accepted. */
  totpStep: number | null;
  lastSeenAt: number | null;
  createdAt: number;
  updatedAt: number;
}

export interface SessionRow {
  /** SHA-256 of what the cookie holds, as links and tokens have theirs. */
  hash: string;
  userId: string;
  lastSeenAt: number;
  createdAt: number;
  /** What people see of it; null: derived from the hash. */
  id: string | null;
  address: string | null;
  userAgent: string | null;
  /** Null: when the session began. */
  confirmedAt: number | null;
}

export interface OneTimeLinkRow {
  hash: string;
  purpose: string;
  /** Null for the link that makes the first owner. */
  userId: string | null;
  expiresAt: number;
  createdAt: number;
}

export interface ApiTokenRow {
  id: string;
  hash: string;
  name: string;
  hint: string;
  /** JSON array. */
  permissions: string;
  /** Whose rights bound those of the token; null for a token made with the admin token. */
  userId: string | null;
  createdBy: string;
  expiresAt: number | null;
  lastUsedAt: number | null;
  createdAt: number;
}

export interface AuditRow {
  /** UUIDv7: the order of ids is the order of entries. */
  id: string;
  at: number;
  actorKind: string;
  actorId: string;
  actorName: string;
  action: string;
  target: string | null;
  /** JSON array. */
  fields: string;
  address: string;
  /** JSON object of lists of texts; null: written by a process of the version before. */
  details: string | null;
  /** `refused`, `failed`; null: done. */
  outcome: string | null;
  /** Position in the chain; null, as `hash` and `previous` are then: not chained yet. */
  sequence: number | null;
  hash: string | null;
  previous: string | null;
}

/** The one row about the chain of the audit log. */
export interface AuditChainRow {
  id: number;
  /** Of the last entry; 0: there is none. */
  sequence: number;
  hash: string;
  /** Of the last entry that retention has deleted. */
  startSequence: number;
  startHash: string;
  /** Over the four values above; null: nothing was chained yet. */
  signature: string | null;
}

/** What a user is told about the own account. */
export interface NoticeRow {
  /** UUIDv7. */
  id: string;
  userId: string;
  kind: string;
  address: string;
  userAgent: string;
  /** Such as the name of a token. */
  subject: string;
  at: number;
  /** When the same was last seen again. */
  lastAt: number;
  readAt: number | null;
}

/** Tries that several processes count together (PostgreSQL only); the columns are those of rate-limiter-flexible. */
export interface ThrottleRow {
  key: string;
  points: number;
  expire: number | null;
}

/** A caller that was right lately. */
export interface KnownCallerRow {
  key: string;
  at: number;
}

/** Calls refused for their credentials, from one place within a span that begins at `at`. */
export interface RefusedCallRow {
  workflowId: string;
  at: number;
  place: string;
  calls: number;
}

/** Hash of a recovery code that was not used yet. */
export interface RecoveryCodeRow {
  userId: string;
  hash: string;
  createdAt: number;
}

/** A place that a user has signed in from. */
export interface UserPlaceRow {
  userId: string;
  place: string;
  at: number;
}

export interface AccessModels {
  readonly users: Table<UserRow>;
  readonly sessions: Table<SessionRow>;
  readonly oneTimeLinks: Table<OneTimeLinkRow>;
  readonly apiTokens: Table<ApiTokenRow>;
  readonly auditLog: Table<AuditRow>;
  readonly auditChain: Table<AuditChainRow>;
  readonly notices: Table<NoticeRow>;
  readonly throttles: Table<ThrottleRow>;
  readonly knownCallers: Table<KnownCallerRow>;
  readonly refusedCalls: Table<RefusedCallRow>;
  readonly userPlaces: Table<UserPlaceRow>;
  readonly recoveryCodes: Table<RecoveryCodeRow>;
}

export function defineAccessModels(table: DefineTable): AccessModels {
  const { BIGINT, BOOLEAN, INTEGER, TEXT } = DataTypes;
  return {
    users: table<UserRow>('users', {
      id: key(TEXT),
      email: { ...required(TEXT), unique: true },
      name: required(TEXT),
      role: required(TEXT),
      password: optional(TEXT),
      disabled: required(BOOLEAN),
      totpSecret: optional(TEXT),
      totpSince: optional(BIGINT),
      totpStep: optional(BIGINT),
      lastSeenAt: optional(BIGINT),
      createdAt: required(BIGINT),
      updatedAt: required(BIGINT),
    }),
    sessions: table<SessionRow>('sessions', {
      hash: key(TEXT),
      userId: required(TEXT),
      lastSeenAt: required(BIGINT),
      createdAt: required(BIGINT),
      id: optional(TEXT),
      address: optional(TEXT),
      userAgent: optional(TEXT),
      confirmedAt: optional(BIGINT),
    }),
    oneTimeLinks: table<OneTimeLinkRow>('one_time_links', {
      hash: key(TEXT),
      purpose: required(TEXT),
      userId: optional(TEXT),
      expiresAt: required(BIGINT),
      createdAt: required(BIGINT),
    }),
    apiTokens: table<ApiTokenRow>('api_tokens', {
      id: key(TEXT),
      hash: { ...required(TEXT), unique: true },
      name: required(TEXT),
      hint: required(TEXT),
      permissions: required(TEXT),
      userId: optional(TEXT),
      createdBy: required(TEXT),
      expiresAt: optional(BIGINT),
      lastUsedAt: optional(BIGINT),
      createdAt: required(BIGINT),
    }),
    auditLog: table<AuditRow>('audit_log', {
      id: key(TEXT),
      at: required(BIGINT),
      actorKind: required(TEXT),
      actorId: required(TEXT),
      actorName: required(TEXT),
      action: required(TEXT),
      target: optional(TEXT),
      fields: required(TEXT),
      address: required(TEXT),
      details: optional(TEXT),
      outcome: optional(TEXT),
      sequence: { ...optional(BIGINT), unique: true },
      hash: optional(TEXT),
      previous: optional(TEXT),
    }),
    auditChain: table<AuditChainRow>('audit_chain', {
      id: key(INTEGER),
      sequence: required(BIGINT),
      hash: required(TEXT),
      startSequence: required(BIGINT),
      startHash: required(TEXT),
      signature: optional(TEXT),
    }),
    notices: table<NoticeRow>('notices', {
      id: key(TEXT),
      userId: required(TEXT),
      kind: required(TEXT),
      address: required(TEXT),
      userAgent: required(TEXT),
      subject: required(TEXT),
      at: required(BIGINT),
      lastAt: required(BIGINT),
      readAt: optional(BIGINT),
    }),
    throttles: table<ThrottleRow>('throttles', { key: key(TEXT), points: required(INTEGER), expire: optional(BIGINT) }),
    knownCallers: table<KnownCallerRow>('known_callers', { key: key(TEXT), at: required(BIGINT) }),
    refusedCalls: table<RefusedCallRow>('refused_calls', {
      workflowId: key(TEXT),
      at: key(BIGINT),
      place: key(TEXT),
      calls: required(BIGINT),
    }),
    recoveryCodes: table<RecoveryCodeRow>('recovery_codes', {
      userId: key(TEXT),
      hash: key(TEXT),
      createdAt: required(BIGINT),
    }),
    userPlaces: table<UserPlaceRow>('user_places', { userId: key(TEXT), place: key(TEXT), at: required(BIGINT) }),
  };
}
