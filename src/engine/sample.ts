// Pure: lists the paths that a sample request offers, for the designer's "parse a sample".

import { HooklineError } from '../errors.ts';
import { parseJson } from './json.ts';
import { FORBIDDEN_NAMES } from './model.ts';
import { appendSegment, isRecord, MAX_PATH_LENGTH, MAX_PATH_SEGMENTS, type Segment } from './path.ts';
import { parseQuery } from './query.ts';

export interface SamplePath {
  readonly path: string;
  readonly value: unknown;
}

/** Most paths of one sample. */
const MAX_SAMPLE_PATHS = 5000;

/**
 * Every path of a value, objects and arrays before what is in them: `{"a":1,"b":{"c":2}}` -> `a`, `b`, `b.c`. What no
 * path can name (reserved names, paths that would be too long) is left out.
 * @throws HooklineError `invalid_request` beyond 5,000 paths
 */
export function listPaths(value: unknown): SamplePath[] {
  const found: SamplePath[] = [];
  visitChildren(value, '', 1, found);
  return found;
}

/**
 * The paths of a sample's query string, by the rules of trigger URLs.
 * @param sample a full URL, a path with a query, or only the query, with or without `?`
 * @throws HooklineError `invalid_query`, `invalid_request`
 */
export function parseQuerySample(sample: string): SamplePath[] {
  return listPaths(parseQuery(cutQuery(sample.trim())));
}

/**
 * The paths of a sample body.
 * @param sample JSON text, or a value that is parsed already
 * @throws HooklineError `invalid_json` that says where the text broke, `invalid_request`
 */
export function parseBodySample(sample: unknown): SamplePath[] {
  return listPaths(typeof sample === 'string' ? parseJson(sample) : sample);
}

function cutQuery(sample: string): string {
  const [address = ''] = sample.split('#', 1);
  const mark = address.indexOf('?');
  const before = mark < 0 ? address : address.slice(0, mark);
  // A `?` behind the first `=` or `&` belongs to a value: `a=what?`.
  if (mark >= 0 && !before.includes('=') && !before.includes('&')) return address.slice(mark + 1);
  const isAddress = before.startsWith('/') || /^[a-z][a-z0-9+.-]*:\/\//i.test(before);
  if (!isAddress) return address;
  return mark < 0 ? '' : address.slice(mark + 1);
}

function visitChildren(container: unknown, path: string, depth: number, found: SamplePath[]): void {
  if (depth > MAX_PATH_SEGMENTS) return;
  if (Array.isArray(container)) {
    for (const [index, element] of container.entries()) visit(element, path, index, depth, found);
  } else if (isRecord(container)) {
    for (const name of Object.keys(container)) visit(container[name], path, name, depth, found);
  }
}

function visit(value: unknown, parent: string, segment: Segment, depth: number, found: SamplePath[]): void {
  if (typeof segment === 'string' && FORBIDDEN_NAMES.has(segment)) return;
  const path = appendSegment(parent, segment);
  if (path.length > MAX_PATH_LENGTH) return;
  if (found.length >= MAX_SAMPLE_PATHS) {
    throw new HooklineError('invalid_request', `The sample has more than ${MAX_SAMPLE_PATHS} paths. Use a smaller one.`);
  }
  found.push({ path, value });
  visitChildren(value, path, depth + 1, found);
}
