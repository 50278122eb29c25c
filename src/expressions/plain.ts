// Makes plain JSON of what an expression language hands back, or says why it cannot.

/** Deeper results are refused: readers of JSON recurse. */
const MAX_DEPTH = 150;

/** A result that JSON cannot hold; `message` says what to do. */
export class NotPlainError extends Error {
  override readonly name = 'NotPlainError';
}

/**
 * Copies a result into plain JSON: dates become ISO 8601 text, missing becomes null (and is left out of objects), extra
 * properties of lists go.
 * @throws NotPlainError for functions, infinite numbers, class instances, cycles, results nested too deep, and members named
 *   `__proto__`
 */
export function toPlain(value: unknown): unknown {
  return copy(value, 0);
}

function copy(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'undefined':
      return null;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new NotPlainError(`The result is ${value}, which is not a number that JSON can hold`);
    case 'bigint': {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : value.toString();
    }
    case 'object':
      if (value === null) return null;
      break;
    default:
      throw new NotPlainError(`The result is or holds a ${typeof value}; call it, or pick a value`);
  }
  if (depth >= MAX_DEPTH) throw new NotPlainError(`The result is nested deeper than ${MAX_DEPTH} levels, or contains itself`);
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    for (let index = 0; index < value.length; index++) list.push(copy(value[index], depth + 1));
    return list;
  }
  return copyObject(value, depth);
}

function copyObject(value: object, depth: number): unknown {
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new NotPlainError('The result is not a valid date');
    return value.toISOString();
  }
  if (value instanceof Error) throw new NotPlainError(`The result is the error ${value.message}`);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    throw new NotPlainError('The result is or holds a value that JSON does not know; convert it to a number, a text or a list');
  }
  const object: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    // Whoever copies it by assignment would set a prototype.
    if (key === '__proto__') throw new NotPlainError('The result has a member named "__proto__", which is not allowed');
    object[key] = copy(member, depth + 1);
  }
  return object;
}
