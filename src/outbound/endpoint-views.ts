// How endpoints are shown: without secrets, with the key that receivers need.

import type { Problem } from '../engine/model.ts';
import type { Endpoint, EndpointKind, EndpointState } from '../engine/outbound-model.ts';
import type { SecretBox } from '../engine/ports.ts';
import { problem } from './endpoint-problems.ts';
import { readSecrets } from './endpoint-secrets.ts';
import { hideConfig } from './open-endpoint.ts';
import { publicKeyOf } from './signing/keys.ts';

export interface EndpointView extends Omit<EndpointState, 'drainBefore'> {
  readonly id: string;
  readonly kind: EndpointKind;
  /** Without write-only values. */
  readonly config: Record<string, unknown>;
  /** Whether it gets events: active or blocked. */
  readonly enabled: boolean;
  /** `whpk_` and base64, while a profile is `standard-v1a`. */
  readonly publicKey: string | null;
  /** During a rotation: until when the previous key signs as well. */
  readonly previousKeyUntil: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly warnings: readonly Problem[];
  /** What of the stored row could not be read; undefined: all was. */
  readonly unreadable?: string | undefined;
}

/** The only replies that hold the secret. */
export interface EndpointWithSecret {
  readonly endpoint: EndpointView;
  readonly secret: string;
}

const UNREADABLE = problem(
  'secret',
  'secret_unreadable',
  'the secret cannot be read with the present key: bring back the key, or rotate the secret',
  'warning',
);

export function toEndpointView(endpoint: Endpoint, box: SecretBox, now: number, warnings: readonly Problem[] = []): EndpointView {
  const secrets = readSecrets(endpoint, box);
  const { drainBefore: _internal, ...state } = endpoint.state;
  const until = Math.max(secrets?.previous?.until ?? 0, secrets?.previousKey?.until ?? 0);
  return {
    ...state,
    id: endpoint.id,
    kind: endpoint.kind,
    config: hideConfig(endpoint.config),
    enabled: state.status !== 'disabled',
    publicKey: secrets?.signingKey === undefined ? null : publicKeyOf(secrets.signingKey),
    previousKeyUntil: until > now ? until : null,
    createdAt: endpoint.createdAt,
    updatedAt: endpoint.updatedAt,
    // A lost key shall not hide the rest of the endpoint.
    warnings: secrets === undefined ? [UNREADABLE, ...warnings] : warnings,
    ...(endpoint.unreadable === undefined ? {} : { unreadable: endpoint.unreadable }),
  };
}
