// One exchange: makes the request of a delivery, or of a batch of them, signs and sends it, and says how it went.

import type { Attempt } from '../../engine/outbound-model.ts';
import type { DueDelivery } from '../../engine/outbound-ports.ts';
import type { OpenEndpoint } from '../open-endpoint.ts';

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
   * @throws the signal's reason when it is aborted; HooklineError `shutting_down`, `storage_unavailable`
   */
  send(order: AttemptOrder): Promise<AttemptResult>;
}
