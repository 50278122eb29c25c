// Tells other processes of deliveries that this one does not send, at most every 50 milliseconds.

import type { Bus } from '../../engine/ports.ts';

const PAUSE_MS = 50;
/** Endpoints that are named in one message; of more it says only that there are some. */
const MAX_NAMED = 100;

export class Announcer {
  readonly #bus: Bus;
  readonly #ids = new Set<string>();
  #isGeneral = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** @param endpointIds none: some */
  add(endpointIds: readonly string[]): void {
    if (endpointIds.length === 0) this.#isGeneral = true;
    for (const id of endpointIds) this.#ids.add(id);
    // The first one goes at once, those that follow together.
    if (!this.#timer) this.#publish();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #publish(): void {
    this.#timer = undefined;
    if (!this.#isGeneral && this.#ids.size === 0) return;
    const isNamed = !this.#isGeneral && this.#ids.size <= MAX_NAMED;
    const endpointIds = isNamed ? [...this.#ids] : [];
    this.#isGeneral = false;
    this.#ids.clear();
    void this.#bus.publish({ type: 'deliveries-added', endpointIds });
    this.#timer = setTimeout(() => this.#publish(), PAUSE_MS);
  }
}
