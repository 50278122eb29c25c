// Users: invited, changed, disabled and deleted by those who may, and what everybody changes of himself.

import { randomUUID } from 'node:crypto';
import { HooklineError } from '../errors.ts';
import { newLink } from './links.ts';
import { type Actor, type OneTimeLinkView, ROLE_PERMISSIONS, type Role } from './model.ts';
import type { Passwords } from './passwords.ts';
import type { AccessStore, User } from './ports.ts';
import type { SecondFactorService } from './second-factor/second-factors.ts';
import type { ActiveSession } from './sessions.ts';
import type { MakeCounter } from './throttle/counter.ts';
import { createThrottle, takeTurn } from './throttle/throttle.ts';
import { showLink } from './views.ts';
import { requireStrongPassword } from './weak-passwords.ts';

export interface UserService {
  list(): Promise<User[]>;
  /**
   * Adds a user who has no password yet, with the link to choose one.
   * @throws HooklineError `conflict` when the e-mail address is taken; `forbidden` for a role with more rights than the actor's
   */
  invite(given: { email: string; name: string; role: Role }, actor: Actor): Promise<{ user: User; link: OneTimeLinkView }>;
  /** @throws HooklineError `user_not_found`, `forbidden`; `conflict` for the last owner who can sign in */
  update(id: string, change: UserChange, actor: Actor): Promise<User>;
  /** @throws HooklineError `user_not_found`; `conflict` for the last owner who can sign in */
  delete(id: string): Promise<void>;
  /**
   * A new link for a user, which replaces the one before: an invitation, or to choose another password.
   * @throws HooklineError `user_not_found`, `forbidden`; `conflict` for a disabled user
   */
  createLink(id: string, actor: Actor): Promise<OneTimeLinkView>;
  /** @throws HooklineError `user_not_found`, `forbidden`; `conflict` when there is none */
  removeSecondFactor(id: string, actor: Actor): Promise<void>;
  /** @throws HooklineError `user_not_found` */
  endSessions(id: string): Promise<void>;
  /**
   * What a user changes of himself. A new password ends all other sessions.
   * @throws HooklineError `forbidden` when the current password is wrong; `weak_password`, `too_many_requests`
   */
  updateSelf(session: ActiveSession, change: SelfChange): Promise<User>;
  /** Whether somebody has to use the setup link first. */
  needsSetup(): Promise<boolean>;
}

export interface UserChange {
  readonly name?: string | undefined;
  readonly role?: Role | undefined;
  readonly disabled?: boolean | undefined;
}

export interface SelfChange {
  readonly name?: string | undefined;
  readonly password?: { readonly current: string; readonly new: string } | undefined;
}

export function createUsers(options: {
  store: Pick<AccessStore, 'users' | 'links' | 'sessions'>;
  passwords: Passwords;
  secondFactors: Pick<SecondFactorService, 'remove'>;
  counters: MakeCounter;
  baseUrl: string;
  now: () => number;
}): UserService {
  const { store, passwords, secondFactors, counters, baseUrl, now } = options;
  const bySelf = createThrottle({ name: 'own-password', free: 5, maxWaitMs: 300_000, counters });
  /** Stays true: the last one cannot be taken away. */
  let hasOwner = false;

  async function require(id: string): Promise<User> {
    const user = await store.users.get(id);
    if (!user) throw new HooklineError('user_not_found', `There is no user ${id}.`);
    return user;
  }

  async function changePassword({ user, hash }: ActiveSession, { current, new: next }: { current: string; new: string }) {
    requireStrongPassword(next, user);
    await takeTurn([bySelf, user.id]);
    const { isRight } = await passwords.check(user.password, current);
    if (!isRight || user.password === null) throw wrongPassword();
    await bySelf.forget(user.id);
    const to = await passwords.encode(next);
    const change = { from: user.password, to, keepSession: hash, updatedAt: now() };
    if (!(await store.users.changePassword(user.id, change))) throw wrongPassword();
  }

  return {
    list: () => store.users.list(),

    async invite({ email, name, role }, actor) {
      requireRightsOf(role, actor);
      const times = { lastSeenAt: null, createdAt: now(), updatedAt: now() };
      const user: User = { id: randomUUID(), email, name, role, password: null, isDisabled: false, ...times };
      const { link, secret } = newLink(user, now());
      await store.users.insert(user, link);
      return { user, link: showLink(baseUrl, secret, link.expiresAt) };
    },

    async update(id, { name, role, disabled: isDisabled }, actor) {
      const user = await require(id);
      // Nobody raises anybody above himself, or lets somebody above himself in again.
      if (role !== undefined && role !== user.role) requireRightsOf(role, actor);
      if (isDisabled === false && user.isDisabled) requireRightsOf(role ?? user.role, actor);
      return store.users.update(id, { name, role, isDisabled, updatedAt: now() });
    },

    delete: (id) => store.users.delete(id),

    async createLink(id, actor) {
      const user = await require(id);
      requireRightsOf(user.role, actor);
      if (user.isDisabled) throw new HooklineError('conflict', 'This user is disabled. Enable the user first.');
      const { link, secret } = newLink(user, now());
      await store.links.insert(link);
      return showLink(baseUrl, secret, link.expiresAt);
    },

    async removeSecondFactor(id, actor) {
      requireRightsOf((await require(id)).role, actor);
      await secondFactors.remove(id);
    },
    endSessions: (id) => store.sessions.endAll(id),

    async updateSelf(session, { name, password }) {
      // First what may be refused.
      if (password) await changePassword(session, password);
      if (name !== undefined) return store.users.update(session.user.id, { name, updatedAt: now() });
      return require(session.user.id);
    },

    async needsSetup() {
      hasOwner ||= await store.users.hasOwner();
      return !hasOwner;
    },
  };
}

/** @throws HooklineError `forbidden`: who could let somebody in with more rights would have them himself */
function requireRightsOf(role: Role, { permissions, name }: Actor): void {
  if (ROLE_PERMISSIONS[role].every((permission) => permissions.has(permission))) return;
  throw new HooklineError('forbidden', `${name} may not give the rights of the role "${role}", which are more than its own.`);
}

function wrongPassword(): HooklineError {
  return new HooklineError('forbidden', 'The current password is wrong.');
}
