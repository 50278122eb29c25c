// Encrypts secrets with AES-256-GCM, bound to their place in the database, so that the database alone reveals none of them and
// none can be used in another place.

import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { SecretBox } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';
import { fixedKeys, KEY_BYTES, type SecretKey, type SecretKeys } from './secret-keys.ts';

/** NIST SP 800-38D, section 8.2.2: a random IV of 96 bits is safe for 2^32 encryptions with one key. */
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** `v2.<key id>.<IV>.<tag>.<ciphertext>`; the associated data is `v2.<key id>.<place>`. */
const BOUND = /^v2\.([A-Za-z0-9_-]{8})\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]*)$/;
/** The format before: not bound to a place, without a key id. */
const UNBOUND = /^v1\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]*)$/;

export interface SecretBoxOptions {
  /** Whether every process that shares the database decrypts the format `v2`; until then `v1` is written. Default: it does. */
  writesBound?(): boolean;
}

/**
 * @param keys the keys, or one key: 32 bytes, or their text in base64, base64url or hex
 * @throws HooklineError `invalid_configuration` when a key is not 32 bytes
 */
export function createSecretBox(
  keys: SecretKeys | Buffer | string,
  { writesBound = () => true }: SecretBoxOptions = {},
): SecretBox {
  const ring = typeof keys === 'string' || Buffer.isBuffer(keys) ? fixedKeys(keys) : keys;
  /** Derived once a key. */
  const signingKeys = new Map<string, Buffer>();

  function signWith({ id, bytes }: SecretKey, text: string): Buffer {
    let key = signingKeys.get(id);
    if (key === undefined) {
      // A key of its own for signing: one key should not serve two algorithms (RFC 5869).
      key = Buffer.from(hkdfSync('sha256', bytes, Buffer.alloc(0), 'hookline signing', KEY_BYTES));
      signingKeys.set(id, key);
    }
    return createHmac('sha256', key).update(text).digest();
  }

  /** The key that encrypted a value; the key file may have got it only now. */
  function find(id: string): SecretKey | undefined {
    const known = ring.list().find((key) => key.id === id);
    return known ?? (ring.refresh() ? ring.list().find((key) => key.id === id) : undefined);
  }

  return {
    keyId: () => ring.list()[0].id,
    sign: (text) => signWith(ring.list()[0], text).toString('base64url'),
    verify(text, code) {
      const given = Buffer.from(code);
      let isRight = false;
      for (const key of ring.list()) {
        const expected = Buffer.from(signWith(key, text).toString('base64url'));
        if (given.length === expected.length && timingSafeEqual(given, expected)) isRight = true;
      }
      return isRight;
    },

    seal(text, place) {
      const [key] = ring.list();
      if (!writesBound()) return `v1.${encrypt(text, key, 'v1')}`;
      const prefix = `v2.${key.id}.`;
      return prefix + encrypt(text, key, prefix + place);
    },

    open(sealed, place) {
      const [, id, ...bound] = BOUND.exec(sealed) ?? [];
      if (id !== undefined) {
        const key = find(id);
        if (key === undefined) throw unreadable(`it was encrypted with the key "${id}", which is not configured`);
        return decrypt(bound, key, `v2.${id}.${place}`);
      }
      const [, ...unbound] = UNBOUND.exec(sealed) ?? [];
      if (unbound.length === 0) throw unreadable('it is damaged');
      let failure: unknown;
      for (const key of ring.list()) {
        try {
          return decrypt(unbound, key, 'v1');
        } catch (error) {
          failure = error;
        }
      }
      throw failure;
    },

    isCurrent: (sealed) => BOUND.exec(sealed)?.[1] === ring.list()[0].id,
  };
}

/** @returns IV, tag and ciphertext, separated by dots */
function encrypt(text: string, { bytes }: SecretKey, associated: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', bytes, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(associated));
  const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return [iv, cipher.getAuthTag(), encrypted].map((part) => part.toString('base64url')).join('.');
}

/** @throws HooklineError `invalid_configuration` */
function decrypt(parts: readonly (string | undefined)[], { bytes }: SecretKey, associated: string): string {
  const [iv = '', tag = '', text = ''] = parts;
  const decipher = createDecipheriv('aes-256-gcm', bytes, Buffer.from(iv, 'base64url'), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(associated));
  decipher.setAuthTag(Buffer.from(tag, 'base64url'));
  try {
    return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString('utf8');
  } catch (error) {
    throw unreadable('it was encrypted with another key or for another place, or it is damaged', error);
  }
}

function unreadable(reason: string, cause?: unknown): HooklineError {
  return new HooklineError(
    'invalid_configuration',
    `A stored secret cannot be read: ${reason}. Bring back the key that it was saved with (HOOKLINE_SECRET_KEY, HOOKLINE_OTHER_SECRET_KEYS or the key file), or enter the secret again.`,
    { cause },
  );
}
