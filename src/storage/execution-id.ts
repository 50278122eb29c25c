// Times as bounds of execution ids, which are UUIDv7 and so ordered by time.

/** The largest time that a UUIDv7 can hold, in milliseconds since 1970 (48 bits; RFC 9562, section 5.7). */
const MAX_TIME = 2 ** 48 - 1;

/** The lowest UUIDv7 of a millisecond: everything accepted at or after `time` is not below it, all before is. */
export function lowestIdAt(time: number): string {
  const clamped = Math.min(Math.max(Math.ceil(time), 0), MAX_TIME);
  const hex = clamped.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

/** The millisecond of a stored id, as `lowestIdAt` counts it. */
export function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** Whether a text has the form in which executions' ids are stored. */
export function isExecutionId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value);
}
