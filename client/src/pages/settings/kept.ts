// The lengths of time that something can be kept, to choose from.

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAYS = [1, 7, 30, 90, 180, 365, 730];

export interface KeptLabels {
  readonly forEver: string;
  readonly days: (count: number) => string;
  readonly hours: (count: number) => string;
}

export interface KeptChoice {
  /** In milliseconds; null: for ever. */
  readonly ms: number | null;
  readonly label: string;
}

/** The usual lengths, and the present one when it is another. */
export function keptChoices(present: number | null, labels: KeptLabels): KeptChoice[] {
  const lengths = new Set(DAYS.map((days) => days * DAY_MS));
  if (present !== null) lengths.add(present);
  const label = (ms: number): string =>
    ms % DAY_MS === 0 ? labels.days(ms / DAY_MS) : labels.hours(Math.round((ms / HOUR_MS) * 100) / 100);
  return [
    ...[...lengths].sort((one, other) => one - other).map((ms) => ({ ms, label: label(ms) })),
    { ms: null, label: labels.forEver },
  ];
}
