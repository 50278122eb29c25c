// Answers resume URLs, `POST /resume/<token>`: what is sent becomes the result of the node that waits.

import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';
import { parseJson } from '../../engine/json.ts';
import { parseQuery } from '../../engine/query.ts';
import { HooklineError } from '../../errors.ts';
import { decodeText, drain, readBody } from '../request-body.ts';
import type { Services } from '../route.ts';

const PATH = '/resume/';
/** Largest body of a callback, after inflating. */
const MAX_BODY_BYTES = 1024 * 1024;

/** The key in the URL is the proof of who may call; there is no other. */
export function resume({ engine, resumeTokens }: Pick<Services, 'engine' | 'resumeTokens'>): Middleware {
  return async (ctx, next) => {
    if (!ctx.path.startsWith(PATH)) return next();
    try {
      // Before anything else: strangers learn nothing, and get no memory.
      const target = resumeTokens.read(ctx.path.slice(PATH.length));
      if (ctx.method !== 'POST') {
        throw new HooklineError('method_not_allowed', 'A resume URL takes POST requests only.', { headers: { Allow: 'POST' } });
      }
      await engine.resume(target, await readValue(ctx.req));
    } catch (error) {
      drain(ctx.req);
      throw error;
    }
    ctx.set({ 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store' });
    ctx.body = { resumed: true };
  };
}

/** JSON as its value, a form as an object, other text as text; null when nothing was sent. */
async function readValue(req: IncomingMessage): Promise<unknown> {
  const type = req.headers['content-type'];
  const text = decodeText(await readBody(req, MAX_BODY_BYTES), type);
  if (text === '') return null;
  if (type !== undefined && /^application\/x-www-form-urlencoded\b/i.test(type)) return parseQuery(text);
  const isText = type !== undefined && /^text\//i.test(type);
  return isText ? text : parseJson(text);
}
