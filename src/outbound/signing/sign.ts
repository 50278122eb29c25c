// Pure: signs one request with the profiles of an endpoint.

import { createHmac, sign as signBytes } from 'node:crypto';
import type { EndpointSecrets, SignatureProfile } from '../../engine/outbound-model.ts';
import { HooklineError } from '../../errors.ts';
import { decodeKey, type Key, keyFault } from './keys.ts';
import { type KeyEncoding, type Scheme, schemeOf } from './profiles.ts';

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
 * @throws HooklineError `invalid_endpoint` when a key is missing, or not written as its profile wants it
 */
export type SignRequest = (
  request: SignedRequest,
  profiles: readonly SignatureProfile[],
  secrets: EndpointSecrets,
  now: number,
) => Record<string, string>;

export const signRequest: SignRequest = (request, profiles, secrets, now) => {
  const headers: Record<string, string> = { 'webhook-id': request.id, 'webhook-timestamp': String(request.timestamp) };
  for (const profile of profiles) {
    const scheme = knownScheme(profile);
    const signatures = keysOf(profile, scheme, secrets, now).map((key) => scheme.prefix + digest(scheme, key, request));
    const value = signatures.join(scheme.separator ?? '');
    // Both Standard Webhooks profiles share one header; so do several keys of Stripe.
    const before = scheme.separator === null ? undefined : headers[scheme.header];
    if (before !== undefined) headers[scheme.header] = `${before}${scheme.separator}${value}`;
    else headers[scheme.header] = scheme.isTimestampInside ? `t=${request.timestamp},${value}` : value;
    for (const name in scheme.companions) headers[name] = scheme.companions[name]?.(request) ?? '';
  }
  return headers;
};

function digest(scheme: Scheme, key: Key, request: SignedRequest): string {
  if (scheme.algorithm === 'ed25519') {
    const text = scheme.signed.map((piece) => (typeof piece === 'string' ? piece : request[piece.part])).join('');
    return signBytes(null, Buffer.from(text, 'utf8'), key).toString(scheme.encoding);
  }
  const hmac = createHmac(scheme.algorithm, key);
  for (const piece of scheme.signed) hmac.update(typeof piece === 'string' ? piece : String(request[piece.part]), 'utf8');
  return hmac.digest(scheme.encoding);
}

/** The new key, and the one before while it counts and the profile can hold two signatures. */
function keysOf(profile: SignatureProfile, scheme: Scheme, secrets: EndpointSecrets, now: number): Key[] {
  if ('secret' in profile && profile.secret !== undefined)
    return [neededKey(profile, profile.secret, scheme.keyEncoding, profile)];
  const isPair = scheme.keyEncoding === 'ed25519';
  const text = isPair ? secrets.signingKey : secrets.secret;
  const keys = [neededKey(secrets, text, scheme.keyEncoding, profile)];
  if (scheme.separator === null) return keys;
  const before = isPair ? secrets.previousKey : secrets.previous;
  if (before === undefined || before.until <= now) return keys;
  // One that is not written as the profile wants it served another profile: no receiver has it for this one.
  const key = knownKey(before, 'signingKey' in before ? before.signingKey : before.secret, scheme.keyEncoding);
  return key === undefined ? keys : [...keys, key];
}

function neededKey(holder: object, text: string | undefined, encoding: KeyEncoding, { type }: SignatureProfile): Key {
  const key = text === undefined ? undefined : knownKey(holder, text, encoding);
  if (key !== undefined) return key;
  const fault = text === undefined ? 'the endpoint has no signing key' : (keyFault(text, encoding) ?? 'the key cannot be read');
  throw new HooklineError(
    'invalid_endpoint',
    `Cannot sign for the profile "${type}": ${fault}. Change the endpoint or rotate it.`,
  );
}

// Thousands of requests a second have the same few profiles and keys. They are kept as long as the objects that they come from;
// the text is compared, so that an object that was changed is read again.

const schemes = new WeakMap<SignatureProfile, Scheme>();
const keys = new WeakMap<object, Map<KeyEncoding, { readonly text: string; readonly key: Key | undefined }>>();

function knownScheme(profile: SignatureProfile): Scheme {
  let scheme = schemes.get(profile);
  if (scheme === undefined) {
    scheme = schemeOf(profile);
    schemes.set(profile, scheme);
  }
  return scheme;
}

function knownKey(holder: object, text: string, encoding: KeyEncoding): Key | undefined {
  let known = keys.get(holder);
  if (known === undefined) {
    known = new Map();
    keys.set(holder, known);
  }
  const entry = known.get(encoding);
  if (entry?.text === text) return entry.key;
  const key = decodeKey(text, encoding);
  known.set(encoding, { text, key });
  return key;
}
