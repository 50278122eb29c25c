// Makes the keys that requests are signed with, and reads those that somebody has brought along.

import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import type { SignatureProfile } from '../../engine/outbound-model.ts';
import { HooklineError } from '../../errors.ts';
import { type KeyEncoding, schemeOf } from './profiles.ts';

/** Standard Webhooks 1.0.0, as all lengths and prefixes here. */
const SECRET_PREFIX = 'whsec_';
const SIGNING_KEY_PREFIX = 'whsk_';
const PUBLIC_KEY_PREFIX = 'whpk_';
const SECRET_BYTES = 32;
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;
/** Of the seed, and of the public key behind it. */
const ED25519_BYTES = 32;
const SIGNING_KEY_SHAPE = `${SIGNING_KEY_PREFIX} and base64 of a 32-byte seed and its 32-byte public key`;
const MIN_TEXT = 8;
const MAX_TEXT = 1_000;

/** What HMAC or Ed25519 takes. */
export type Key = Buffer | KeyObject;

/** A new secret: `whsec_` and base64 of 32 random bytes. */
export function makeSecret(): string {
  return SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64');
}

/** A new key pair: `whsk_` and base64 of the 32-byte seed and the 32-byte public key. */
export function makeSigningKey(): string {
  const { d, x } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const bytes = Buffer.concat([Buffer.from(d ?? '', 'base64url'), Buffer.from(x ?? '', 'base64url')]);
  return SIGNING_KEY_PREFIX + bytes.toString('base64');
}

/**
 * The part of a key pair that receivers need: `whpk_` and base64 of the public key.
 * @throws HooklineError `invalid_endpoint` when it is none
 */
export function publicKeyOf(signingKey: string): string {
  const x = decodeSigningKey(signingKey)?.export({ format: 'jwk' }).x;
  if (x === undefined)
    throw new HooklineError('invalid_endpoint', `The signing key of the endpoint is wrong: it must be ${SIGNING_KEY_SHAPE}.`);
  return PUBLIC_KEY_PREFIX + Buffer.from(x, 'base64url').toString('base64');
}

/**
 * Why a text cannot be the key of a profile, as a sentence that repeats nothing of it; undefined when it can.
 * @param profile default Standard Webhooks
 */
export function secretFault(secret: string, profile: SignatureProfile = { type: 'standard' }): string | undefined {
  return keyFault(secret, schemeOf(profile).keyEncoding);
}

/** As `secretFault`, by how the key is written. */
export function keyFault(text: string, encoding: KeyEncoding): string | undefined {
  if (decodeKey(text, encoding) === undefined) {
    switch (encoding) {
      case 'standard':
        return `the key must be ${SECRET_PREFIX} and base64 of ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes, as Standard Webhooks has it`;
      case 'ed25519':
        return `the signing key must be ${SIGNING_KEY_SHAPE}`;
      case 'hex':
        return 'the key must be hexadecimal digits, two for each byte';
      case 'base64':
        return 'the key must be base64, with its padding';
      case 'text':
        return 'the key must not be empty';
    }
  }
  // The others are bounded by what they stand for.
  if (
    (encoding === 'text' || encoding === 'hex' || encoding === 'base64') &&
    (text.length < MIN_TEXT || text.length > MAX_TEXT)
  ) {
    return `the key must have ${MIN_TEXT} to ${MAX_TEXT} characters`;
  }
  return undefined;
}

/** The key that a text stands for; undefined when it is not written like that. */
export function decodeKey(text: string, encoding: KeyEncoding): Key | undefined {
  switch (encoding) {
    case 'standard': {
      const bytes = decodeBase64(withoutPrefix(text, SECRET_PREFIX));
      return bytes !== undefined && bytes.length >= MIN_SECRET_BYTES && bytes.length <= MAX_SECRET_BYTES ? bytes : undefined;
    }
    case 'ed25519':
      return decodeSigningKey(text);
    case 'hex':
      return /^([0-9a-fA-F]{2})+$/.test(text) ? Buffer.from(text, 'hex') : undefined;
    case 'base64':
      // `whsec_` cannot be base64: the secret of an endpoint is what comes behind it.
      return decodeBase64(withoutPrefix(text, SECRET_PREFIX));
    case 'text':
      return text === '' ? undefined : Buffer.from(text, 'utf8');
  }
}

function decodeSigningKey(text: string): KeyObject | undefined {
  if (!text.startsWith(SIGNING_KEY_PREFIX)) return undefined;
  const bytes = decodeBase64(text.slice(SIGNING_KEY_PREFIX.length));
  if (bytes?.length !== 2 * ED25519_BYTES) return undefined;
  const d = bytes.subarray(0, ED25519_BYTES).toString('base64url');
  const x = bytes.subarray(ED25519_BYTES).toString('base64url');
  const key = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d, x }, format: 'jwk' });
  // Node takes the seed and works the public key out: a wrong one would only show at the receivers.
  return key.export({ format: 'jwk' }).x === x ? key : undefined;
}

function withoutPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

/** Strictly: node skips what is not base64, other languages refuse it. */
function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined;
}
