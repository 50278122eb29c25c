// Pure: collects what values have looked like: every path with its types and an example.

import { FORBIDDEN_NAMES } from './model.ts';
import { appendSegment, isRecord, type Segment } from './path.ts';

export type LearnedType = 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array';

export interface LearnedPath {
  /** Below the variable, such as `items[0].sku`; empty for the value itself. */
  path: string;
  /** All that were seen. */
  types: LearnedType[];
  /** From the first value that had it; not of containers. */
  example?: unknown;
}

/** Paths of one variable. */
const MAX_PATHS = 300;
const MAX_DEPTH = 8;
/** Elements of a list that are looked at. */
const MAX_ITEMS = 20;
const MAX_EXAMPLE_LENGTH = 200;

interface Learned extends LearnedPath {
  readonly children: Map<string, Learned>;
}

/** Learns one variable from values; show it the latest first, since the first example stays. */
export class Learner {
  readonly #root: Learned = { path: '', types: [], children: new Map() };
  #count = 0;

  /** All elements of a list are learned as its first: `items[0].sku`. */
  learn(value: unknown): void {
    this.#learn(this.#root, value, 0);
  }

  /** The value itself, then what is in it, in the order in which it was seen. Nothing when nothing was learned. */
  paths(): LearnedPath[] {
    const found: LearnedPath[] = [];
    const add = ({ children, ...path }: Learned): void => {
      found.push(path);
      for (const child of children.values()) add(child);
    };
    if (this.#root.types.length > 0) add(this.#root);
    return found;
  }

  #learn(place: Learned, value: unknown, depth: number): void {
    const type = typeOf(value);
    if (type === undefined) return;
    if (!place.types.includes(type)) place.types.push(type);
    if (type !== 'object' && type !== 'array') {
      // Null says less than whatever came before or comes later.
      if (place.example === undefined || place.example === null) place.example = cut(value);
      return;
    }
    if (depth >= MAX_DEPTH) return;
    if (Array.isArray(value)) {
      for (const item of value.slice(0, MAX_ITEMS)) this.#learnAt(place, 0, item, depth);
    } else if (isRecord(value)) {
      for (const [key, item] of Object.entries(value)) if (!FORBIDDEN_NAMES.has(key)) this.#learnAt(place, key, item, depth);
    }
  }

  #learnAt(place: Learned, segment: Segment, value: unknown, depth: number): void {
    const key = typeof segment === 'number' ? '[]' : `.${segment}`;
    let child = place.children.get(key);
    if (child === undefined) {
      if (this.#count >= MAX_PATHS - 1) return;
      this.#count += 1;
      child = { path: appendSegment(place.path, segment), types: [], children: new Map() };
      place.children.set(key, child);
    }
    this.#learn(child, value, depth + 1);
  }
}

function typeOf(value: unknown): LearnedType | undefined {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  const type = typeof value;
  return type === 'string' || type === 'number' || type === 'boolean' || type === 'object' ? type : undefined;
}

function cut(value: unknown): unknown {
  return typeof value === 'string' && value.length > MAX_EXAMPLE_LENGTH ? `${value.slice(0, MAX_EXAMPLE_LENGTH)}…` : value;
}

const MAX_TEXT_LENGTH = 10_000;
const MAX_MEMBERS = 200;
const MAX_VALUE_DEPTH = 20;

/** A value of bounded size to try things with: long texts and lists are cut. */
export function shorten(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.length > MAX_TEXT_LENGTH ? `${value.slice(0, MAX_TEXT_LENGTH)}…` : value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_VALUE_DEPTH) return null;
  if (Array.isArray(value)) return value.slice(0, MAX_MEMBERS).map((item: unknown) => shorten(item, depth + 1));
  const entries = Object.entries(value).slice(0, MAX_MEMBERS);
  return Object.fromEntries(entries.map(([key, item]) => [key, shorten(item, depth + 1)]));
}
