// Rows of the access tables as records, and back. PostgreSQL gives BIGINT as text, SQLite BOOLEAN as 0 or 1.

import { createHash } from 'node:crypto';
import { linkPurposeSchema, noticeKindSchema, PERMISSIONS, type Permission, roleSchema } from '../access/model.ts';
import type { ApiToken, Notice, OneTimeLink, Session, User } from '../access/ports.ts';
import type { ApiTokenRow, NoticeRow, OneTimeLinkRow, SessionRow, UserRow } from './access-models.ts';
import { storable } from './outbound/rows.ts';
import { type Fields, isText, listOf, type RowReader } from './row-reader.ts';

const numberOrNull = (value: number | null): number | null => (value === null ? null : Number(value));

/** The row of a new user, who has no second factor. */
export function userRow({ isDisabled, secondFactorSince: _, ...user }: User): UserRow {
  const noFactor = { totpSecret: null, totpSince: null, totpStep: null };
  return { ...user, name: storable(user.name), disabled: isDisabled, ...noFactor };
}

/** One with a role that cannot be read can do nothing until someone gives it another. */
export function toUser(rows: RowReader, row: UserRow): User {
  const user = rows.read('users', row.id, (fields) => ({
    id: row.id,
    email: row.email,
    name: row.name,
    role: fields.oneOf('role', row.role, roleSchema.options, 'viewer'),
    password: row.password,
    isDisabled: Boolean(row.disabled),
    secondFactorSince: numberOrNull(row.totpSince),
    lastSeenAt: numberOrNull(row.lastSeenAt),
    createdAt: Number(row.createdAt),
    updatedAt: Number(row.updatedAt),
  }));
  return user.unreadable === undefined ? user : { ...user, isDisabled: true };
}

export function sessionRow(session: Session): SessionRow {
  return { ...session, address: storable(session.address), userAgent: storable(session.userAgent) };
}

/** What a process of the version before has left out follows from the rest. */
export function toSession(row: SessionRow): Session {
  const createdAt = Number(row.createdAt);
  return {
    hash: row.hash,
    id: row.id ?? idOfHash(row.hash),
    userId: row.userId,
    lastSeenAt: Number(row.lastSeenAt),
    createdAt,
    confirmedAt: numberOrNull(row.confirmedAt) ?? createdAt,
    address: row.address ?? '',
    userAgent: row.userAgent ?? '',
  };
}

/** An id for a session without one: the hash itself is shown to nobody. */
function idOfHash(hash: string): string {
  return createHash('sha256').update(hash).digest('hex').slice(0, 32);
}

export function noticeRow(notice: Notice): NoticeRow {
  const texts = { address: storable(notice.address), userAgent: storable(notice.userAgent), subject: storable(notice.subject) };
  return { ...notice, ...texts, lastAt: notice.at };
}

export function toNotice(row: NoticeRow): Notice | undefined {
  const kind = noticeKindSchema.safeParse(row.kind);
  // Of a newer process.
  if (!kind.success) return undefined;
  const { id, userId, address, userAgent, subject, at, readAt } = row;
  return { id, userId, kind: kind.data, address, userAgent, subject, at: Number(at), readAt: numberOrNull(readAt) };
}

/** @returns undefined when this version does not know what it is for */
export function toLink(rows: RowReader, row: OneTimeLinkRow): OneTimeLink | undefined {
  const { purpose, unreadable } = rows.read('one_time_links', row.hash, (fields) => ({
    purpose: fields.oneOf('purpose', row.purpose, linkPurposeSchema.options, 'reset'),
  }));
  if (unreadable !== undefined) return undefined;
  return {
    hash: row.hash,
    purpose,
    userId: row.userId,
    expiresAt: Number(row.expiresAt),
    createdAt: Number(row.createdAt),
  };
}

/** One whose permissions cannot be read has none; those that this version does not know are left out. */
export function toToken(rows: RowReader, row: ApiTokenRow): ApiToken {
  return rows.read('api_tokens', row.id, (fields) => ({
    id: row.id,
    hash: row.hash,
    name: row.name,
    hint: row.hint,
    permissions: readPermissions(fields, row.permissions),
    userId: row.userId,
    createdBy: row.createdBy,
    expiresAt: numberOrNull(row.expiresAt),
    lastUsedAt: numberOrNull(row.lastUsedAt),
    createdAt: Number(row.createdAt),
  }));
}

function readPermissions(fields: Fields, json: string): Permission[] {
  const names = fields.json<string[]>('permissions', json, [], listOf(isText));
  const known = PERMISSIONS.filter((permission) => names.includes(permission));
  if (known.length < new Set(names).size) fields.fault('permissions', 'has a permission that this version does not know');
  return known;
}
