// Makes the form of a request that is stored: text body, and no header that carries a secret.

import type { StoredRequest } from './model.ts';
import type { RequestHead } from './plugin.ts';

/** What stands in a stored request in place of a secret. */
export const REDACTED = '[redacted]';

/**
 * Headers whose value is a credential by itself, in lower case. Signatures are not among them: they prove one body only.
 * A redacted header is redacted for the flow too, so that a replay sees what the first run saw.
 */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'x-api-key',
  'api-key',
  'x-auth-token',
  'x-access-token',
  'x-amz-security-token',
  'x-gitlab-token',
  'x-telegram-bot-api-secret-token',
  'x-vault-token',
  'x-webhook-secret',
  'x-webhook-token',
]);

/** Whether a header (any case) is redacted before it is stored. */
export function isSecretHeader(name: string): boolean {
  return SECRET_HEADERS.has(name.toLowerCase());
}

/** `head` with its body as text, in the form that is stored and that triggers parse. */
export function toStoredRequest(head: RequestHead, body: string): StoredRequest {
  const headers: Record<string, string> = {};
  for (const name in head.headers) {
    if (name === '__proto__' || !Object.hasOwn(head.headers, name)) continue;
    const value = head.headers[name];
    if (value === undefined) continue;
    headers[name] = SECRET_HEADERS.has(name) ? REDACTED : typeof value === 'string' ? value : value.join(', ');
  }
  return { method: head.method, url: head.url, headers, body, address: head.address };
}
