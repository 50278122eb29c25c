// Pure: keeps a request's own secrets out of what its receiver sends back, which is stored and shown.

import { createTextRedactor } from '../../engine/redactor.ts';
import type { HttpRequestConfig } from './schema.ts';

/** @returns a function that replaces every secret of the configuration in a text, in each form that a receiver may send back */
export function createRedactor({ auth, secretHeaders }: HttpRequestConfig): (text: string) => string {
  const secrets = secretHeaders.map(({ value }) => value);
  if (auth?.type === 'bearer') secrets.push(auth.token);
  if (auth?.type === 'basic') secrets.push(auth.password, basicCredentials(auth));
  if (secrets.length === 0) return (text) => text;
  const redact = createTextRedactor(
    [...new Set(secrets)].map((value) => ({ value, shown: '[redacted]' })),
    { insideBase64: true },
  );
  return (text) => redact(text);
}

/** The credentials of RFC 7617. */
export function basicCredentials({ username, password }: { readonly username: string; readonly password: string }): string {
  return Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
}
