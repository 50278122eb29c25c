// Makes sure that what a node or a trigger hands over can be stored as JSON and read back the same.

import { HooklineError } from '../errors.ts';

/** A deeper value is refused: readers of JSON recurse. */
const MAX_DEPTH = 200;

/**
 * Returns the value itself when it is plain JSON already, otherwise what JSON makes of it (`Date` to text, `undefined` in
 * lists to null). `undefined` becomes null.
 * @throws HooklineError `node_failed` for functions, symbols, big integers, cycles and values nested too deep.
 */
export function toJsonValue(value: unknown): unknown {
  if (value === undefined) return null;
  if (isPlainJson(value, 0)) return value;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new HooklineError('node_failed', 'The value is not JSON (it has a cycle or a big integer).', {
      cause: error,
    });
  }
  if (text === undefined) throw new HooklineError('node_failed', 'The value is a function or a symbol, not JSON.');
  return JSON.parse(text);
}

function isPlainJson(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (depth >= MAX_DEPTH) throw new HooklineError('node_failed', `The value is nested deeper than ${MAX_DEPTH} levels.`);
  if (Array.isArray(value)) return value.every((item) => isPlainJson(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  if ('toJSON' in value) return false;
  for (const item of Object.values(value)) {
    // A property that is undefined is simply not stored.
    if (item !== undefined && !isPlainJson(item, depth + 1)) return false;
  }
  return true;
}
