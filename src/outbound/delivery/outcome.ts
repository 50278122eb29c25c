// Says what an attempt means: for its deliveries, for its endpoint, and for whoever listens.

import type { Endpoint, EndpointState, OperationalEvent } from '../../engine/outbound-model.ts';
import type { DeliveryChange, DueDelivery } from '../../engine/outbound-ports.ts';
import type { Alerts } from './alerts.ts';
import type { AttemptResult } from './attempt.ts';
import { afterAttempt } from './breaker.ts';
import { operationalEvent } from './operational-event.ts';
import { boundedRetryAfterMs, nextDelayMs } from './schedule.ts';

/** What one request has sent. */
export interface SendOrder {
  readonly deliveries: readonly DueDelivery[];
  readonly batchId: string | null;
  /** The one that a blocked endpoint is tried with. */
  readonly isProbe: boolean;
}

export interface Outcome {
  /** The same object when nothing changes. */
  readonly state: EndpointState;
  readonly changes: readonly DeliveryChange[];
  readonly events: readonly OperationalEvent[];
  /** When its deliveries are to be tried again; null: they are final. */
  readonly retryAt: number | null;
}

export interface Circumstances {
  readonly endpoint: Pick<Endpoint, 'id' | 'kind' | 'config'>;
  readonly state: EndpointState;
  readonly alerts: Alerts;
  readonly now: number;
  /** From 0 to 1. */
  readonly random: number;
}

export function judge(order: SendOrder, result: AttemptResult, { endpoint, state, alerts, now, random }: Circumstances): Outcome {
  const { attempt, wish, retryAfterMs, countsForEndpoint } = result;
  const { succeeded, status, error } = attempt;
  const retryAt = nextTry(order, result, endpoint, now, random);
  const isFailed = !succeeded && retryAt === null;
  const changes = order.deliveries.map(
    ({ delivery }): DeliveryChange => ({
      id: delivery.id,
      status: succeeded ? 'succeeded' : isFailed ? 'failed' : 'pending',
      dueAt: retryAt ?? delivery.dueAt,
      attempts: delivery.attempts + 1,
      // One that is opened again later is sent by itself.
      batchId: retryAt === null ? null : order.batchId,
      lastStatus: status,
      error,
      finishedAt: retryAt === null ? now : null,
      knownAttempts: delivery.attempts,
    }),
  );
  // Who is told of something tells nobody: a flow that hears of failed deliveries and sends one would start itself for ever.
  const told = isFailed ? order.deliveries.filter(({ message }) => !message.source?.isOfEvent) : [];
  const events = told.map((due) => failedEvent(due, result, endpoint, now));
  const finalFailures = isFailed ? changes.length : 0;
  const message = error?.message ?? null;
  const seen = {
    succeeded,
    status,
    wish,
    retryAfterMs,
    countsForEndpoint,
    error: message,
    finalFailures,
    isProbe: order.isProbe,
  };
  const rules = { kind: endpoint.kind, blocking: endpoint.config.blocking };
  const transition = afterAttempt(state, seen, rules, now);
  const isWatched = countsForEndpoint && endpoint.kind === 'endpoint';
  const alerted = isWatched
    ? alerts.observe(endpoint.id, endpoint.config.alert, transition.state, succeeded, now)
    : { state: transition.state, events: [] };
  for (const { type, detail } of [...transition.events, ...alerted.events]) {
    events.push(operationalEvent(type, endpoint, now, detail));
  }
  return { state: alerted.state, changes, events, retryAt };
}

/** Deliveries of a batch stay together, so none of them is given up before all are. */
function nextTry(
  { deliveries }: SendOrder,
  { attempt, wish, retryAfterMs, isPermanent }: AttemptResult,
  { kind, config }: Circumstances['endpoint'],
  now: number,
  random: number,
): number | null {
  // A URL that is gone has no endpoint that somebody could enable again.
  if (attempt.succeeded || isPermanent || (wish === 'gone' && kind === 'url')) return null;
  let failedAttempts = Number.POSITIVE_INFINITY;
  for (const { delivery } of deliveries) {
    failedAttempts = Math.min(failedAttempts, delivery.attempts + 1 - delivery.attemptsBefore);
  }
  const delayMs = nextDelayMs(config.retry, failedAttempts, random);
  return delayMs === undefined ? null : now + Math.max(delayMs, boundedRetryAfterMs(retryAfterMs));
}

function failedEvent(
  { delivery }: DueDelivery,
  { attempt }: AttemptResult,
  endpoint: Circumstances['endpoint'],
  now: number,
): OperationalEvent {
  return operationalEvent('delivery.failed', endpoint, now, {
    deliveryId: delivery.id,
    messageId: delivery.messageId,
    type: delivery.eventType,
    error: attempt.error,
    attempts: delivery.attempts + 1,
  });
}
