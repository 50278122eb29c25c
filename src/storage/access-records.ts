// Rows of the access tables as records, and back. SQLite gives BOOLEAN as 0 or 1.

import { createHash } from 'node:crypto';
import { linkPurposeSchema, noticeKindSchema, PERMISSIONS, type Permission, roleSchema } from '../access/model.ts';
import type { ApiToken, Notice, OneTimeLink, Session, User } from '../access/ports.ts';
import type { ApiTokenRow, NoticeRow, OneTimeLinkRow, SessionRow, UserRow } from './access-models.ts';
import { storable } from './outbound/rows.ts';
import { type Fields, isText, listOf, type RowReader } from './row-reader.ts';

/** The row of a new user, who has no second factor. */
export function userRow({ isDisabled, secondFactorSince: _, ...user }: User): UserRow {
  const noFactor = { totpSecret: null, totpSince: null, totpStep: null };
  return { ...user, name: storable(user.name), disabled: isDisabled, ...noFactor };
}

/** One whose role, password or second factor cannot be read can do nothing until someone gives it another role. */
export function toUser(rows: RowReader, row: UserRow): User {
  return rows.read('users', row.id, (fields) => ({
    id: row.id,
    role: fields.oneOf('role', row.role, roleSchema.options, 'viewer'),
    password: fields.textOrNull('password', row.password),
    secondFactorSince: fields.timeOrNull('totp_since', row.totpSince),
    isDisabled: fields.isFaulty() || Boolean(row.disabled),
    email: fields.text('email', row.email),
    name: fields.text('name', row.name),
    lastSeenAt: fields.timeOrNull('last_seen_at', row.lastSeenAt),
    createdAt: fields.time('created_at', row.createdAt),
    updatedAt: fields.time('updated_at', row.updatedAt),
  }));
}

export function sessionRow(session: Session): SessionRow {
  return { ...session, address: storable(session.address), userAgent: storable(session.userAgent) };
}

/** What a process of the version before has left out follows from the rest. One whose times cannot be read is over. */
export function toSession(rows: RowReader, row: SessionRow): Session {
  // What the log names is the public id: the hash is shown to nobody.
  const id = row.id ?? idOfHash(row.hash);
  const { unreadable: _, ...session } = rows.read('sessions', id, (fields) => {
    const createdAt = fields.time('created_at', row.createdAt);
    return {
      hash: row.hash,
      id: fields.text('id', id),
      userId: row.userId,
      lastSeenAt: fields.time('last_seen_at', row.lastSeenAt),
      createdAt,
      confirmedAt: fields.timeOrNull('confirmed_at', row.confirmedAt) ?? createdAt,
      address: fields.textOrNull('address', row.address) ?? '',
      userAgent: fields.textOrNull('user_agent', row.userAgent) ?? '',
    };
  });
  return session;
}

/** An id for a session without one: the hash itself is shown to nobody. */
function idOfHash(hash: string): string {
  return createHash('sha256').update(hash).digest('hex').slice(0, 32);
}

export function noticeRow(notice: Notice): NoticeRow {
  const texts = { address: storable(notice.address), userAgent: storable(notice.userAgent), subject: storable(notice.subject) };
  return { ...notice, ...texts, lastAt: notice.at };
}

/** @returns undefined for one that cannot be read, or that a newer process has made */
export function toNotice(rows: RowReader, row: NoticeRow): Notice | undefined {
  const kind = noticeKindSchema.safeParse(row.kind);
  if (!kind.success) return undefined;
  const { unreadable, ...notice } = rows.read('notices', row.id, (fields) => ({
    id: row.id,
    userId: row.userId,
    kind: kind.data,
    address: fields.text('address', row.address),
    userAgent: fields.text('user_agent', row.userAgent),
    subject: fields.text('subject', row.subject),
    at: fields.time('at', row.at),
    readAt: fields.timeOrNull('read_at', row.readAt),
  }));
  return unreadable === undefined ? notice : undefined;
}

/** @returns undefined when this version does not know what it is for */
export function toLink(rows: RowReader, row: OneTimeLinkRow): OneTimeLink | undefined {
  const { unreadable, ...link } = rows.read('one_time_links', row.hash, (fields) => ({
    hash: row.hash,
    purpose: fields.oneOf('purpose', row.purpose, linkPurposeSchema.options, 'reset'),
    userId: row.userId,
    expiresAt: fields.time('expires_at', row.expiresAt),
    createdAt: fields.time('created_at', row.createdAt),
  }));
  return unreadable === undefined ? link : undefined;
}

/** One whose permissions cannot be read has none, and one whose end cannot be read has ended; permissions that this version does not know are left out. */
export function toToken(rows: RowReader, row: ApiTokenRow): ApiToken {
  return rows.read('api_tokens', row.id, (fields) => ({
    id: row.id,
    hash: row.hash,
    name: fields.text('name', row.name),
    hint: fields.text('hint', row.hint),
    permissions: readPermissions(fields, row.permissions),
    userId: row.userId,
    createdBy: fields.text('created_by', row.createdBy),
    expiresAt: fields.timeOrNull('expires_at', row.expiresAt),
    lastUsedAt: fields.timeOrNull('last_used_at', row.lastUsedAt),
    createdAt: fields.time('created_at', row.createdAt),
  }));
}

function readPermissions(fields: Fields, json: string): Permission[] {
  const names = fields.json<string[]>('permissions', json, [], listOf(isText));
  const known = PERMISSIONS.filter((permission) => names.includes(permission));
  if (known.length < new Set(names).size) fields.fault('permissions', 'has a permission that this version does not know');
  return known;
}
