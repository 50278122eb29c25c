// Pure: the headers that a workflow's reply may not have, since they act on more than the reply, and the cookies that are ours.

import { type Said, say } from './say.ts';

/** What the server sets on every reply; a second value would weaken it. */
const OWN =
  /^(?:(?:x-)?content-security-policy(?:-.*)?|x-webkit-csp(?:-.*)?|x-content-type-options|cross-origin-resource-policy|referrer-policy|x-hookline-execution-id)$/;

/**
 * What a browser keeps for the whole origin (or host) and applies to the designer, too; what makes a page act by itself; and
 * commands to the proxy in front. Not among them: CORS headers (they open this reply alone, and it holds nothing that depends
 * on our cookies), `WWW-Authenticate` (a flow may ask for credentials), `Link`, caching and `Content-Disposition`.
 */
const ORIGIN_WIDE: ReadonlySet<string> = new Set([
  // Storage, caches and cookies of the origin
  'clear-site-data',
  'set-cookie2',
  'activate-storage-access',
  'shared-storage-write',
  'use-as-dictionary',
  'observe-browsing-topics',
  'set-login',
  'login-status',
  'idp-signin-status',
  // How the host is reached from now on: RFC 6797, RFC 7469, RFC 7838, RFC 9163
  'strict-transport-security',
  'public-key-pins',
  'public-key-pins-report-only',
  'alt-svc',
  'alternate-protocol',
  'expect-ct',
  'expect-staple',
  // Where errors and reports of the origin go
  'nel',
  'report-to',
  'reporting-endpoints',
  // What the origin's later requests carry
  'accept-ch',
  'accept-ch-lifetime',
  'critical-ch',
  // Service workers, processes and policies of the origin's documents
  'service-worker-allowed',
  'service-worker-navigation-preload',
  'require-document-policy',
  'feature-policy',
  'x-permitted-cross-domain-policies',
  'supports-loading-mode',
  // Makes a page go elsewhere, or fetch, without a click
  'refresh',
  'speculation-rules',
  'no-vary-search',
  'sourcemap',
  'x-sourcemap',
]);

/**
 * `Sec-` is what browsers keep for themselves; sessions bound to a device act on cookies. By the `X-` ones reverse proxies are told
 * to serve other files or locations in place of the reply (nginx, Apache, lighttpd, LiteSpeed, Perlbal), or to empty their caches.
 */
const ORIGIN_WIDE_PREFIXES = [
  'sec-',
  'secure-session-',
  'attribution-reporting-',
  'ad-auction-',
  'origin-',
  'cross-origin-',
  'document-',
  'permissions-policy',
  'x-accel-',
  'x-sendfile',
  'x-lighttpd-',
  'x-litespeed-',
  'x-reproxy-',
];

/**
 * A document of several parts, each with headers of its own, to which a policy of the whole does not reach in every browser. Of
 * several types with commas between them browsers take the last.
 */
const MULTIPART_DOCUMENT = /multipart\/x-mixed-replace/i;

/** Every cookie of ours begins so, perhaps behind a prefix that browsers know (`__Host-`). */
const OWN_COOKIE = /^(?:__[a-z-]*?-)?hookline_|hookline_session/;

/** Why a reply may not have this header; undefined when it may. @param name in lower case */
export function refuseReplyHeader(name: string, value: string): (Said & { readonly code: string }) | undefined {
  if (OWN.test(name)) return { code: 'header_not_allowed', ...say('reply.ownHeader', { name }) };
  if (ORIGIN_WIDE.has(name) || ORIGIN_WIDE_PREFIXES.some((prefix) => name.startsWith(prefix))) {
    return { code: 'header_not_allowed', ...say('reply.originHeader', { name }) };
  }
  if (name === 'content-type' && MULTIPART_DOCUMENT.test(value)) {
    return { code: 'header_not_allowed', ...say('reply.multipart') };
  }
  return name === 'set-cookie' ? refuseCookie(value) : undefined;
}

/**
 * Browsers cut blanks around a name, take a cookie without `=` or with an empty name as nameless, and send it back as its value
 * alone, which then reads like any other pair.
 */
function refuseCookie(text: string): (Said & { readonly code: string }) | undefined {
  const [pair = ''] = text.split(';', 1);
  const equals = pair.indexOf('=');
  if (equals === -1 || plainName(pair.slice(0, equals)) === '') {
    return { code: 'cookie_not_allowed', ...say('reply.namelessCookie') };
  }
  // A list of cookies in one header is wrong, and some clients take it apart all the same.
  const own = text
    .split(/[;,]/)
    .map((part) => plainName(part.split('=', 1)[0] ?? ''))
    .find(isOwnCookie);
  return own === undefined ? undefined : { code: 'cookie_not_allowed', ...say('reply.ownCookie', { name: own }) };
}

/** Whether a cookie's name belongs to Hookline, in any case. */
export function isOwnCookie(name: string): boolean {
  return OWN_COOKIE.test(plainName(name));
}

/** Without quotes, blanks and whatever else a reader may skip. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9_.-]+/g, '');
}
