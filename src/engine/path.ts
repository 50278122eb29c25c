// Pure: paths such as `items[0].sku`, compiled once, and read without ever touching a prototype.

import { HooklineError } from '../errors.ts';
import { FORBIDDEN_NAMES } from './model.ts';
import type { PathBudget } from './path-budget.ts';
import { type Said, say } from './say.ts';

/** A name (`string`) or an index into an array (`number`). */
export type Segment = string | number;

export interface Path {
  /** As it was written. */
  readonly text: string;
  readonly segments: readonly Segment[];
  /**
   * What the path finds, or `undefined` when it is missing. Segments apply from left to right:
   * - a name reads an own property of an object;
   * - a name on an array maps over the elements, also of nested arrays, leaves out what is missing, and flattens the
   *   results to one dimension, as NocoBase does (`list.title` -> `["A", "B"]`; `[]` when no element has the name);
   * - `[0]`, or a name of digits only, indexes an array.
   *
   * Text and numbers have no properties, so there is no `.length`.
   * @param budget counts the elements of the lists that are mapped over; default: they are not counted
   * @throws HooklineError `path_too_costly` when the budget is used up
   */
  get(value: unknown, budget?: PathBudget): unknown;
}

/** Longest path in UTF-16 units. */
export const MAX_PATH_LENGTH = 1000;
/** Most segments in one path. */
export const MAX_PATH_SEGMENTS = 64;

const MAX_INDEX_DIGITS = 9;
const DOT = 0x2e;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const BACKSLASH = 0x5c;

/**
 * Compiles `a`, `b.c`, `items[0].sku`, `items.sku`, `list[0][1]`, `["any key. with dots"].x`.
 *
 * A bare name may hold anything except `.`, `[`, `]`, quotes and control characters, and neither starts nor ends with
 * white space. A quoted one takes JSON's escapes, and `\'`. `__proto__`, `prototype` and `constructor` are refused.
 * @throws HooklineError `invalid_path`, naming the character (counted from 1)
 */
export function compilePath(text: string): Path {
  return pathOf(parsePath(text), text);
}

/** Makes a path of segments that are known to be good; none at all is the value itself. */
export function pathOf(segments: readonly Segment[], text: string = formatPath(segments)): Path {
  const steps = segments.map(toStep);
  return { text, segments, get: (value, budget) => read(value, steps, budget && ((count) => budget.spend(count, text))) };
}

/** An own property of an object that is not an array, else `undefined`. */
export function getOwn(value: unknown, name: string): unknown {
  return isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Whether a value is an object with named properties: neither null nor an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The array index that a segment means: `[2]` and the name `2` are 2, other names are -1. */
export function indexOfSegment(segment: Segment): number {
  if (typeof segment === 'number') return segment;
  if (segment.length === 0 || segment.length > MAX_INDEX_DIGITS) return -1;
  for (let i = 0; i < segment.length; i++) if (!isDigit(segment.charCodeAt(i))) return -1;
  return segment.length > 1 && segment.charCodeAt(0) === 0x30 ? -1 : Number(segment);
}

/** Prints segments as `compilePath` reads them, quoting where needed: `query[0].a`, `["a.b"]`. */
export function formatPath(segments: readonly PropertyKey[]): string {
  let text = '';
  for (const segment of segments) text = appendSegment(text, segment);
  return text;
}

/** Prints one more segment behind a printed path. */
export function appendSegment(path: string, segment: PropertyKey): string {
  if (typeof segment === 'number') return `${path}[${segment}]`;
  const name = String(segment);
  if (!isBareName(name) || (path === '' && name === '$')) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}

/** The place `inside` another one, both printed: `config`, `[0].a` -> `config[0].a`. */
export function joinPaths(place: string, inside: string): string {
  if (inside === '' || place === '') return place + inside;
  return inside.startsWith('[') ? `${place}${inside}` : `${place}.${inside}`;
}

interface Step {
  readonly name: string | null;
  /** -1 when the name is not an index. */
  readonly index: number;
}

function toStep(segment: Segment): Step {
  return { name: typeof segment === 'string' ? segment : null, index: indexOfSegment(segment) };
}

/** Counts elements before they are visited. */
type Spend = ((count: number) => void) | undefined;

function read(value: unknown, steps: readonly Step[], spend: Spend): unknown {
  let current = value;
  for (const { name, index } of steps) {
    if (typeof current !== 'object' || current === null) return undefined;
    if (Array.isArray(current)) {
      if (index >= 0) current = index < current.length ? current[index] : undefined;
      else if (name !== null) current = mapName(current, name, [], spend);
    } else if (name !== null && Object.hasOwn(current, name)) {
      current = (current as Record<string, unknown>)[name];
    } else {
      return undefined;
    }
  }
  return current;
}

function mapName(list: readonly unknown[], name: string, found: unknown[], spend: Spend): unknown[] {
  spend?.(list.length);
  for (const element of list) {
    if (Array.isArray(element)) mapName(element, name, found, spend);
    else addFlat(getOwn(element, name), found, spend);
  }
  return found;
}

function addFlat(value: unknown, found: unknown[], spend: Spend): void {
  if (Array.isArray(value)) {
    spend?.(value.length);
    for (const element of value) addFlat(element, found, spend);
  } else if (value !== undefined) {
    found.push(value);
  }
}

function parsePath(text: string): Segment[] {
  if (text === '') throw invalid(text, 0, say('path.empty'));
  if (text.length > MAX_PATH_LENGTH) throw invalid(text, MAX_PATH_LENGTH, say('path.tooLong', { limit: MAX_PATH_LENGTH }));
  const segments: Segment[] = [];
  let at = 0;
  while (at < text.length) {
    const start = at;
    let segment: Segment;
    if (text.charCodeAt(at) === OPEN) [segment, at] = parseBracket(text, at);
    else if (at === 0) [segment, at] = parseName(text, at);
    else if (text.charCodeAt(at) === DOT) [segment, at] = parseName(text, at + 1);
    else throw invalid(text, at, say('path.separator'));
    if (typeof segment === 'string' && FORBIDDEN_NAMES.has(segment))
      throw invalid(text, start, say('path.reserved', { name: segment }));
    segments.push(segment);
    if (segments.length > MAX_PATH_SEGMENTS)
      throw invalid(text, start, say('path.tooManySegments', { limit: MAX_PATH_SEGMENTS }));
  }
  return segments;
}

function parseName(text: string, start: number): [string, number] {
  let end = start;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    if (code === DOT || code === OPEN) break;
    if (code === CLOSE || code === DOUBLE_QUOTE || code === SINGLE_QUOTE || isControl(code)) {
      throw invalid(text, end, say('path.needsQuotes'));
    }
    end++;
  }
  if (end === start) throw invalid(text, start, say('path.name'));
  const name = text.slice(start, end);
  if (name.trim() !== name) throw invalid(text, start, say('path.whiteSpace'));
  return [name, end];
}

function parseBracket(text: string, open: number): [Segment, number] {
  const start = open + 1;
  const first = text.charCodeAt(start);
  let segment: Segment;
  let end: number;
  if (first === DOUBLE_QUOTE || first === SINGLE_QUOTE) {
    [segment, end] = parseQuoted(text, start);
  } else {
    end = start;
    while (end < text.length && isDigit(text.charCodeAt(end))) end++;
    if (end === start) throw invalid(text, start, say('path.index'));
    if (end - start > MAX_INDEX_DIGITS) throw invalid(text, start, say('path.longIndex', { limit: MAX_INDEX_DIGITS }));
    segment = Number(text.slice(start, end));
  }
  if (text.charCodeAt(end) !== CLOSE) throw invalid(text, end, say('path.bracket'));
  return [segment, end + 1];
}

function parseQuoted(text: string, open: number): [string, number] {
  const quote = text.charCodeAt(open);
  let name = '';
  let at = open + 1;
  for (;;) {
    if (at >= text.length) throw invalid(text, open, say('path.quote'));
    const code = text.charCodeAt(at);
    if (code === quote) return [name, at + 1];
    if (code < 0x20) throw invalid(text, at, say('path.control'));
    if (code !== BACKSLASH) {
      name += text[at];
      at++;
      continue;
    }
    const letter = text.charAt(at + 1);
    const hex = text.slice(at + 2, at + 6);
    if (letter === 'u' && hex.length === 4 && isHex(hex)) {
      name += String.fromCharCode(Number.parseInt(hex, 16));
      at += 6;
    } else {
      const plain = ESCAPES.get(letter);
      if (plain === undefined) throw invalid(text, at, say('path.escape'));
      name += plain;
      at += 2;
    }
  }
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["'", "'"],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/** Braces are quoted although a bare name may hold them, so that a printed path can be pasted into `{{ }}`. */
function isBareName(name: string): boolean {
  if (name === '' || name.trim() !== name) return false;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code === DOT || code === OPEN || code === CLOSE || code === DOUBLE_QUOTE || code === SINGLE_QUOTE) return false;
    if (code === 0x7b || code === 0x7d || isControl(code)) return false;
  }
  return true;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isHex(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i) | 0x20;
    if (!isDigit(text.charCodeAt(i)) && !(code >= 0x61 && code <= 0x66)) return false;
  }
  return true;
}

function isControl(code: number): boolean {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f);
}

function invalid(text: string, at: number, detail: Said): HooklineError {
  const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  const said = say('path.wrong', { path: JSON.stringify(shown), at: at + 1, detail });
  return new HooklineError('invalid_path', said.message, { text: said.text });
}
