// Pure: what becomes of an endpoint by what its receiver does, and by what people do.

import type { EndpointConfig, EndpointKind, EndpointState, OperationalEventType } from '../../engine/outbound-model.ts';
import { boundedRetryAfterMs } from './schedule.ts';

/** Longest pause between two probes of a blocked endpoint, in milliseconds: six hours, unless the first one is longer. */
const MAX_PROBE_MS = 6 * 3_600_000;
/** How long nothing is sent to a receiver that wants less and does not say for how long, in milliseconds. */
const THROTTLE_MS = 5_000;
/** The one that wants less without being ill. */
const TOO_MANY_REQUESTS = 429;

export interface Rules {
  readonly kind: EndpointKind;
  readonly blocking: EndpointConfig['blocking'];
}

/** What an attempt says of its endpoint. */
export interface Observation {
  readonly succeeded: boolean;
  /** Of the answer; null without one. */
  readonly status: number | null;
  readonly wish: 'none' | 'gone' | 'throttle';
  readonly retryAfterMs: number | null;
  /** Whether it says something of the receiver at all. */
  readonly countsForEndpoint: boolean;
  /** Why it failed, in plain words. */
  readonly error: string | null;
  /** Deliveries whose attempts are used up by it. */
  readonly finalFailures: number;
  readonly isProbe: boolean;
}

export interface StateEvent {
  readonly type: OperationalEventType;
  /** What the event's data has besides the endpoint. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** `state` is the same object when nothing changes. */
export interface Transition {
  readonly state: EndpointState;
  readonly events: readonly StateEvent[];
}

/** How an endpoint begins. */
export const INITIAL_STATE: EndpointState = {
  status: 'active',
  reason: null,
  since: null,
  failures: 0,
  probeAt: null,
  probes: 0,
  throttledUntil: null,
  drainBefore: null,
  failingSince: null,
};

/** The state behind an attempt. Endpoints of kind `url` are throttled, but never blocked or disabled. */
export function afterAttempt(state: EndpointState, seen: Observation, rules: Rules, now: number): Transition {
  if (state.status === 'disabled') return unchanged(state);
  if (!seen.countsForEndpoint) {
    // Nothing is known of the receiver: it is asked again later, not at once and not ever later.
    return state.status === 'blocked' && seen.isProbe && !seen.succeeded
      ? { state: { ...state, probeAt: now + rules.blocking.probeAfterMs }, events: [] }
      : unchanged(state);
  }
  if (seen.succeeded) return afterSuccess(state, now);
  if (seen.wish === 'gone' && rules.kind === 'endpoint') {
    return disable(state, now, 'The receiver answered 410 Gone: it does not want webhooks at this URL any more.');
  }
  const throttledUntil = throttleEnd(state, seen, now);
  if (state.status === 'blocked') {
    return seen.isProbe ? afterFailedProbe({ ...state, throttledUntil }, seen, rules, now) : unchanged(state);
  }
  return afterFailure({ ...state, throttledUntil }, seen, rules, now);
}

/** A person lets a blocked endpoint be sent to again; of another one nothing is changed. */
export function unblock(state: EndpointState, now: number): Transition {
  if (state.status !== 'blocked') return unchanged(state);
  return { state: activate(state, now), events: [{ type: 'endpoint.unblocked', detail: { by: 'person' } }] };
}

/** Nothing is sent to it until it is enabled; what is there is held. */
export function disable(state: EndpointState, now: number, reason: string): Transition {
  if (state.status === 'disabled') return unchanged(state);
  return {
    state: { ...state, status: 'disabled', reason, since: now, probeAt: null, probes: 0, throttledUntil: null },
    events: [{ type: 'endpoint.disabled', detail: { reason } }],
  };
}

/** A person lets a disabled, or blocked, endpoint be sent to again. The counter begins anew. */
export function enable(state: EndpointState, now: number): Transition {
  if (state.status === 'blocked') return unblock(state, now);
  return state.status === 'active' ? unchanged(state) : { state: activate(state, now), events: [] };
}

function unchanged(state: EndpointState): Transition {
  return { state, events: [] };
}

/** What was accepted until now was held: it is sent at a limited rate. */
function activate(state: EndpointState, now: number): EndpointState {
  return { ...INITIAL_STATE, since: now, drainBefore: now, failingSince: state.failingSince };
}

function afterSuccess(state: EndpointState, now: number): Transition {
  // Also of a request that was under way when it was blocked: the receiver works.
  if (state.status === 'blocked') {
    return { state: activate(state, now), events: [{ type: 'endpoint.unblocked', detail: { by: 'probe' } }] };
  }
  const isThrottleOver = state.throttledUntil !== null && state.throttledUntil <= now;
  if (state.failures === 0 && !isThrottleOver) return unchanged(state);
  return { state: { ...state, failures: 0, throttledUntil: isThrottleOver ? null : state.throttledUntil }, events: [] };
}

/** Also an error that comes with `Retry-After`, such as 503, asks for a pause of the whole endpoint. */
function throttleEnd({ throttledUntil }: EndpointState, { wish, retryAfterMs }: Observation, now: number): number | null {
  if (wish !== 'throttle' && retryAfterMs === null) return throttledUntil;
  const until = now + (retryAfterMs === null ? THROTTLE_MS : boundedRetryAfterMs(retryAfterMs));
  return Math.max(until, throttledUntil ?? 0);
}

function afterFailure(state: EndpointState, seen: Observation, { kind, blocking }: Rules, now: number): Transition {
  const counted = seen.status === TOO_MANY_REQUESTS ? 0 : blocking.count === 'attempt' ? 1 : seen.finalFailures;
  const failures = state.failures + counted;
  if (kind === 'url' || !blocking.enabled || failures <= blocking.after) return { state: { ...state, failures }, events: [] };
  const what = blocking.count === 'attempt' ? 'requests in a row have failed' : 'deliveries in a row have failed for good';
  const reason = `${failures} ${what}. The last one: ${seen.error ?? 'it was not successful.'}`;
  const probeAt = now + blocking.probeAfterMs;
  return {
    state: { ...state, status: 'blocked', reason, since: now, failures, probeAt, probes: 0 },
    events: [{ type: 'endpoint.blocked', detail: { reason, failures, probeAt } }],
  };
}

function afterFailedProbe(state: EndpointState, seen: Observation, { blocking }: Rules, now: number): Transition {
  const probes = state.probes + 1;
  const longest = Math.max(MAX_PROBE_MS, blocking.probeAfterMs);
  const pauseMs = Math.max(Math.min(blocking.probeAfterMs * 2 ** probes, longest), boundedRetryAfterMs(seen.retryAfterMs));
  return { state: { ...state, probes, probeAt: now + pauseMs }, events: [] };
}
