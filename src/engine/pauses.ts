// Pauses that a stop can end early.

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

  /** Pauses last again, after an `end`. */
  begin(): void {
    this.#isOver = false;
  }

  /** Ends all pauses, and those still to come. */
  end(): void {
    this.#isOver = true;
    for (const wake of this.#sleepers) wake();
  }
}
