// Records of access control as the API shows them: without hashes and passwords.

import type { OneTimeLinkView, TokenView, UserView } from './model.ts';
import type { ApiToken, User } from './ports.ts';

const timeOrNull = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString());

export function showUser(user: User): UserView {
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    role: user.role,
    secondFactor: user.secondFactorSince != null,
    status: user.isDisabled ? 'disabled' : user.password === null ? 'invited' : 'active',
    lastSeenAt: timeOrNull(user.lastSeenAt),
    createdAt: new Date(user.createdAt).toISOString(),
    ...(user.unreadable === undefined ? {} : { unreadable: user.unreadable }),
  };
}

export function showToken(token: ApiToken): TokenView {
  return {
    id: token.id,
    name: token.name,
    hint: token.hint,
    permissions: [...token.permissions],
    expiresAt: timeOrNull(token.expiresAt),
    lastUsedAt: timeOrNull(token.lastUsedAt),
    createdBy: token.createdBy,
    createdAt: new Date(token.createdAt).toISOString(),
    ...(token.unreadable === undefined ? {} : { unreadable: token.unreadable }),
  };
}

/** @param baseUrl the public URL with the prefix */
export function showLink(baseUrl: string, secret: string, expiresAt: number): OneTimeLinkView {
  return { url: `${baseUrl}/designer/welcome#${secret}`, expiresAt: new Date(expiresAt).toISOString() };
}
