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
