// Reads rows field by field: what cannot be read of one is replaced and said of that row alone, never of the page that it is on.

import { isRecord } from '../engine/path.ts';

/** A row, some of which cannot be read: damaged by hand or disk, or written by a newer version. */
export interface UnreadableRow {
  readonly table: string;
  /** Its primary key. */
  readonly key: string;
  /** Which columns, and what is wrong with them; never what is in them. */
  readonly reason: string;
}

/** What a record has that is not read whole. */
export interface Unreadable {
  /** Why; left out where all of it was read. */
  unreadable?: string | undefined;
}

/** Hands out the values of one row, and notes what cannot be read. */
export interface Fields {
  /** The value of a column with JSON; `fallback` when it is none, or not of the form that `fits` asks for. */
  json<Value>(column: string, text: string | null | undefined, fallback: Value, fits: (value: unknown) => boolean): Value;
  /** One of these; `fallback` when it is another. */
  oneOf<Value extends string>(column: string, value: string | null, values: readonly Value[], fallback: Value): Value;
  /** Milliseconds since 1970; 0 when it is no time of the years 1 to 9999. PostgreSQL gives BIGINT as text. */
  time(column: string, value: unknown): number;
  timeOrNull(column: string, value: unknown): number | null;
  /** A time to wait for, which may lie in any year that `Date` knows. */
  dueOrNull(column: string, value: unknown): number | null;
  /** A whole number from 0 on; 0 when it is none. */
  count(column: string, value: unknown): number;
  countOrNull(column: string, value: unknown): number | null;
  /** A text; empty when it is none. */
  text(column: string, value: unknown): string;
  textOrNull(column: string, value: unknown): string | null;
  /** Whether something that was asked for so far cannot be read. */
  isFaulty(): boolean;
  /** Notes that a column cannot be read. */
  fault(column: string, what: string): void;
}

/** The rows of a storage that could not be read, each reported once. */
export interface RowReader {
  /** @returns the record, with `unreadable` when something of it could not be read */
  read<Item extends object>(table: string, key: string, make: (fields: Fields) => Item): Item & Unreadable;
  /** Keys of unreadable rows of a table, at most 1,000: for queries that must not meet them again. */
  known(table: string): string[];
  /** How many rows could not be read since the start. */
  count(): number;
}

/** So many are remembered of each table. */
const MAX_KNOWN = 1_000;
/** The years 1 to 9999, in milliseconds since 1970: what a date is written as with four digits. */
const MIN_TIME = -62_135_596_800_000;
export const MAX_TIME = 253_402_300_799_999;
/** The times of `Date`, before and after 1970: ECMA-262, section 21.4.1.1. */
const MAX_DATE = 8.64e15;

/** @param onUnreadable told of each row once */
export function createRowReader(onUnreadable: (row: UnreadableRow) => void = () => {}): RowReader {
  const known = new Map<string, Set<string>>();

  function note(row: UnreadableRow): void {
    const keys = known.get(row.table) ?? new Set();
    known.set(row.table, keys);
    if (keys.has(row.key) || keys.size >= MAX_KNOWN) return;
    keys.add(row.key);
    onUnreadable(row);
  }

  return {
    read(table, key, make) {
      const faults: string[] = [];
      const item = make(fieldsOf(faults));
      if (faults.length === 0) return item;
      const reason = faults.join('; ');
      note({ table, key, reason });
      return { ...item, unreadable: reason };
    },
    known: (table) => [...(known.get(table) ?? [])],
    count: () => [...known.values()].reduce((sum, keys) => sum + keys.size, 0),
  };
}

/** Whether a number is a time that can be written as a date of the years 1 to 9999. */
export function isTime(value: number): boolean {
  return Number.isSafeInteger(value) && value >= MIN_TIME && value <= MAX_TIME;
}

function fieldsOf(faults: string[]): Fields {
  const fault = (column: string, what: string): void => void faults.push(`${column} ${what}`);

  function whole(column: string, value: unknown, [min, max]: readonly [number, number], what: string): number {
    const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isSafeInteger(number) && number >= min && number <= max) return number;
    fault(column, value == null ? 'is missing' : `has no ${what}`);
    return 0;
  }

  const time: Fields['time'] = (column, value) => whole(column, value, [MIN_TIME, MAX_TIME], 'time');
  const count: Fields['count'] = (column, value) => whole(column, value, [0, Number.MAX_SAFE_INTEGER], 'whole number');
  const text: Fields['text'] = (column, value) => {
    if (typeof value === 'string') return value;
    fault(column, value == null ? 'is missing' : 'has no text');
    return '';
  };
  return {
    fault,
    isFaulty: () => faults.length > 0,
    time,
    timeOrNull: (column, value) => (value == null ? null : time(column, value)),
    dueOrNull: (column, value) => (value == null ? null : whole(column, value, [-MAX_DATE, MAX_DATE], 'time')),
    count,
    countOrNull: (column, value) => (value == null ? null : count(column, value)),
    text,
    textOrNull: (column, value) => (value == null ? null : text(column, value)),
    json(column, text, fallback, fits) {
      const value = parse(text);
      if (value === undefined) fault(column, text == null ? 'is missing' : 'is not JSON');
      else if (!fits(value)) fault(column, 'has another form than this version knows');
      else return value as typeof fallback;
      return fallback;
    },
    oneOf(column, value, values, fallback) {
      const found = values.find((one) => one === value);
      if (found === undefined) fault(column, 'has a value that this version does not know');
      return found ?? fallback;
    },
  };
}

function parse(text: string | null | undefined): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

// --- forms -----------------------------------------------------------------------------------------------------------------

type Fits = (value: unknown) => boolean;

export const isText: Fits = (value) => typeof value === 'string';
export const isNumber: Fits = (value) => typeof value === 'number';
export const isAnything: Fits = () => true;
export const orNull =
  (fits: Fits): Fits =>
  (value) =>
    value === null || fits(value);
export const orMissing =
  (fits: Fits): Fits =>
  (value) =>
    value === undefined || fits(value);
export const listOf =
  (fits: Fits): Fits =>
  (value) =>
    Array.isArray(value) && value.every(fits);
/** A record of texts, such as headers. */
export const isTexts: Fits = (value) => isRecord(value) && Object.values(value).every(isText);
/** An object with at least these members; others are a newer version's. */
export const objectOf =
  (members: Readonly<Record<string, Fits>>): Fits =>
  (value) =>
    isRecord(value) && Object.entries(members).every(([name, fits]) => fits(value[name]));
export const isObject: Fits = (value) => isRecord(value);
export const oneOfTexts =
  (values: readonly string[]): Fits =>
  (value) =>
    typeof value === 'string' && values.includes(value);
