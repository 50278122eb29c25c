// Answers those who look after the process: /healthz (it lives), /readyz (it can take work), /metrics.

import type { Context, Middleware } from 'koa';
import { HooklineError } from '../../errors.ts';
import type { Metrics } from '../metrics.ts';
import type { ReachOf } from '../reach.ts';
import type { Services } from '../route.ts';
import { requireToken } from './auth.ts';

/** Who may read /metrics: everybody, holders of an admin token (default), nobody. */
export type MetricsAccess = 'public' | 'token' | 'off';

const METHODS = 'GET, HEAD, OPTIONS';

async function requireReady({ storage, engine }: Pick<Services, 'storage' | 'engine'>): Promise<void> {
  if (!engine.isAccepting()) {
    throw new HooklineError('shutting_down', 'The engine takes no work now: it is starting or stopping.', {
      headers: { 'Retry-After': '5' },
    });
  }
  await storage.ping();
}

function send(ctx: Context, contentType: string, text: string): void {
  ctx.set({ 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store' });
  ctx.type = contentType;
  ctx.body = text;
}

/** Middleware for the three paths. None of them shows more to the public than whether the server works. */
export function health(
  services: Pick<Services, 'storage' | 'engine' | 'tokens' | 'access'>,
  metrics: Metrics,
  access: MetricsAccess,
  reachOf: ReachOf,
): Middleware {
  const answers: Record<string, ((ctx: Context) => Promise<void>) | undefined> = {
    '/healthz': async (ctx) => send(ctx, 'application/json', '{"status":"ok"}'),
    '/readyz': async (ctx) => {
      await requireReady(services);
      send(ctx, 'application/json', '{"status":"ready"}');
    },
  };
  if (access !== 'off') {
    answers['/metrics'] = async (ctx) => {
      if (access === 'token') {
        const request = { header: ctx.get('Authorization'), address: reachOf(ctx).address };
        await requireToken(request, services.tokens, services.access.bearers);
      }
      const { contentType, text } = await metrics.render();
      send(ctx, contentType, text);
    };
  }
  return async (ctx, next) => {
    const answer = Object.hasOwn(answers, ctx.path) ? answers[ctx.path] : undefined;
    if (answer === undefined) return next();
    if (ctx.method === 'OPTIONS') {
      ctx.set('Allow', METHODS);
      ctx.status = 204;
      return;
    }
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      throw new HooklineError('method_not_allowed', `${ctx.method} does not work here; these do: ${METHODS}.`, {
        headers: { Allow: METHODS },
      });
    }
    return answer(ctx);
  };
}
