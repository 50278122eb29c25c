// Reads the JSON body of an admin request: koa-bodyparser takes the bytes in (limit, inflating), the strict parser the rest.

import type { Context, Middleware } from 'koa';
import bodyParser from 'koa-bodyparser';
import { parseJson } from '../../engine/json.ts';
import { HooklineError } from '../../errors.ts';

/** Largest body in bytes, counted after inflating. Workflow documents are far smaller. */
export const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** Levels of nesting: workflows may nest 50 nodes deep, and each takes three levels of JSON. */
export const MAX_DEPTH = 256;

function hasBody(ctx: Context): boolean {
  return ctx.get('Transfer-Encoding') !== '' || (ctx.request.length ?? 0) > 0;
}

/** RFC 8259, section 8.1: JSON between systems is UTF-8. */
function requireJson(ctx: Context): void {
  const isJson = ctx.is('application/json', '+json');
  const charset = ctx.request.charset.toLowerCase();
  if (!isJson || !['', 'utf-8', 'utf8'].includes(charset)) {
    throw new HooklineError(
      'unsupported_media_type',
      'The body must be JSON in UTF-8, sent with "Content-Type: application/json".',
    );
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new HooklineError('invalid_json', 'The body is not valid UTF-8.', { cause });
  }
}

/** What reading and inflating can end with, by the status that raw-body and inflation give. */
function toHooklineError(error: unknown, ctx: Context, maxBytes: number): HooklineError {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  if (status === 413) {
    // The rest of the body is let through unread, so that the caller can finish sending and see the reply.
    ctx.req.resume();
    return new HooklineError('payload_too_large', `The body is larger than ${maxBytes} bytes, counted after inflating.`, {
      details: { maxBytes },
      cause: error,
    });
  }
  if (status === 415) {
    return new HooklineError('unsupported_media_type', 'The "Content-Encoding" must be gzip, deflate, br or identity.', {
      cause: error,
    });
  }
  ctx.req.resume();
  return new HooklineError('invalid_request', 'The body ended too early or is damaged.', { cause: error });
}

/** Leaves the parsed body in `ctx.state.body`; `undefined` when none was sent. */
export function jsonBody(maxBytes = MAX_BODY_BYTES): Middleware {
  const options = {
    enableTypes: ['text'],
    extendTypes: { text: ['application/json', '+json'] },
    textLimit: String(maxBytes),
    // No decoding: the bytes come as they are, so that broken UTF-8 can be refused.
    encoding: null,
    onerror(error: Error, ctx: Context) {
      throw toHooklineError(error, ctx, maxBytes);
    },
  };
  const readBytes = bodyParser(options);
  return async (ctx, next) => {
    ctx.state.body = undefined;
    if (hasBody(ctx)) {
      requireJson(ctx);
      await readBytes(ctx, async () => {});
      const bytes: unknown = ctx.request.body;
      if (bytes instanceof Uint8Array && bytes.length > 0) ctx.state.body = parseJson(decode(bytes), { maxDepth: MAX_DEPTH });
    }
    return next();
  };
}
