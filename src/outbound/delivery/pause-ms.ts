// Pure: how long to wait before what storage has refused is tried again.

/** First pause, in milliseconds; doubled up to the last one. */
const FIRST_PAUSE_MS = 200;
const LAST_PAUSE_MS = 5_000;

/** Behind the try with this number (1 is the first), in milliseconds. */
export function pauseMs(tries: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LAST_PAUSE_MS);
}
