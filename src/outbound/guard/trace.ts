// When what happened in one exchange: filled in while it goes on, so that a failed one tells how far it came.

/** What an exchange is doing. */
export type ExchangePhase = 'lookup' | 'connect' | 'tls' | 'answer' | 'body';

/** Times are milliseconds from the start of the request; null: it was not needed, or has not happened. */
export interface ExchangeTrace {
  /** The name was found; null for addresses. */
  dnsMs: number | null;
  /** A connection was there; null when one was kept from an earlier request. */
  connectMs: number | null;
  /** It was secured; null as above, and for plain http. */
  tlsMs: number | null;
  /** The answer began. */
  firstByteMs: number | null;
  /** The exchange had ended, well or not. */
  totalMs: number;
  /** What it was doing at the end; of a complete one `body`. */
  phase: ExchangePhase;
}

/** A trace to be handed to a request. */
export function createTrace(): ExchangeTrace {
  return { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 0, phase: 'lookup' };
}

/** Notes in a trace; without one it does nothing. */
export class Stopwatch {
  readonly #trace: ExchangeTrace | undefined;
  readonly #start: number;

  constructor(trace: ExchangeTrace | undefined) {
    this.#trace = trace;
    this.#start = trace === undefined ? 0 : performance.now();
  }

  enter(phase: ExchangePhase): void {
    if (this.#trace) this.#trace.phase = phase;
  }

  mark(what: 'dnsMs' | 'connectMs' | 'tlsMs' | 'firstByteMs' | 'totalMs'): void {
    // A hundredth of a millisecond is more than a clock in a busy process can tell.
    if (this.#trace) this.#trace[what] = Math.round((performance.now() - this.#start) * 100) / 100;
  }
}
