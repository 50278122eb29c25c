// The outermost middleware: turns whatever is thrown inside into the one error shape, and logs what is our fault.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context, Middleware } from 'koa';
import type { Log } from '../../engine/plugin.ts';
import { HooklineError, toErrorReply } from '../../errors.ts';
import type { ReplyHeaders } from '../reply-headers.ts';

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

interface ErrorAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: object;
}

/** The reply of an error: `{ error: { code, message, details? } }` with its request id; status 500 and up is logged under that id. */
export function errorAnswer(
  error: unknown,
  request: { method: string; path: string; requestId: string | undefined },
  log: Log,
): ErrorAnswer {
  const { status, headers, body } = toErrorReply(error);
  const requestId = request.requestId !== undefined && REQUEST_ID.test(request.requestId) ? request.requestId : randomUUID();
  if (status >= 500) {
    const fields = { requestId, method: request.method, path: loggedPath(request.path), status, err: describeError(error) };
    // A refusal with 503 is an expected state that may come thousands of times a second.
    if (status === 503) log.warn(fields, 'Request refused');
    else log.error(fields, 'Request failed');
  }
  const all = { ...headers, 'X-Request-Id': requestId, 'x-content-type-options': 'nosniff', 'Cache-Control': 'no-store' };
  return { status, headers: all, body };
}

/** Answers whatever is thrown behind it. */
export function errors(log: Log): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      answerOn(ctx, error, log);
    }
  };
}

function answerOn(ctx: Context, error: unknown, log: Log): void {
  const request = { method: ctx.method, path: ctx.path, requestId: ctx.get('X-Request-Id') };
  const { status, headers, body } = errorAnswer(error, request, log);
  ctx.status = status;
  ctx.set(headers);
  ctx.body = body;
}

/** The same for a request to a trigger URL, which does not go through Koa. @param own as `reply-headers.ts` has them */
export function sendError(req: IncomingMessage, res: ServerResponse, error: unknown, log: Log, own: ReplyHeaders): void {
  const given = req.headers['x-request-id'];
  const request = {
    method: req.method ?? '',
    path: (req.url ?? '').replace(/\?.*$/s, ''),
    requestId: typeof given === 'string' ? given : undefined,
  };
  const { status, headers, body } = errorAnswer(error, request, log);
  if (res.headersSent || res.destroyed) return;
  const text = JSON.stringify(body);
  res.writeHead(status, {
    ...own,
    ...headers,
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  });
  res.end(text);
}

/** For the end of a server's own app: answers what nobody took with `not_found`. */
export function notFound(log: Log): Middleware {
  return (ctx) => answerOn(ctx, new HooklineError('not_found', `There is nothing at ${ctx.path}.`), log);
}
