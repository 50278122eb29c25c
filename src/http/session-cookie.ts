// The cookie that keeps somebody signed in to the designer.

import { SESSION_MAX_MS } from '../access/sessions.ts';

const NAME = 'hookline_session';
/** What RFC 6265 has around a pair. Any other white space belongs to the name, to which `__Host-` then gives no protection. */
const BLANKS = /^[ \t]+|[ \t]+$/g;
/** As `makeSecret` makes it; anything else is not looked up. */
const SECRET = /^[\w-]{43}$/;

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
  const { protocol, pathname } = new URL(baseUrl);
  const path = pathname.replace(/\/+$/, '') || '/';
  const isSecure = protocol === 'https:';
  const name = isSecure && path === '/' ? `__Host-${NAME}` : NAME;
  const attributes = `Path=${path}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  return {
    name,
    read(header) {
      for (const pair of header.split(';')) {
        const [key, value = ''] = pair.replace(BLANKS, '').split('=', 2);
        if (key === name && SECRET.test(value)) return value;
      }
      return undefined;
    },
    write: (secret) => `${name}=${secret}; Max-Age=${SESSION_MAX_MS / 1_000}; ${attributes}`,
    clear: () => `${name}=; Max-Age=0; ${attributes}`,
  };
}
