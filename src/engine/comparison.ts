// How values of unknown kinds are compared: loose equality, order and text, as the `basic` condition defines them.

/** Deeper values are never equal; it keeps the recursion far from the end of the stack. */
const MAX_DEPTH = 500;

/** Numbers smaller than this (the year 5138 in seconds) are seconds since 1970 when they meet a date, others milliseconds. */
const FIRST_MILLISECONDS = 1e11;

const ISO_DATE = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?(?:[.,](\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** Null and undefined are the same thing here: nothing. */
export function isMissing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** Missing, `''`, `[]` or `{}`. */
export function isEmptyValue(value: unknown): boolean {
  if (isMissing(value) || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && !(value instanceof Date) && Object.keys(value).length === 0;
}

/**
 * Whether an expression's result counts as true: everything but `false`, `0`, NaN, missing, `''`, `[]` and `{}`.
 * The text `"false"` is true: it is text.
 */
export function isTruthy(value: unknown): boolean {
  return Boolean(value) && !isEmptyValue(value);
}

/** Counts members of lists and objects before they are compared; may throw. */
export type SpendComparison = (values: number) => void;

const FREE: SpendComparison = () => {};

/**
 * Loose equality: `1` equals `"1"`, `true` equals `"true"` and `1`, missing equals only missing. Lists and objects are
 * equal when their members are. Blank text is not a number.
 * @param spend default: nothing is counted
 */
export function isLooselyEqual(left: unknown, right: unknown, spend = FREE): boolean {
  if (left === right) return true;
  if (isMissing(left) || isMissing(right)) return isMissing(left) && isMissing(right);
  if (typeof left === 'object' || typeof right === 'object') return areMembersEqual(left, right, 0, spend);
  return areScalarsEqual(left, right);
}

function areScalarsEqual(left: unknown, right: unknown): boolean {
  if (typeof left === typeof right) return left === right;
  if (typeof left === 'boolean' && typeof right === 'string' && String(left) === right) return true;
  if (typeof right === 'boolean' && typeof left === 'string' && String(right) === left) return true;
  const leftNumber = typeof left === 'boolean' ? Number(left) : toNumber(left);
  const rightNumber = typeof right === 'boolean' ? Number(right) : toNumber(right);
  return leftNumber !== undefined && leftNumber === rightNumber;
}

function areMembersEqual(left: unknown, right: unknown, depth: number, spend: SpendComparison): boolean {
  spend(1);
  if (left === right) return true;
  if (left instanceof Date) return areMembersEqual(dateText(left), right, depth, spend);
  if (right instanceof Date) return areMembersEqual(left, dateText(right), depth, spend);
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) {
    // A list or an object is never equal to a single value; missing members are as at the top.
    if (typeof left === 'object' && left !== null) return false;
    if (typeof right === 'object' && right !== null) return false;
    return isLooselyEqual(left, right);
  }
  if (depth >= MAX_DEPTH || Array.isArray(left) !== Array.isArray(right)) return false;
  if (Array.isArray(left) && Array.isArray(right)) {
    if (left.length !== right.length) return false;
    for (let index = 0; index < left.length; index++) {
      if (!areMembersEqual(left[index], right[index], depth + 1, spend)) return false;
    }
    return true;
  }
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  spend(keys.length);
  for (const key of keys) {
    if (!Object.hasOwn(right, key)) return false;
    if (!areMembersEqual(Reflect.get(left, key), Reflect.get(right, key), depth + 1, spend)) return false;
  }
  return true;
}

/**
 * Order: below 0, 0 or above 0; NaN when the two cannot be compared. Numbers and numeric text compare as numbers; ISO 8601
 * dates (also one against a number of seconds or milliseconds since 1970) as times, a time without a zone being UTC; other
 * text by code point.
 */
export function compareValues(left: unknown, right: unknown): number {
  const leftNumber = toNumber(left);
  const rightNumber = toNumber(right);
  if (leftNumber !== undefined && rightNumber !== undefined) return compareNumbers(leftNumber, rightNumber);
  const leftTime = toTime(left, leftNumber);
  const rightTime = toTime(right, rightNumber);
  if (leftTime !== undefined && rightTime !== undefined) return compareNumbers(leftTime, rightTime);
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right);
  return Number.NaN;
}

/** Subtracting would make NaN of two equal infinities. */
function compareNumbers(left: number, right: number): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Text of a single value, or undefined for what has none: lists, objects, missing. */
export function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  return value instanceof Date ? dateText(value) : undefined;
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isNaN(value) ? undefined : value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'string' || value === '') return undefined;
  // Most text is not a number: its first character says so without the cost of a conversion.
  const first = value.charCodeAt(0);
  if (first > 57) return undefined;
  const number = Number(value);
  return Number.isNaN(number) || (number === 0 && value.trim() === '') ? undefined : number;
}

function toTime(value: unknown, number: number | undefined): number | undefined {
  if (number !== undefined) return Math.abs(number) < FIRST_MILLISECONDS ? number * 1000 : number;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.getTime();
  if (typeof value !== 'string' || value.length > 40) return undefined;
  const match = ISO_DATE.exec(value);
  if (match === null) return undefined;
  const [, day, minutes = '00:00', seconds = ':00', fraction = '0', zone = 'Z'] = match;
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone;
  const time = Date.parse(`${day}T${minutes}${seconds}.${fraction}${offset}`);
  return Number.isNaN(time) ? undefined : time;
}

function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

/** By code point: `<` on strings would put characters beyond U+FFFF before U+E000. */
function compareText(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const leftUnit = left.charCodeAt(index);
    const rightUnit = right.charCodeAt(index);
    if (leftUnit !== rightUnit) return codePointRank(leftUnit) - codePointRank(rightUnit);
  }
  return left.length - right.length;
}

function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
