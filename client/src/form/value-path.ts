// Pure: paths of fields, `cases[0].test`, as problems name them, and `cases[*].test`, as types name their expressions.

import { appendSegment } from '../../../src/engine/path.ts';
import { isObject } from './json-schema.ts';

export type PathSegment = string | number;

export const joinPath: (path: string, segment: PathSegment) => string = appendSegment;

/** Names may hold any character but `.` and `[`; `["…"]` holds the others. */
export function splitPath(path: string): PathSegment[] {
  return Array.from(path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g), ([, index, quoted, name]) => {
    if (index !== undefined) return Number(index);
    return quoted === undefined ? (name ?? '') : String(JSON.parse(quoted));
  });
}

/** Whether a path is one of those that a type names. */
export function matchesPath(path: string, patterns: readonly string[]): boolean {
  return patterns.includes(path.replace(/\[\d+\]/g, '[*]'));
}

export function valueAt(value: unknown, segments: readonly PathSegment[]): unknown {
  let current = value;
  for (const segment of segments) {
    if (typeof segment === 'number') current = Array.isArray(current) ? current[segment] : undefined;
    else current = isObject(current) && Object.hasOwn(current, segment) ? current[segment] : undefined;
  }
  return current;
}
