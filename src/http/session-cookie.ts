// The cookie that keeps somebody signed in to the designer.

import { PENDING_MS } from '../access/second-factor/pending-sign-in.ts';
import { SESSION_MAX_MS } from '../access/sessions.ts';

const NAME = 'hookline_session';
/** What RFC 6265 has around a pair. Any other white space belongs to the name, to which `__Host-` then gives no protection. */
const BLANKS = /^[ \t]+|[ \t]+$/g;
/** As `makeSecret` makes it; anything else is not looked up. */
const SECRET = /^[\w-]{43}$/;
const DEVICE_NAME = 'hookline_device';
/** As `SignInThrottle.deviceOf` makes it. */
const DEVICE = /^[\w-]{43}\.[\w-]{43}$/;
/** How long a browser is known after the last time somebody signed in with it, in seconds. Browsers keep 400 days at most. */
const DEVICE_MAX_AGE = 365 * 86_400;

export interface SessionCookie {
  readonly name: string;
  /** The session's secret in a request's header `Cookie`. */
  read(header: string): string | undefined;
  /** The value of `Set-Cookie` that hands a secret to the browser. */
  write(secret: string): string;
  /** The one that takes it back. */
  clear(): string;
}

/**
 * `HttpOnly`: no script reads it. `SameSite=Lax` and not `Strict`: whoever follows a link to an execution in a chat or an
 * e-mail arrives signed in; what changes something needs a CSRF token anyway, and no GET changes anything. With https it is
 * `Secure`, and without a path of its own it gets the prefix `__Host-`, so that no other host of the domain can set it
 * (RFC 6265bis, section 4.1.3).
 * @param baseUrl the public URL with the prefix
 */
export function createSessionCookie(baseUrl: string): SessionCookie {
  return createCookie(baseUrl, { name: NAME, value: SECRET, maxAge: SESSION_MAX_MS / 1_000 });
}

/**
 * The cookie of a browser that somebody has signed in with: it gives nobody access, but tries from there are counted on their
 * own, so that strangers who guess do not lock its user out (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
 * @param baseUrl the public URL with the prefix
 */
export function createDeviceCookie(baseUrl: string): SessionCookie {
  return createCookie(baseUrl, { name: DEVICE_NAME, value: DEVICE, maxAge: DEVICE_MAX_AGE });
}

/** The cookie between the password and the code of a second factor. @param baseUrl the public URL with the prefix */
export function createPendingCookie(baseUrl: string): SessionCookie {
  return createCookie(baseUrl, { name: 'hookline_sign_in', value: /^[\w.-]{50,200}$/, maxAge: PENDING_MS / 1_000 });
}

function createCookie(
  baseUrl: string,
  kind: { readonly name: string; readonly value: RegExp; readonly maxAge: number },
): SessionCookie {
  const { protocol, pathname } = new URL(baseUrl);
  const path = pathname.replace(/\/+$/, '') || '/';
  const isSecure = protocol === 'https:';
  const name = isSecure && path === '/' ? `__Host-${kind.name}` : kind.name;
  const attributes = `Path=${path}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  return {
    name,
    read(header) {
      for (const pair of header.split(';')) {
        const [key, value = ''] = pair.replace(BLANKS, '').split('=', 2);
        if (key === name && kind.value.test(value)) return value;
      }
      return undefined;
    },
    write: (secret) => `${name}=${secret}; Max-Age=${kind.maxAge}; ${attributes}`,
    clear: () => `${name}=; Max-Age=0; ${attributes}`,
  };
}
