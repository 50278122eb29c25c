// The trigger URL `/hooks/<key>` and its alias: checks in the order of the table in the README, then hands over to the engine.

import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Middleware } from 'koa';
import { type CompiledWorkflow, isHttpTrigger } from '../../engine/compile.ts';
import type { Engine } from '../../engine/engine.ts';
import type { ExecutionWithJobs, Reply } from '../../engine/model.ts';
import type { Log, RequestHead } from '../../engine/plugin.ts';
import { toStoredRequest } from '../../engine/stored-request.ts';
import { HooklineError } from '../../errors.ts';
import { inflate } from '../inflate.ts';
import type { Metrics } from '../metrics.ts';
import { sendError } from '../middleware/errors.ts';

export interface HooksOptions {
  readonly engine: Pick<Engine, 'find' | 'accept'>;
  /** Path under which Hookline lives, in its normal form. */
  readonly prefix: string;
  /** Upper bound in bytes for the limit of any workflow. */
  readonly maxBodyBytes: number;
  readonly metrics: Pick<Metrics, 'countTrigger'>;
  readonly log: Log;
}

/** Answers a request when `url` is a trigger URL; undefined when it is not. Never rejects: errors are answered too. */
export type HandleHook = (req: IncomingMessage, res: ServerResponse, url: string, address: string) => Promise<void> | undefined;

const PATH = '/hooks/';
/** The path that NocoBase gives its webhooks, for senders that are set up already. */
const ALIAS = '/api/webhook:trigger/';
const ORIGIN = /^https?:\/\/[^/?]*/i;
/** A refused body is read on so that its sender sees the answer, but not for ever. */
const MAX_DRAINED_BYTES = 16 * 1024 * 1024;

/**
 * The handler works on Node's own request and response, so that a server can call it before Koa: Koa's context and its
 * listeners would cost a tenth of the throughput. Inside a Koa app `hooksMiddleware` calls the same.
 */
export function createHooks(options: HooksOptions): HandleHook {
  const { engine, metrics, log } = options;
  const path = options.prefix + PATH;
  const alias = options.prefix + ALIAS;

  return (req, res, target, address) => {
    // A proxy may send the whole URL (RFC 9112, section 3.2.2).
    const url = target.startsWith('/') ? target : target.replace(ORIGIN, '');
    const start = url.startsWith(path) ? path.length : url.startsWith(alias) ? alias.length : -1;
    if (start === -1) return undefined;
    // What follows the key makes it an unknown one.
    const end = url.indexOf('?', start);
    return handle(req, res, end === -1 ? url.slice(start) : url.slice(start, end), url, address);
  };

  async function handle(req: IncomingMessage, res: ServerResponse, key: string, url: string, address: string): Promise<void> {
    try {
      const known = engine.find(key);
      const target = known instanceof Promise ? await known : known;
      const { id, response } = await answer(req, url, target, address);
      if (response) send(res, response, id);
      // Behind what may still throw: one request is counted once.
      metrics.countTrigger(target?.workflow.mode === 'sync' ? 'answered' : 'accepted');
    } catch (error) {
      metrics.countTrigger(error instanceof HooklineError ? error.code : 'internal');
      drain(req);
      sendError(req, res, error, log);
    }
  }

  async function answer(
    req: IncomingMessage,
    url: string,
    target: CompiledWorkflow | undefined,
    address: string,
  ): Promise<ExecutionWithJobs> {
    if (!target?.workflow.enabled || !isHttpTrigger(target.trigger)) {
      throw new HooklineError('hook_not_found', 'There is no enabled workflow behind this URL.');
    }
    const { trigger } = target;
    if (req.method !== 'POST') {
      throw new HooklineError('method_not_allowed', 'A trigger URL takes POST requests only.', { headers: { Allow: 'POST' } });
    }
    const head: RequestHead = { method: req.method, url, headers: req.headers, address };
    trigger.admit?.(head);
    const rawBody = await readBody(req, Math.min(trigger.maxBodyBytes, options.maxBodyBytes));
    trigger.verify?.({ ...head, rawBody });
    return engine.accept(target, toStoredRequest(head, decode(rawBody, req.headers['content-type'])));
  }
}

/** The same handler inside a Koa app, which may itself be mounted somewhere: what is in front of `prefix` is not seen. */
export function hooksMiddleware(handle: HandleHook, prefix: string): Middleware {
  return (ctx, next) => {
    const handled = handle(ctx.req, ctx.res, prefix + ctx.path + ctx.search, ctx.ip);
    if (handled === undefined) return next();
    ctx.respond = false;
    return handled;
  };
}

function tooLarge(maxBytes: number): HooklineError {
  return new HooklineError('payload_too_large', `The body is larger than ${maxBytes} bytes, which is the limit here.`, {
    details: { maxBytes },
  });
}

/** The whole body, inflated. @throws HooklineError `payload_too_large`, `unsupported_media_type`, `invalid_request` */
function readBody(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(req.headers['content-length']) > maxBytes) throw tooLarge(maxBytes);
  const body = collect(req, maxBytes);
  const encoding = req.headers['content-encoding']?.toLowerCase();
  if (encoding === undefined || encoding === 'identity') return body;
  return body.then((bytes) => (bytes.length === 0 ? bytes : inflate(bytes, encoding, maxBytes, tooLarge)));
}

function collect(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let isComplete = false;
    req.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      reject(tooLarge(maxBytes));
    });
    req.on('end', () => {
      isComplete = true;
      const [first] = chunks;
      resolve(chunks.length === 1 && first ? first : Buffer.concat(chunks));
    });
    const cutOff = (cause?: Error): void => {
      if (isComplete) return;
      reject(new HooklineError('invalid_request', 'The connection ended before the body was complete.', { cause }));
    };
    // It may have gone while the workflow was being looked up; then nothing more is heard of it.
    if (req.destroyed) cutOff();
    // A caller that hangs up is no fault of ours.
    req.on('error', cutOff);
    req.on('close', () => cutOff());
  });
}

/** JSON between systems is UTF-8 (RFC 8259); another charset is honoured when the sender names it. */
function decode(body: Buffer, contentType: string | undefined): string {
  const charset = contentType?.includes('charset') ? /charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1] : undefined;
  if (charset === undefined || /^utf-?8$/i.test(charset)) {
    if (!isUtf8(body)) throw new HooklineError('invalid_json', 'The body is not valid UTF-8.');
    const text = body.toString('utf8');
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }
  return decodeAs(body, charset);
}

function decodeAs(body: Buffer, charset: string): string {
  const decoder = decoderOf(charset);
  try {
    return decoder.decode(body);
  } catch (cause) {
    throw new HooklineError('invalid_json', `The body is not valid ${charset.slice(0, 40)}.`, { cause });
  }
}

function decoderOf(charset: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch (cause) {
    throw new HooklineError('unsupported_media_type', `The charset "${charset.slice(0, 40)}" is not known; send UTF-8.`, {
      cause,
    });
  }
}

function send(res: ServerResponse, reply: Reply, executionId: string): void {
  if (res.headersSent || res.destroyed) return;
  const headers: Record<string, string | number> = { ...reply.headers, 'x-hookline-execution-id': executionId };
  if (reply.status !== 204 && reply.status !== 304) headers['content-length'] = Buffer.byteLength(reply.body);
  res.writeHead(reply.status, headers);
  res.end(reply.body);
}

function drain(req: IncomingMessage): void {
  if (req.complete || req.destroyed) return;
  let left = MAX_DRAINED_BYTES;
  req.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) req.destroy();
  });
  req.on('error', () => req.destroy());
}
