// Users: invited, changed, disabled and deleted by those who may, and what everybody changes of himself.

import { randomUUID } from 'node:crypto';
import { nameAuditTarget } from '../engine/audit-scope.ts';
import { HooklineError } from '../errors.ts';
import { newLink } from './links.ts';
import type { Actor, OneTimeLinkView, Role } from './model.ts';
import type { MakeNotice, Place } from './notices.ts';
import type { Passwords } from './passwords.ts';
import type { AccessStore, SelfUpdate, User } from './ports.ts';
import { requireRightsOver, requireRightsToGive } from './rights.ts';
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
  /** @throws HooklineError `user_not_found`, `forbidden`; `conflict` for the last owner who can sign in */
  delete(id: string, actor: Actor): Promise<void>;
  /**
   * A new link for a user, which replaces the one before: an invitation, or to choose another password.
   * @throws HooklineError `user_not_found`, `forbidden`; `conflict` for a disabled user
   */
  createLink(id: string, actor: Actor, from: Place): Promise<OneTimeLinkView>;
  /** @throws HooklineError `user_not_found`, `forbidden`; `conflict` when there is none */
  removeSecondFactor(id: string, actor: Actor, from: Place): Promise<void>;
  /** @throws HooklineError `user_not_found`, `forbidden` */
  endSessions(id: string, actor: Actor): Promise<void>;
  /**
   * What users change of themselves. A new password ends all other sessions.
   * @throws HooklineError `forbidden` when the current password is wrong; `weak_password`, `too_many_requests`
   */
  updateSelf(session: ActiveSession, change: SelfChange, from: Place): Promise<User>;
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
  /** `revokeTokens`: the user's API tokens stop working, too. */
  readonly password?: { readonly current: string; readonly new: string; readonly revokeTokens: boolean } | undefined;
}

export function createUsers(options: {
  store: Pick<AccessStore, 'users' | 'links' | 'sessions'>;
  passwords: Passwords;
  makeNotice: MakeNotice;
  /** Told when somebody has lost rights. */
  onAccessChange: () => void;
  secondFactors: Pick<SecondFactorService, 'remove'>;
  counters: MakeCounter;
  baseUrl: string;
  now: () => number;
}): UserService {
  const { store, passwords, makeNotice, onAccessChange, secondFactors, counters, baseUrl, now } = options;
  const bySelf = createThrottle({ name: 'own-password', free: 5, maxWaitMs: 300_000, counters });
  /** Stays true: the last one cannot be taken away. */
  let hasOwner = false;

  async function require(id: string): Promise<User> {
    const user = await store.users.get(id);
    if (!user) throw new HooklineError('user_not_found', `There is no user ${id}.`);
    return user;
  }

  /** The password to store. @throws HooklineError as `updateSelf` does */
  async function newPassword(
    { user, hash }: ActiveSession,
    { current, new: next, revokeTokens }: NonNullable<SelfChange['password']>,
    from: Place,
  ): Promise<NonNullable<SelfUpdate['password']>> {
    requireStrongPassword(next, user);
    await takeTurn([bySelf, user.id]);
    const { isRight } = await passwords.check(user.password, current);
    if (!isRight || user.password === null) throw wrongPassword();
    await bySelf.forget(user.id);
    const notice = makeNotice(user.id, 'password-changed', from);
    return { from: user.password, to: await passwords.encode(next), keepSession: hash, revokeTokens, notice };
  }

  return {
    list: () => store.users.list(),

    async invite({ email, name, role }, actor) {
      requireRightsToGive(role, actor);
      const times = { lastSeenAt: null, createdAt: now(), updatedAt: now() };
      const user: User = { id: randomUUID(), email, name, role, password: null, isDisabled: false, ...times };
      nameAuditTarget(user.id);
      const { link, secret } = newLink(user, now());
      await store.users.insert(user, link);
      return { user, link: showLink(baseUrl, secret, link.expiresAt) };
    },

    async update(id, { name, role, disabled: isDisabled }, actor) {
      const change = { name, role, isDisabled, updatedAt: now() };
      const user = await store.users.update(id, change, (before) => {
        requireRightsOver(before, actor);
        if (role !== undefined) requireRightsToGive(role, actor);
      });
      if (role !== undefined || isDisabled === true) onAccessChange();
      return user;
    },

    async delete(id, actor) {
      await store.users.delete(id, (user) => requireRightsOver(user, actor));
      onAccessChange();
    },

    async createLink(id, actor, from) {
      const user = await require(id);
      const { link, secret } = newLink(user, now());
      const isOwn = actor.kind === 'user' && actor.id === id;
      await store.links.insert(link, {
        requireAllowed(current) {
          requireRightsOver(current, actor);
          if (current.isDisabled) throw new HooklineError('conflict', 'This user is disabled. Enable the user first.');
        },
        notice: isOwn || user.password === null ? undefined : makeNotice(id, 'reset-link', from),
      });
      return showLink(baseUrl, secret, link.expiresAt);
    },

    async removeSecondFactor(id, actor, from) {
      requireRightsOver(await require(id), actor);
      await secondFactors.remove(id, from);
    },

    async endSessions(id, actor) {
      await store.sessions.endAll(id, (user) => requireRightsOver(user, actor));
      onAccessChange();
    },

    async updateSelf(session, { name, password }, from) {
      const { id } = session.user;
      const change = { name, password: password && (await newPassword(session, password, from)), updatedAt: now() };
      const user = await store.users.updateSelf(id, change);
      if (!user) throw wrongPassword();
      if (password) onAccessChange();
      return user;
    },

    async needsSetup() {
      hasOwner ||= await store.users.hasOwner();
      return !hasOwner;
    },
  };
}

function wrongPassword(): HooklineError {
  return new HooklineError('forbidden', 'The current password is wrong.');
}
