// Tells browsers what our pages and replies may do: as little as the designer needs.

import type { Middleware } from 'koa';
import type { ReachOf } from '../reach.ts';

const ALWAYS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy':
    'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()',
};

/** A reply of the API is no page: opened in a browser it loads nothing and is shown in nobody's frame. */
const NO_PAGE = "default-src 'none'; frame-ancestors 'none'";

/** A year (RFC 6797); of this host alone. */
const HSTS = 'max-age=31536000';

/** The policy of a page whose own inline script and style carry the nonce. Nothing comes from elsewhere. */
export function pagePolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'self'",
    "frame-ancestors 'none'",
    "manifest-src 'self'",
    "worker-src 'self'",
  ].join('; ');
}

/** Middleware for everything under /api and /designer. */
export function securityHeaders(reachOf: ReachOf): Middleware {
  const headers = { ...ALWAYS, 'Content-Security-Policy': NO_PAGE };
  return (ctx, next) => {
    if (!/^\/(api|designer)(\/|$)/.test(ctx.path)) return next();
    ctx.set(headers);
    if (reachOf(ctx).isHttps) ctx.set('Strict-Transport-Security', HSTS);
    return next();
  };
}
