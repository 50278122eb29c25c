// A token bucket: so many things in so much time, with a small burst.

export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

/** Never gives more than `count` tokens within any `perMs`, however it is used; at most a tenth of them at once. */
export class TokenBucket {
  readonly #capacity: number;
  readonly #perMs: number;
  #tokens: number;
  #at: number;

  constructor({ count, perMs }: Rate, now: number) {
    this.#capacity = Math.max(1, Math.floor(count / 10));
    // A full bucket can be emptied at once: what then flows in within `perMs` must make up the rest only.
    this.#perMs = (count - this.#capacity + 1) / perMs;
    this.#tokens = this.#capacity;
    this.#at = now;
  }

  /** How long until something may go, in milliseconds; 0: it may now. */
  waitMs(now: number): number {
    this.#fill(now);
    return this.#tokens >= 1 ? 0 : Math.ceil((1 - this.#tokens) / this.#perMs);
  }

  /** Uses tokens; more than there are is paid back before the next ones. */
  take(now: number, count = 1): void {
    this.#fill(now);
    this.#tokens -= count;
  }

  #fill(now: number): void {
    // Rounding errors must not make somebody wait for a millionth of a token; a clock that was set back gives none.
    const tokens = this.#tokens + Math.max(0, now - this.#at) * this.#perMs;
    this.#tokens = Math.min(this.#capacity, Math.abs(tokens - 1) < 1e-9 ? 1 : tokens);
    this.#at = now;
  }
}
