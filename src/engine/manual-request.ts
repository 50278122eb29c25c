// Makes the request that a manual run pretends to have received.

import type { StoredRequest } from './model.ts';
import { toStoredRequest } from './stored-request.ts';

/** What a person types to run a workflow by hand. */
export interface ManualInput {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Query text, with or without `?`. */
  readonly query?: string | undefined;
  readonly body?: unknown;
  /** The body as text instead; then the headers say what it is. */
  readonly rawBody?: string | undefined;
  /** For triggers that are not HTTP: `$context` itself. */
  readonly context?: unknown;
}

/** As if somebody had POSTed it to the trigger URL. */
export function toManualRequest(hookKey: string, input: ManualInput): StoredRequest {
  const query = (input.query ?? '').replace(/^\?/, '');
  const hasBody = input.body !== undefined && input.rawBody === undefined;
  const headers: Record<string, string> = hasBody ? { 'content-type': 'application/json' } : {};
  for (const [name, value] of Object.entries(input.headers ?? {})) headers[name.toLowerCase()] = value;
  const url = `/hooks/${hookKey}${query === '' ? '' : `?${query}`}`;
  return toStoredRequest(
    { method: 'POST', url, headers, address: '' },
    hasBody ? JSON.stringify(input.body) : (input.rawBody ?? ''),
  );
}
