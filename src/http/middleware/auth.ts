// Finds out who sends a request: the bearer of a token, or whoever is signed in. What is allowed is the router's matter.

import type { Context, Middleware } from 'koa';
import type { Access } from '../../access/access.ts';
import { type Actor, PERMISSIONS, type Permission } from '../../access/model.ts';
import { actorOfUser, type Origin } from '../../access/sessions.ts';
import { HooklineError } from '../../errors.ts';
import type { TokenVerifier } from '../admin-token.ts';
import type { ReachOf } from '../reach.ts';

/** `Bearer` and a b64token: RFC 6750, section 2.1; the scheme's name in any case: RFC 9110, section 11.1. */
const BEARER = /^Bearer +([\w.~+/-]+=*)$/i;

/** What is said to who is nobody. @param header what was sent as `Authorization` */
export function unauthorized(header: string): HooklineError {
  // RFC 6750, section 3.1: no error code when no token was given at all.
  const challenge = header === '' ? 'Bearer realm="hookline"' : 'Bearer realm="hookline", error="invalid_token"';
  return new HooklineError(
    'unauthorized',
    header === ''
      ? 'Sign in, or send a token in the header "Authorization: Bearer <token>".'
      : 'The header "Authorization" does not hold a valid token. It must be "Bearer <token>".',
    { headers: { 'WWW-Authenticate': challenge } },
  );
}

const ADMIN: Actor = { kind: 'admin-token', id: 'admin', name: 'admin token', permissions: new Set(PERMISSIONS) };

/** What `auth` has found; before it, nobody. */
export function callerOf(ctx: Context): Caller {
  return (
    ctx.state.caller ?? {
      actor: null,
      origin: { address: '', userAgent: '', session: null },
      mustEnrol: false,
      pendingSignIn: undefined,
    }
  );
}

export interface Caller {
  readonly actor: Actor | null;
  readonly origin: Origin;
  /** The user has to set up a second factor before anything else. */
  readonly mustEnrol: boolean;
  /** What the cookie between the password and the code holds, unchecked. */
  readonly pendingSignIn: string | undefined;
  /** Finds out anew, for replies that go on. @throws HooklineError `unauthorized` for a token that is no longer valid */
  again?(): Promise<Caller>;
}

export interface AuthOptions {
  readonly tokens: TokenVerifier;
  readonly access: Pick<Access, 'sessions' | 'tokens' | 'bearers' | 'secondFactors'>;
  readonly reachOf: ReachOf;
}

/**
 * The actor behind a header `Authorization: Bearer …`. Guesses are slowed down and noted before the database is asked.
 * @throws HooklineError `unauthorized` with `WWW-Authenticate: Bearer`; `too_many_requests`
 */
export async function requireBearer(
  header: string,
  address: string,
  { tokens, access }: Pick<AuthOptions, 'tokens'> & { readonly access: Pick<Access, 'tokens' | 'bearers'> },
): Promise<Actor> {
  const token = BEARER.exec(header)?.[1];
  if (token === undefined) throw unauthorized(header);
  const find = async (): Promise<Actor | undefined> => ((await tokens.verify(token)) ? ADMIN : access.tokens.find(token));
  const actor = await access.bearers.judge(address, token, find);
  if (actor === undefined) throw unauthorized(header);
  return actor;
}

/**
 * Middleware that leaves a `Caller` for what is behind it. A wrong token is refused at once; other headers `Authorization`,
 * such as those of a proxy that asks for passwords itself, say nothing.
 */
export function auth({ tokens, access, reachOf }: AuthOptions): Middleware {
  async function find(ctx: Context): Promise<Caller> {
    const { address, sessionCookie, deviceCookie, pendingCookie } = reachOf(ctx);
    const userAgent = ctx.get('User-Agent');
    const header = ctx.get('Authorization');
    if (/^Bearer\b/i.test(header)) {
      const actor = await requireBearer(header, address, { tokens, access });
      return { actor, origin: { address, userAgent, session: null }, mustEnrol: false, pendingSignIn: undefined };
    }
    const cookies = ctx.get('Cookie');
    const secret = sessionCookie.read(cookies);
    const session = secret === undefined ? undefined : await access.sessions.find(secret);
    const mustEnrol = session !== undefined && (await access.secondFactors.isMissing(session.user));
    return {
      actor: session ? { ...actorOfUser(session.user), ...(mustEnrol ? { permissions: new Set<Permission>() } : {}) } : null,
      origin: { address, userAgent, session: session ?? null, device: deviceCookie.read(cookies) },
      mustEnrol,
      pendingSignIn: pendingCookie.read(cookies),
    };
  }

  return async (ctx, next) => {
    const caller: Caller = { ...(await find(ctx)), again: () => find(ctx) };
    ctx.state.caller = caller;
    return next();
  };
}

/** For the end: nobody learns which paths there are. */
export const requireSomebody: Middleware = (ctx, next) => {
  if (callerOf(ctx).actor === null) throw unauthorized(ctx.get('Authorization'));
  return next();
};
