// Pure: what is known of a value's inside, as a tree of names and indices, from paths that real runs have shown.

import { compilePath, isRecord, pathOf, type Segment } from '../../../src/engine/path.ts';
import type { LearnedPath } from '../api/drafts.ts';

export type ValueType = LearnedPath['types'][number];

export interface Shape {
  readonly types: ReadonlySet<ValueType>;
  /** Of the latest run that had it; undefined when none is known. */
  readonly value: unknown;
  readonly alias: string | undefined;
  readonly children: ReadonlyMap<Segment, Shape>;
}

interface GrowingShape extends Shape {
  types: Set<ValueType>;
  value: unknown;
  alias: string | undefined;
  children: Map<Segment, GrowingShape>;
}

/** Deeper paths are left out of the tree; they can be written by hand. */
const MAX_DEPTH = 12;

/**
 * @param paths below the value
 * @param latest the whole value in the latest run; undefined when there is none
 */
export function shapeOf(paths: readonly LearnedPath[], latest: unknown): Shape {
  const root = newShape();
  root.value = latest;
  if (latest !== undefined) root.types.add(typeOf(latest));
  for (const { path, types, example, alias } of paths) {
    const segments = path === '' ? [] : segmentsOf(path);
    if (segments === undefined || segments.length > MAX_DEPTH) continue;
    const shape = grow(root, segments, latest);
    for (const type of types) shape.types.add(type);
    shape.alias ??= alias;
    shape.value = readAt(latest, segments) ?? shape.value ?? example;
  }
  return root;
}

/** Elements of a list that are looked at. */
const MAX_ELEMENTS = 5;

/** The shape of one value. */
export function shapeOfValue(value: unknown, depth = 0): Shape {
  const shape = newShape();
  shape.value = value;
  if (value !== undefined) shape.types.add(typeOf(value));
  if (!isContainer(value) || depth >= MAX_DEPTH) return shape;
  const members: [Segment, unknown][] = Array.isArray(value)
    ? value.slice(0, MAX_ELEMENTS).map((element, index) => [index, element])
    : Object.entries(value);
  const children = new Map(members.map(([segment, member]) => [segment, shapeOfValue(member, depth + 1)]));
  return { ...shape, children };
}

/** The shape at a path; names on lists look into their elements, as paths do. */
export function shapeAt(shape: Shape, segments: readonly Segment[]): Shape | undefined {
  let current: Shape | undefined = shape;
  for (const segment of segments) {
    const found: Shape | undefined = current.children.get(segment);
    current = found ?? (typeof segment === 'string' ? elementShape(current)?.children.get(segment) : undefined);
    if (current === undefined) return undefined;
  }
  return current;
}

/** What the elements of a list have in common and apart, as one shape; undefined for what is no list. */
export function elementShape(shape: Shape): Shape | undefined {
  const elements = [...shape.children].filter(([segment]) => typeof segment === 'number').map(([, element]) => element);
  if (elements.length === 0) return undefined;
  const merged = newShape();
  for (const element of elements) merge(merged, element);
  return merged;
}

/** The type of a JSON value. */
export function typeOf(value: unknown): ValueType {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  const type = typeof value;
  return type === 'string' || type === 'number' || type === 'boolean' ? type : 'object';
}

/** @returns undefined when it is no path */
export function segmentsOf(path: string): readonly Segment[] | undefined {
  try {
    return compilePath(path).segments;
  } catch {
    // The server has said so where it was written.
    return undefined;
  }
}

/** What is at a path, undefined when nothing is. */
export function readAt(value: unknown, segments: readonly Segment[]): unknown {
  return segments.length === 0 ? value : pathOf(segments).get(value);
}

function newShape(): GrowingShape {
  return { types: new Set(), value: undefined, alias: undefined, children: new Map() };
}

function grow(root: GrowingShape, segments: readonly Segment[], latest: unknown): GrowingShape {
  let current = root;
  for (const [index, segment] of segments.entries()) {
    // A container that no path names by itself is known by what is in it.
    if (current.types.size === 0) current.types.add(typeof segment === 'number' ? 'array' : 'object');
    let next = current.children.get(segment);
    if (next === undefined) {
      next = { ...newShape(), value: readAt(latest, segments.slice(0, index + 1)) };
      current.children.set(segment, next);
    }
    current = next;
  }
  return current;
}

function merge(target: GrowingShape, source: Shape): void {
  for (const type of source.types) target.types.add(type);
  target.value ??= source.value;
  for (const [segment, child] of source.children) {
    let next = target.children.get(segment);
    if (next === undefined) {
      next = newShape();
      target.children.set(segment, next);
    }
    merge(next, child);
  }
}

/** Whether a value is worth opening. */
export function isContainer(value: unknown): value is readonly unknown[] | Record<string, unknown> {
  return Array.isArray(value) || isRecord(value);
}
