// Lets only requests with a known bearer token through.

import type { Middleware } from 'koa';
import { type Actor, PERMISSIONS } from '../../access/model.ts';
import { HooklineError } from '../../errors.ts';
import type { TokenVerifier } from '../admin-token.ts';

/** `Bearer` and a b64token: RFC 6750, section 2.1; the scheme's name in any case: RFC 9110, section 11.1. */
const BEARER = /^Bearer +([\w.~+/-]+=*)$/i;

/** @throws HooklineError `unauthorized` with `WWW-Authenticate: Bearer` */
export async function requireToken(header: string, tokens: TokenVerifier): Promise<void> {
  const token = BEARER.exec(header)?.[1];
  if (token !== undefined && (await tokens.verify(token))) return;
  // RFC 6750, section 3.1: no error code when no token was given at all.
  const challenge = header === '' ? 'Bearer realm="hookline"' : 'Bearer realm="hookline", error="invalid_token"';
  throw new HooklineError(
    'unauthorized',
    header === ''
      ? 'Send the admin token in the header "Authorization: Bearer <token>".'
      : 'The header "Authorization" does not hold a valid admin token. It must be "Bearer <token>".',
    { headers: { 'WWW-Authenticate': challenge } },
  );
}

const ADMIN: Actor = { kind: 'admin-token', id: 'admin', name: 'admin token', permissions: new Set(PERMISSIONS) };

/** Middleware that guards everything behind it. */
export function auth(tokens: TokenVerifier): Middleware {
  return async (ctx, next) => {
    await requireToken(ctx.get('Authorization'), tokens);
    ctx.state.actor = ADMIN;
    return next();
  };
}
