// Nobody gives, takes or weakens rights that are more than their own.

import { HooklineError } from '../errors.ts';
import { type Actor, PERMISSIONS, type Permission, ROLE_PERMISSIONS, type Role } from './model.ts';
import type { ApiToken, User } from './ports.ts';

/** What a token may do while its user may sign in: its own permissions, as far as the role of its user goes. */
export function permissionsOfToken(token: ApiToken, user: Pick<User, 'role'> | undefined): readonly Permission[] {
  const allowed = token.userId === null ? PERMISSIONS : user === undefined ? [] : ROLE_PERMISSIONS[user.role];
  return token.permissions.filter((permission) => allowed.includes(permission));
}

/** @throws HooklineError `forbidden`: who could let a person in with more rights would have them, too */
export function requireRightsToGive(role: Role, { permissions, name }: Actor): void {
  if (ROLE_PERMISSIONS[role].every((permission) => permissions.has(permission))) return;
  throw new HooklineError('forbidden', `${name} may not give the rights of the role "${role}", which are more than its own.`);
}

/** @throws HooklineError `forbidden` when the user has rights that the actor lacks, also while the user is disabled */
export function requireRightsOver({ email, role }: Pick<User, 'email' | 'role'>, actor: Actor): void {
  requireAtLeast(ROLE_PERMISSIONS[role], `the user ${email}`, actor);
}

/** @throws HooklineError `forbidden` when the token has rights that the actor lacks */
export function requireRightsOverToken(token: ApiToken, user: Pick<User, 'role'> | undefined, actor: Actor): void {
  if (actor.kind === 'token' && actor.id === token.id) return;
  requireAtLeast(permissionsOfToken(token, user), `the token ${token.name}`, actor);
}

function requireAtLeast(needed: readonly Permission[], whom: string, { permissions, name }: Actor): void {
  const missing = needed.filter((permission) => !permissions.has(permission));
  if (missing.length === 0) return;
  const more = missing.length > 3 ? ` and ${missing.length - 3} more` : '';
  throw new HooklineError(
    'forbidden',
    `${name} may not change ${whom}, which has more rights: ${missing.slice(0, 3).join(', ')}${more}.`,
  );
}
