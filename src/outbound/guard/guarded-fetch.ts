// The one way out for requests to addresses that users type: nothing inside the operator's network can be reached with it.

import type { OutgoingRequest, OutgoingResponse } from '../../engine/plugin.ts';
import { HooklineError } from '../../errors.ts';
import { type Lookup, lookupName, openConnection, vetAddresses } from './connect.ts';
import {
  type Connection,
  ConnectionGoneError,
  createConnection,
  createIdleConnections,
  destroyConnection,
} from './idle-connections.ts';
import { type ReadRequest, readRequest } from './outgoing-request.ts';
import { codeOf, toRequestFailure } from './request-failure.ts';
import { ACCEPTED_ENCODINGS, readBody } from './response-body.ts';
import { parsePorts, parseTarget, type TargetRules } from './targets.ts';

export interface GuardedFetchOptions {
  /** Targets inside that are allowed: CIDR, address or host, each perhaps with a port. Default none. */
  readonly allowedTargets?: readonly string[];
  /** Ports that public addresses, and targets without a port, may be called on. Default `80,443,1024-65535`. */
  readonly ports?: string;
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

export interface GuardedFetch {
  /**
   * Sends one request. The answer is what the named host itself said: redirects are not followed, proxies of the
   * environment not used. Every address of the name must be allowed, and connections go to these very addresses.
   * @throws HooklineError `address_not_allowed`, `request_failed`, `request_timeout`, `response_too_large`; after `close`
   * `shutting_down`; the signal's reason when it is aborted, which ends the connection at once
   */
  fetch(request: OutgoingRequest & { readonly signal?: AbortSignal }): Promise<OutgoingResponse>;
  /** Ends every connection; requests under way fail with `shutting_down`. */
  close(): Promise<void>;
}

const DEFAULT_PORTS = '80,443,1024-65535';
const DEFAULT_TIMEOUT_MS = 15_000;
const DEFAULT_MAX_TIMEOUT_MS = 600_000;
const DEFAULT_MAX_RESPONSE_BYTES = 1024 ** 2;

/** Methods that mean the same when they arrive twice (RFC 9110, section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']);

/** @throws HooklineError `invalid_configuration` for a target or a port that cannot be read */
export function createGuardedFetch(options: GuardedFetchOptions = {}): GuardedFetch {
  const rules = readRules(options);
  const { defaultTimeoutMs = DEFAULT_TIMEOUT_MS, maxTimeoutMs = DEFAULT_MAX_TIMEOUT_MS } = options;
  const { lookup = lookupName, userAgent = 'Hookline', ca } = options;
  const idle = createIdleConnections();
  const running = new Set<AbortController>();
  let isClosed = false;

  /** A connection of our own to one of the vetted addresses; those that were kept first. */
  async function connect(request: ReadRequest, mayReuse: boolean, signal: AbortSignal) {
    const addresses = await vetAddresses(request, rules, lookup, signal);
    if (addresses.length === 0) throw new HooklineError('request_failed', `The name ${request.host} has no address.`);
    const keyOf = (address: string) => `${request.origin} ${address}`;
    const kept = mayReuse ? idle.take(addresses.map(keyOf)) : undefined;
    if (kept) return { connection: kept, isKept: true };
    const { socket, address } = await openConnection(request, addresses, { rules, ca }, signal);
    return { connection: createConnection(request.origin, keyOf(address), socket), isKept: false };
  }

  async function send(request: ReadRequest, maxBytes: number, mayReuse: boolean, signal: AbortSignal): Promise<OutgoingResponse> {
    const { connection, isKept } = await connect(request, mayReuse, signal);
    let isAnswered = false;
    try {
      const response = await exchange(connection, request, maxBytes, signal, () => {
        isAnswered = true;
      });
      idle.put(connection);
      return response;
    } catch (error) {
      destroyConnection(connection);
      // Servers close connections that they find idle for too long; that is no failure of this request.
      const isUnsent = error instanceof ConnectionGoneError;
      const isUnheard =
        !isAnswered && IDEMPOTENT.has(request.method) && /^(UND_ERR_SOCKET|ECONNRESET|EPIPE)$/.test(codeOf(error));
      if (isKept && !signal.aborted && (isUnsent || isUnheard)) return send(request, maxBytes, false, signal);
      throw error;
    }
  }

  return {
    async fetch({ signal, timeoutMs = defaultTimeoutMs, maxResponseBytes = DEFAULT_MAX_RESPONSE_BYTES, ...outgoing }) {
      signal?.throwIfAborted();
      if (isClosed) throw shuttingDown();
      const request = readRequest({ ...outgoing, headers: withDefaults(outgoing.headers ?? {}, userAgent) });
      const stop = new AbortController();
      const onAbort = (): void => stop.abort(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      const limitMs = Math.max(1, Math.min(timeoutMs, maxTimeoutMs));
      const timer = setTimeout(() => {
        stop.abort(
          new HooklineError('request_timeout', `The request to ${request.host} took longer than ${limitMs} ms.`, {
            details: { timeoutMs: limitMs },
          }),
        );
      }, limitMs);
      running.add(stop);
      try {
        return await send(request, maxResponseBytes, true, stop.signal);
      } catch (error) {
        throw stop.signal.aborted ? stop.signal.reason : toRequestFailure(error, request.host);
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        running.delete(stop);
      }
    },
    async close() {
      isClosed = true;
      idle.close();
      for (const stop of running) stop.abort(shuttingDown());
    },
  };
}

/** One request and its whole answer. */
async function exchange(
  { client }: Connection,
  request: ReadRequest,
  maxBytes: number,
  signal: AbortSignal,
  onHead: () => void,
): Promise<OutgoingResponse> {
  const { host, method, path, body } = request;
  const response = await client.request({
    method,
    path,
    headers: request.headers,
    body: body ?? null,
    signal,
  });
  onHead();
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined && name !== '__proto__') headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const content = await readBody(response.body, host, headers['content-encoding'] ?? '', maxBytes);
  return { status: response.statusCode, headers, body: content };
}

function withDefaults(headers: Readonly<Record<string, string>>, userAgent: string): Record<string, string> {
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const defaults = { 'accept-encoding': ACCEPTED_ENCODINGS, 'user-agent': userAgent };
  const missing = Object.entries(defaults).filter(([name]) => !names.has(name));
  return { ...headers, ...Object.fromEntries(missing) };
}

function shuttingDown(): HooklineError {
  return new HooklineError('shutting_down', 'The server is stopping; the request was ended.');
}

function readRules({ allowedTargets = [], ports = DEFAULT_PORTS }: GuardedFetchOptions): TargetRules {
  const targets = allowedTargets.map((text) => {
    const target = parseTarget(text);
    if (target) return target;
    throw new HooklineError('invalid_configuration', `The allowed target ${JSON.stringify(text)} is no CIDR, address or host.`);
  });
  const ranges = parsePorts(ports);
  if (ranges) return { targets, ports: ranges };
  throw new HooklineError('invalid_configuration', `The ports ${JSON.stringify(ports)} are no list such as ${DEFAULT_PORTS}.`);
}
