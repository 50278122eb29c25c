import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SignatureProfile } from '../../../src/engine/outbound-model.ts';
import { makeSecret, makeSigningKey, publicKeyOf, secretFault } from '../../../src/outbound/signing/keys.ts';

const custom = (keyEncoding: 'text' | 'hex' | 'base64'): SignatureProfile => ({
  type: 'custom',
  header: 'X-Signature',
  algorithm: 'sha256',
  encoding: 'hex',
  prefix: '',
  signed: '{body}',
  keyEncoding,
});

describe('keys that are made', () => {
  it('are whsec_ with 32 random bytes, another one each time', () => {
    const secret = makeSecret();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(Buffer.from(secret.slice(6), 'base64')).toHaveLength(32);
    expect(makeSecret()).not.toBe(secret);
    expect(secretFault(secret)).toBeUndefined();
  });

  it('are Ed25519 pairs of seed and public key', () => {
    const pair = makeSigningKey();
    const bytes = Buffer.from(pair.replace(/^whsk_/, ''), 'base64');
    expect(pair.startsWith('whsk_')).toBe(true);
    expect(bytes).toHaveLength(64);
    expect(publicKeyOf(pair)).toBe(`whpk_${bytes.subarray(32).toString('base64')}`);
    const x = bytes.subarray(32).toString('base64url');
    const d = bytes.subarray(0, 32).toString('base64url');
    const privateKey = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d, x }, format: 'jwk' });
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    expect(verify(null, Buffer.from('text'), publicKey, sign(null, Buffer.from('text'), privateKey))).toBe(true);
  });

  it('give no public key when the pair is not one, without repeating it', () => {
    const mixed = `whsk_${Buffer.alloc(64, 7).toString('base64')}`;
    for (const wrong of ['', 'whsk_', makeSecret(), mixed]) {
      expect(() => publicKeyOf(wrong)).toThrow(/^The signing key of the endpoint is wrong: it must be whsk_ and base64/);
    }
  });
});

describe('keys that somebody brings along', () => {
  const ofBytes = (length: number): string => Buffer.alloc(length, 5).toString('base64');

  it('are for Standard Webhooks base64 of 24 to 64 bytes, with or without whsec_', () => {
    for (const length of [24, 32, 64]) {
      expect(secretFault(`whsec_${ofBytes(length)}`)).toBeUndefined();
      expect(secretFault(ofBytes(length))).toBeUndefined();
    }
  });

  it.each([
    ['too few bytes', `whsec_${ofBytes(23)}`],
    ['too many bytes', `whsec_${ofBytes(65)}`],
    ['nothing', ''],
    ['nothing behind the prefix', 'whsec_'],
    ['plain text', 'a secret that is no base64 at all'],
    ['base64url', `whsec_${Buffer.alloc(32, 0xff).toString('base64url')}`],
    ['no padding', `whsec_${ofBytes(32).replace('=', '')}`],
    ['a line break', `whsec_${ofBytes(32)}\n`],
    ['another prefix', `whsk_${ofBytes(32)}`],
  ])('are refused for Standard Webhooks when they are %s', (_what, secret) => {
    const fault = secretFault(secret);
    expect(fault).toMatch(/whsec_ and base64 of 24 to 64 bytes/);
    if (secret.length > 10) expect(fault).not.toContain(secret.slice(6));
  });

  it('are any text of 8 to 1000 characters for the others', () => {
    for (const type of ['dastra', 'github', 'stripe', 'shopify'] as const) {
      expect(secretFault('clé très secrète', { type })).toBeUndefined();
      expect(secretFault('x'.repeat(1_000), { type })).toBeUndefined();
      expect(secretFault('1234567', { type })).toMatch(/8 to 1000 characters/);
      expect(secretFault('x'.repeat(1_001), { type })).toMatch(/8 to 1000 characters/);
      expect(secretFault('', { type })).toMatch(/empty/);
    }
  });

  it('are in the encoding that a custom profile names', () => {
    expect(secretFault('00ff00FF', custom('hex'))).toBeUndefined();
    expect(secretFault('00ff00f', custom('hex'))).toMatch(/hexadecimal/);
    expect(secretFault('not hex!', custom('hex'))).toMatch(/hexadecimal/);
    expect(secretFault(ofBytes(12), custom('base64'))).toBeUndefined();
    expect(secretFault(makeSecret(), custom('base64'))).toBeUndefined();
    expect(secretFault('a_b-c_d-', custom('base64'))).toMatch(/base64/);
    expect(secretFault('any text', custom('text'))).toBeUndefined();
  });
});
