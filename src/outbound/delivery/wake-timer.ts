// One timer for the earliest of many times.

/** Longest time between two looks at the clock, in milliseconds: clocks are set, and timers cannot wait for a month. */
const LOOK_AGAIN_MS = 60_000;

export class WakeTimer {
  readonly #now: () => number;
  readonly #wake: () => void;
  #timer: NodeJS.Timeout | undefined;
  #at = Number.POSITIVE_INFINITY;

  /** @param wake called at the time or earlier: it looks for itself whether it is time */
  constructor(now: () => number, wake: () => void) {
    this.#now = now;
    this.#wake = wake;
  }

  /** Wakes at this time, unless it does so earlier anyway. */
  wakeAt(time: number): void {
    if (this.#timer && this.#at <= time) return;
    clearTimeout(this.#timer);
    this.#at = time;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#wake();
      },
      Math.min(Math.max(Math.ceil(time - this.#now()), 1), LOOK_AGAIN_MS),
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
