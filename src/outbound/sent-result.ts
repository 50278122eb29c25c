// Pure: what the node that waits for a message is told when its deliveries have come to their end.

import { parseJson } from '../engine/json.ts';
import type { Failure } from '../engine/model.ts';
import type { Attempt, Delivery, DeliveryStatus } from '../engine/outbound-model.ts';
import type { MessageOutcome } from '../engine/outbound-ports.ts';
import { HooklineError } from '../errors.ts';

/** The result of a node that has waited for its message. */
export interface SentResult {
  readonly messageId: string;
  /** Whether every delivery succeeded. */
  readonly delivered: boolean;
  readonly deliveries: readonly SentDelivery[];
  /** Of the last answer of a message that went to one URL; null when there was none. */
  readonly status?: number | null;
  readonly headers?: Readonly<Record<string, string>> | null;
  /** As JSON, when it is; at most its first 16 KiB. */
  readonly body?: unknown;
  readonly durationMs?: number;
}

export interface SentDelivery {
  readonly id: string;
  readonly endpointId: string;
  readonly status: DeliveryStatus;
  /** Status of the last answer; null when there was none. */
  readonly httpStatus: number | null;
  readonly attempts: number;
  readonly error: Failure | null;
}

/** Whether a message that went to one URL, whose answer is part of the outcome, has had one: read its last attempt then. */
export function needsAnswer(deliveries: readonly Delivery[]): boolean {
  const [only] = deliveries;
  return only !== undefined && deliveries.length === 1 && only.url !== null && only.attempts > 0;
}

/**
 * @param deliveries all of the message, each at its end
 * @param answer the last attempt of the only delivery; only looked at for one to a URL
 */
export function outcomeOf(messageId: string, deliveries: readonly Delivery[], answer?: Attempt): MessageOutcome {
  const delivered = deliveries.every(({ status }) => status === 'succeeded');
  const output: SentResult = {
    messageId,
    delivered,
    deliveries: deliveries.map(({ id, endpointId, status, lastStatus, attempts, error }) => ({
      id,
      endpointId,
      status,
      httpStatus: lastStatus,
      attempts,
      error,
    })),
    ...(answer !== undefined && needsAnswer(deliveries) ? toAnswer(answer) : {}),
  };
  return { output, branch: delivered ? 'delivered' : 'failed' };
}

function toAnswer({ status, responseHeaders, responseBody, timings }: Attempt): Partial<SentResult> {
  return { status, headers: responseHeaders, body: readBody(responseBody), durationMs: timings.totalMs };
}

function readBody(text: string | null): unknown {
  if (text === null || !/^\s*[[{"\d\-tfn]/.test(text)) return text;
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof HooklineError) return text;
    throw error;
  }
}
