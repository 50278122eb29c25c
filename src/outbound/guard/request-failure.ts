// Turns what the network throws into an error that a designer of workflows understands, without addresses and numbers.

import { HooklineError } from '../../errors.ts';

/** By error code of Node, libuv, undici and llhttp; the first that fits. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^(ENOTFOUND|EAI_NONAME|EAI_NODATA|ENODATA)$/, 'its name is not known'],
  [/^(EAI_|ESERVFAIL|EREFUSED|ETIMEOUT)/, 'its name cannot be looked up at the moment'],
  [/^ECONNREFUSED$/, 'it refuses the connection'],
  [
    /^(ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET|UND_ERR_CLOSED|UND_ERR_DESTROYED)$/,
    'it closed the connection without a complete answer',
  ],
  [/^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EHOSTDOWN|ENETDOWN)$/, 'it cannot be reached'],
  [/^ETIMEDOUT$/, 'it does not answer'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'its certificate is for another name'],
  [/^CERT_HAS_EXPIRED$/, 'its certificate has expired'],
  [/^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_CERT)/, 'its certificate is not trusted'],
  [/^(ERR_SSL_|ERR_TLS_|EPROTO)/, 'no secure connection (TLS) can be made with it'],
  [/^(HPE_|UND_ERR_RES_|UND_ERR_INFO|UND_ERR_REQ_CONTENT)/, 'its answer is not valid HTTP'],
];

/**
 * The error's code, as far as systems give one; of several failed addresses the first's.
 * @returns an empty text without one
 */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** A HooklineError of `request_failed` or `response_too_large`; one that is made already stays. */
export function toRequestFailure(error: unknown, host: string): HooklineError {
  if (error instanceof HooklineError) return error;
  const code = codeOf(error);
  if (code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'HPE_HEADER_OVERFLOW') {
    return new HooklineError('response_too_large', `The headers of the answer of ${host} are too large.`);
  }
  // The cause stays behind: it holds addresses, and a parser's error holds what was received.
  const reason = REASONS.find(([pattern]) => pattern.test(code))?.[1] ?? 'the connection failed';
  return new HooklineError('request_failed', `The request to ${host} failed: ${reason}.`);
}
