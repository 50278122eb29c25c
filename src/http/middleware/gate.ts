// Decides what exists where a request was sent to, and who may reach the designer and the API at all.

import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import { HooklineError } from '../../errors.ts';
import { isInRange } from '../../outbound/guard/addresses.ts';
import type { Origins, Place } from '../origins.ts';
import type { ReachOf } from '../reach.ts';
import { requireSoundFraming } from '../request-framing.ts';
import { parseProxy, readHop } from '../trusted-proxies.ts';

const DESIGNER_OR_API = /^\/(?:api|designer)(?:\/|$)/;
const HOOKS_OR_RESUME = /^\/(?:hooks|resume)(?:\/|$)|^\/api\/webhook:trigger\//;
/** Probes ask by address, and learn nothing but whether the process works. */
const PROBES: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/** What `arrive` has found. */
export function placeOf(ctx: Context): Place {
  return ctx.state.place;
}

/** Middleware for the very beginning: finds out where the request was sent to; what is no page of the designer is sandboxed. */
export function arrive(origins: Pick<Origins, 'of'>): Middleware {
  return (ctx, next) => {
    const place = origins.of(ctx.req);
    ctx.state.place = place;
    if (!DESIGNER_OR_API.test(ctx.path) || HOOKS_OR_RESUME.test(ctx.path)) ctx.set(place.replyHeaders);
    return next();
  };
}

/** Middleware that refuses what two programs could read differently. @throws HooklineError `invalid_request` */
export const soundFraming: Middleware = (ctx, next) => {
  requireSoundFraming(ctx.req);
  return next();
};

export interface GateOptions {
  readonly reachOf: ReachOf;
  /** Where the trigger URLs are, for who looks for them at the designer's origin. */
  readonly hooksBaseUrl: string;
  /**
   * From where the designer, the API and the metrics can be reached: addresses, CIDR blocks, `loopback` and `private`. Empty:
   * from everywhere.
   */
  readonly adminAddresses: readonly string[];
}

/** @throws HooklineError `not_found`, `unknown_host`, `client_address_refused` */
export function gate({ reachOf, hooksBaseUrl, adminAddresses }: GateOptions): Middleware {
  const ranges = adminAddresses.flatMap((entry) => parseProxy(entry) ?? []);

  function isAdmitted(address: string): boolean {
    const parsed = readHop(address);
    return parsed !== undefined && ranges.some((range) => isInRange(parsed, range));
  }

  return (ctx, next) => {
    const { path } = ctx;
    const { hasHooks, designer } = placeOf(ctx);
    if (HOOKS_OR_RESUME.test(path)) {
      if (hasHooks && path !== '/hooks' && path !== '/resume') return next();
      const place = hasHooks ? '' : ` Trigger and resume URLs begin with ${hooksBaseUrl}.`;
      throw new HooklineError('not_found', `There is nothing at ${path}.${place}`);
    }
    if (PROBES.has(path)) return next();
    if (designer === 'no') throw new HooklineError('not_found', `There is nothing at ${path}.`);
    // Scrapers ask by address, too; who may read the metrics is a setting of its own.
    if (designer === 'unknown' && path !== '/metrics') throw unknownHost(ctx.req);
    if (ranges.length > 0 && !isAdmitted(reachOf(ctx).address)) {
      throw new HooklineError(
        'client_address_refused',
        'The designer and the API cannot be reached from this address (HOOKLINE_ADMIN_ADDRESSES).',
      );
    }
    return next();
  };
}

function unknownHost({ headers }: IncomingMessage): HooklineError {
  const host = JSON.stringify(headers.host?.slice(0, 100) ?? '');
  return new HooklineError(
    'unknown_host',
    `The designer and the API do not answer by the host ${host}. Open them by the URL in HOOKLINE_PUBLIC_URL, set that to the URL that you use, or list the host in HOOKLINE_ALLOWED_HOSTS.`,
  );
}
