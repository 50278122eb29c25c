// Errors as the command shows them: one clear sentence, and the stack only when it was asked for.

import { wantsStacks } from '../config.ts';

/** Writes an error to stderr; with HOOKLINE_LOG_LEVEL=debug with its stack and what caused it. */
export function printError(error: unknown): void {
  if (wantsStacks()) console.error(error);
  else console.error(`hookline: ${error instanceof Error ? error.message : String(error)}`);
}

/** Writes an error that nobody expected, with its stack: whoever mends it needs to know where it came from. */
export function printBug(error: unknown): void {
  console.error('hookline: an unexpected error stops the server.', error);
}
