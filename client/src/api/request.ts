// Speaks with the server's API: paths relative to where the designer is served, JSON both ways, errors as the server tells them.

import { confirmPassword } from './fresh-password.ts';

/** What the API answered instead of what was asked. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status; 0 when the server could not be reached. */
  readonly status: number;
  /** As in the server's error catalogue, `unreachable` without an answer. */
  readonly code: string;
  readonly details: unknown;

  constructor(status: number, code: string, message: string, details?: unknown) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

export type QueryValue = string | number | boolean | undefined | null;

export interface RequestOptions {
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Proves to the server that a change comes from this page. Known once the session has been read. */
let csrfToken: string | null = null;
export function rememberCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** The address of an API path such as `/api/workflows`. The page's base is `<prefix>/designer/`. */
export function apiUrl(path: `/${string}`, query: Readonly<Record<string, QueryValue>> = {}): string {
  const url = new URL(`..${path}`, document.baseURI);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') url.searchParams.set(name, String(value));
  }
  return url.toString();
}

/**
 * Sends one request.
 * @returns the reply's JSON; undefined for 204
 * @throws ApiError
 */
export async function request<Reply>(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: `/${string}`,
  { query, body, signal }: RequestOptions = {},
): Promise<Reply> {
  const response = await reach(apiUrl(path, query), {
    method,
    credentials: 'same-origin',
    headers: {
      Accept: 'application/json',
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(method === 'GET' || csrfToken === null ? {} : { 'X-CSRF-Token': csrfToken }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  });
  if (response.status === 204) return undefined as Reply;
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer as Reply;
  const error = toApiError(response.status, answer);
  if (error.code === 'password_needed' && (await confirmPassword())) {
    return request<Reply>(method, path, { ...(query && { query }), body, ...(signal && { signal }) });
  }
  throw error;
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'unreachable', 'The server cannot be reached.');
  }
}

function toApiError(status: number, answer: unknown): ApiError {
  const error = typeof answer === 'object' && answer !== null && 'error' in answer ? answer.error : undefined;
  if (typeof error === 'object' && error !== null && 'code' in error && 'message' in error) {
    return new ApiError(status, String(error.code), String(error.message), 'details' in error ? error.details : undefined);
  }
  return new ApiError(status, 'unknown', `The server answered with status ${status}.`);
}

/** A page of a list. */
export interface Page<Item> {
  data: Item[];
  nextCursor: string | null;
}
