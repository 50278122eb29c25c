// What went wrong, in the reader's language.

import i18next from 'i18next';

export interface Failure {
  readonly code: string;
  /** The server's own sentence: English, and with what only the server knows. */
  readonly message: string;
  readonly details?: unknown;
}

/**
 * Our own sentence for what often goes wrong, the server's for the rest.
 * @param status of the answer; default the one in the failure's details
 */
export function failureText({ code, message, details }: Failure, status = statusIn(details) ?? statusOf(message)): string {
  if (code === 'unexpected_status' && status === null) return message;
  return i18next.t(`common:failures.${code}`, { status, defaultValue: message });
}

/** Summaries have no details; the sentence names it. */
function statusOf(message: string): number | null {
  const [, status] = /\bstatus (\d{3})\b/.exec(message) ?? [];
  return status === undefined ? null : Number(status);
}

function statusIn(details: unknown): number | null {
  const isThere = typeof details === 'object' && details !== null && 'status' in details && typeof details.status === 'number';
  return isThere ? (details.status as number) : null;
}
