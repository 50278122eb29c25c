// The trigger URL `/hooks/<key>` and its alias: checks in the order of the table in the README, then hands over to the engine.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Middleware } from 'koa';
import { type Captures, outcomeOf, refusalOf } from '../../engine/captures.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Reply } from '../../engine/model.ts';
import type { Log, RequestHead } from '../../engine/plugin.ts';
import { toStoredRequest } from '../../engine/stored-request.ts';
import { HooklineError } from '../../errors.ts';
import { type ReadTap, tapBody } from '../body-tap.ts';
import type { Metrics } from '../metrics.ts';
import { sendError } from '../middleware/errors.ts';
import { placeOf } from '../middleware/gate.ts';
import { withoutOwnCookies } from '../own-cookies.ts';
import type { ReplyHeaders } from '../reply-headers.ts';
import { drain, readBody } from '../request-body.ts';
import { requireSoundFraming } from '../request-framing.ts';
import { createTriggerCall, type TriggerCallOptions } from '../trigger-call.ts';
import type { Connections } from '../trusted-proxies.ts';

export interface HooksOptions extends Pick<TriggerCallOptions, 'throttle'> {
  readonly engine: Pick<Engine, 'find' | 'accept'>;
  /** Path under which Hookline lives, in its normal form. */
  readonly prefix: string;
  /** Upper bound in bytes for the limit of any workflow. */
  readonly maxBodyBytes: number;
  readonly metrics: Pick<Metrics, 'countTrigger'>;
  /** Shown the calls that somebody listens for. */
  readonly captures: Pick<Captures, 'isWanted' | 'add'>;
  readonly log: Log;
}

/**
 * Answers a request when `url` is a trigger URL; undefined when it is not. Never rejects: errors are answered too.
 * @param own the headers of every answer, see `reply-headers.ts`
 * @param addressOf gives the caller's address; called for trigger URLs alone
 */
export type HandleHook = (
  req: IncomingMessage,
  res: ServerResponse,
  url: string,
  own: ReplyHeaders,
  addressOf: () => string,
) => Promise<void> | undefined;

const PATH = '/hooks/';
/** The path that NocoBase gives its webhooks, for senders that are set up already. */
const ALIAS = '/api/webhook:trigger/';
const ORIGIN = /^https?:\/\/[^/?]*/i;

/**
 * The handler works on Node's own request and response, so that a server can call it before Koa: Koa's context and its
 * listeners would cost a tenth of the throughput. Inside a Koa app `hooksMiddleware` calls the same.
 */
export function createHooks(options: HooksOptions): HandleHook {
  const { engine, metrics, captures, log } = options;
  const call = createTriggerCall(options);
  const path = options.prefix + PATH;
  const alias = options.prefix + ALIAS;

  return (req, res, target, own, addressOf) => {
    // A proxy may send the whole URL (RFC 9112, section 3.2.2).
    const url = target.startsWith('/') ? target : target.replace(ORIGIN, '');
    const start = url.startsWith(path) ? path.length : url.startsWith(alias) ? alias.length : -1;
    if (start === -1) return undefined;
    // What follows the key makes it an unknown one.
    const end = url.indexOf('?', start);
    return handle(req, res, end === -1 ? url.slice(start) : url.slice(start, end), url, own, addressOf());
  };

  async function handle(
    req: IncomingMessage,
    res: ServerResponse,
    key: string,
    url: string,
    own: ReplyHeaders,
    address: string,
  ): Promise<void> {
    const head: RequestHead = { method: req.method ?? '', url, headers: withoutOwnCookies(req.headers), address };
    let listenedFor: string | undefined;
    let readTap: ReadTap | undefined;
    try {
      requireSoundFraming(req);
      const known = engine.find(key);
      const target = known instanceof Promise ? await known : known;
      if (target !== undefined && captures.isWanted(target.workflow.id)) {
        listenedFor = target.workflow.id;
        readTap = tapBody(req);
      }
      const execution = await call(target, head, (maxBytes) => readBody(req, maxBytes));
      const { id, response, request } = execution;
      if (response) send(res, response, id, own);
      if (listenedFor !== undefined && request) captures.add(listenedFor, request, outcomeOf(execution));
      // Behind what may still throw: one request is counted once.
      metrics.countTrigger(target?.workflow.mode === 'sync' ? 'answered' : 'accepted');
    } catch (error) {
      metrics.countTrigger(error instanceof HooklineError ? error.code : 'internal');
      drain(req);
      sendError(req, res, error, log, own);
      if (listenedFor === undefined || readTap === undefined) return;
      captures.add(listenedFor, toStoredRequest(head, await readTap()), refusalOf(error));
    }
  }
}

/** The same handler inside a Koa app, which may itself be mounted somewhere: what is in front of `prefix` is not seen. */
export function hooksMiddleware(handle: HandleHook, prefix: string, connections: Pick<Connections, 'ofContext'>): Middleware {
  return (ctx, next) => {
    const { hasHooks, replyHeaders } = placeOf(ctx);
    if (!hasHooks) return next();
    const url = prefix + ctx.path + ctx.search;
    const handled = handle(ctx.req, ctx.res, url, replyHeaders, () => connections.ofContext(ctx).address);
    if (handled === undefined) return next();
    ctx.respond = false;
    return handled;
  };
}

function send(res: ServerResponse, reply: Reply, executionId: string, own: ReplyHeaders): void {
  if (res.headersSent || res.destroyed) return;
  res.writeHead(reply.status, replyHeaders(reply, executionId, own));
  res.end(reply.body);
}

/** The headers of a reply as they are sent: ours come last. */
export function replyHeaders(
  { status, headers, body }: Reply,
  executionId: string,
  own: ReplyHeaders,
): Record<string, string | number> {
  // Spreading both into a literal takes V8 twenty times as long, for every call.
  const all: Record<string, string | number> = Object.assign({}, headers, own);
  all['x-hookline-execution-id'] = executionId;
  if (status !== 204 && status !== 304) all['content-length'] = Buffer.byteLength(body);
  return all;
}
