// Pure: keeps a request's own secrets out of what its receiver sends back, which is stored and shown.

import type { HttpRequestConfig } from './schema.ts';

/** Shorter ones would blot out parts of innocent words. */
const MIN_LENGTH = 6;

/** @returns a function that replaces every secret of the configuration in a text, also in its forms in headers and JSON */
export function createRedactor({ auth, secretHeaders }: HttpRequestConfig): (text: string) => string {
  const secrets = secretHeaders.map(({ value }) => value);
  if (auth?.type === 'bearer') secrets.push(auth.token);
  if (auth?.type === 'basic') secrets.push(auth.password, basicCredentials(auth));
  const forms = secrets.flatMap((secret) => [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret.toWellFormed()),
  ]);
  const wanted = [...new Set(forms)].filter((form) => form.length >= MIN_LENGTH).sort((a, b) => b.length - a.length);
  return (text) => wanted.reduce((result, secret) => result.replaceAll(secret, '[redacted]'), text);
}

/** The credentials of RFC 7617. */
export function basicCredentials({ username, password }: { readonly username: string; readonly password: string }): string {
  return Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
}
