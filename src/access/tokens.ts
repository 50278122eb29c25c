// API tokens: for programs that use the admin API, with their own permissions and end.

import { randomUUID } from 'node:crypto';
import { nameAuditTarget } from '../engine/audit-scope.ts';
import { toFailure } from '../engine/failure.ts';
import type { Log } from '../engine/plugin.ts';
import { HooklineError } from '../errors.ts';
import { type Actor, PERMISSIONS, type Permission } from './model.ts';
import type { MakeNotice, Place } from './notices.ts';
import type { ApiToken, TokenStore } from './ports.ts';
import { hashSecret, makeSecret } from './random-secret.ts';
import { permissionsOfToken, requireRightsOverToken } from './rights.ts';
import { SEEN_EVERY_MS } from './sessions.ts';

/** What every token begins with, so that people and scanners recognise one that was published by mistake. */
export const TOKEN_PREFIX = 'hlk_';

export interface TokenService {
  list(): Promise<ApiToken[]>;
  /**
   * Makes a token; the secret is never seen again. A token of a user, or of a user's token, never has more rights than that
   * user has at the moment, and works only as long as the user does; one of a token with an end has an end no later.
   * @throws HooklineError `forbidden` for permissions or a time that the actor does not have; `invalid_request` for an end in the past
   */
  create(
    given: { name: string; permissions: readonly Permission[]; expiresAt: number | null },
    actor: Actor,
    from: Place,
  ): Promise<{ token: ApiToken; secret: string }>;
  /** @throws HooklineError `token_not_found`; `forbidden` for a token with more rights than the actor's */
  delete(id: string, actor: Actor): Promise<void>;
  /** Whom a secret makes its bearer; undefined when it is unknown, expired, or its user is disabled or gone. */
  find(secret: string): Promise<Actor | undefined>;
}

export function createTokens(options: {
  store: TokenStore;
  makeNotice: MakeNotice;
  /** Told when a token was deleted. */
  onAccessChange: () => void;
  now: () => number;
  log: Log;
}): TokenService {
  const { store, makeNotice, onAccessChange, now, log } = options;
  /** Tokens whose last use is being written. */
  const touching = new Set<string>();

  /** The user behind an actor, null for the admin token, which none is behind; and when its own rights end, null: never. */
  async function limitsOf(actor: Actor): Promise<Pick<ApiToken, 'userId' | 'expiresAt'>> {
    if (actor.kind === 'user') return { userId: actor.id, expiresAt: null };
    if (actor.kind === 'admin-token') return { userId: null, expiresAt: null };
    const own = (await store.list()).find(({ id }) => id === actor.id);
    if (!own) throw new HooklineError('unauthorized', 'This token does not exist any more.');
    return own;
  }

  async function touch(id: string): Promise<void> {
    if (touching.has(id)) return;
    touching.add(id);
    try {
      await store.touch(id, now());
    } catch (error) {
      log.warn({ error: toFailure(error) }, 'Could not store when an API token was last used');
    } finally {
      touching.delete(id);
    }
  }

  return {
    list: () => store.list(),

    async create({ name, permissions, expiresAt }, actor, from) {
      const missing = permissions.filter((permission) => !actor.permissions.has(permission));
      if (missing.length > 0) {
        throw new HooklineError('forbidden', `${actor.name} does not have ${missing.join(', ')}, so its tokens cannot either.`);
      }
      if (expiresAt !== null && expiresAt <= now()) {
        throw new HooklineError('invalid_request', 'body.expiresAt: must be in the future.');
      }
      const { userId, expiresAt: latest } = await limitsOf(actor);
      if (latest !== null && (expiresAt === null || expiresAt > latest)) {
        const end = new Date(latest).toISOString();
        throw new HooklineError(
          'forbidden',
          `${actor.name} works until ${end}, so its tokens cannot work for longer: set "expiresAt".`,
        );
      }
      const secret = TOKEN_PREFIX + makeSecret();
      const token: ApiToken = {
        id: randomUUID(),
        hash: hashSecret(secret),
        name,
        hint: secret.slice(-4),
        permissions: PERMISSIONS.filter((permission) => permissions.includes(permission)),
        userId,
        createdBy: actor.name,
        expiresAt,
        lastUsedAt: null,
        createdAt: now(),
      };
      nameAuditTarget(token.id);
      const notice = token.userId === null ? undefined : makeNotice(token.userId, 'token-created', from, name);
      await store.insert(token, notice);
      return { token, secret };
    },

    async delete(id, actor) {
      await store.delete(id, (token, user) => requireRightsOverToken(token, user, actor));
      onAccessChange();
    },

    async find(secret) {
      if (!secret.startsWith(TOKEN_PREFIX)) return undefined;
      const found = await store.find(hashSecret(secret));
      if (!found) return undefined;
      const { token, user } = found;
      if (token.expiresAt !== null && token.expiresAt <= now()) return undefined;
      if (token.userId !== null && (user === undefined || user.isDisabled)) return undefined;
      if ((token.lastUsedAt ?? 0) + SEEN_EVERY_MS <= now()) await touch(token.id);
      return { kind: 'token', id: token.id, name: token.name, permissions: new Set(permissionsOfToken(token, user)) };
    },
  };
}
