// Pure: what of an exchange may be stored and shown: headers and answers as text, without the endpoint's secrets.

import type { SignatureProfile } from '../../engine/outbound-model.ts';
import { createTextRedactor } from '../../engine/redactor.ts';
import type { OpenEndpoint } from '../open-endpoint.ts';

const REDACTED = '[redacted]';
/** Short texts that are remembered: most answers of a receiver are the same but for the date. */
const MAX_KNOWN = 32;
/** A key that gives access to the receiver's own pages, if its answer sets one. */
const NEVER_STORED: ReadonlySet<string> = new Set(['set-cookie', 'set-cookie2']);

/** @param isCut whether the text may end in the middle of a secret */
export type Redactor = (text: string, isCut?: boolean) => string;

/** @returns a function that replaces every secret of an endpoint in a text, in each form that a receiver may send back */
export function createRedactor(endpoint: OpenEndpoint): Redactor {
  const secrets = [...new Set(secretsOf(endpoint))].map((value) => ({ value, shown: REDACTED }));
  const redact = createTextRedactor(secrets, { insideBase64: true, remembers: MAX_KNOWN });
  return (text, isCut = false) => (isCut ? redact(text, { isCut }) : redact(text));
}

function secretsOf({ config, secrets }: OpenEndpoint): string[] {
  const own = config.profiles.flatMap((profile: SignatureProfile) =>
    'secret' in profile && profile.secret !== undefined ? [profile.secret] : [],
  );
  const keys = [secrets.secret, secrets.previous?.secret, secrets.signingKey, secrets.previousKey?.signingKey];
  return [
    ...config.secretHeaders.flatMap(({ value }) => [value, ...credentialsOf(value)]),
    ...own,
    ...keys.filter((key) => key !== undefined),
  ];
}

/** What follows the scheme of an `Authorization` header (RFC 9110, section 11.4); of Basic (RFC 7617) the password, too. */
function credentialsOf(value: string): string[] {
  const [, credentials] = /^[A-Za-z][A-Za-z0-9-]* +(\S.*)$/.exec(value) ?? [];
  if (credentials === undefined) return [];
  const [, password] = /^[^:]*:(.+)$/s.exec(Buffer.from(credentials, 'base64').toString('utf8')) ?? [];
  return password === undefined ? [credentials] : [credentials, password];
}

/** Headers of an answer, to be stored. */
export function storableHeaders(headers: Readonly<Record<string, string>>, redact: Redactor): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    if (!NEVER_STORED.has(name)) kept[redact(name)] = redact(headers[name] ?? '');
  }
  return kept;
}

/** Control characters but tab, line feed and carriage return, and what could not be decoded. */
const UNREADABLE = /(?:(?![\t\n\r])[\p{Cc}\ufffd])+/gu;
/** One in so many characters that are none, and it is no text. */
const MAX_UNREADABLE_SHARE = 1 / 8;

/**
 * The body of an answer as text. Bytes that are not UTF-8 are replaced; of binary data only the size is said.
 * @param isCut whether the end is missing, perhaps in the middle of a character
 */
export function storableBody(body: Uint8Array, isCut: boolean, redact: Redactor): string {
  if (body.byteLength === 0) return '';
  const text = new TextDecoder('utf-8').decode(body, { stream: isCut });
  let unreadable = 0;
  for (const sign of text.matchAll(UNREADABLE)) unreadable += sign[0].length;
  if (unreadable > text.length * MAX_UNREADABLE_SHARE) return `[binary data, ${body.byteLength} bytes${isCut ? ' or more' : ''}]`;
  // PostgreSQL has no character zero in texts.
  return redact(unreadable === 0 ? text : text.replaceAll('\0', '\ufffd'), isCut);
}
