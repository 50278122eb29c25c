// Durations as counts of classes that widen with the duration: small to keep, and percentiles within 4 % come back out of it.

/** Counts by class. */
export type Histogram = Map<number, number>;

/** Up to here each whole millisecond has a class of its own. */
const EXACT_MS = 20;
/** Above, each class ends at so many times the end of the one before: its middle is at most 3.9 % from anything in it. */
const GROWTH = 1.08;

/** @param durationMs whole milliseconds; what is below 0 (a clock was set back) counts as 0 */
export function classOf(durationMs: number): number {
  const ms = Math.max(0, durationMs);
  return ms <= EXACT_MS ? Math.ceil(ms) : EXACT_MS + Math.ceil(Math.log(ms / EXACT_MS) / Math.log(GROWTH) - 1e-9);
}

/** The duration in milliseconds that stands for all of a class. */
function middleOf(one: number): number {
  if (one <= EXACT_MS) return one;
  const end = EXACT_MS * GROWTH ** (one - EXACT_MS);
  // As far, in proportion, from both ends.
  return Math.round((2 * end) / (1 + GROWTH));
}

export function addTo(histogram: Histogram, other: Iterable<readonly [number, number]>): void {
  for (const [one, count] of other) histogram.set(one, (histogram.get(one) ?? 0) + count);
}

/**
 * The duration that a share of all do not exceed (nearest rank), in milliseconds; null when there is none.
 * @param share such as 0.95
 */
export function percentileOf(histogram: Histogram, share: number): number | null {
  let total = 0;
  for (const count of histogram.values()) total += count;
  let rest = Math.max(1, Math.ceil(total * share));
  for (const [one, count] of [...histogram].sort(([a], [b]) => a - b)) {
    rest -= count;
    if (rest <= 0) return middleOf(one);
  }
  return null;
}

/** JSON of `[class, count]` pairs. */
export function writeHistogram(histogram: Histogram): string {
  return JSON.stringify([...histogram].sort(([a], [b]) => a - b));
}

/** Without what cannot be read: the counts beside it are right all the same. */
export function readHistogram(json: string): Histogram {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return new Map(Array.isArray(value) ? value.filter(isClass) : []);
}

function isClass(entry: unknown): entry is [number, number] {
  return Array.isArray(entry) && entry.length === 2 && entry.every((number) => Number.isSafeInteger(number));
}
