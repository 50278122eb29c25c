// Pure: replaces secrets in texts, in every form in which somebody may print them: escaped, URL-encoded, as base64 or hex.

import { createBoundedCache } from './bounded-cache.ts';
import { readEscaped } from './escaped-text.ts';

/** Shorter ones would blot out parts of innocent words. */
export const MIN_FORM_LENGTH = 6;

/** A text that must not be seen, and what stands in its place. */
export interface HiddenText {
  readonly value: string;
  readonly shown: string;
}

export interface RedactOptions {
  /** Whether the text may end in the middle of a secret. Default false. */
  readonly isCut?: boolean;
  /** Told of each secret that was found. */
  onFound?(hidden: HiddenText): void;
}

/** @returns the text itself when nothing is in it */
export type TextRedactor = (text: string, options?: RedactOptions) => string;

export interface RedactorOptions {
  /** Also finds secrets inside a longer text that is written in base64, such as Basic credentials. Default false. */
  readonly insideBase64?: boolean;
  /** Texts of at most `MAX_KNOWN_LENGTH` characters whose outcome is remembered. Default none. */
  readonly remembers?: number;
}

/** Longer texts are not remembered. */
const MAX_KNOWN_LENGTH = 200;
/** The end of a text that was cut in the middle of an escaped character. */
const BEGUN_ESCAPE = /(?:\\u[0-9a-f]{0,3}|%(?:25)*[0-9a-f]?|&(?:amp;)*[#a-z0-9]{0,9})$/i;
const HAS_ESCAPES = /[\\%&]/;

/** Makes the function that replaces these secrets; compiled once, so keep it. Secrets without a form to look for are left out. */
export function createTextRedactor(secrets: readonly HiddenText[], options: RedactorOptions = {}): TextRedactor {
  const { insideBase64 = false, remembers = 0 } = options;
  const written = new Map<string, HiddenText>();
  const plain = new Map<string, HiddenText>();
  for (const hidden of secrets) {
    for (const form of formsOf(hidden.value, insideBase64)) {
      if (form.length < MIN_FORM_LENGTH) continue;
      if (!written.has(form)) written.set(form, hidden);
      const { text } = readEscaped(form);
      if (text.length > 0 && !plain.has(text)) plain.set(text, hidden);
    }
  }
  if (plain.size === 0) return (text) => text;
  const forms = longestFirst(plain.keys());
  const plainPattern = patternOf(forms);
  const writtenPattern = patternOf(longestFirst(written.keys()));
  const shortest = forms.at(-1)?.length ?? 0;

  const clean = (text: string, onFound: RedactOptions['onFound']): string => {
    const replace = (hidden: HiddenText | undefined): string => {
      if (hidden === undefined) return '';
      onFound?.(hidden);
      return hidden.shown;
    };
    // Exactly as it is written first: an escape that begins in front of a secret would take a part of it.
    const direct = HAS_ESCAPES.test(text) ? text.replace(writtenPattern, (form) => replace(written.get(form))) : text;
    const read = readEscaped(direct);
    let result = '';
    let at = 0;
    for (const { index, 0: form } of read.text.matchAll(plainPattern)) {
      const [start, end] = read.range(index, index + form.length);
      // Two of them may share an escape.
      result += direct.slice(at, Math.max(at, start)) + replace(plain.get(form));
      at = end;
    }
    return at === 0 ? direct : result + direct.slice(at);
  };
  const known = remembers === 0 ? undefined : createBoundedCache(remembers, (text: string) => clean(text, undefined));

  return (text, { isCut = false, onFound } = {}) => {
    if (isCut) return withoutBegun(clean(text, onFound), forms, (form) => plain.get(form)?.shown ?? '');
    // A form is never longer without its escapes.
    if (text.length < shortest) return text;
    return known !== undefined && onFound === undefined && text.length <= MAX_KNOWN_LENGTH
      ? known.get(text)
      : clean(text, onFound);
  };
}

/** Whether a secret is found again wherever it turns up: not one of backslashes alone, or of halves of characters. */
export function isRedactable(value: string): boolean {
  return value.isWellFormed() && readEscaped(value).text.length >= MIN_FORM_LENGTH;
}

function longestFirst(forms: Iterable<string>): string[] {
  return [...forms].sort((a, b) => b.length - a.length);
}

/** One pass: a secret inside another one's form, longest first. */
function patternOf(forms: readonly string[]): RegExp {
  return new RegExp(forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g');
}

/** Without the beginning of a secret at the end. */
function withoutBegun(text: string, forms: readonly string[], shownOf: (form: string) => string): string {
  let cut = text.length;
  let shown = '';
  for (const begun of [text, text.replace(BEGUN_ESCAPE, '')]) {
    const plain = readEscaped(begun);
    const [longest, form] = longestBegun(plain.text, forms);
    if (longest === 0) continue;
    const start = plain.range(plain.text.length - longest, plain.text.length)[0];
    if (start < cut) [cut, shown] = [start, shownOf(form)];
  }
  return cut === text.length ? text : text.slice(0, cut) + shown;
}

function longestBegun(text: string, forms: readonly string[]): readonly [length: number, form: string] {
  let longest = 0;
  let found = '';
  for (const form of forms) {
    for (let length = Math.min(form.length - 1, text.length); length >= MIN_FORM_LENGTH && length > longest; length -= 1) {
      if (text.endsWith(form.slice(0, length))) [longest, found] = [length, form];
    }
  }
  return [longest, found];
}

/** Bytes of a key that is written in base64, with or without the prefix of Standard Webhooks. */
const BASE64_KEY = /^(?:wh[sp][a-z]{1,3}_)?([A-Za-z0-9+/_-]{8,}={0,2})$/;
const HEX_KEY = /^(?:[0-9a-fA-F]{2}){6,}$/;
/** Of the seed of an Ed25519 key pair; the rest is public. */
const SEED_BYTES = 32;

function formsOf(secret: string, insideBase64: boolean): string[] {
  // Host names and names of headers come back in lower case.
  const texts = [secret, secret.toLowerCase(), secret.toUpperCase()];
  const [, base64] = BASE64_KEY.exec(secret) ?? [];
  if (base64 !== undefined) {
    const bytes = Buffer.from(base64, 'base64');
    texts.push(base64, ...bytesAsText(bytes));
    if (secret.startsWith('whsk_')) texts.push(...bytesAsText(bytes.subarray(0, SEED_BYTES)));
  }
  if (HEX_KEY.test(secret)) texts.push(...bytesAsText(Buffer.from(secret, 'hex')));
  const own = Buffer.from(secret, 'utf8');
  texts.push(...bytesAsText(own));
  if (!insideBase64) return texts;
  // What `btoa` makes of it.
  const latin = Buffer.from(secret, 'latin1');
  const isLatin = latin.toString('latin1') === secret && !latin.equals(own);
  for (const bytes of isLatin ? [own, latin] : [own]) {
    if (bytes === latin) texts.push(...bytesAsText(latin).slice(0, 4));
    for (const before of [0, 1, 2]) texts.push(...insideOf(bytes, before));
  }
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

/** The characters of base64 that these bytes alone decide when `before` others (of three) stand in front. */
function insideOf(bytes: Buffer, before: number): string[] {
  const padded = Buffer.concat([Buffer.alloc(before), bytes]);
  const first = Math.ceil((before * 8) / 6);
  const last = Math.floor((padded.length * 8) / 6);
  return [padded.toString('base64').slice(first, last), padded.toString('base64url').slice(first, last)];
}
