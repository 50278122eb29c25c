// Reads the queue of one endpoint: pages of what is due, and when the next one will be.

import type { OutboundStore } from '../../engine/outbound-ports.ts';
import { DeliveryBuffer } from './delivery-buffer.ts';
import type { SendOrder } from './outcome.ts';

/** How long the time of the next delivery is believed, in milliseconds: others may add some. */
const BELIEVED_MS = 5_000;
/** Least time between two looks for the same thing, in milliseconds. */
const LOOK_AGAIN_MS = 20;

export interface SourceContext {
  readonly store: Pick<OutboundStore, 'queue'>;
  now(): number;
}

/** What went wrong with a query; undefined: nothing. */
export type ReadFailure = { readonly error: unknown; readonly what: string } | undefined;

export class DeliverySource {
  readonly buffer = new DeliveryBuffer();
  readonly #endpointId: string;
  readonly #context: SourceContext;
  readonly #onRead: (failure: ReadFailure) => void;
  #isReading = false;
  /** Rises when what is being read is of no use any more. */
  #generation = 0;
  /** Whether storage may have deliveries due that are not in memory. */
  #mayHaveMore = true;
  /** When the next is due of those that are not due yet; null: there is none; undefined: not known. */
  #laterAt: number | null | undefined;
  #laterAskedAt = 0;

  /** @param onRead called when a query has ended */
  constructor(endpointId: string, context: SourceContext, onRead: (failure: ReadFailure) => void) {
    this.#endpointId = endpointId;
    this.#context = context;
    this.#onRead = onRead;
  }

  /** Whether a query has not answered. */
  get isReading(): boolean {
    return this.#isReading;
  }

  /** When the next is due that is not due yet; undefined when there is none, or it is not known. */
  nextDueAt(now: number): number | undefined {
    if (typeof this.#laterAt !== 'number') return undefined;
    if (this.#laterAt > now) return this.#laterAt;
    this.lookAgain();
    this.#laterAt = undefined;
    return undefined;
  }

  /** Something was added. */
  lookAgain(): void {
    this.#mayHaveMore = true;
  }

  /** Reads a page when no more than `low` wait and there may be more, else when the next is due; one query at a time. */
  read(now: number, limit: number, low: number): void {
    if (this.#isReading) return;
    if (this.#mayHaveMore) {
      if (this.buffer.size <= low || this.buffer.isHeadOpen) void this.#readPage(now, limit);
    } else if (this.buffer.size === 0 && this.#laterAt === undefined) {
      void this.#readNextDue();
    }
  }

  /** Their outcome is committed. @param retryAt when they are due again; null: never @param isOrdered others may wait for them */
  done(order: SendOrder, retryAt: number | null, isOrdered: boolean): void {
    this.buffer.done(order);
    if (isOrdered) this.#mayHaveMore = true;
    if (retryAt !== null && this.#laterAt !== undefined) this.#laterAt = Math.min(this.#laterAt ?? retryAt, retryAt);
  }

  /** They were not sent, and are due as they were. */
  putBack(order: SendOrder): void {
    this.buffer.done(order);
    this.#mayHaveMore = true;
  }

  /** What was read may not be what is to be sent. */
  forget(): void {
    this.buffer.clear();
    this.#generation += 1;
    this.#mayHaveMore = true;
    this.#laterAt = undefined;
  }

  async #readPage(now: number, limit: number): Promise<void> {
    const generation = this.#generation;
    this.#isReading = true;
    this.#mayHaveMore = false;
    if (now - this.#laterAskedAt > BELIEVED_MS) this.#laterAt = undefined;
    let failure: ReadFailure;
    try {
      const page = await this.#context.store.queue.due(this.#endpointId, now, limit, this.buffer.ids());
      const isFull = page.length >= limit;
      if (generation === this.#generation) this.buffer.add(page, isFull);
      if (isFull || generation !== this.#generation) this.#mayHaveMore = true;
    } catch (error) {
      this.#mayHaveMore = true;
      failure = { error, what: 'the deliveries of an endpoint could not be read' };
    }
    this.#isReading = false;
    this.#onRead(failure);
  }

  async #readNextDue(): Promise<void> {
    const generation = this.#generation;
    const askedAt = this.#context.now();
    this.#isReading = true;
    let failure: ReadFailure;
    try {
      const next = await this.#context.store.queue.nextDueAt(this.#endpointId, this.buffer.ids());
      // One that is due since the last page was read may wait a moment: two queries must never chase each other.
      if (generation === this.#generation) this.#laterAt = next === null ? null : Math.max(next, askedAt + LOOK_AGAIN_MS);
      this.#laterAskedAt = askedAt;
    } catch (error) {
      failure = { error, what: 'the next delivery of an endpoint could not be read' };
    }
    this.#isReading = false;
    this.#onRead(failure);
  }
}
