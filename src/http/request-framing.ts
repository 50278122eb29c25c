// Refuses requests that two programs in a row could read differently (request smuggling): RFC 9112, sections 3.2 and 6.1.

import type { IncomingMessage } from 'node:http';
import { HooklineError } from '../errors.ts';

type Head = Pick<IncomingMessage, 'url' | 'headers' | 'rawHeaders' | 'httpVersionMajor' | 'httpVersionMinor'>;

/** A host name or an address, perhaps with a port: RFC 3986, section 3.2.2, without what names never have. */
const HOST = /^(?:[\w.~!$&'()*+,;=%-]*|\[[0-9a-f:.]+\])(?::\d{0,5})?$/i;

/** What a caller is refused with; the connection ends, since what follows on it could be part of either reading. */
function refuse(message: string): HooklineError {
  return new HooklineError('invalid_request', message, { headers: { Connection: 'close' } });
}

/** A target in absolute form, as clients send it to proxies: RFC 9112, section 3.2.2. */
const ABSOLUTE = /^([a-z][a-z0-9+.-]*:)(?:\/\/([^/?#]*))?/i;

/**
 * @throws HooklineError `invalid_request` for a version before HTTP/1.0, no `Host` in HTTP/1.1, two, one that is no host or
 *   another one than in the target; `Transfer-Encoding` in HTTP/1.0, or another one than `chunked`
 */
export function requireSoundFraming(req: Head): void {
  const { rawHeaders, headers, httpVersionMajor: major, httpVersionMinor: minor } = req;
  if (major < 1) throw refuse('The request must be of HTTP/1.0 or HTTP/1.1.');
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts > 1) throw refuse('The request has more than one header "Host".');
  if (hosts === 0 && major === 1 && minor > 0) throw refuse('A request of HTTP/1.1 must have a header "Host".');
  if (headers.host !== undefined && !HOST.test(headers.host))
    throw refuse('The header "Host" must be a host name with or without a port.');
  if (!isSameHost(req.url ?? '', headers.host ?? '')) {
    throw refuse('The target of the request names another host than the header "Host".');
  }
  const coding = headers['transfer-encoding'];
  if (coding === undefined || major > 1) return;
  if (minor === 0) throw refuse('A request of HTTP/1.0 has no "Transfer-Encoding": send "Content-Length", or use HTTP/1.1.');
  // Node takes any list that ends in "chunked", and hands on the rest of the codings undone.
  if (coding.toLowerCase() !== 'chunked') throw refuse('The only "Transfer-Encoding" that is taken is "chunked".');
}

/** Whether a target in absolute form names the host of the header; the other forms name none. */
function isSameHost(target: string, host: string): boolean {
  const [form, scheme, authority = ''] = ABSOLUTE.exec(target) ?? [];
  if (form === undefined) return true;
  const [one, other] = [`${scheme}//${authority}`, `${scheme}//${host}`];
  return URL.canParse(one) && URL.canParse(other) && new URL(one).href === new URL(other).href;
}
