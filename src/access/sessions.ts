// Sessions of people in a browser: signing in, knowing them again, signing out.

import { createHmac, randomUUID } from 'node:crypto';
import { toFailure } from '../engine/failure.ts';
import type { Log } from '../engine/plugin.ts';
import { HooklineError } from '../errors.ts';
import type { AuditService } from './audit.ts';
import { type Actor, ROLE_PERMISSIONS } from './model.ts';
import { MAX_USER_AGENT, type MakeNotice, placeAndBrowser } from './notices.ts';
import type { Passwords } from './passwords.ts';
import type { AccessStore, Session, User } from './ports.ts';
import { hashSecret, makeSecret } from './random-secret.ts';
import { requireRightsOver } from './rights.ts';
import type { PendingSignIns } from './second-factor/pending-sign-in.ts';
import type { SecondFactorService } from './second-factor/second-factors.ts';
import type { SignInThrottle } from './throttle/sign-in-throttle.ts';

/** A session nobody uses ends after this time, in milliseconds. */
const IDLE_MS = 7 * 86_400_000;
/** Every session ends after this time, in milliseconds. */
export const SESSION_MAX_MS = 30 * 86_400_000;
/** How exactly it is known when somebody was last seen, in milliseconds; more often is not written. */
export const SEEN_EVERY_MS = 60_000;

/** A session and who it belongs to. */
export interface ActiveSession {
  readonly hash: string;
  /** What people and the API see of it. */
  readonly id: string;
  /** When the password was last entered, in milliseconds since 1970. */
  readonly confirmedAt: number;
  readonly user: User;
  /** What requests that change something have to send; only who has the session's secret can make it. */
  readonly csrfToken: string;
}

/** A session that begins, with the secret for its cookie. */
export interface NewSession extends ActiveSession {
  readonly secret: string;
  /** For a cookie by which this browser is known at its next sign-in. */
  readonly device: string;
}

/** The password was right, and a code is needed, too. */
export interface PendingSignIn {
  /** For a cookie of this browser: five minutes. */
  readonly proof: string;
}

/** Where a request comes from. */
export interface Origin {
  /** The caller's IP address. */
  readonly address: string;
  /** As the caller names its program. */
  readonly userAgent?: string | undefined;
  readonly session: ActiveSession | null;
  /** What the cookie of a browser that has signed in before holds, unchecked. */
  readonly device?: string | undefined;
}

export interface SessionService {
  /**
   * Starts a new session, always: what secret the browser had before does not matter, and that session ends.
   * @throws HooklineError `unauthorized`, the same for every reason; `too_many_requests` with `Retry-After`
   */
  signIn(given: { email: string; password: string }, from: Origin): Promise<NewSession | PendingSignIn>;
  /**
   * The second step, for users with a second factor.
   * @param given.proof what the first step gave
   * @throws HooklineError `unauthorized` when the proof is too old or the password has changed; `wrong_code`, `too_many_requests`
   */
  signInWithCode(given: { proof: string; code: string }, from: Origin): Promise<NewSession>;
  /** The session of a secret, unless it is over or its user disabled or deleted. */
  find(secret: string): Promise<ActiveSession | undefined>;
  end(session: ActiveSession): Promise<void>;
  /** A session that begins now, to be stored by the caller. */
  make(from: Origin): { readonly secret: string; readonly session: Omit<Session, 'userId'> };
  /** What a session is to its user when it was started elsewhere. */
  describe(secret: string, session: Omit<Session, 'userId'>, user: User): NewSession;
  /** The sessions of a user that are not over, the latest seen first. @throws HooklineError `user_not_found` */
  list(userId: string): Promise<Session[]>;
  /**
   * Ends one session of a user.
   * @throws HooklineError `user_not_found`; `session_not_found`; `forbidden` for a user with more rights than the actor's
   */
  endOne(userId: string, id: string, actor: Actor): Promise<void>;
  /** Ends all sessions of the user but this one. */
  endOthers(session: ActiveSession): Promise<void>;
  /** Times before which sessions are over. */
  bounds(): { begunBefore: number; seenBefore: number };
}

/** Who a user is to the routes. */
export function actorOfUser({ id, email, role }: User): Actor {
  return { kind: 'user', id, name: email, permissions: new Set(ROLE_PERMISSIONS[role]) };
}

export function createSessions(options: {
  store: Pick<AccessStore, 'users' | 'sessions'>;
  passwords: Passwords;
  throttle: SignInThrottle;
  pending: PendingSignIns;
  secondFactors: Pick<SecondFactorService, 'check'>;
  audit: AuditService;
  makeNotice: MakeNotice;
  /** Told when sessions have ended. */
  onAccessChange: () => void;
  now: () => number;
  log: Log;
}): SessionService {
  const { store, passwords, throttle, pending, secondFactors, audit, makeNotice, onAccessChange, now, log } = options;
  /** Sessions whose last use is being written. */
  const touching = new Set<string>();

  function bounds() {
    return { begunBefore: now() - SESSION_MAX_MS, seenBefore: now() - IDLE_MS };
  }

  const csrfTokenOf = (secret: string): string => createHmac('sha256', secret).update('hookline csrf').digest('base64url');

  function describe(secret: string, { hash, id, confirmedAt }: Omit<Session, 'userId'>, user: User): NewSession {
    return { secret, hash, id, confirmedAt, user, csrfToken: csrfTokenOf(secret), device: throttle.deviceOf(user.id) };
  }

  function make({ address, userAgent = '' }: Origin): ReturnType<SessionService['make']> {
    const secret = makeSecret();
    const at = now();
    const times = { lastSeenAt: at, createdAt: at, confirmedAt: at };
    const shown = { id: randomUUID(), address, userAgent: userAgent.slice(0, MAX_USER_AGENT) };
    return { secret, session: { hash: hashSecret(secret), ...times, ...shown } };
  }

  /** How the right password of a user is encoded; undefined when anything is wrong. */
  async function check(user: User | undefined, password: string) {
    const encoded = user === undefined || user.isDisabled ? null : user.password;
    const { isRight, isOutdated } = await passwords.check(encoded, password);
    return isRight && user !== undefined && encoded !== null ? { user, encoded, isOutdated } : undefined;
  }

  /** Stores a session that begins, unless the password is another one by now. */
  function storeSession(user: User, encoded: string, begun: Omit<Session, 'userId'>): Promise<boolean> {
    return store.sessions.start(
      { ...begun, userId: user.id },
      encoded,
      makeNotice(user.id, 'sign-in', begun, placeAndBrowser(begun)),
    );
  }

  /** Starts a session for a user with the right password. @returns whether it was still the right one */
  async function start(user: User, encoded: string, password: string, begun: Omit<Session, 'userId'>): Promise<boolean> {
    if (await storeSession(user, encoded, begun)) return true;
    // It was changed while it was being checked, perhaps only encoded anew.
    const { password: newer } = (await store.users.get(user.id)) ?? { password: null };
    const again = await passwords.check(newer, password);
    return newer !== null && again.isRight && storeSession(user, newer, begun);
  }

  async function touch(hash: string, userId: string): Promise<void> {
    if (touching.has(hash)) return;
    touching.add(hash);
    try {
      await store.sessions.touch({ hash, userId }, now());
    } catch (error) {
      // Who only reads can do so also while the database cannot write.
      log.warn({ error: toFailure(error) }, 'Could not store when a session was last used');
    } finally {
      touching.delete(hash);
    }
  }

  async function endSession({ hash }: ActiveSession): Promise<void> {
    await store.sessions.end(hash);
    onAccessChange();
  }

  async function requireUser(id: string): Promise<User> {
    const user = await store.users.get(id);
    if (!user) throw new HooklineError('user_not_found', `There is no user ${id}.`);
    return user;
  }

  return {
    bounds,
    describe,
    make,

    async signIn({ email, password }, from) {
      const { address, session: before, device } = from;
      const found = await store.users.findByEmail(email);
      const turn = await throttle.take({ email, userId: found?.id, address, device });
      const known = await check(found, password);
      // The session begins with the code.
      if (known?.user.secondFactorSince != null) {
        await turn.pass();
        return { proof: pending.make(known.user) };
      }
      const { secret, session } = make(from);
      const isStarted =
        known !== undefined &&
        (await audit.record(actorOfUser(known.user), { action: 'signIn', target: known.user.id, address }, () =>
          start(known.user, known.encoded, password, session),
        ));
      if (!isStarted) {
        await audit.note(email, { action: 'signInRefused', address, outcome: 'refused', isGrouped: true });
        throw new HooklineError('unauthorized', 'The e-mail address or the password is wrong.', {
          headers: { 'WWW-Authenticate': 'Bearer realm="hookline"' },
        });
      }
      const { user, encoded, isOutdated } = known;
      if (isOutdated) await store.users.rehash(user.id, encoded, await passwords.encode(password));
      await turn.succeed(user.id);
      if (before) await endSession(before);
      return describe(secret, session, { ...user, lastSeenAt: session.createdAt });
    },

    async signInWithCode({ proof, code }, from) {
      const { address, session: before } = from;
      const id = pending.userIdOf(proof);
      const user = id === undefined ? undefined : await store.users.get(id);
      if (user === undefined || user.isDisabled || !pending.isValid(proof, user)) throw tooLate();
      const { password: encoded } = user;
      if (encoded === null) throw tooLate();
      await secondFactors.check(user, code, address, await throttle.knownBy(user.id, from));
      const { secret, session } = make(from);
      const note = { action: 'signIn', target: user.id, address };
      if (!(await audit.record(actorOfUser(user), note, () => storeSession(user, encoded, session)))) throw tooLate();
      await throttle.remember(user.id, address);
      if (before) await endSession(before);
      return describe(secret, session, { ...user, lastSeenAt: session.createdAt });
    },

    async find(secret) {
      const found = await store.sessions.find(hashSecret(secret));
      if (!found) return undefined;
      const { session, user } = found;
      const { begunBefore, seenBefore } = bounds();
      if (user.isDisabled || session.createdAt <= begunBefore || session.lastSeenAt <= seenBefore) return undefined;
      if (session.lastSeenAt + SEEN_EVERY_MS <= now()) await touch(session.hash, user.id);
      const { hash, id, confirmedAt } = session;
      return { hash, id, confirmedAt, user, csrfToken: csrfTokenOf(secret) };
    },

    end: endSession,

    async list(userId) {
      await requireUser(userId);
      const { begunBefore, seenBefore } = bounds();
      const all = await store.sessions.list(userId);
      return all.filter(({ createdAt, lastSeenAt }) => createdAt > begunBefore && lastSeenAt > seenBefore);
    },

    async endOne(userId, id, actor) {
      const user = await requireUser(userId);
      if (actor.kind !== 'user' || actor.id !== userId) requireRightsOver(user, actor);
      if (!(await store.sessions.endOne(userId, id))) {
        throw new HooklineError('session_not_found', `There is no session ${id} of this user; it may have ended.`);
      }
      onAccessChange();
    },

    async endOthers({ user, hash }) {
      if ((await store.sessions.endOthers(user.id, hash)) > 0) onAccessChange();
    },
  };
}

function tooLate(): HooklineError {
  return new HooklineError('unauthorized', 'It took too long, or the password has changed. Sign in with the password again.', {
    headers: { 'WWW-Authenticate': 'Bearer realm="hookline"' },
  });
}
