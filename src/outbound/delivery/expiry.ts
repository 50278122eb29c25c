// Ends deliveries that a blocked or disabled endpoint has held for too long, or that are too many.

import type { Delivery, Endpoint } from '../../engine/outbound-model.ts';
import type { DeliveryChange, OutboundStore } from '../../engine/outbound-ports.ts';
import { operationalEvent } from './operational-event.ts';
import type { OutcomeWriter } from './outcome-writer.ts';

/** Deliveries that are ended in one transaction. */
const AT_ONCE = 5_000;

export interface ExpiryOptions {
  readonly queue: OutboundStore['queue'];
  readonly writer: OutcomeWriter;
  now(): number;
  isStopping(): boolean;
}

/**
 * One round over all endpoints that hold something; each has one event with how many were ended, but for those that were sent
 * because of an event.
 * @returns how many were
 * @throws HooklineError `storage_unavailable` when they cannot be read
 */
export async function expireHeld(options: ExpiryOptions): Promise<number> {
  let count = 0;
  for (const endpoint of await options.queue.listHolding()) {
    for (;;) {
      if (options.isStopping()) return count;
      const ended = await expireOf(endpoint, options);
      count += ended;
      if (ended < AT_ONCE) break;
    }
  }
  return count;
}

async function expireOf(endpoint: Endpoint, { queue, writer, now, isStopping }: ExpiryOptions): Promise<number> {
  const { holdMs, holdCount } = endpoint.config.blocking;
  const time = now();
  const overdue = await queue.listOverdueHeld(endpoint.id, time - holdMs, holdCount, AT_ONCE);
  if (overdue.length === 0) return 0;
  const deliveries = overdue.map((delivery) => expired(delivery, endpoint, time));
  // Who is told of something tells nobody: as for `delivery.failed`.
  const count = overdue.filter(({ isOfEvent }) => !isOfEvent).length;
  const { reason } = endpoint.state;
  const events = count === 0 ? [] : [operationalEvent('delivery.expired', endpoint, time, { count, reason })];
  const isStored = await writer.write({ deliveries }, events, isStopping);
  return isStored ? overdue.length : 0;
}

function expired({ id, dueAt, attempts, lastStatus }: Delivery, { state }: Endpoint, now: number): DeliveryChange {
  const message = `It was held for too long, or too many were held: its endpoint is ${state.status}. Send it again when the endpoint works.`;
  const error = { code: 'held_too_long', message };
  const change = { id, status: 'expired', dueAt, attempts, batchId: null, lastStatus, error, finishedAt: now } as const;
  return { ...change, knownAttempts: attempts };
}
