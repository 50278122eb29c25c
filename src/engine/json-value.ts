// Makes sure that what a node or a trigger hands over can be stored as JSON and read back the same.

import { HooklineError } from '../errors.ts';

/** A deeper value is refused: readers of JSON recurse. */
const MAX_DEPTH = 200;

/**
 * Most that the results of one execution may be together, and any one value that leaves it, in characters of text plus eight
 * for every value, which costs more than a character to walk through and to write. A value that templates repeat counts as often as it is repeated: a few nodes that double what the one
 * before gave would otherwise fill any memory as soon as they are written down.
 */
export const MAX_VALUE_SIZE = 32 * 1024 * 1024;

/** What every value counts, beside its characters. */
const SIZE_OF_VALUE = 8;

/** What values may still take; shared by all values of one execution. */
export interface Room {
  left: number;
}

export function createRoom(): Room {
  return { left: MAX_VALUE_SIZE };
}

/** Whether a value would be too large once it is written down. It must be free of cycles. */
export function isTooLarge(value: unknown): boolean {
  return roomBehind(value, MAX_VALUE_SIZE) < 0;
}

function roomBehind(value: unknown, room: number): number {
  if (typeof value === 'string') return room - SIZE_OF_VALUE - value.length;
  let left = room - SIZE_OF_VALUE;
  if (typeof value !== 'object' || value === null) return left;
  if (Array.isArray(value)) {
    for (const item of value) {
      left = roomBehind(item, left);
      if (left < 0) return left;
    }
    return left;
  }
  for (const [key, item] of Object.entries(value)) {
    left = roomBehind(item, left - key.length);
    if (left < 0) return left;
  }
  return left;
}

/**
 * Walks through a value as JSON would write it, a value that occurs twice twice. A cycle makes it call `spend` without end.
 * @param spend told of values and their characters before it goes on; may throw
 */
export function measureJson(value: unknown, spend: (values: number, characters: number) => void): void {
  if (typeof value === 'string') {
    spend(1, value.length);
    return;
  }
  spend(1, 0);
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) measureJson(item, spend);
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    spend(0, key.length);
    measureJson(item, spend);
  }
}

/**
 * Returns the value itself when it is plain JSON already, otherwise what JSON makes of it (`Date` to text, `undefined` in
 * lists to null). `undefined` becomes null.
 * @throws HooklineError `node_failed` for functions, symbols, big integers, cycles, values nested too deep, members named
 *   `__proto__`, and beyond `room`
 */
export function toJsonValue(value: unknown, room: Room = createRoom()): unknown {
  if (value === undefined) return null;
  if (isPlainJson(value, 0, room)) return value;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new HooklineError('node_failed', 'The value is not JSON (it has a cycle or a big integer).', {
      cause: error,
    });
  }
  if (text === undefined) throw new HooklineError('node_failed', 'The value is a function or a symbol, not JSON.');
  const copy: unknown = JSON.parse(text);
  // What was written in another form has not been measured yet.
  isPlainJson(copy, 0, room);
  return copy;
}

function isPlainJson(value: unknown, depth: number, room: Room): boolean {
  room.left -= typeof value === 'string' ? SIZE_OF_VALUE + value.length : SIZE_OF_VALUE;
  if (room.left < 0) {
    throw new HooklineError(
      'node_failed',
      `The results of the execution are larger than ${MAX_VALUE_SIZE} characters together. Keep less of what is large.`,
    );
  }
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
  if (Array.isArray(value)) return value.every((item) => isPlainJson(item, depth + 1, room));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  if ('toJSON' in value) return false;
  for (const [key, item] of Object.entries(value)) {
    room.left -= key.length;
    if (key === '__proto__')
      throw new HooklineError('node_failed', 'The value has a member named "__proto__", which is not allowed.');
    // A property that is undefined is simply not stored.
    if (item !== undefined && !isPlainJson(item, depth + 1, room)) return false;
  }
  return true;
}
