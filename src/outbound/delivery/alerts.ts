// Failure rates of endpoints over a sliding window, and what crosses the alert's rule.

import { setBounded } from '../../engine/bounded-cache.ts';
import type { EndpointConfig, EndpointState } from '../../engine/outbound-model.ts';
import type { StateEvent, Transition } from './breaker.ts';

type AlertRule = EndpointConfig['alert'];

/** Parts of a window: attempts are forgotten in steps of a sixtieth of it. */
const BUCKETS = 60;
/** Endpoints whose windows are kept; the one that was made first is forgotten first. */
const MAX_WINDOWS = 20_000;

interface Bucket {
  /** Number of the time span since 1970. */
  readonly span: number;
  attempts: number;
  failed: number;
}

/** Counts of one endpoint. Holds buckets only for spans in which something was sent. */
export class FailureWindow {
  readonly windowMs: number;
  readonly #spanMs: number;
  readonly #buckets: Bucket[] = [];
  readonly #since: number;
  #attempts = 0;
  #failed = 0;

  constructor(windowMs: number, now: number) {
    this.windowMs = windowMs;
    this.#spanMs = windowMs / BUCKETS;
    this.#since = now;
  }

  add(succeeded: boolean, now: number): void {
    const span = Math.floor(now / this.#spanMs);
    this.#forget(span);
    let last = this.#buckets.at(-1);
    if (!last || last.span < span) {
      last = { span, attempts: 0, failed: 0 };
      this.#buckets.push(last);
    }
    last.attempts += 1;
    this.#attempts += 1;
    if (succeeded) return;
    last.failed += 1;
    this.#failed += 1;
  }

  /** `isWhole`: nothing of the window is from before this process counted. */
  counts(now: number): { readonly attempts: number; readonly failed: number; readonly isWhole: boolean } {
    this.#forget(Math.floor(now / this.#spanMs));
    return { attempts: this.#attempts, failed: this.#failed, isWhole: now - this.#since >= this.windowMs };
  }

  #forget(span: number): void {
    for (let first = this.#buckets[0]; first && first.span <= span - BUCKETS; first = this.#buckets[0]) {
      this.#attempts -= first.attempts;
      this.#failed -= first.failed;
      this.#buckets.shift();
    }
  }
}

/** The windows of all endpoints that this process sends to. */
export class Alerts {
  readonly #windows = new Map<string, FailureWindow>();

  /**
   * Counts an attempt. `endpoint.failing` comes once when the rate has reached the rule's, `endpoint.recovered` once when it
   * is below again: known to be, since a process that has just started has not seen the whole window.
   */
  observe(endpointId: string, rule: AlertRule, state: EndpointState, succeeded: boolean, now: number): Transition {
    if (!rule.enabled) return { state, events: [] };
    let window = this.#windows.get(endpointId);
    if (window?.windowMs !== rule.windowMs) {
      window = new FailureWindow(rule.windowMs, now);
      setBounded(this.#windows, endpointId, window, MAX_WINDOWS);
    }
    window.add(succeeded, now);
    const { attempts, failed, isWhole } = window.counts(now);
    const failureRate = failed / attempts;
    const detail = { failureRate, attempts, windowMs: rule.windowMs };
    if (failureRate >= rule.failureRate) {
      if (state.failingSince !== null || attempts < rule.minAttempts) return { state, events: [] };
      return { state: { ...state, failingSince: now }, events: [alert('endpoint.failing', detail)] };
    }
    if (state.failingSince === null || (attempts < rule.minAttempts && !isWhole)) return { state, events: [] };
    return { state: { ...state, failingSince: null }, events: [alert('endpoint.recovered', detail)] };
  }
}

function alert(type: 'endpoint.failing' | 'endpoint.recovered', detail: Readonly<Record<string, unknown>>): StateEvent {
  return { type, detail };
}
