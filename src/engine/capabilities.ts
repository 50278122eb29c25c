// Pure: finds capabilities in texts, whoever has written them down and how: hook keys, which start a workflow, and resume tokens,
// which end a wait. Who holds one may use it, so they are shown to those alone who may do the same by other ways.

import { plainTextOf, readEscaped } from './escaped-text.ts';
import { type HookKeyIndex, hintOf } from './hook-key-index.ts';

export interface ConcealedKinds {
  /** Keys that exist. URLs of triggers are known by their form, too. Undefined: hook keys are shown. */
  readonly hookKeys: HookKeyIndex | undefined;
  readonly resumeTokens: boolean;
}

/** Characters that are replaced, and by what. */
interface Place {
  readonly start: number;
  readonly end: number;
  readonly shown: string;
}

export const SHOWN_RESUME_TOKEN = '[resume token]';

export function shownHookKey(hint: string): string {
  return `[hook key …${hint}]`;
}

/** A long run is looked at in parts of this many characters, each of which repeats the end of the one before. */
const PART = 64 * 1024;
/** Longer than any token, also one that is percent-encoded. */
const OVERLAP = 16 * 1024;
/** Characters between two pauses. */
const TURN = 64 * 1024;
/** Base64 in JSON in base64 in JSON: more than anybody writes. */
const MAX_DEPTH = 4;

/**
 * The text without the capabilities of these kinds: as they are, in another case, cut, escaped (JSON, URLs, XML, HTML), in base64
 * or hex, and any of it within each other. JSON stays JSON. Not found is what a flow has taken apart, compressed or encrypted.
 */
export function concealCapabilities(text: string, kinds: ConcealedKinds): string {
  const places: Place[] = [];
  for (const part of partsOf(text)) places.push(...findInPart(part, kinds));
  return replaceAll(text, places);
}

/** The same, with pauses in a long text, so that others have their turn. */
export async function concealLongText(text: string, kinds: ConcealedKinds, pause: () => Promise<void>): Promise<string> {
  const places: Place[] = [];
  let next = TURN;
  for (const part of partsOf(text)) {
    places.push(...findInPart(part, kinds));
    if (part.at + part.text.length < next) continue;
    next = part.at + part.text.length + TURN;
    await pause();
  }
  return replaceAll(text, places);
}

interface Part {
  readonly text: string;
  readonly at: number;
}

/** Characters that a capability is written with, escaped or encoded. */
const WRITTEN = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/=.:%\\&;#') {
  WRITTEN[character.charCodeAt(0)] = 1;
}
/** A shorter run of them, such as a word of a sentence, holds none. */
const MIN_RUN = 16;

function* partsOf(text: string): Generator<Part> {
  let start = 0;
  // By hand: a regular expression cannot take a run of many megabytes.
  for (let at = 0; at <= text.length; at += 1) {
    if (WRITTEN[text.charCodeAt(at)] === 1) continue;
    if (at - start >= MIN_RUN) yield* cut(text, start, at);
    start = at + 1;
  }
}

function* cut(text: string, start: number, end: number): Generator<Part> {
  for (let at = start; ; at += PART - OVERLAP) {
    yield { text: text.slice(at, Math.min(at + PART, end)), at };
    if (at + PART >= end) return;
  }
}

function findInPart({ text, at }: Part, kinds: ConcealedKinds): Place[] {
  const places = [...findEscaped(text, kinds, 0), ...findInLines(text, kinds)];
  return places.map(({ start, end, shown }) => ({ start: start + at, end: end + at, shown }));
}

/** MIME has 76 characters of base64 in a line, PEM 64; a terminal breaks a long word where its window ends. */
const LINE_BREAK = /(?:\\+r)?\\+n|(?:%(?:25)*0d)?%(?:25)*0a|&#(?:13|x0?d);&#(?:10|x0?a);|&#(?:10|x0?a);/gi;
const BROKEN = /[A-Za-z0-9+/_-]{8}(?:\\+[nr]|%(?:25)*0[ad]|&#(?:1[03]|x0?[ad]);)/i;

/** What is found when lines are joined. Line breaks are escaped in JSON; others end a run before it comes here. */
function findInLines(text: string, kinds: ConcealedKinds): Place[] {
  if (!BROKEN.test(text)) return [];
  const lines: { readonly at: number; readonly from: number }[] = [];
  let joined = '';
  let from = 0;
  const add = (end: number): void => {
    if (end === from) return;
    lines.push({ at: joined.length, from });
    joined += text.slice(from, end);
  };
  for (const { index, 0: lineBreak } of text.matchAll(LINE_BREAK)) {
    add(index);
    from = index + lineBreak.length;
  }
  add(text.length);
  const original = (position: number): number => {
    const line = lines.findLast(({ at }) => at <= position);
    return line === undefined ? position : line.from + position - line.at;
  };
  return findEscaped(joined, kinds, 0).map(({ start, end, shown }) => ({
    start: original(start),
    end: original(end - 1) + 1,
    shown,
  }));
}

function replaceAll(text: string, places: Place[]): string {
  if (places.length === 0) return text;
  let result = '';
  let at = 0;
  let open: Place | undefined;
  const close = (): void => {
    if (open === undefined) return;
    result += text.slice(at, open.start) + open.shown;
    at = open.end;
  };
  for (const place of places.sort((one, two) => one.start - two.start || two.end - one.end)) {
    if (open !== undefined && place.start < open.end) {
      open = { ...open, end: Math.max(open.end, place.end) };
      continue;
    }
    close();
    open = place;
  }
  close();
  return result + text.slice(at);
}

function findEscaped(text: string, kinds: ConcealedKinds, depth: number): Place[] {
  const places = findPlain(plainTextOf(text), kinds, depth);
  if (places.length === 0) return places;
  const plain = readEscaped(text);
  return places.map(({ start, end, shown }) => {
    const [first, last] = plain.range(start, end);
    return { start: withEscape(text, first), end: last, shown };
  });
}

/** Where the escape begins that a character belongs to: `n` behind one backslash is a line break, behind two it is a letter. */
function withEscape(text: string, first: number): number {
  let backslashes = 0;
  while (text[first - 1 - backslashes] === '\\') backslashes += 1;
  return first - (backslashes % 2);
}

function findPlain(text: string, kinds: ConcealedKinds, depth: number): Place[] {
  const places: Place[] = [];
  if (kinds.hookKeys !== undefined) places.push(...findHookKeys(text, kinds.hookKeys));
  if (kinds.resumeTokens) places.push(...findResumeTokens(text));
  if (depth < MAX_DEPTH) places.push(...findEncoded(text, kinds, depth));
  return places;
}

// --- hook keys -----------------------------------------------------------------------------------------------------------

/** The path of a trigger URL, of this installation or another one: also with a key that was replaced since. */
const TRIGGER_PATH = /(?:hooks|webhook:trigger)\/+([A-Za-z0-9_-]{22,100})/gi;

function findHookKeys(text: string, index: HookKeyIndex): Place[] {
  const places: Place[] = index.find(text).map(({ start, end, hint }) => ({ start, end, shown: shownHookKey(hint) }));
  for (const { index: at, 0: path, 1: key = '' } of text.matchAll(TRIGGER_PATH)) {
    const end = at + path.length;
    places.push({ start: end - key.length, end, shown: shownHookKey(hintOf(key)) });
  }
  return places;
}

// --- resume tokens ---------------------------------------------------------------------------------------------------------

/** What the first part of a token says, see `resume-token.ts`: the id of an execution, which is a UUIDv7, and a colon. */
const TARGET = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}:/g;
/** Its length in base64url. */
const MIN_NAME = 50;
const MAX_NAME = 4_096;
/** Of the proof, which is an HMAC with SHA-256 in base64url. */
const PROOF = 43;
/** Also in a case that it was not made in, where the first part can no longer be read. */
const RESUME_PATH = /resume\/+[A-Za-z0-9_-]{20,4096}\.[A-Za-z0-9_-]{8,43}/gi;
const RESUME_PREFIX = /^resume\/+/i;

function findResumeTokens(text: string): Place[] {
  const places: Place[] = [];
  for (let dot = text.indexOf('.'); dot !== -1; dot = text.indexOf('.', dot + 1)) {
    let begin = dot;
    while (begin > 0 && dot - begin < MAX_NAME && isOfToken(text, begin - 1)) begin -= 1;
    if (dot - begin < MIN_NAME || !isOfToken(text, dot + 1)) continue;
    const start = startOfName(text.slice(begin, dot));
    if (start === undefined) continue;
    let end = dot + 1;
    while (end - dot <= PROOF && isOfToken(text, end)) end += 1;
    places.push({ start: begin + start, end, shown: SHOWN_RESUME_TOKEN });
  }
  for (const { index, 0: path } of text.matchAll(RESUME_PATH)) {
    const prefix = RESUME_PREFIX.exec(path)?.[0].length ?? 0;
    places.push({ start: index + prefix, end: index + path.length, shown: SHOWN_RESUME_TOKEN });
  }
  return places;
}

function isOfToken(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90) || (unit >= 48 && unit <= 57) || unit === 45 || unit === 95;
}

/** Where the first part of a token begins in a run of its characters, which other characters may stand in front of. */
function startOfName(run: string): number | undefined {
  for (const skipped of [0, 1, 2, 3]) {
    const decoded = Buffer.from(run.slice(skipped), 'base64url').toString('latin1');
    for (const { index } of decoded.matchAll(TARGET)) if (index % 3 === 0) return skipped + (index / 3) * 4;
  }
  return undefined;
}

// --- encodings -------------------------------------------------------------------------------------------------------------

const BASE64_RUN = /[A-Za-z0-9+/_-]{22,}/g;
const HEX_RUN = /[0-9A-Fa-f]{32,}/g;
/** Bytes that are text; what is not encoded text decodes to hardly any. */
const READABLE = /[\x20-\x7e\t\r\n]{12,}/g;
/** The same in UTF-16, as PowerShell encodes it. */
const READABLE_WIDE = /(?:[\x20-\x7e\t\r\n]\0){12,}/g;

function findEncoded(text: string, kinds: ConcealedKinds, depth: number): Place[] {
  const places: Place[] = [];
  const look = (encoding: 'base64' | 'hex', { index, 0: run }: RegExpExecArray): void => {
    const [bits, alignments] = encoding === 'hex' ? [4, [0, 1]] : [6, [0, 1, 2, 3]];
    // It may stand directly behind other characters that base64 has: a slash, a letter of an escape.
    for (const skipped of alignments) {
      const decoded = Buffer.from(run.slice(skipped), encoding).toString('latin1');
      const offset = index + skipped;
      for (const { at, piece, width } of readablePieces(decoded)) {
        for (const { start, end, shown } of findEscaped(piece, kinds, depth + 1)) {
          const first = Math.floor(((at + start * width) * 8) / bits);
          const last = Math.ceil(((at + end * width) * 8) / bits);
          places.push({ start: offset + first, end: offset + last, shown });
        }
      }
    }
  };
  for (const match of text.matchAll(BASE64_RUN)) look('base64', match);
  for (const match of text.matchAll(HEX_RUN)) look('hex', match);
  return places;
}

function* readablePieces(decoded: string): Generator<{ at: number; piece: string; width: number }> {
  for (const { index, 0: piece } of decoded.matchAll(READABLE)) yield { at: index, piece, width: 1 };
  if (!decoded.includes('\0')) return;
  for (const { index, 0: wide } of decoded.matchAll(READABLE_WIDE)) {
    yield { at: index, piece: wide.replaceAll('\0', ''), width: 2 };
  }
}
