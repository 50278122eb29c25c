// Where the axis of time is labelled: at round hours, or at the beginning of days.

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The longest span for each distance between labels. */
const STEPS: readonly (readonly [longestMs: number, stepMs: number])[] = [
  [2 * HOUR_MS, 10 * MINUTE_MS],
  [2 * DAY_MS, 4 * HOUR_MS],
  [10 * DAY_MS, DAY_MS],
  [Number.POSITIVE_INFINITY, 5 * DAY_MS],
];

export interface Buckets {
  /** How long each lasts, in milliseconds. */
  readonly bucketMs: number;
  readonly buckets: readonly { readonly at: string }[];
}

/** The buckets that begin a step of local time, with their labels; not the first, which may begin anywhere. */
export function ticksOf({ bucketMs, buckets }: Buckets, language: string): ReadonlyMap<string, string> {
  const spanMs = bucketMs * buckets.length;
  const stepMs = STEPS.find(([longestMs]) => spanMs <= longestMs)?.[1] ?? DAY_MS;
  const format = new Intl.DateTimeFormat(language, stepMs < DAY_MS ? { timeStyle: 'short' } : { day: 'numeric', month: 'short' });
  const step = (at: string): number => {
    const date = new Date(at);
    return Math.floor((date.getTime() - date.getTimezoneOffset() * MINUTE_MS) / stepMs);
  };
  const begins = buckets.filter(({ at }, index) => {
    const before = buckets[index - 1];
    return before !== undefined && step(before.at) !== step(at);
  });
  return new Map(begins.map(({ at }) => [at, format.format(new Date(at))]));
}
