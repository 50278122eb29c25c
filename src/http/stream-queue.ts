// A queue between something that calls back and a stream of events that reads at its own pace; the oldest entries give way.

/** @param maxEntries entries that wait; of more, the oldest are forgotten */
export class StreamQueue<Entry> {
  readonly #entries: Entry[] = [];
  readonly #maxEntries: number;
  #wake: (() => void) | undefined;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#entries.length > this.#maxEntries) this.#entries.shift();
    this.#wake?.();
  }

  /** The next entry, as soon as there is one; undefined when the signal has ended the wait. */
  async next(signal: AbortSignal): Promise<Entry | undefined> {
    while (this.#entries.length === 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      this.#wake = undefined;
    }
    return signal.aborted ? undefined : this.#entries.shift();
  }
}
