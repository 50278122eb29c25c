// A queue between something that calls back and a stream of events that reads at its own pace; the oldest entries give way.

export class StreamQueue<Entry> {
  readonly #entries: Entry[] = [];
  readonly #maxEntries: number;
  readonly #signal: AbortSignal;
  #wake = (): void => {};

  /** @param maxEntries entries that wait; of more, the oldest are forgotten */
  constructor(signal: AbortSignal, maxEntries: number) {
    this.#signal = signal;
    this.#maxEntries = maxEntries;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#entries.length > this.#maxEntries) this.#entries.shift();
    this.#wake();
  }

  /** The next entry, as soon as there is one; undefined when the signal has ended the wait. For one reader. */
  async next(): Promise<Entry | undefined> {
    while (this.#entries.length === 0 && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#signal.aborted ? undefined : this.#entries.shift();
  }
}
