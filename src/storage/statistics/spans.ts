// The spans of time that are counted, and those that are shown.

/** Counts are kept for spans of this length for a while … */
export const FINE_MS = 5 * 60_000;
/** … and for spans of this length much longer. */
export const COARSE_MS = 60 * 60_000;
export const SPANS_MS = [FINE_MS, COARSE_MS] as const;

const DAY_MS = 24 * COARSE_MS;
const KEEP_FINE_MS = 8 * DAY_MS;
/** All lengths, and how long counts of each are kept. */
export const SPANS = [
  { spanMs: FINE_MS, keepMs: KEEP_FINE_MS },
  { spanMs: COARSE_MS, keepMs: 800 * DAY_MS },
] as const;

const MAX_BUCKETS = 120;
/** Lengths that people read easily, each a multiple of a span that is kept. */
const BUCKETS_MS = [
  ...[1, 2, 3, 6].map((count) => count * FINE_MS),
  ...[1, 2, 3, 6, 12].map((count) => count * COARSE_MS),
  ...[1, 2, 7, 14, 28, 56, 112, 224].map((count) => count * DAY_MS),
];

export interface Buckets {
  /** Of the first bucket; a multiple of `bucketMs`. */
  readonly from: number;
  /** End of the last one. */
  readonly to: number;
  readonly bucketMs: number;
  /** The kept span that they are added up from. */
  readonly spanMs: number;
}

export function startOf(time: number, lengthMs: number): number {
  return Math.floor(time / lengthMs) * lengthMs;
}

/** The shortest buckets that show a range in 120 at most; the range is widened to whole ones. */
export function bucketsOf(from: number, to: number, now: number): Buckets {
  const spanMs = from < now - KEEP_FINE_MS + COARSE_MS ? COARSE_MS : FINE_MS;
  const widened = (bucketMs: number): Buckets => ({
    from: startOf(from, bucketMs),
    to: startOf(Math.max(to, from + 1) - 1, bucketMs) + bucketMs,
    bucketMs,
    spanMs: bucketMs < COARSE_MS ? FINE_MS : COARSE_MS,
  });
  const candidates = BUCKETS_MS.filter((bucketMs) => bucketMs >= spanMs).map(widened);
  const fitting = candidates.find((one) => (one.to - one.from) / one.bucketMs <= MAX_BUCKETS);
  return fitting ?? widened(startOf((to - from) / (MAX_BUCKETS - 2), DAY_MS) + DAY_MS);
}
