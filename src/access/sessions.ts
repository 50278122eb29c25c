// Sessions of people in a browser: signing in, knowing them again, signing out.

import { createHmac } from 'node:crypto';
import { toFailure } from '../engine/failure.ts';
import type { Log } from '../engine/plugin.ts';
import { HooklineError } from '../errors.ts';
import type { AuditService } from './audit.ts';
import { type Actor, ROLE_PERMISSIONS } from './model.ts';
import type { Passwords } from './passwords.ts';
import type { AccessStore, User } from './ports.ts';
import { hashSecret, makeSecret } from './random-secret.ts';
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
  /** What a session is when somebody has it that was started elsewhere. */
  describe(secret: string, user: User): NewSession;
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
  now: () => number;
  log: Log;
}): SessionService {
  const { store, passwords, throttle, pending, secondFactors, audit, now, log } = options;
  /** Sessions whose last use is being written. */
  const touching = new Set<string>();

  function bounds() {
    return { begunBefore: now() - SESSION_MAX_MS, seenBefore: now() - IDLE_MS };
  }

  function activeOf(secret: string, user: User): ActiveSession {
    const csrfToken = createHmac('sha256', secret).update('hookline csrf').digest('base64url');
    return { hash: hashSecret(secret), user, csrfToken };
  }

  function describe(secret: string, user: User): NewSession {
    return { ...activeOf(secret, user), secret, device: throttle.deviceOf(user.id) };
  }

  /** Starts a session for who gives the right password; undefined when anything is wrong. */
  async function start(user: User | undefined, password: string, secret: string): Promise<User | undefined> {
    const encoded = user === undefined || user.isDisabled ? null : user.password;
    const { isRight, isOutdated } = await passwords.check(encoded, password);
    if (!isRight || user === undefined || encoded === null) return undefined;
    // The session begins with the code.
    if (user.secondFactorSince != null) return user;
    const at = now();
    const session = { hash: hashSecret(secret), userId: user.id, lastSeenAt: at, createdAt: at };
    if (!(await store.sessions.start(session, encoded))) {
      // It was changed while it was being checked, perhaps only encoded anew.
      const { password: newer } = (await store.users.get(user.id)) ?? { password: null };
      const again = await passwords.check(newer, password);
      if (newer === null || !again.isRight || !(await store.sessions.start(session, newer))) return undefined;
    }
    if (isOutdated) await store.users.rehash(user.id, encoded, await passwords.encode(password));
    return { ...user, lastSeenAt: at };
  }

  async function begun(secret: string, user: User, { address, session: before }: Origin): Promise<NewSession> {
    if (before) await store.sessions.end(before.hash);
    await audit.note(actorOfUser(user), { action: 'signIn', target: user.id, address });
    return describe(secret, user);
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

  return {
    bounds,
    describe,

    async signIn({ email, password }, { address, session: before, device }) {
      const found = await store.users.findByEmail(email);
      const turn = await throttle.take({ email, userId: found?.id, address, device });
      const secret = makeSecret();
      const user = await start(found, password, secret);
      if (!user) {
        await audit.note(email, { action: 'signInRefused', address });
        throw new HooklineError('unauthorized', 'The e-mail address or the password is wrong.', {
          headers: { 'WWW-Authenticate': 'Bearer realm="hookline"' },
        });
      }
      if (user.secondFactorSince != null) {
        await turn.pass();
        return { proof: pending.make(user) };
      }
      await turn.succeed(user.id);
      return begun(secret, user, { address, session: before });
    },

    async signInWithCode({ proof, code }, from) {
      const id = pending.userIdOf(proof);
      const user = id === undefined ? undefined : await store.users.get(id);
      if (user === undefined || user.isDisabled || user.password === null || !pending.isValid(proof, user)) throw tooLate();
      await secondFactors.check(user, code, from.address);
      const secret = makeSecret();
      const at = now();
      const session = { hash: hashSecret(secret), userId: user.id, lastSeenAt: at, createdAt: at };
      if (!(await store.sessions.start(session, user.password))) throw tooLate();
      await throttle.remember(user.id, from.address);
      return begun(secret, { ...user, lastSeenAt: at }, from);
    },

    async find(secret) {
      const found = await store.sessions.find(hashSecret(secret));
      if (!found) return undefined;
      const { session, user } = found;
      const { begunBefore, seenBefore } = bounds();
      if (user.isDisabled || session.createdAt <= begunBefore || session.lastSeenAt <= seenBefore) return undefined;
      if (session.lastSeenAt + SEEN_EVERY_MS <= now()) await touch(session.hash, user.id);
      return activeOf(secret, user);
    },

    end: ({ hash }) => store.sessions.end(hash),
  };
}

function tooLate(): HooklineError {
  return new HooklineError('unauthorized', 'It took too long, or the password has changed. Sign in with the password again.', {
    headers: { 'WWW-Authenticate': 'Bearer realm="hookline"' },
  });
}
