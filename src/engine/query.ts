// Pure: reads a query string into nested values, with limits.

import qs from 'qs';
import { HooklineError } from '../errors.ts';
import { FORBIDDEN_NAMES } from './model.ts';
import { isRecord } from './path.ts';

/** Most brackets behind one name. */
const MAX_QUERY_DEPTH = 10;
const MAX_QUERY_PARAMETERS = 1000;
/** Most elements of one array; indexes stay below it. */
const MAX_QUERY_ARRAY = 100;

const OPTIONS = {
  depth: MAX_QUERY_DEPTH,
  strictDepth: true,
  parameterLimit: MAX_QUERY_PARAMETERS,
  arrayLimit: MAX_QUERY_ARRAY,
  throwOnLimitExceeded: true,
  // Keeps names such as `toString`, which qs would drop from an ordinary object.
  plainObjects: true,
} as const;

/**
 * Reads `a=1&b[c]=2&list[]=x&list[]=y`, with or without the leading `?`, by the rules of the npm package qs: a name that
 * is repeated becomes an array, wrong percent-encoding stays as it is written. Names that reach prototypes are left out.
 * @throws HooklineError `invalid_query` beyond 10 brackets, 1,000 parameters or 100 elements of an array
 */
export function parseQuery(text: string): Record<string, unknown> {
  if (text === '' || text === '?') return {};
  let parsed: unknown;
  try {
    parsed = qs.parse(text.charCodeAt(0) === 0x3f ? text.slice(1) : text, OPTIONS);
  } catch (cause) {
    const reason = cause instanceof RangeError ? cause.message : 'It is not in a form that can be read.';
    throw new HooklineError('invalid_query', `The query string cannot be taken: ${reason}`, { cause });
  }
  const query = toOrdinary(parsed);
  return isRecord(query) ? query : {};
}

/** qs's objects have no prototype, which surprises the libraries that get them. */
function toOrdinary(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toOrdinary);
  if (!isRecord(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    if (!FORBIDDEN_NAMES.has(name)) copy[name] = toOrdinary(value[name]);
  }
  return copy;
}
