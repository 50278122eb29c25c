// Pure: what of an exchange may be stored and shown: headers and answers as text, without the endpoint's secrets.

import { createBoundedCache } from '../../engine/bounded-cache.ts';
import type { SignatureProfile } from '../../engine/outbound-model.ts';
import type { OpenEndpoint } from '../open-endpoint.ts';
import { readEscaped } from './escaped-text.ts';

/** Shorter ones would blot out parts of innocent words. */
const MIN_LENGTH = 6;
const REDACTED = '[redacted]';
/** Texts that are remembered, and the longest of them in characters. */
const MAX_KNOWN = 32;
const MAX_KNOWN_LENGTH = 200;
/** A key that gives access to the receiver's own pages, if its answer sets one. */
const NEVER_STORED: ReadonlySet<string> = new Set(['set-cookie', 'set-cookie2']);

/** @param isCut whether the text may end in the middle of a secret */
export type Redactor = (text: string, isCut?: boolean) => string;

/** The end of a text that was cut in the middle of an escaped character. */
const BEGUN_ESCAPE = /(?:\\u[0-9a-f]{0,3}|%(?:25)*[0-9a-f]?|&(?:amp;)*[#a-z0-9]{0,9})$/i;

/** @returns a function that replaces every secret of an endpoint in a text, in each form that a receiver may send back */
export function createRedactor(endpoint: OpenEndpoint): Redactor {
  const forms = [...new Set(secretsOf(endpoint).flatMap(formsOf))]
    .filter((form) => form.length >= MIN_LENGTH)
    .map((form) => readEscaped(form).text)
    .filter((form) => form.length > 0)
    .sort((a, b) => b.length - a.length);
  if (forms.length === 0) return (text) => text;
  const shortest = forms.at(-1)?.length ?? 0;
  // One pass: a secret inside another one's form, longest first.
  const pattern = new RegExp(forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g');
  const clean = (text: string): string => {
    const plain = readEscaped(text);
    const ranges = [...plain.text.matchAll(pattern)].map(({ index, 0: { length } }) => plain.range(index, index + length));
    return replaceRanges(text, ranges);
  };
  // Most answers of a receiver are the same but for the date.
  const known = createBoundedCache(MAX_KNOWN, clean);
  return (text, isCut = false) => {
    if (isCut) return withoutBegun(clean(text), forms);
    // A form is never longer without its escapes.
    if (text.length < shortest) return text;
    return text.length <= MAX_KNOWN_LENGTH ? known.get(text) : clean(text);
  };
}

/** @param ranges in order, and apart from each other, but for escapes that two of them may share */
function replaceRanges(text: string, ranges: readonly (readonly [number, number])[]): string {
  let clean = '';
  let at = 0;
  for (const [start, end] of ranges) {
    clean += text.slice(at, Math.max(at, start)) + REDACTED;
    at = end;
  }
  return clean + text.slice(at);
}

/** Without the beginning of a secret at the end. */
function withoutBegun(text: string, forms: readonly string[]): string {
  let cut = text.length;
  for (const begun of [text, text.replace(BEGUN_ESCAPE, '')]) {
    const plain = readEscaped(begun);
    const longest = longestBegun(plain.text, forms);
    if (longest > 0) cut = Math.min(cut, plain.range(plain.text.length - longest, plain.text.length)[0]);
  }
  return cut === text.length ? text : text.slice(0, cut) + REDACTED;
}

function longestBegun(text: string, forms: readonly string[]): number {
  let longest = 0;
  for (const form of forms) {
    for (let length = Math.min(form.length - 1, text.length); length >= MIN_LENGTH && length > longest; length -= 1) {
      if (text.endsWith(form.slice(0, length))) longest = length;
    }
  }
  return longest;
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

/** Bytes of a key that is written in base64, with or without the prefix of Standard Webhooks. */
const BASE64_KEY = /^(?:wh[sp][a-z]{1,3}_)?([A-Za-z0-9+/_-]{8,}={0,2})$/;
const HEX_KEY = /^(?:[0-9a-fA-F]{2}){6,}$/;
/** Of the seed of an Ed25519 key pair; the rest is public. */
const SEED_BYTES = 32;

function formsOf(secret: string): string[] {
  const texts = [secret];
  const [, base64] = BASE64_KEY.exec(secret) ?? [];
  if (base64 !== undefined) {
    const bytes = Buffer.from(base64, 'base64');
    texts.push(base64, ...bytesAsText(bytes));
    if (secret.startsWith('whsk_')) texts.push(...bytesAsText(bytes.subarray(0, SEED_BYTES)));
  }
  if (HEX_KEY.test(secret)) texts.push(secret.toLowerCase(), secret.toUpperCase(), ...bytesAsText(Buffer.from(secret, 'hex')));
  texts.push(...bytesAsText(Buffer.from(secret, 'utf8')));
  return texts;
}

/** How somebody may print bytes. The padding of base64 is left out: with it or without, the rest is found. */
function bytesAsText(bytes: Buffer): string[] {
  const text = bytes.toString('utf8');
  return [
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    // Bytes that are no text come back as something that nobody would send.
    ...(text.includes('\ufffd') ? [] : [text]),
  ];
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
