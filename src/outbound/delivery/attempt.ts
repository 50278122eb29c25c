// One exchange: makes the request of a delivery, or of a batch of them, signs and sends it, and says how it went.

import type { Concealer } from '../../engine/concealer.ts';
import { toFailure } from '../../engine/failure.ts';
import type { Failure } from '../../engine/model.ts';
import type { Attempt } from '../../engine/outbound-model.ts';
import type { DueDelivery } from '../../engine/outbound-ports.ts';
import { HooklineError } from '../../errors.ts';
import type { GuardedResponse } from '../guard/exchange.ts';
import type { GuardedFetch } from '../guard/guarded-fetch.ts';
import { isOwnHeader } from '../guard/outgoing-request.ts';
import { createTrace, type ExchangePhase, type ExchangeTrace } from '../guard/trace.ts';
import type { OpenEndpoint } from '../open-endpoint.ts';
import type { OpenedDeliveries } from '../sealed-message.ts';
import type { SignRequest } from '../signing/sign.ts';
import { spoilSignatures } from '../spoil-signatures.ts';
import { createRedactor, type Redactor, storableBody, storableHeaders } from './attempt-log.ts';
import { readRetryAfter } from './retry-after.ts';

/** What is to be sent in one request. */
export interface AttemptOrder {
  readonly endpoint: OpenEndpoint;
  /** One, or several of a batch in order. */
  readonly deliveries: readonly DueDelivery[];
  /** `webhook-id` of a batch; null for a single delivery, whose id is its message's. */
  readonly batchId: string | null;
  /** 1 for the first one. */
  readonly number: number;
  readonly kind: Attempt['kind'];
  /** Every signature is wrong by one character (see `spoilSignatures`): the second call of a verification. Default false. */
  readonly hasBadSignature?: boolean;
  readonly signal: AbortSignal;
}

export interface AttemptResult {
  /** To be stored. */
  readonly attempt: Attempt;
  /** What the receiver wants: 410 it is gone; 429, 502 and 504 less. */
  readonly wish: 'none' | 'gone' | 'throttle';
  /** From `Retry-After`, in milliseconds from now; null without a readable one. Not yet bounded. */
  readonly retryAfterMs: number | null;
  /** Whether trying again cannot help: data that cannot be converted. */
  readonly isPermanent: boolean;
  /** Whether it says something of the receiver; not when nothing was sent because of us. */
  readonly countsForEndpoint: boolean;
}

export interface Sender {
  /**
   * Never rejects for what goes wrong outside or with the data: that is the result.
   * @throws the signal's reason when it is aborted; HooklineError `shutting_down`, `storage_unavailable`; mistakes of this server
   */
  send(order: AttemptOrder): Promise<AttemptResult>;
}

/** What goes into a request. */
export interface MadeBody {
  /** JSON; exactly this is signed and sent. */
  readonly text: string;
  /** Of the data in it; null when the type is not in the catalogue, and for several of different versions. */
  readonly version: number | null;
}

/** @throws HooklineError `conversion_failed`; `shutting_down`, `storage_unavailable` are passed on */
export type MakeBody = (order: AttemptOrder) => MadeBody | Promise<MadeBody>;

export interface SenderOptions {
  readonly fetch: GuardedFetch['fetch'];
  readonly sign: SignRequest;
  readonly makeBody: MakeBody;
  /** Opens what messages hold of secrets. Default: no message has any. */
  openDeliveries?(deliveries: readonly DueDelivery[]): OpenedDeliveries;
  /** Such as `Hookline/1.0.0`; an endpoint's own `User-Agent` goes before. */
  readonly userAgent: string;
  /** Milliseconds since 1970. */
  now(): number;
  /** A UUIDv7 for a time, as `createIdSource` makes them. */
  createId(time: number): string;
}

/** What is kept of an answer, in bytes. */
const MAX_RESPONSE_BYTES = 16 * 1024;

/** What does not change from one request of an endpoint to the next. */
interface Prepared {
  readonly headers: Readonly<Record<string, string>>;
  /** The same as they may be stored; the same object when nothing in them is secret. */
  readonly shownHeaders: Readonly<Record<string, string>>;
  readonly redact: Redactor;
}

export function createSender(options: SenderOptions): Sender {
  const { fetch, sign, makeBody, userAgent, now, createId } = options;
  const prepared = new WeakMap<OpenEndpoint, Prepared>();

  function prepare(endpoint: OpenEndpoint): Prepared {
    let known = prepared.get(endpoint);
    if (known === undefined) {
      known = prepareEndpoint(endpoint, userAgent);
      prepared.set(endpoint, known);
    }
    return known;
  }

  function signedHeaders(order: AttemptOrder, body: MadeBody, url: string, time: number): Record<string, string> {
    const { endpoint, deliveries, batchId } = order;
    const { id, type: eventType } = first(deliveries).message;
    const { profiles } = endpoint.config;
    const request = {
      id: batchId ?? id,
      timestamp: Math.floor(time / 1000),
      body: body.text,
      url,
      method: 'POST',
      eventType,
    };
    const right = sign(request, profiles, endpoint.secrets, time);
    const signed = order.hasBadSignature === true ? spoilSignatures(right, profiles) : right;
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (body.version !== null) headers['webhook-version'] = String(body.version);
    for (const name of Object.keys(signed)) headers[name.toLowerCase()] = signed[name] ?? '';
    return headers;
  }

  return {
    async send(closed) {
      const { endpoint, signal } = closed;
      signal.throwIfAborted();
      const { headers, shownHeaders, redact: redactEndpoint } = prepare(endpoint);
      const { deliveries, concealer } = options.openDeliveries?.(closed.deliveries) ?? {
        deliveries: closed.deliveries,
        concealer: undefined,
      };
      const order = concealer === undefined ? closed : { ...closed, deliveries };
      const redact = concealer === undefined ? redactEndpoint : joinRedactors(concealer, redactEndpoint);
      const url = first(deliveries).delivery.url ?? endpoint.config.url;
      const startedAt = now();
      const trace = createTrace();
      const attempt: Attempt = {
        id: `atm_${createId(startedAt).replaceAll('-', '')}`,
        endpointId: endpoint.id,
        deliveryIds: order.kind === 'delivery' ? deliveries.map(({ delivery }) => delivery.id) : [],
        kind: order.kind,
        number: order.number,
        succeeded: false,
        status: null,
        error: null,
        startedAt,
        timings: timingsOf(trace),
        url: redact(url),
        requestHeaders: shownHeaders,
        body: null,
        responseHeaders: null,
        responseBody: null,
        isResponseCut: false,
      };
      let isMade = false;
      try {
        const body = await makeBody(order);
        signal.throwIfAborted();
        isMade = true;
        // A pause for making the body shall not make the signature older than it is.
        const signed = signedHeaders(order, body, url, now());
        attempt.requestHeaders = { ...shownHeaders, ...signed };
        attempt.body = concealer === undefined ? body.text : concealer.text(body.text);
        const response = await fetch({
          url,
          method: 'POST',
          headers: headers === shownHeaders ? attempt.requestHeaders : { ...headers, ...signed },
          body: body.text,
          timeoutMs: endpoint.config.timeoutMs,
          maxResponseBytes: MAX_RESPONSE_BYTES,
          overflow: 'cut',
          // The receiver knows a repeat by its `webhook-id`.
          isRepeatable: true,
          trace,
          signal,
        });
        attempt.timings = timingsOf(trace);
        return judgeAnswer(attempt, response, endpoint, redact, now());
      } catch (error) {
        signal.throwIfAborted();
        if (isOurs(error)) throw error;
        const isOfData = error instanceof HooklineError && error.code === 'conversion_failed';
        attempt.timings = timingsOf(trace);
        const failure = failureOf(error, trace.phase);
        attempt.error = concealer === undefined ? failure : concealer.value(failure);
        return {
          attempt,
          wish: 'none',
          retryAfterMs: null,
          isPermanent: isOfData,
          // Its URL or its keys may be wrong: that is the endpoint's, too.
          countsForEndpoint: isMade,
        };
      }
    },
  };
}

/** Named secrets first: an endpoint's own key may be one of them, and its name says more. */
function joinRedactors(concealer: Concealer, redact: Redactor): Redactor {
  return (text, isCut = false) => redact(concealer.text(text, { isCut }), isCut);
}

function prepareEndpoint(endpoint: OpenEndpoint, userAgent: string): Prepared {
  const redact = createRedactor(endpoint);
  // No answer is too short to be worth inflating.
  const headers: Record<string, string> = { 'user-agent': userAgent, 'accept-encoding': 'identity' };
  const shownHeaders: Record<string, string> = { ...headers };
  const put = (name: string, value: string, shown: string): void => {
    const key = name.toLowerCase();
    // The sender's own; those of signatures come over the rest with every request.
    if (isOwnHeader(key) || key.startsWith('content-') || key.startsWith('webhook-')) return;
    headers[key] = value;
    shownHeaders[key] = shown;
  };
  for (const { name, value } of endpoint.config.headers) put(name, value, redact(value));
  for (const { name, value } of endpoint.config.secretHeaders) put(name, value, '[redacted]');
  const isSecret = Object.keys(headers).some((key) => headers[key] !== shownHeaders[key]);
  return { headers, shownHeaders: isSecret ? shownHeaders : headers, redact };
}

/** Fills in the attempt. */
function judgeAnswer(
  attempt: Attempt,
  { status, headers, body, isCut }: GuardedResponse,
  { config: { success } }: OpenEndpoint,
  redact: Redactor,
  now: number,
): AttemptResult {
  const succeeded = success === '2xx' ? status >= 200 && status <= 299 : success.includes(status);
  attempt.succeeded = succeeded;
  attempt.status = status;
  if (!succeeded) attempt.error = { code: 'unexpected_status', message: statusSentence(status, success) };
  attempt.responseHeaders = storableHeaders(headers, redact);
  attempt.responseBody = storableBody(body, isCut, redact);
  attempt.isResponseCut = isCut;
  return {
    attempt,
    wish: succeeded ? 'none' : wishOf(status),
    retryAfterMs: succeeded ? null : readRetryAfter(headers['retry-after'], now),
    isPermanent: false,
    countsForEndpoint: true,
  };
}

/** Standard Webhooks 1.0.0. */
function wishOf(status: number): AttemptResult['wish'] {
  if (status === 410) return 'gone';
  return status === 429 || status === 502 || status === 504 ? 'throttle' : 'none';
}

function statusSentence(status: number, success: OpenEndpoint['config']['success']): string {
  const what = `The receiver answered with status ${status}`;
  if (status >= 300 && status <= 399) {
    return `${what}: redirects are not followed. Give the endpoint the URL that the receiver wants to be called at.`;
  }
  if (status === 410) return `${what}: it wants no more webhooks.`;
  if (status === 429) return `${what}: it wants fewer requests.`;
  if (success !== '2xx' && status >= 200 && status <= 299) {
    return `${what}; for this endpoint only ${success.join(', ')} ${success.length === 1 ? 'is' : 'are'} a success.`;
  }
  return `${what}.`;
}

const WHILE: Readonly<Record<ExchangePhase, string>> = {
  lookup: 'its name was looked up',
  connect: 'the connection was made',
  tls: 'the connection was secured (TLS)',
  answer: 'waiting for its answer',
  body: 'its answer was read',
};

function failureOf(error: unknown, phase: ExchangePhase): Failure {
  const failure = toFailure(error);
  if (failure.code !== 'request_timeout') return failure;
  return { ...failure, message: `${failure.message.replace(/\.$/, '')}; it ended while ${WHILE[phase]}.` };
}

/** Whether it says nothing of the receiver or the data. What nobody has foreseen is a mistake of this server. */
function isOurs(error: unknown): boolean {
  return !(error instanceof HooklineError) || error.code === 'shutting_down' || error.code === 'storage_unavailable';
}

function timingsOf({ dnsMs, connectMs, tlsMs, firstByteMs, totalMs }: ExchangeTrace): Attempt['timings'] {
  return { dnsMs, connectMs, tlsMs, firstByteMs, totalMs };
}

function first(deliveries: readonly DueDelivery[]): DueDelivery {
  const [due] = deliveries;
  if (due === undefined) throw new HooklineError('internal', 'An attempt has no delivery.');
  return due;
}
