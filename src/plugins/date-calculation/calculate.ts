// Pure: computes with dates as luxon does: days and longer units keep the local time, shorter ones count real time.

import { DateTime, IANAZone } from 'luxon';
import { HooklineError } from '../../errors.ts';
import type { DateCalculationConfig, DatePart, DateStep } from './schema.ts';

/** ISO 8601 writes four digits for a year. */
const MIN_YEAR = 1;
const MAX_YEAR = 9999;

/**
 * Computes a date.
 * @param now milliseconds since 1970, for a calculation without an input
 * @returns ISO 8601 text with an offset; after `difference`, `get`, `daysInMonth` a number, after `format` text, after
 *   `isLeapYear` a boolean
 * @throws HooklineError `invalid_config`, naming the place in the configuration
 */
export function calculateDate(config: DateCalculationConfig, now: number): string | number | boolean {
  const zone = checkZone(config.zone, 'zone');
  // A template that finds nothing is a mistake, not the present.
  const hasInput = Object.hasOwn(config, 'input');
  let date = hasInput
    ? readDate(config.input, config.inputFormat, zone, 'input')
    : checkDate(DateTime.fromMillis(now, { zone }), 'input');
  for (const [index, step] of config.steps.entries()) {
    const result = take(date, step, `steps[${index}]`, config.inputFormat);
    if (!DateTime.isDateTime(result)) return result;
    date = checkDate(result, `steps[${index}]`);
  }
  return date.toISO() ?? '';
}

function take(date: DateTime, step: DateStep, place: string, inputFormat: string): DateTime | string | number | boolean {
  switch (step.action) {
    case 'add':
      return date.plus({ [step.unit]: step.amount });
    case 'subtract':
      return date.minus({ [step.unit]: step.amount });
    case 'startOf':
    case 'endOf':
      return date[step.action](SINGULAR[step.unit]);
    case 'set':
      return set(date, step, place);
    case 'toZone':
      return date.setZone(checkZone(step.zone, `${place}.zone`));
    case 'difference':
      return difference(date, step, place, inputFormat);
    case 'format':
      return date.setLocale(checkLocale(step.locale ?? 'en', `${place}.locale`)).toFormat(step.format);
    case 'get':
      return READ[step.part](date);
    case 'isLeapYear':
      return date.isInLeapYear;
    case 'daysInMonth':
      return date.daysInMonth ?? 0;
  }
}

const SINGULAR = {
  years: 'year',
  quarters: 'quarter',
  months: 'month',
  weeks: 'week',
  days: 'day',
  hours: 'hour',
  minutes: 'minute',
  seconds: 'second',
  milliseconds: 'millisecond',
} as const;

const READ: Record<DatePart, (date: DateTime) => number> = {
  year: (date) => date.year,
  quarter: (date) => date.quarter,
  month: (date) => date.month,
  weekNumber: (date) => date.weekNumber,
  weekYear: (date) => date.weekYear,
  weekday: (date) => date.weekday,
  day: (date) => date.day,
  dayOfYear: (date) => date.ordinal,
  hour: (date) => date.hour,
  minute: (date) => date.minute,
  second: (date) => date.second,
  millisecond: (date) => date.millisecond,
  offsetMinutes: (date) => date.offset,
  timestamp: (date) => date.toMillis(),
  timestampSeconds: (date) => date.toUnixInteger(),
};

/** Units of the time of day, with what comes after their highest value. */
const TIME_UNITS = { hour: 24, minute: 60, second: 60, millisecond: 1000 } as const;

/** Unlike luxon, which counts on into the next month or year, refuses what does not exist, such as the 31st of a short month. */
function set(date: DateTime, step: Extract<DateStep, { action: 'set' }>, place: string): DateTime {
  const { unit, value } = step;
  if (unit === 'hour' || unit === 'minute' || unit === 'second' || unit === 'millisecond') {
    if (value < 0 || value >= TIME_UNITS[unit]) throw wrong(`${place}.value`, `there is no ${unit} ${value}`);
    return date.set({ [unit]: value });
  }
  const result = date.set({ [unit]: value });
  if (unit === 'year') return checkDate(result, place);
  if (result.isValid && result[unit] === value) return result;
  throw wrong(`${place}.value`, `there is no ${unit} ${value} to set in ${date.toISODate()}`);
}

function difference(
  date: DateTime,
  step: Extract<DateStep, { action: 'difference' }>,
  place: string,
  inputFormat: string,
): number {
  const other = readDate(step.to, inputFormat, date.zoneName ?? 'UTC', `${place}.to`).setZone(date.zone);
  const amount = other.diff(date, step.unit).as(step.unit);
  // Not -0, which JSON does not know.
  return (step.rounded === true ? Math.trunc(amount) : amount) + 0;
}

function readDate(value: unknown, format: string, zone: string, place: string): DateTime {
  const shown = show(value);
  if (value === null || value === undefined || value === '') throw wrong(place, 'there is no date');
  if (format === 'unix' || format === 'unix-ms') {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isFinite(number)) {
      throw wrong(place, `${shown} is not a number of ${format === 'unix' ? 'seconds' : 'milliseconds'} since 1970`);
    }
    const milliseconds = Math.round(format === 'unix' ? number * 1000 : number);
    // The range of JavaScript's own dates; luxon throws beyond it.
    if (Math.abs(milliseconds) > 8.64e15) throw outOfRange(place);
    return checkDate(DateTime.fromMillis(milliseconds, { zone }), place);
  }
  if (typeof value !== 'string') throw wrong(place, `${shown} is not text; for a number, inputFormat is "unix" or "unix-ms"`);
  const options = { zone, setZone: true, locale: 'en' };
  const date = format === 'iso' ? DateTime.fromISO(value, options) : DateTime.fromFormat(value, format, options);
  if (!date.isValid) {
    const expected =
      format === 'iso' ? 'an ISO 8601 date, such as 2025-01-31T09:00:00+01:00' : `written as ${JSON.stringify(format)}`;
    throw wrong(place, `${shown} is not ${expected} (${date.invalidExplanation ?? date.invalidReason})`);
  }
  // A local time that comes twice, when clocks go back, is the first one; luxon alone would choose by today's offset.
  const [first = date] = date.getPossibleOffsets();
  // One that names an offset of its own is shown in the zone, too.
  return checkDate(first.setZone(zone), place);
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 100);
}

function checkDate(date: DateTime, place: string): DateTime {
  if (!date.isValid || date.year < MIN_YEAR || date.year > MAX_YEAR) throw outOfRange(place);
  return date;
}

function outOfRange(place: string): HooklineError {
  return wrong(place, `the date is outside the years ${MIN_YEAR} to ${MAX_YEAR}`);
}

function checkZone(zone: string, place: string): string {
  const fault = zoneFault(zone);
  if (fault !== undefined) throw wrong(place, fault);
  return zone;
}

/** What is wrong with the name of a time zone; undefined when there is one of that name. */
export function zoneFault(zone: string): string | undefined {
  if (zone.toUpperCase() === 'UTC' || IANAZone.isValidZone(zone)) return undefined;
  return `there is no time zone ${JSON.stringify(zone)}; write UTC or a name such as Europe/Brussels`;
}

function checkLocale(locale: string, place: string): string {
  const fault = localeFault(locale);
  if (fault !== undefined) throw wrong(place, fault);
  return locale;
}

/** What is wrong with the tag of a language; undefined when it is written well. */
export function localeFault(locale: string): string | undefined {
  try {
    Intl.getCanonicalLocales(locale);
    return undefined;
  } catch {
    return `there is no language ${JSON.stringify(locale)}; write a tag such as en or nl-BE`;
  }
}

function wrong(place: string, what: string): HooklineError {
  return new HooklineError('invalid_config', `config.${place}: ${what}`, { details: { path: place } });
}
