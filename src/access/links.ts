// One-time links: the first owner's setup, invitations, forgotten passwords.

import { randomUUID } from 'node:crypto';
import { HooklineError } from '../errors.ts';
import type { AuditService } from './audit.ts';
import type { LinkView, OneTimeLinkView } from './model.ts';
import { type MakeNotice, placeAndBrowser } from './notices.ts';
import type { Passwords } from './passwords.ts';
import type { AccessStore, OneTimeLink, User } from './ports.ts';
import { hashSecret, makeSecret } from './random-secret.ts';
import type { SecondFactorService } from './second-factor/second-factors.ts';
import { actorOfUser, type NewSession, type Origin, type SessionService } from './sessions.ts';
import type { PlaceThrottle } from './throttle/place-throttle.ts';
import type { SignInThrottle } from './throttle/sign-in-throttle.ts';
import { showLink } from './views.ts';
import { requireStrongPassword } from './weak-passwords.ts';

const DAY_MS = 86_400_000;
/** How long each kind of link works, in milliseconds. */
const LASTS_MS = { setup: DAY_MS, invitation: 7 * DAY_MS, reset: DAY_MS } as const;

export interface LinkUse {
  readonly token: string;
  readonly password: string;
  /** For `setup` only, and needed there, both. */
  readonly email?: string | undefined;
  readonly name?: string | undefined;
  /** Whether the user's API tokens stop working. Default: yes for `reset`. */
  readonly revokeTokens?: boolean | undefined;
  /** Of the second factor, for users who have one. */
  readonly code?: string | undefined;
}

export interface LinkService {
  /** The link that makes the first owner; undefined when there is one. Each is another link, and all work until one is used. */
  createSetup(): Promise<OneTimeLinkView | undefined>;
  /**
   * What a token is for.
   * @throws HooklineError `not_found` when it is unknown, used or expired; `too_many_requests`
   */
  check(token: string, from: Origin): Promise<LinkView>;
  /**
   * Uses a link up and signs its user in.
   * @throws HooklineError as `check`; `invalid_request` when e-mail address and name are not as the link needs them;
   *   `weak_password`; `conflict`; `second_factor_required` and `wrong_code` for a user with a second factor
   */
  accept(use: LinkUse, from: Origin): Promise<NewSession>;
}

/** A new link for a user who has a password (`reset`) or not (`invitation`). */
export function newLink(user: Pick<User, 'id' | 'password'> | null, now: number): { link: OneTimeLink; secret: string } {
  const purpose = user === null ? 'setup' : user.password === null ? 'invitation' : 'reset';
  const secret = makeSecret();
  const times = { createdAt: now, expiresAt: now + LASTS_MS[purpose] };
  return { secret, link: { hash: hashSecret(secret), purpose, userId: user?.id ?? null, ...times } };
}

export function createLinks(options: {
  store: AccessStore;
  passwords: Passwords;
  sessions: SessionService;
  throttle: PlaceThrottle;
  signIns: Pick<SignInThrottle, 'remember' | 'knownBy'>;
  secondFactors: Pick<SecondFactorService, 'check'>;
  audit: AuditService;
  makeNotice: MakeNotice;
  /** Told when a user's sessions and tokens have ended. */
  onAccessChange: () => void;
  baseUrl: string;
  now: () => number;
}): LinkService {
  const { store, passwords, sessions, throttle, signIns, secondFactors, audit, makeNotice, onAccessChange, baseUrl, now } =
    options;

  async function find(token: string, { address }: Origin): Promise<{ link: OneTimeLink; user: User | null }> {
    const turn = await throttle.take(address);
    const found = await store.links.find(hashSecret(token));
    const isUsable =
      found !== undefined &&
      found.link.expiresAt > now() &&
      !found.user?.isDisabled &&
      (found.link.purpose !== 'setup' || !(await store.users.hasOwner()));
    if (!isUsable) throw notUsable();
    await turn.takeBack();
    return found;
  }

  return {
    async createSetup() {
      if (await store.users.hasOwner()) return undefined;
      const { link, secret } = newLink(null, now());
      await store.links.insert(link);
      return showLink(baseUrl, secret, link.expiresAt);
    },

    async check(token, from) {
      const { link, user } = await find(token, from);
      const expiresAt = new Date(link.expiresAt).toISOString();
      const secondFactor = user?.secondFactorSince != null;
      return { purpose: link.purpose, email: user?.email ?? null, name: user?.name ?? null, secondFactor, expiresAt };
    },

    async accept({ token, password, email, name, code, revokeTokens }, from) {
      const { link, user: known } = await find(token, from);
      const owner = ownerOf(link, email, name, now());
      const acting = known ?? owner;
      if (!acting) throw notUsable();
      requireStrongPassword(password, acting);
      // The link alone, in wrong hands, is one factor.
      if (known?.secondFactorSince != null) {
        if (code === undefined) {
          throw new HooklineError('second_factor_required', 'This user has a second factor: send a "code" of it, too.');
        }
        await secondFactors.check(known, code, from.address, await signIns.knownBy(known.id, from));
      }
      const { secret, session } = sessions.make(from);
      const revokes = revokeTokens ?? link.purpose === 'reset';
      const use = {
        now: now(),
        password: await passwords.encode(password),
        owner,
        session,
        revokeTokens: revokes,
        // Who has just been invited need not be told of the first sign-in; it makes its place known.
        noticeFor: (userId: string) =>
          link.purpose === 'reset'
            ? makeNotice(userId, 'password-changed', from)
            : { ...makeNotice(userId, 'sign-in', from, placeAndBrowser(from)), readAt: now() },
      };
      const fields = [...(owner ? ['email', 'name'] : []), 'password'];
      const note = { action: 'acceptLink', target: acting.id, fields, address: from.address };
      const details = revokes ? { tokens: ['revoked'] } : {};
      const user = await audit.record(actorOfUser(acting), { ...note, details }, () => store.links.accept(link.hash, use));
      if (!user) throw notUsable();
      onAccessChange();
      if (from.session) await sessions.end(from.session);
      await signIns.remember(user.id, from.address);
      return sessions.describe(secret, session, user);
    },
  };
}

/** @throws HooklineError `invalid_request` */
function ownerOf({ purpose }: OneTimeLink, email: string | undefined, name: string | undefined, now: number): User | undefined {
  if (purpose === 'setup') {
    if (email === undefined || name === undefined) {
      throw new HooklineError('invalid_request', 'body: the first owner needs an "email" and a "name".');
    }
    const times = { lastSeenAt: now, createdAt: now, updatedAt: now };
    return { id: randomUUID(), email, name, role: 'owner', password: null, isDisabled: false, ...times };
  }
  if (email === undefined && name === undefined) return undefined;
  throw new HooklineError('invalid_request', 'body: "email" and "name" are for the first owner only; this link has a user.');
}

function notUsable(): HooklineError {
  return new HooklineError(
    'not_found',
    'This link does not work: it was used already, has expired, or was replaced by a newer one.',
  );
}
