// The keys of an endpoint: which it needs, and what becomes of them when they are replaced.

import type { Problem } from '../engine/model.ts';
import type { Endpoint, EndpointSecrets, SignatureProfile } from '../engine/outbound-model.ts';
import type { SecretBox } from '../engine/ports.ts';
import { endpointSecretsPlace } from '../engine/sealed-places.ts';
import { HooklineError } from '../errors.ts';
import { problem, usesEndpointSecret } from './endpoint-problems.ts';
import { makeSigningKey } from './signing/keys.ts';
import { schemeOf } from './signing/profiles.ts';

/** Undefined when the present key does not open them. */
export function readSecrets({ id, sealedSecrets }: Endpoint, box: SecretBox): EndpointSecrets | undefined {
  try {
    return JSON.parse(box.open(sealedSecrets, endpointSecretsPlace(id))) as EndpointSecrets;
  } catch (error) {
    if (error instanceof HooklineError) return undefined;
    throw error;
  }
}

/** The key pair comes and goes with the profile `standard-v1a`. */
export function withSigningKey(secrets: EndpointSecrets, profiles: readonly SignatureProfile[]): EndpointSecrets {
  const { signingKey, previousKey, ...rest } = secrets;
  if (!hasKeyPair(profiles)) return rest;
  return { ...rest, signingKey: signingKey ?? makeSigningKey(), ...(previousKey === undefined ? {} : { previousKey }) };
}

/**
 * The secrets after a rotation.
 * @param before undefined: there is nothing that could sign as well
 * @param until when the ones before cease to count
 */
export function rotate(
  secret: string,
  before: EndpointSecrets | undefined,
  until: number,
  profiles: readonly SignatureProfile[],
): EndpointSecrets {
  const isPair = hasKeyPair(profiles);
  return {
    secret,
    ...(before === undefined ? {} : { previous: { secret: before.secret, until } }),
    ...(isPair ? { signingKey: makeSigningKey() } : {}),
    ...(isPair && before?.signingKey !== undefined ? { previousKey: { signingKey: before.signingKey, until } } : {}),
  };
}

/** What a rotation does not do. @param hasOverlap whether the key before signs as well for a time */
export function rotationWarnings(profiles: readonly SignatureProfile[], hasOverlap: boolean): Problem[] {
  return profiles.flatMap((profile, index) => {
    const path = `profiles[${index}]`;
    const { title, separator } = schemeOf(profile);
    if (!usesEndpointSecret(profile) && profile.type !== 'standard-v1a') {
      return [problem(path, 'own_key', `${title} signs with a key of its own, which stays as it is`, 'warning')];
    }
    if (!hasOverlap || separator !== null) return [];
    return [problem(path, 'no_overlap', `${title} has room for one signature only: it is the new one at once`, 'warning')];
  });
}

function hasKeyPair(profiles: readonly SignatureProfile[]): boolean {
  return profiles.some(({ type }) => type === 'standard-v1a');
}
