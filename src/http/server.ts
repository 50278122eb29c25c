// The HTTP side in one piece: the order of the middleware, from the outermost to the routes.

import type { Middleware } from 'koa';
import compose from 'koa-compose';
import type { Log } from '../engine/plugin.ts';
import type { Metrics } from './metrics.ts';
import { auth, requireSomebody } from './middleware/auth.ts';
import { designer } from './middleware/designer.ts';
import { errors, notFound } from './middleware/errors.ts';
import { health, type MetricsAccess } from './middleware/health.ts';
import { mount, normalizePrefix } from './middleware/mount.ts';
import { resume } from './middleware/resume.ts';
import { router } from './middleware/router.ts';
import { securityHeaders } from './middleware/security-headers.ts';
import { toOpenapi } from './openapi.ts';
import { createReach } from './reach.ts';
import type { ServerContext, Services } from './route.ts';
import { type HandleHook, hooksMiddleware } from './routes/hooks.ts';
import { routes } from './routes/index.ts';
import type { Connections } from './trusted-proxies.ts';

export interface HttpOptions {
  /** Where callers reach this server, without the prefix: `https://hooks.example.com`. Trigger URLs begin with it. */
  readonly publicUrl: string;
  /** Path under which everything is served, such as `/automation`. Default none. */
  readonly prefix?: string | undefined;
  /** Who may read /metrics. Default `token`. */
  readonly metricsAccess?: MetricsAccess | undefined;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Who is at the other end of a request. */
  readonly connections: Connections;
  /** Answers the trigger URLs. */
  readonly hooks: HandleHook;
  /** A process that only runs executions answers for its health alone. */
  readonly isWorker: boolean;
  /** The version for the OpenAPI document and the designer. */
  readonly version?: string | undefined;
  /** Folder of the built designer. Default the one of this package. */
  readonly designerFolder?: string | undefined;
}

/** Makes the middleware to mount in a Koa app. */
export function createHttp(services: Services, options: HttpOptions): Middleware {
  const prefix = normalizePrefix(options.prefix ?? '');
  const baseUrl = options.publicUrl.replace(/\/+$/, '') + prefix;
  const { pathname } = new URL(baseUrl);
  const reachOf = createReach(baseUrl, options.connections);
  const { version = '0.0.0' } = options;
  let openapi: Record<string, unknown> | undefined;
  const context: ServerContext = {
    ...services,
    hookUrl: (hookKey) => `${baseUrl}/hooks/${hookKey}`,
    // Made when somebody asks: a start need not wait for it.
    openapi() {
      openapi ??= toOpenapi(routes, { serverUrl: baseUrl, version });
      return openapi;
    },
    reachOf,
    version,
  };
  const forEverybody = [errors(options.log), health(services, options.metrics, options.metricsAccess ?? 'token', reachOf)];
  if (options.isWorker) return mount(prefix, compose([...forEverybody, notFound(options.log)]));
  const inner = compose([
    hooksMiddleware(options.hooks, prefix, options.connections),
    ...forEverybody,
    resume(services),
    securityHeaders(reachOf),
    designer({ basePath: pathname.replace(/\/+$/, ''), folder: options.designerFolder }),
    // Before any body is read: strangers get no memory.
    auth({ tokens: services.tokens, access: services.access, reachOf }),
    router(routes, context),
    requireSomebody,
    notFound(options.log),
  ]);
  return mount(prefix, inner);
}
