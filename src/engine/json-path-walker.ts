// Pure: finds what the elements of a JSONPath lead to, as jsonpath-plus does, and counts every value it visits.

import { HooklineError } from '../errors.ts';
import type { PathBudget } from './path-budget.ts';

/** Deepest way through a value; the bodies of requests are nested 64 levels at most. */
const MAX_DEPTH = 1000;

const SLICE = /^(-?\d*):(-?\d*):?(\d*)$/u;

/** A step that was taken: `^` behind it leads back here. */
interface Frame {
  readonly value: unknown;
  /** The name or index that led to the value; null at the root. */
  readonly name: string | number | null;
  readonly depth: number;
}

/** One part of a path: its text, and what it means when no member has that very name. */
interface Element {
  readonly text: string;
  readonly kind: 'every' | 'descent' | 'parent' | 'own-name' | 'slice' | 'type' | 'escaped' | 'union' | 'name';
  /** Of a union. */
  readonly parts: readonly Element[];
}

/** The parts of a path, ready to be walked. */
export type JsonPathElements = readonly Element[];

/** @param parts the path split by jsonpath-plus, without its `$`; scripts must have been refused before */
export function toElements(parts: readonly string[]): JsonPathElements {
  return parts.map(toElement);
}

function toElement(text: string): Element {
  const kind = kindOf(text);
  const isList = text.includes(',') && (kind === 'union' || kind === 'escaped');
  return { text, kind, parts: isList ? text.split(',').map(toElement) : [] };
}

function kindOf(text: string): Element['kind'] {
  if (text === '*') return 'every';
  if (text === '..') return 'descent';
  if (text === '^') return 'parent';
  if (text === '~') return 'own-name';
  if (SLICE.test(text)) return 'slice';
  if (text.startsWith('@')) return 'type';
  if (text.startsWith('`')) return 'escaped';
  return text.includes(',') ? 'union' : 'name';
}

interface Walk {
  readonly elements: JsonPathElements;
  readonly text: string;
  readonly budget: PathBudget;
  readonly found: unknown[];
}

/**
 * Everything that a path finds in a value, in the order of the document. The budget pays for every value that is visited and
 * for the size of what is found, since `$..*` finds the same values again at every level.
 * @param text the path as it was written, for errors
 * @throws HooklineError `path_too_costly`; `invalid_path` when the value is nested too deep
 */
export function walkJsonPath(elements: JsonPathElements, text: string, value: unknown, budget: PathBudget): unknown[] {
  const walk: Walk = { elements, text, budget, found: [] };
  trace(walk, 0, { value, name: null, depth: 0 }, undefined, false);
  // One value is never larger than what was sent.
  if (walk.found.length > 1) {
    const sizes = new Map<object, number>();
    for (const found of walk.found) budget.spend(sizeOf(found, sizes, text, 0), text);
  }
  return walk.found;
}

/** How many values there are in one, itself not counted; each is measured once. */
function sizeOf(value: unknown, sizes: Map<object, number>, text: string, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth > MAX_DEPTH) throw tooDeep(text);
  let size = sizes.get(value);
  if (size === undefined) {
    size = 0;
    for (const member of Object.values(value)) size += 1 + sizeOf(member, sizes, text, depth + 1);
    sizes.set(value, size);
  }
  return size;
}

function tooDeep(text: string): HooklineError {
  return new HooklineError(
    'invalid_path',
    `The value is nested too deep for the JSONPath ${JSON.stringify(text.slice(0, 100))}.`,
  );
}

/**
 * Follows the elements from `index` on.
 * @param from the step before; undefined at the root
 * @param isLiteral whether a member with the very name of the element (`*`, `..`) is preferred to the element's meaning
 */
function trace(walk: Walk, index: number, at: Frame, from: Frame | undefined, isLiteral: boolean): void {
  const element = walk.elements[index];
  if (element === undefined) {
    walk.budget.spend(1, walk.text);
    walk.found.push(at.value);
  } else {
    follow(walk, element, index + 1, at, from, isLiteral);
  }
}

/** Applies one element to a value; `next` is the index of the element behind it. */
function follow(walk: Walk, element: Element, next: number, at: Frame, from: Frame | undefined, isLiteral: boolean): void {
  walk.budget.spend(1, walk.text);
  const { value } = at;
  if (isLiteral && hasMember(value, element.text)) {
    enter(walk, next, at, element.text, false);
    return;
  }
  switch (element.kind) {
    case 'every':
      for (const name of namesIn(walk, value)) enter(walk, next, at, name, true);
      break;
    case 'descent':
      trace(walk, next, at, at, false);
      for (const name of namesIn(walk, value)) {
        if (typeof memberOf(value, name) === 'object') follow(walk, element, next, step(walk, at, name), at, false);
      }
      break;
    case 'parent':
      if (from !== undefined) trace(walk, next, from, undefined, false);
      break;
    case 'own-name':
      walk.found.push(at.name);
      break;
    case 'slice':
      slice(walk, element.text, next, at);
      break;
    case 'type':
      if (isOfType(value, element.text)) walk.found.push(value);
      break;
    case 'escaped':
      if (hasMember(value, element.text.slice(1))) enter(walk, next, at, element.text.slice(1), true);
      else if (element.parts.length > 0) followEach(walk, element.parts, next, at);
      else followName(walk, element.text, next, at, isLiteral);
      break;
    case 'union':
      followEach(walk, element.parts, next, at);
      break;
    case 'name':
      followName(walk, element.text, next, at, isLiteral);
      break;
  }
}

function followEach(walk: Walk, parts: readonly Element[], next: number, at: Frame): void {
  for (const part of parts) follow(walk, part, next, at, at, false);
}

function followName(walk: Walk, name: string, next: number, at: Frame, isLiteral: boolean): void {
  if (!isLiteral && hasMember(at.value, name)) enter(walk, next, at, name, true);
}

/** Goes into a member. */
function enter(walk: Walk, next: number, at: Frame, name: string | number, isLiteral: boolean): void {
  trace(walk, next, step(walk, at, name), at, isLiteral);
}

function step({ text }: Walk, { value, depth }: Frame, name: string | number): Frame {
  if (depth >= MAX_DEPTH) throw tooDeep(text);
  return { value: memberOf(value, name), name, depth: depth + 1 };
}

/** `[start:end:step]`, on lists only. */
function slice(walk: Walk, element: string, next: number, at: Frame): void {
  if (!Array.isArray(at.value)) return;
  const { length } = at.value;
  const [start = '', end = '', by = ''] = element.split(':');
  const first = bound(integer(start, 0), length);
  const last = bound(integer(end, length), length);
  for (let index = first; index < last; index += integer(by, 1)) {
    walk.budget.spend(1, walk.text);
    enter(walk, next, at, index, false);
  }
}

/** Zero counts as left out, as in jsonpath-plus. */
function integer(text: string, otherwise: number): number {
  return (text !== '' && Number.parseInt(text, 10)) || otherwise;
}

function bound(position: number, length: number): number {
  return position < 0 ? Math.max(0, position + length) : Math.min(length, position);
}

/** What can be gone into; each costs one, since to list them is work, too. */
function namesIn({ budget, text }: Walk, value: unknown): Iterable<string | number> {
  if (typeof value !== 'object' || value === null) return [];
  const names = Array.isArray(value) ? value.keys() : Object.keys(value);
  budget.spend(Array.isArray(names) ? names.length : Reflect.get(value, 'length'), text);
  return names;
}

/** Own members only, of text also its letters and its length. */
function hasMember(value: unknown, name: string): boolean {
  if (typeof value === 'string') return value !== '' && Object.hasOwn(Object(value), name);
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name);
}

/** Of a value that has it. */
function memberOf(value: unknown, name: string | number): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string | number, unknown>)[name]
    : Reflect.get(Object(value), name);
}

function isOfType(value: unknown, operator: string): boolean {
  switch (operator.slice(1, -2)) {
    case 'null':
      return value === null;
    case 'boolean':
    case 'string':
      return typeof value === operator.slice(1, -2);
    case 'number':
      return Number.isFinite(value);
    case 'integer':
      return Number.isInteger(value);
    case 'nonFinite':
      return typeof value === 'number' && !Number.isFinite(value);
    case 'scalar':
      return typeof value !== 'object' || value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null;
    default:
      return false;
  }
}
