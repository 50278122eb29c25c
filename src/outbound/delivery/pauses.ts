// Pauses between two tries of what storage has refused; a stop ends them early.

/** First pause, in milliseconds; doubled up to the last one. */
const FIRST_PAUSE_MS = 200;
const LAST_PAUSE_MS = 5_000;

/** How long to wait behind the try with this number (1 is the first), in milliseconds. */
export function pauseMs(tries: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LAST_PAUSE_MS);
}

export class Pauses {
  readonly #sleepers = new Set<() => void>();
  #isOver = false;

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Resolves after `ms`, or at once when the pauses are over. */
  sleep(ms: number): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#sleepers.add(wake);
    });
  }

  /** Ends all pauses, and those still to come. */
  end(): void {
    this.#isOver = true;
    for (const wake of this.#sleepers) wake();
  }
}
