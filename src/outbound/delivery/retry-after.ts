// Pure: reads the `Retry-After` of an answer (RFC 9110, section 10.2.3): seconds or a date.

const SECONDS = /^\d{1,10}$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const TIME = '(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})';

/** The three forms of HTTP dates (RFC 9110, section 5.6.7); all are in UTC. */
const DATES = [
  new RegExp(`^[A-Z][a-z]{2}, (?<day>\\d{2}) (?<month>[A-Z][a-z]{2}) (?<year>\\d{4}) ${TIME} GMT$`),
  new RegExp(`^[A-Z][a-z]{5,8}, (?<day>\\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\\d{2}) ${TIME} GMT$`),
  new RegExp(`^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`),
];

/**
 * How long a receiver wants to be left alone, in milliseconds from now, not bounded; 0 for a date that has passed.
 * @param value of the header; undefined without one
 * @param now milliseconds since 1970
 * @returns null without a header that can be read
 */
export function readRetryAfter(value: string | undefined, now: number): number | null {
  const text = value?.trim() ?? '';
  if (SECONDS.test(text)) return Number(text) * 1000;
  const at = readHttpDate(text, now);
  return at === undefined ? null : Math.max(0, at - now);
}

function readHttpDate(text: string, now: number): number | undefined {
  const parts = DATES.map((pattern) => pattern.exec(text)?.groups).find((groups) => groups !== undefined);
  if (parts === undefined) return undefined;
  const { year = '', month: monthName = '', day: dayText, hour, minute, second } = parts;
  const month = MONTHS.indexOf(monthName);
  const day = Number(dayText);
  const at = Date.UTC(fullYear(year, now), month, day, Number(hour), Number(minute), Number(second));
  // 31 February would be a day in March; a month that there is not is -1, which no date has.
  return new Date(at).getUTCMonth() === month && new Date(at).getUTCDate() === day ? at : undefined;
}

/** A year of two digits that seems more than 50 years ahead is one of the past (RFC 9110, section 5.6.7). */
function fullYear(text: string, now: number): number {
  if (text.length === 4) return Number(text);
  const present = new Date(now).getUTCFullYear();
  const year = present - (present % 100) + Number(text);
  return year > present + 50 ? year - 100 : year;
}
