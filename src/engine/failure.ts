// Turns whatever was thrown into the form that is stored and shown.

import { HooklineError } from '../errors.ts';
import { BranchFailedError } from './branch-failed-error.ts';
import { toJsonValue } from './json-value.ts';
import type { Failure } from './model.ts';

/** An error as a code and a sentence, no stack. Never throws, whatever a plugin has thrown. */
export function toFailure(error: unknown): Failure {
  if (error instanceof BranchFailedError) return error.failure;
  if (!(error instanceof HooklineError)) return { code: 'node_failed', message: messageOf(error) };
  const { code, message, details } = error;
  return details === undefined ? { code, message } : { code, message, details: toStorable(details) };
}

/** Whether storage failed, so that the same may work later. */
export function isStorageFailure(error: unknown): boolean {
  return error instanceof HooklineError && error.code === 'storage_unavailable';
}

function messageOf(error: unknown): string {
  if (error instanceof Error) return String(error.message);
  // An object may have no way to become text.
  return typeof error === 'string' ? error : `Something that is not an Error was thrown: ${typeof error}`;
}

function toStorable(details: unknown): unknown {
  try {
    return toJsonValue(details);
  } catch (error) {
    if (error instanceof HooklineError) return { omitted: error.message };
    throw error;
  }
}

/** Whether another process runs the execution by now, so that nothing of this one counts. */
export function isOwnershipLost(error: unknown): boolean {
  return error instanceof HooklineError && error.code === 'ownership_lost';
}
