// Keeps the beginning of a body that somebody else reads, or nobody does: for calls that are shown although they were refused.

import type { IncomingMessage } from 'node:http';
import { MAX_CAPTURED_BYTES } from '../engine/capture.ts';
import { HooklineError } from '../errors.ts';
import { inflateBody } from './request-body.ts';

/** How long the rest of a body that nobody waits for is read, in milliseconds. */
const WAIT_MS = 2_000;

/** The body as text, once it is there; called in the turn in which reading begins. Empty when it cannot be inflated. */
export type ReadTap = () => Promise<string>;

export function tapBody(req: IncomingMessage): ReadTap {
  const chunks: Buffer[] = [];
  let length = 0;
  const onData = (chunk: Buffer): void => {
    if (length < MAX_CAPTURED_BYTES) chunks.push(chunk);
    length += chunk.length;
  };
  req.on('data', onData);
  const complete = new Promise<void>((resolve) => {
    // A caller that does not send its body is answered all the same.
    const timer = setTimeout(resolve, WAIT_MS).unref();
    const end = (): void => {
      clearTimeout(timer);
      resolve();
    };
    req.on('end', end).on('close', end).on('error', end);
    // It may have gone while the workflow was being looked up; then nothing more is heard of it.
    if (req.destroyed) end();
  });
  return async () => {
    await complete;
    req.off('data', onData);
    return toText(Buffer.concat(chunks), req.headers['content-encoding']);
  };
}

/** Whatever it is, it is shown as text. */
export async function toText(bytes: Buffer, encoding: string | undefined): Promise<string> {
  try {
    return new TextDecoder().decode(await inflateBody(bytes, encoding, MAX_CAPTURED_BYTES));
  } catch (error) {
    if (error instanceof HooklineError) return '';
    throw error;
  }
}
