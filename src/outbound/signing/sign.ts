// Pure: signs one request with the profiles of an endpoint.

import type { EndpointSecrets, SignatureProfile } from '../../engine/outbound-model.ts';

/** What is signed. */
export interface SignedRequest {
  /** `webhook-id`. */
  readonly id: string;
  /** Of this attempt, in seconds since 1970. */
  readonly timestamp: number;
  /** Exact text that is sent. */
  readonly body: string;
  readonly url: string;
  readonly method: string;
  readonly eventType: string;
}

/**
 * The headers that profiles add, always with `webhook-id` and `webhook-timestamp`. During a rotation the profiles that can hold
 * several signatures (standard, standard-v1a, stripe) also sign with the key before; the others have the new one at once.
 * @param now milliseconds since 1970: whether the previous key still counts
 */
export type SignRequest = (
  request: SignedRequest,
  profiles: readonly SignatureProfile[],
  secrets: EndpointSecrets,
  now: number,
) => Record<string, string>;
