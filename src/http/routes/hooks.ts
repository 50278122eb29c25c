// The trigger URL `/hooks/<key>` and its alias: checks in the order of the table in the README, then hands over to the engine.

import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Middleware } from 'koa';
import { type CompiledWorkflow, isHttpTrigger } from '../../engine/compile.ts';
import type { Engine } from '../../engine/engine.ts';
import type { ExecutionWithJobs, Reply } from '../../engine/model.ts';
import type { RequestHead } from '../../engine/plugin.ts';
import { toStoredRequest } from '../../engine/stored-request.ts';
import { HooklineError } from '../../errors.ts';
import { inflate } from '../inflate.ts';
import type { Metrics } from '../metrics.ts';

export interface HooksOptions {
  readonly engine: Pick<Engine, 'find' | 'accept' | 'isAccepting'>;
  /** Upper bound in bytes for the limit of any workflow. */
  readonly maxBodyBytes: number;
  readonly metrics: Pick<Metrics, 'countTrigger'>;
}

const PREFIX = '/hooks/';
/** The path that NocoBase gives its webhooks, for senders that are set up already. */
const ALIAS = '/api/webhook:trigger/';
/** A refused body is read on so that its sender sees the answer, but not for ever. */
const MAX_DRAINED_BYTES = 16 * 1024 * 1024;

/** Answers trigger URLs on the raw response: at this rate Koa's own way of answering would cost a tenth of the throughput. */
export function hooks(options: HooksOptions): Middleware {
  const { engine, metrics } = options;

  return async (ctx, next) => {
    const { req, res } = ctx;
    const key = hookKeyOf(req.url ?? '');
    if (key === undefined) return next();
    try {
      const known = engine.find(key);
      const target = known instanceof Promise ? await known : known;
      const { id, response } = await answer(ctx.req, ctx.originalUrl, target, ctx.ip);
      metrics.countTrigger(target?.workflow.mode === 'sync' ? 'answered' : 'accepted');
      ctx.respond = false;
      if (response) send(res, response, id);
    } catch (error) {
      metrics.countTrigger(error instanceof HooklineError ? error.code : 'internal');
      drain(req);
      throw error;
    }
  };

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
    if (!engine.isAccepting()) {
      throw new HooklineError('shutting_down', 'The server is stopping.', {
        headers: { 'Retry-After': '5', Connection: 'close' },
      });
    }
    return engine.accept(target, toStoredRequest(head, decode(rawBody, req.headers['content-type'])));
  }
}

/** The key in a trigger URL; undefined for other paths. What follows the key makes it an unknown one. */
function hookKeyOf(url: string): string | undefined {
  const start = url.startsWith(PREFIX) ? PREFIX.length : url.startsWith(ALIAS) ? ALIAS.length : -1;
  if (start === -1) return undefined;
  const end = url.indexOf('?', start);
  return end === -1 ? url.slice(start) : url.slice(start, end);
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
  const encoding = req.headers['content-encoding'];
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
    req.on('error', reject);
    req.on('close', () => {
      if (!isComplete) reject(new HooklineError('invalid_request', 'The connection ended before the body was complete.'));
    });
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
