// How a caller reaches us: as the public URL says, or, for one request, as a trusted proxy does.

import type { Context } from 'koa';
import { createDeviceCookie, createPendingCookie, createSessionCookie, type SessionCookie } from './session-cookie.ts';
import type { Connections } from './trusted-proxies.ts';

/** What the reply to one request has to know of the way it came. */
export interface Reach {
  /** The caller's IP address. */
  readonly address: string;
  readonly isHttps: boolean;
  /** Whether a page of this origin (`https://hooks.example.com`) is one of ours. */
  isOwnOrigin(origin: string): boolean;
  /** The cookie of a session that is used this way. */
  readonly sessionCookie: SessionCookie;
  /** The cookie of a browser that somebody has signed in with before. */
  readonly deviceCookie: SessionCookie;
  /** The cookie between the password and the code of a second factor. */
  readonly pendingCookie: SessionCookie;
  /** One of our URLs for this caller: with https when he has reached the same host by it. */
  ownUrl(url: string): string;
}

export type ReachOf = (ctx: Context) => Reach;

/** @param baseUrl the public URL with the prefix; its scheme counts unless a trusted proxy says another */
export function createReach(baseUrl: string, connections: Pick<Connections, 'ofContext'>): ReachOf {
  const { protocol, host, origin: publicOrigin } = new URL(baseUrl);
  const isPublicHttps = protocol === 'https:';
  const cookiesOf = (url: string) => ({
    sessionCookie: createSessionCookie(url),
    deviceCookie: createDeviceCookie(url),
    pendingCookie: createPendingCookie(url),
  });
  const cookies = {
    http: cookiesOf(baseUrl.replace(/^https?:/i, 'http:')),
    https: cookiesOf(baseUrl.replace(/^https?:/i, 'https:')),
  };

  function read(ctx: Context): Reach {
    const { address, isHttps: told } = connections.ofContext(ctx);
    const isHttps = told ?? isPublicHttps;
    const scheme = isHttps ? 'https' : 'http';
    const asked = ctx.get('Host').toLowerCase();
    // Who only looks at us by http shall not spread such URLs; and where another host has https is not known.
    const ownUrl = (url: string): string => (isHttps && !isPublicHttps && asked === host ? withHttps(url) : url);
    return {
      address,
      isHttps,
      ...cookies[scheme],
      ownUrl,
      isOwnOrigin(origin) {
        if (origin === ownUrl(publicOrigin)) return true;
        if (!URL.canParse(origin)) return false;
        if (told !== undefined) return URL.canParse(`${scheme}://${asked}`) && origin === new URL(`${scheme}://${asked}`).origin;
        return new URL(origin).host === asked;
      },
    };
  }

  // Asked for by each middleware on a request's way.
  const known = new WeakMap<Context, Reach>();
  return (ctx) => {
    const reach = known.get(ctx) ?? read(ctx);
    known.set(ctx, reach);
    return reach;
  };
}

/** Port 80 is left out, which is that of http alone. */
function withHttps(url: string): string {
  const parsed = new URL(url);
  parsed.protocol = 'https:';
  return url.endsWith('/') ? parsed.href : parsed.href.replace(/\/$/, '');
}
