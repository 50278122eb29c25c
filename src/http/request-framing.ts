// Refuses requests that two programs in a row could read differently (request smuggling): RFC 9112, sections 3.2 and 6.1.

import type { IncomingMessage } from 'node:http';
import { HooklineError } from '../errors.ts';

type Head = Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'url' | 'httpVersionMajor' | 'httpVersionMinor'>;

/** A host name or an address, perhaps with a port: RFC 3986, section 3.2.2, without what names never have. */
const HOST = /^(?:[\w.~!$&'()*+,;=%-]*|\[[0-9a-f:.]+\])(?::\d{0,5})?$/i;

/** What a caller is refused with; the connection ends, since what follows on it could be part of either reading. */
function refuse(message: string): HooklineError {
  return new HooklineError('invalid_request', message, { headers: { Connection: 'close' } });
}

/**
 * @throws HooklineError `invalid_request` for two `Host` headers, a `Host` that is no host, one that differs from the whole URL in the
 *   request line, `Transfer-Encoding` in HTTP/1.0
 */
export function requireSoundFraming(req: Head): void {
  const { rawHeaders, headers } = req;
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts > 1) throw refuse('The request has more than one header "Host".');
  if (headers.host !== undefined && !HOST.test(headers.host))
    throw refuse('The header "Host" must be a host name with or without a port.');
  if (headers.host !== undefined && req.url?.startsWith('/') === false && !isSameHost(req.url, headers.host)) {
    throw refuse('The header "Host" and the URL in the request line must name the same host.');
  }
  if (req.httpVersionMajor === 1 && req.httpVersionMinor === 0 && headers['transfer-encoding'] !== undefined) {
    throw refuse('A request of HTTP/1.0 has no "Transfer-Encoding": send "Content-Length", or use HTTP/1.1.');
  }
}

/** RFC 9112, section 3.2.2: a request by way of a proxy has the whole URL, which counts before `Host`. Others (`*`) name no host. */
function isSameHost(target: string, host: string): boolean {
  const [, scheme, authority = ''] = /^(https?:)\/\/([^/?#]*)/i.exec(target) ?? [];
  if (scheme === undefined) return true;
  const [one, other] = [`${scheme}//${authority}`, `${scheme}//${host}`];
  return URL.canParse(one) && URL.canParse(other) && new URL(one).href === new URL(other).href;
}
