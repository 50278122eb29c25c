// Secrets that the server makes and knows again without keeping them: session cookies, one-time links, API tokens.

import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits as 43 characters of base64url. */
export function makeSecret(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * What is stored of a secret, and searched by: its SHA-256 in hex. A fast hash is enough for 256 random bits, and since the
 * search compares hashes, its time says nothing about the secret.
 */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex');
}
