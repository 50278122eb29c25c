// Refuses requests that other web sites let a signed-in person's browser send.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import { HooklineError } from '../../errors.ts';
import type { Reach } from '../reach.ts';
import type { RoutePermission } from '../route.ts';
import { callerOf } from './auth.ts';

const HEADER = 'X-CSRF-Token';
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * With a session every request that can change something needs its CSRF token. It and those that anybody may send (to sign in,
 * say) have to come from our own pages when the browser tells where they come from. Tokens in `Authorization` need neither: no
 * browser sends them by itself.
 * @throws HooklineError `forbidden`
 */
export function requireOwnPage(ctx: Context, needed: RoutePermission, reach: Reach): void {
  if (SAFE.has(ctx.method)) return;
  const { actor, origin } = callerOf(ctx);
  if (actor !== null && origin.session === null) return;
  if (!isOwnPage(ctx, reach)) {
    throw new HooklineError('forbidden', 'This request comes from a page of another web site.');
  }
  if (origin.session === null || needed === 'none') return;
  if (!isSame(ctx.get(HEADER), origin.session.csrfToken)) {
    throw new HooklineError('forbidden', `The header "${HEADER}" must hold the csrfToken that GET /api/session gives.`);
  }
}

/**
 * `Sec-Fetch-Site`, which no script can set, decides when it is there; in its absence `Origin` has to be the public address or
 * the one that was asked (with its scheme, where a trusted proxy tells it). Whoever sends neither is no browser of today.
 */
function isOwnPage(ctx: Context, reach: Reach): boolean {
  const site = ctx.get('Sec-Fetch-Site');
  if (site !== '') return site === 'same-origin' || site === 'none';
  const origin = ctx.get('Origin');
  return origin === '' || reach.isOwnOrigin(origin);
}

function isSame(given: string, wanted: string): boolean {
  const [a, b] = [given, wanted].map((text) => createHash('sha256').update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}
