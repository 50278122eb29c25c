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
import { createThrottle, placeOfAddress, requireNoWait } from './throttle.ts';

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
}

/** Where a request comes from. */
export interface Origin {
  /** The caller's IP address. */
  readonly address: string;
  /** As the caller names its program. */
  readonly userAgent?: string | undefined;
  readonly session: ActiveSession | null;
}

export interface SessionService {
  /**
   * Starts a new session, always: what secret the browser had before does not matter, and that session ends.
   * @throws HooklineError `unauthorized`, the same for every reason; `too_many_requests` with `Retry-After`
   */
  signIn(given: { email: string; password: string }, from: Origin): Promise<NewSession>;
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
  audit: AuditService;
  makeNotice: MakeNotice;
  /** Told when sessions have ended. */
  onAccessChange: () => void;
  now: () => number;
  log: Log;
}): SessionService {
  const { store, passwords, audit, makeNotice, onAccessChange, now, log } = options;
  const byEmail = createThrottle({ free: 5, maxWaitMs: 300_000, now });
  // Many people may share an address; who guesses has to wait a minute for each further try.
  const byPlace = createThrottle({ free: 20, maxWaitMs: 60_000, now });
  /** Sessions whose last use is being written. */
  const touching = new Set<string>();

  function bounds() {
    return { begunBefore: now() - SESSION_MAX_MS, seenBefore: now() - IDLE_MS };
  }

  const csrfTokenOf = (secret: string): string => createHmac('sha256', secret).update('hookline csrf').digest('base64url');

  function describe(secret: string, { hash, id, confirmedAt }: Omit<Session, 'userId'>, user: User): NewSession {
    return { secret, hash, id, confirmedAt, user, csrfToken: csrfTokenOf(secret) };
  }

  function make({ address, userAgent = '' }: Origin): ReturnType<SessionService['make']> {
    const secret = makeSecret();
    const at = now();
    const times = { lastSeenAt: at, createdAt: at, confirmedAt: at };
    const shown = { id: randomUUID(), address, userAgent: userAgent.slice(0, MAX_USER_AGENT) };
    return { secret, session: { hash: hashSecret(secret), ...times, ...shown } };
  }

  /** The user of an e-mail address and a password, and how it is encoded; undefined when anything is wrong. */
  async function check(email: string, password: string) {
    const user = await store.users.findByEmail(email);
    const encoded = user === undefined || user.isDisabled ? null : user.password;
    const { isRight, isOutdated } = await passwords.check(encoded, password);
    return isRight && user !== undefined && encoded !== null ? { user, encoded, isOutdated } : undefined;
  }

  /** Starts a session for a user with the right password. @returns whether it was still the right one */
  async function start(user: User, encoded: string, password: string, begun: Omit<Session, 'userId'>): Promise<boolean> {
    const session = { ...begun, userId: user.id };
    const notice = makeNotice(user.id, 'sign-in', begun, placeAndBrowser(begun));
    if (await store.sessions.start(session, encoded, notice)) return true;
    // It was changed while it was being checked, perhaps only encoded anew.
    const { password: newer } = (await store.users.get(user.id)) ?? { password: null };
    const again = await passwords.check(newer, password);
    return newer !== null && again.isRight && (await store.sessions.start(session, newer, notice));
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
      const { address, session: before } = from;
      const place = placeOfAddress(address);
      const refused = { action: 'signInRefused', address, outcome: 'refused', isGrouped: true } as const;
      try {
        requireNoWait([byEmail, email], [byPlace, place]);
      } catch (error) {
        await audit.note(email, { ...refused, details: { reason: ['too_many_requests'] } });
        throw error;
      }
      byEmail.count(email);
      byPlace.count(place);
      const known = await check(email, password);
      const { secret, session } = make(from);
      const isStarted =
        known !== undefined &&
        (await audit.record(actorOfUser(known.user), { action: 'signIn', target: known.user.id, address }, () =>
          start(known.user, known.encoded, password, session),
        ));
      if (!isStarted) {
        await audit.note(email, refused);
        throw new HooklineError('unauthorized', 'The e-mail address or the password is wrong.', {
          headers: { 'WWW-Authenticate': 'Bearer realm="hookline"' },
        });
      }
      const { user, encoded, isOutdated } = known;
      if (isOutdated) await store.users.rehash(user.id, encoded, await passwords.encode(password));
      byEmail.forget(email);
      byPlace.takeBack(place);
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
