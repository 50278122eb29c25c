// Pure: lists the paths that a sample request offers, for the designer's "parse a sample".

import { HooklineError } from '../errors.ts';
import { parseJson } from './json.ts';
import { FORBIDDEN_NAMES, type SamplePath } from './model.ts';
import { appendSegment, isRecord, MAX_PATH_LENGTH, MAX_PATH_SEGMENTS, type Segment } from './path.ts';
import { parseQuery } from './query.ts';

export type { SamplePath };

/** Most paths of one sample. */
const MAX_SAMPLE_PATHS = 5000;

/**
 * Every path of a value, objects and arrays before what is in them: `{"a":1,"b":{"c":2}}` -> `a`, `b`, `b.c`. What no
 * path can name (reserved names, paths that would be too long) is left out.
 * @throws HooklineError `invalid_request` beyond 5,000 paths
 */
export function listPaths(value: unknown): SamplePath[] {
  const found: SamplePath[] = [];
  visitChildren(value, '', 1, (path) => {
    if (found.length >= MAX_SAMPLE_PATHS) {
      throw new HooklineError('invalid_request', `The sample has more than ${MAX_SAMPLE_PATHS} paths. Use a smaller one.`);
    }
    return found.push(path) > 0;
  });
  return found;
}

/** As `listPaths`, but of more than `limit` paths only the first ones. */
export function listFirstPaths(value: unknown, limit: number): SamplePath[] {
  const found: SamplePath[] = [];
  visitChildren(value, '', 1, (path) => found.length < limit && found.push(path) > 0);
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

/** @returns false when no more are wanted */
type Keep = (path: SamplePath) => boolean;

function visitChildren(container: unknown, path: string, depth: number, keep: Keep): boolean {
  if (depth > MAX_PATH_SEGMENTS) return true;
  if (Array.isArray(container)) return container.every((element, index) => visit(element, path, index, depth, keep));
  if (!isRecord(container)) return true;
  return Object.keys(container).every((name) => visit(container[name], path, name, depth, keep));
}

function visit(value: unknown, parent: string, segment: Segment, depth: number, keep: Keep): boolean {
  if (typeof segment === 'string' && FORBIDDEN_NAMES.has(segment)) return true;
  const path = appendSegment(parent, segment);
  if (path.length > MAX_PATH_LENGTH) return true;
  return keep({ path, value }) && visitChildren(value, path, depth + 1, keep);
}
