// Takes our own cookies out of a request before a workflow or a plugin sees it: whoever has one is signed in.

import type { IncomingHttpHeaders } from 'node:http';
import { isOwnCookie } from '../engine/reply-headers.ts';

/** The same headers when there is no such cookie. A `Cookie` that held nothing else is left out. */
export function withoutOwnCookies(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { cookie } = headers;
  if (cookie === undefined) return headers;
  const pairs = cookie.split(';');
  const others = pairs.filter((pair) => !isOwnCookie(pair.split('=', 1)[0] ?? ''));
  if (others.length === pairs.length) return headers;
  const { cookie: _, ...rest } = headers;
  const left = others.join(';').trim();
  return left === '' ? rest : { ...rest, cookie: left };
}
