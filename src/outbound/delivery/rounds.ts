// Does something again and again: one round at a time, whatever becomes of the one before.

export interface RoundsOptions {
  /** Between two rounds, in milliseconds; a fifth of it is left to chance, so that processes do not act in step. */
  readonly everyMs: number;
  /** From 0 to 1. */
  random(): number;
  run(): Promise<void>;
  onError(error: unknown): void;
}

export class Rounds {
  readonly #options: RoundsOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isAsked = false;
  #isStopped = false;

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  /** Begins a round now; when one is under way, behind it. */
  begin(): void {
    if (this.#isStopped) return;
    if (this.#running) {
      this.#isAsked = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#isAsked = false;
    this.#running = this.#run();
  }

  /** Begins no more. Resolves when the one that is under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { everyMs, random, run, onError } = this.#options;
    let hasFailed = false;
    try {
      await run();
    } catch (error) {
      hasFailed = true;
      onError(error);
    }
    this.#running = undefined;
    if (this.#isStopped) return;
    // What has failed has its pause, also when somebody has asked.
    if (this.#isAsked && !hasFailed) this.begin();
    else this.#timer = setTimeout(() => this.begin(), everyMs * (0.9 + 0.2 * random()));
  }
}
