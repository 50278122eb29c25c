// The outermost middleware: turns whatever is thrown inside into the one error shape, and logs what is our fault.

import { randomUUID } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import type { Log } from '../../engine/plugin.ts';
import { HooklineError, toErrorReply } from '../../errors.ts';

/** A caller's request id is echoed when it is short and plain; otherwise a new one is made. */
const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** Name, message, code and stack of an error and its causes; other properties may hold parameters with secrets. */
export function describeError(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { message: `Something that is not an Error was thrown: a ${typeof error}` };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const cause = error.cause === undefined || depth >= 5 ? {} : { cause: describeError(error.cause, depth + 1) };
  return { type: error.name, message: error.message, ...code, stack: error.stack, ...cause };
}

/** The path for the log. What follows `/hooks/` is a key that lets people in, so it is left out; so is every query. */
function loggedPath(path: string): string {
  return path.replace(/(\/hooks\/|\/webhook:trigger\/).*$/, '$1…');
}

/** Writes the reply of an error: `{ error: { code, message, details? } }` and its request id. */
function answer(ctx: Context, error: unknown): { status: number; requestId: string } {
  const reply = toErrorReply(error);
  const given = ctx.get('X-Request-Id');
  const requestId = REQUEST_ID.test(given) ? given : randomUUID();
  ctx.status = reply.status;
  ctx.set({ ...reply.headers, 'X-Request-Id': requestId, 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store' });
  ctx.body = reply.body;
  return { status: reply.status, requestId };
}

/** Answers whatever is thrown behind it; errors of status 500 and up are logged under the request id of the reply. */
export function errors(log: Log): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const { status, requestId } = answer(ctx, error);
      if (status < 500) return;
      const fields = { requestId, method: ctx.method, path: loggedPath(ctx.path), status, err: describeError(error) };
      // A refusal with 503 is an expected state that may come thousands of times a second.
      if (status === 503) log.warn(fields, 'Request refused');
      else log.error(fields, 'Request failed');
    }
  };
}

/** For the end of a server's own app: answers what nobody took with `not_found`. */
export const notFound: Middleware = (ctx) => {
  answer(ctx, new HooklineError('not_found', `There is nothing at ${ctx.path}.`));
};
