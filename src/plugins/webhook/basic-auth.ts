// Checks HTTP Basic credentials (RFC 7617) in constant time.

import { createHash, timingSafeEqual } from 'node:crypto';
import { HooklineError } from '../../errors.ts';

const CHALLENGE = { 'WWW-Authenticate': 'Basic realm="Hookline", charset="UTF-8"' };

/**
 * @param password asked for each time: it may be a named secret, which changes
 * @returns a check of the `Authorization` header against these credentials
 * @throws (the check) HooklineError `unauthorized`, which does not tell what was wrong
 */
export function createBasicAuth(username: string, password: () => string): (authorization: string | undefined) => void {
  let known: string | undefined;
  let expected: Buffer = Buffer.alloc(0);
  return (authorization) => {
    const present = password();
    if (present !== known) [known, expected] = [present, digest(Buffer.from(`${username}:${present}`, 'utf8'))];
    // Digests make both sides equally long, so that the time tells neither length nor a common start.
    const given = digest(credentials(authorization));
    if (!timingSafeEqual(given, expected)) {
      throw new HooklineError('unauthorized', 'This workflow needs HTTP Basic credentials; they are missing or wrong.', {
        headers: CHALLENGE,
      });
    }
  };
}

/** The header `Authorization` of a caller with these credentials. */
export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

function credentials(authorization: string | undefined): Buffer {
  const match = /^basic +([A-Za-z0-9+/_-]+=*) *$/i.exec(authorization ?? '');
  return Buffer.from(match?.[1] ?? '', 'base64');
}

function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
