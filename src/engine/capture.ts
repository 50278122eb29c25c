// Makes what is shown of a call that came while somebody listened: the request, what became of it, and the paths in it.

import { HooklineError } from '../errors.ts';
import { parseJson } from './json.ts';
import type { Capture, SamplePath, StoredRequest } from './model.ts';
import { parseQuery } from './query.ts';
import { listFirstPaths } from './sample.ts';
import { REDACTED } from './stored-request.ts';

/** Bytes of a captured body that are kept. */
export const MAX_CAPTURED_BYTES = 256 * 1024;
/** Characters of the largest body whose paths are listed. */
const MAX_PARSED_LENGTH = 1024 * 1024;
/** Paths of one part; a form with more is of no use to anybody. */
const MAX_PATHS = 2_000;
/** Characters of a value beside its path. Texts are cut, and objects and lists are shown empty. */
const MAX_VALUE_LENGTH = 400;

/** @param at when it came, in milliseconds since 1970 */
export function makeCapture(at: number, request: StoredRequest, outcome: Capture['outcome']): Capture {
  return { at, request: { ...request, body: cut(request.body) }, outcome, paths: pathsOf(request) };
}

/** The paths of a request that variables can be made of; secret headers and what cannot be read have none. */
export function pathsOf({ url, headers, body }: StoredRequest): Capture['paths'] {
  const shown = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== REDACTED));
  const start = url.indexOf('?');
  return {
    headers: list(() => shown),
    query: list(() => parseQuery(start === -1 ? '' : url.slice(start + 1))),
    body: list(() => (body === '' || body.length > MAX_PARSED_LENGTH ? undefined : parseJson(body))),
  };
}

function list(read: () => unknown): SamplePath[] {
  try {
    return listFirstPaths(read(), MAX_PATHS).map(({ path, value }) => ({ path, value: shorten(value) }));
  } catch (error) {
    // The text itself is shown, and its caller was told what is wrong with it.
    if (error instanceof HooklineError) return [];
    throw error;
  }
}

function shorten(value: unknown): unknown {
  if (typeof value === 'string') return value.length > MAX_VALUE_LENGTH ? `${value.slice(0, MAX_VALUE_LENGTH)}…` : value;
  if (typeof value !== 'object' || value === null || JSON.stringify(value).length <= MAX_VALUE_LENGTH) return value;
  return Array.isArray(value) ? [] : {};
}

function cut(body: string): string {
  // No character has more than three bytes in UTF-8 for each of its UTF-16 units, and none has fewer than one.
  if (body.length * 3 <= MAX_CAPTURED_BYTES) return body;
  const bytes = Buffer.from(body.slice(0, MAX_CAPTURED_BYTES + 1));
  if (bytes.length <= MAX_CAPTURED_BYTES) return body;
  // Without the character that the cut goes through.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, MAX_CAPTURED_BYTES), { stream: true });
}
