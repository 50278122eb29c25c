// Rows of the access tables as records, and back. PostgreSQL gives BIGINT as text, SQLite BOOLEAN as 0 or 1.

import { linkPurposeSchema, type Permission, roleSchema } from '../access/model.ts';
import type { ApiToken, OneTimeLink, Session, User } from '../access/ports.ts';
import type { ApiTokenRow, OneTimeLinkRow, SessionRow, UserRow } from './access-models.ts';
import { parseStored } from './database.ts';
import { storable } from './outbound/rows.ts';

const numberOrNull = (value: number | null): number | null => (value === null ? null : Number(value));

/** The row of a new user, who has no second factor. */
export function userRow({ isDisabled, secondFactorSince: _, ...user }: User): UserRow {
  const noFactor = { totpSecret: null, totpSince: null, totpStep: null };
  return { ...user, name: storable(user.name), disabled: isDisabled, ...noFactor };
}

export function toUser(row: UserRow): User {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    role: roleSchema.parse(row.role),
    password: row.password,
    isDisabled: Boolean(row.disabled),
    secondFactorSince: numberOrNull(row.totpSince),
    lastSeenAt: numberOrNull(row.lastSeenAt),
    createdAt: Number(row.createdAt),
    updatedAt: Number(row.updatedAt),
  };
}

export function toSession(row: SessionRow): Session {
  return { hash: row.hash, userId: row.userId, lastSeenAt: Number(row.lastSeenAt), createdAt: Number(row.createdAt) };
}

export function toLink(row: OneTimeLinkRow): OneTimeLink {
  return {
    hash: row.hash,
    purpose: linkPurposeSchema.parse(row.purpose),
    userId: row.userId,
    expiresAt: Number(row.expiresAt),
    createdAt: Number(row.createdAt),
  };
}

export function toToken(row: ApiTokenRow): ApiToken {
  return {
    id: row.id,
    hash: row.hash,
    name: row.name,
    hint: row.hint,
    permissions: parseStored<Permission[]>(row.permissions),
    userId: row.userId,
    createdBy: row.createdBy,
    expiresAt: numberOrNull(row.expiresAt),
    lastUsedAt: numberOrNull(row.lastUsedAt),
    createdAt: Number(row.createdAt),
  };
}
