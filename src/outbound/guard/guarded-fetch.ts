// The one way out for requests to addresses that users type: nothing inside the operator's network can be reached with it.

import type { OutgoingRequest } from '../../engine/plugin.ts';
import { HooklineError } from '../../errors.ts';
import { createAddressGuard, type Lookup, lookupName, openConnection, shareLookups, vetAddresses } from './connect.ts';
import { type ExchangeOptions, exchange, type GuardedResponse } from './exchange.ts';
import { ConnectionGoneError, createConnection, createIdleConnections } from './idle-connections.ts';
import { createRequestReader, type ReadRequest } from './outgoing-request.ts';
import { codeOf, toRequestFailure } from './request-failure.ts';
import { ACCEPTED_ENCODINGS, type Overflow } from './response-body.ts';
import { createSignalTies, Stop } from './stop.ts';
import { readTargetRules } from './targets.ts';
import { type ExchangeTrace, Stopwatch } from './trace.ts';

export interface GuardedFetchOptions {
  /** Targets inside that are allowed: CIDR, address or host, each perhaps with a port. Default none. */
  readonly allowedTargets?: readonly string[];
  /** Ports that public addresses, and targets without a port, may be called on. Default `80,443,1024-65535`. */
  readonly ports?: string;
  /** Whether public addresses may be called over http:// too; allowed targets always may. Default false. */
  readonly plainHttp?: boolean;
  /** Time of requests that name none, in milliseconds. Default 15 000. */
  readonly defaultTimeoutMs?: number;
  /** Longest time that a request may ask for, in milliseconds; more is cut. Default 600 000. */
  readonly maxTimeoutMs?: number;
  /** `User-Agent` of requests that bring none. Default `Hookline`. */
  readonly userAgent?: string;
  /** Certificate authorities instead of Node's own, in PEM. */
  readonly ca?: string;
  /** Instead of the system's name resolution. */
  readonly lookup?: Lookup;
}

/** A request, with what deliveries need beside it. */
export interface GuardedRequest extends OutgoingRequest {
  readonly signal?: AbortSignal;
  /** Filled in while it goes on: when what happened. */
  readonly trace?: ExchangeTrace;
  /**
   * What happens to an answer beyond `maxResponseBytes`: `fail` (default), or `cut`: its beginning is kept, the connection
   * ended, and the result says so.
   */
  readonly overflow?: Overflow;
  /**
   * Whether it may be sent again when a connection that was kept turns out to be closed and nobody can tell whether the
   * request was heard: the receiver recognises repeats. Default: by its method (RFC 9110, section 9.2.2).
   */
  readonly isRepeatable?: boolean;
}

export interface GuardedFetch {
  /**
   * Sends one request. The answer is what the named host itself said: redirects are not followed, proxies of the
   * environment not used. Every address of the name must be allowed, and connections go to these very addresses.
   * @throws HooklineError `address_not_allowed`, `request_failed`, `request_timeout`, `response_too_large`; after `close`
   * `shutting_down`; the signal's reason when it is aborted, which ends the connection at once
   */
  fetch(request: GuardedRequest): Promise<GuardedResponse>;
  /** Ends every connection; requests under way fail with `shutting_down`. */
  close(): Promise<void>;
}

const DEFAULT_PORTS = '80,443,1024-65535';
const DEFAULT_TIMEOUT_MS = 15_000;
const DEFAULT_MAX_TIMEOUT_MS = 600_000;
const DEFAULT_MAX_RESPONSE_BYTES = 1024 ** 2;

/** Methods that mean the same when they arrive twice (RFC 9110, section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']);

/** Of a request under way. */
type Sending = Omit<ExchangeOptions, 'onHead'> & { readonly isRepeatable: boolean };

/** @throws HooklineError `invalid_configuration` for a target or a port that cannot be read */
export function createGuardedFetch(options: GuardedFetchOptions = {}): GuardedFetch {
  const { defaultTimeoutMs = DEFAULT_TIMEOUT_MS, maxTimeoutMs = DEFAULT_MAX_TIMEOUT_MS } = options;
  const { userAgent = 'Hookline', plainHttp = false, ca } = options;
  const guard = createAddressGuard(readTargetRules(options.allowedTargets ?? [], options.ports ?? DEFAULT_PORTS), plainHttp);
  const lookup = shareLookups(options.lookup ?? lookupName);
  const readRequest = createRequestReader({ 'accept-encoding': ACCEPTED_ENCODINGS, 'user-agent': userAgent });
  const idle = createIdleConnections();
  const ties = createSignalTies();
  const running = new Set<Stop>();
  let isClosed = false;

  /** A connection of our own to one of the vetted addresses; those that were kept first. */
  async function connect(request: ReadRequest, mayReuse: boolean, { stop, stopwatch }: Sending) {
    const addresses = await vetAddresses(request, guard, lookup, stop, stopwatch);
    if (addresses.length === 0) throw new HooklineError('request_failed', `The name ${request.host} has no address.`);
    const keyOf = (address: string) => `${request.origin} ${address}`;
    const kept = mayReuse ? idle.take(addresses.map(keyOf)) : undefined;
    if (kept) return { connection: kept, isKept: true };
    const { socket, address } = await openConnection(request, addresses, { guard, ca }, stop, stopwatch);
    return { connection: createConnection(request.origin, keyOf(address), socket), isKept: false };
  }

  async function send(request: ReadRequest, sending: Sending, mayReuse: boolean): Promise<GuardedResponse> {
    const { connection, isKept } = await connect(request, mayReuse, sending);
    let isAnswered = false;
    const onHead = (): void => {
      isAnswered = true;
    };
    try {
      const response = await exchange(connection, request, { ...sending, onHead });
      if (response.isCut) connection.end();
      else idle.put(connection);
      return response;
    } catch (error) {
      connection.end();
      // Servers close connections that they find idle for too long; that is no failure of this request.
      const isUnsent = error instanceof ConnectionGoneError;
      const isUnheard = !isAnswered && sending.isRepeatable && /^(UND_ERR_SOCKET|ECONNRESET|EPIPE)$/.test(codeOf(error));
      if (isKept && sending.stop.reason === undefined && (isUnsent || isUnheard)) return send(request, sending, false);
      throw error;
    }
  }

  return {
    async fetch({ signal, trace, overflow = 'fail', isRepeatable, timeoutMs = defaultTimeoutMs, maxResponseBytes, ...outgoing }) {
      signal?.throwIfAborted();
      if (isClosed) throw shuttingDown();
      const request = readRequest(outgoing);
      const stopwatch = new Stopwatch(trace);
      const stop = new Stop();
      const untie = signal && ties.tie(signal, stop);
      const limitMs = Math.max(1, Math.min(timeoutMs, maxTimeoutMs));
      const timer = setTimeout(() => stop.end(tookTooLong(request.host, limitMs)), limitMs);
      running.add(stop);
      try {
        const sending: Sending = {
          maxBytes: maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES,
          overflow,
          stop,
          stopwatch,
          isRepeatable: isRepeatable ?? IDEMPOTENT.has(request.method),
        };
        return await send(request, sending, true);
      } catch (error) {
        throw stop.reason ?? toRequestFailure(error, request.host);
      } finally {
        clearTimeout(timer);
        untie?.();
        running.delete(stop);
        stopwatch.mark('totalMs');
      }
    },
    async close() {
      isClosed = true;
      idle.close();
      for (const stop of running) stop.end(shuttingDown());
    },
  };
}

function tookTooLong(host: string, timeoutMs: number): HooklineError {
  return new HooklineError('request_timeout', `The request to ${host} took longer than ${timeoutMs} ms.`, {
    details: { timeoutMs },
  });
}

function shuttingDown(): HooklineError {
  return new HooklineError('shutting_down', 'The server is stopping; the request was ended.');
}
