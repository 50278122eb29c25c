// What one endpoint has in memory of its queue: deliveries that wait to be sent, and the ids of all that are under way.

import type { EndpointConfig } from '../../engine/outbound-model.ts';
import type { DueDelivery } from '../../engine/outbound-ports.ts';
import type { SendOrder } from './outcome.ts';

export interface Packing {
  readonly batch: EndpointConfig['batch'];
  /** One delivery, not a batch: a blocked endpoint is tried. */
  readonly isProbe: boolean;
}

/** Most data of a batch, in characters of JSON: a receiver has to take it in one request. One message has at most a quarter. */
const MAX_BATCH_LENGTH = 4 * 1024 ** 2;

export class DeliveryBuffer {
  #waiting: DueDelivery[] = [];
  /** Read and not yet done: they are not read again. */
  readonly #busy = new Set<string>();
  /** They were in a batch that cannot be sent because of one of them; each goes by itself. */
  readonly #solo = new Set<string>();
  /** The last page was full: of deliveries due from then on there may be more. */
  #openFrom = Number.POSITIVE_INFINITY;

  /** How many wait. */
  get size(): number {
    return this.#waiting.length;
  }

  /** The one that is sent next. */
  get head(): DueDelivery | undefined {
    return this.#waiting[0];
  }

  /** Whether the next to go is a batch that failed, of which not all may have been read. */
  get isHeadOpen(): boolean {
    const delivery = this.#waiting[0]?.delivery;
    if (!delivery || delivery.batchId === null || this.#solo.has(delivery.id)) return false;
    return delivery.dueAt >= this.#openFrom;
  }

  /** Ids that are not to be read. */
  ids(): string[] {
    return [...this.#busy];
  }

  /** @param isFull whether there may be more */
  add(page: readonly DueDelivery[], isFull: boolean): void {
    this.#openFrom = (isFull ? page.at(-1)?.delivery.dueAt : undefined) ?? Number.POSITIVE_INFINITY;
    for (const due of page) {
      this.#busy.add(due.delivery.id);
      this.#waiting.push(due);
    }
  }

  /** When the next may be sent; undefined: not before more was read. */
  readyAt({ batch, isProbe }: Packing): number | undefined {
    const head = this.#waiting[0];
    if (!head || this.isHeadOpen) return undefined;
    const { delivery } = head;
    if (!batch || isProbe || !this.#isFresh(head)) return delivery.dueAt;
    let count = 0;
    let length = 0;
    for (const due of this.#waiting) {
      if (!this.#isFresh(due)) continue;
      count += 1;
      length += due.message.data.length;
      if (count >= batch.maxMessages || length >= MAX_BATCH_LENGTH) return delivery.dueAt;
    }
    return delivery.dueAt + batch.maxWaitMs;
  }

  /** What goes into the next request. @param newBatchId makes the `webhook-id` of a new batch */
  take({ batch, isProbe }: Packing, newBatchId: () => string): SendOrder | undefined {
    const head = this.#waiting[0];
    if (!head) return undefined;
    const { id, batchId } = head.delivery;
    if (batchId !== null && !this.#solo.has(id)) {
      return { deliveries: this.#takeWhere((due) => due.delivery.batchId === batchId), batchId, isProbe };
    }
    if (!batch || isProbe || this.#solo.has(id)) {
      this.#waiting.shift();
      return { deliveries: [head], batchId: batch ? newBatchId() : null, isProbe };
    }
    let room = batch.maxMessages;
    let lengthLeft = MAX_BATCH_LENGTH;
    const isTaken = (due: DueDelivery): boolean => {
      if (!this.#isFresh(due) || room <= 0) return false;
      lengthLeft -= due.message.data.length;
      // Behind the first one that does not fit none is taken: they go in order.
      const hasRoom = lengthLeft >= 0 || due === head;
      room = hasRoom ? room - 1 : 0;
      return hasRoom;
    };
    return { deliveries: this.#takeWhere(isTaken), batchId: newBatchId(), isProbe };
  }

  /** Their outcome is committed, or nothing has come of it: they may be read again when they are due. */
  done(order: SendOrder): void {
    for (const { delivery } of order.deliveries) {
      this.#busy.delete(delivery.id);
      this.#solo.delete(delivery.id);
    }
  }

  /** Sends each by itself, next. */
  split(order: SendOrder): void {
    for (const { delivery } of order.deliveries) this.#solo.add(delivery.id);
    this.#waiting.unshift(...order.deliveries);
  }

  /** Forgets what waits. */
  clear(): void {
    for (const { delivery } of this.#waiting) {
      this.#busy.delete(delivery.id);
      this.#solo.delete(delivery.id);
    }
    this.#waiting = [];
    this.#openFrom = Number.POSITIVE_INFINITY;
  }

  #isFresh({ delivery }: DueDelivery): boolean {
    return delivery.batchId === null && !this.#solo.has(delivery.id);
  }

  /** In order of acceptance: a batch that is sent again then has the same bytes. */
  #takeWhere(isTaken: (due: DueDelivery) => boolean): DueDelivery[] {
    const taken: DueDelivery[] = [];
    const left: DueDelivery[] = [];
    for (const due of this.#waiting) (isTaken(due) ? taken : left).push(due);
    this.#waiting = left;
    return taken.sort((one, other) => (one.delivery.id < other.delivery.id ? -1 : 1));
  }
}
