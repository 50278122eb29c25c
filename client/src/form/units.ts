// Pure: milliseconds and bytes as a number and a unit, as people say them.

export const DURATION_UNITS = { milliseconds: 1, seconds: 1_000, minutes: 60_000, hours: 3_600_000, days: 86_400_000 } as const;
export const SIZE_UNITS = { bytes: 1, kilobytes: 1_024, megabytes: 1_024 ** 2, gigabytes: 1_024 ** 3 } as const;

export type DurationUnit = keyof typeof DURATION_UNITS;
export type SizeUnit = keyof typeof SIZE_UNITS;
export type Unit = DurationUnit | SizeUnit;

/** Units by name, the smallest first, each with its size in the smallest. */
export function unitsOf(kind: 'duration' | 'size'): readonly (readonly [Unit, number])[] {
  return kind === 'duration'
    ? (Object.entries(DURATION_UNITS) as [DurationUnit, number][])
    : (Object.entries(SIZE_UNITS) as [SizeUnit, number][]);
}

/** The largest unit that a value is a whole number of: 90 000 ms are 90 seconds, 120 000 ms 2 minutes. */
export function largestUnit(kind: 'duration' | 'size', value: number): Unit {
  const units = unitsOf(kind);
  const [smallest] = units;
  const fitting = units.filter(([, size]) => value !== 0 && Number.isInteger(value / size)).at(-1);
  // Nothing at all is not said in the smallest unit.
  if (value === 0) return units[1]?.[0] ?? 'seconds';
  return fitting?.[0] ?? smallest?.[0] ?? 'milliseconds';
}

export function unitSize(kind: 'duration' | 'size', unit: Unit): number {
  return unitsOf(kind).find(([name]) => name === unit)?.[1] ?? 1;
}
