// Says once that something fails again and again, and once that it works again.

import type { Log } from '../../engine/plugin.ts';

export class FailureStreak {
  readonly #log: Log;
  #failures = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** @param what a sentence, without what went wrong */
  failed(error: unknown, what: string): void {
    this.#failures += 1;
    if (this.#failures > 1) return;
    const message = error instanceof Error ? error.message : String(error);
    this.#log.error({ error: message }, `${what}; it is tried again, and not reported again until storage works`);
  }

  worked(): void {
    if (this.#failures === 0) return;
    this.#log.info({ failures: this.#failures }, 'storage works again for deliveries');
    this.#failures = 0;
  }
}
