// The HTTP side in one piece: the order of the middleware, from the outermost to the routes.

import type { Middleware } from 'koa';
import compose from 'koa-compose';
import { createLatestFirst } from '../engine/latest-first.ts';
import type { Log } from '../engine/plugin.ts';
import type { Metrics } from './metrics.ts';
import { auth, requireSomebody } from './middleware/auth.ts';
import { designer } from './middleware/designer.ts';
import { errors, notFound } from './middleware/errors.ts';
import { arrive, gate, soundFraming } from './middleware/gate.ts';
import { health, type MetricsAccess } from './middleware/health.ts';
import { mount, normalizePrefix } from './middleware/mount.ts';
import { resume } from './middleware/resume.ts';
import { router } from './middleware/router.ts';
import { securityHeaders } from './middleware/security-headers.ts';
import { toOpenapi } from './openapi.ts';
import type { Origins } from './origins.ts';
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
  /** Where callers reach trigger and resume URLs, without the prefix. Default `publicUrl`. */
  readonly hooksUrl?: string | undefined;
  /** What exists where a request was sent to. */
  readonly origins: Origins;
  /** From where the designer, the API and the metrics can be reached. Default from everywhere. */
  readonly adminAddresses?: readonly string[] | undefined;
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
  const { version = '0.0.0', hooksUrl = options.publicUrl, adminAddresses = [] } = options;
  const hooksBaseUrl = hooksUrl.replace(/\/+$/, '') + prefix;
  const isShared = options.hooksUrl === undefined;
  let openapi: Record<string, unknown> | undefined;
  const context: ServerContext = {
    ...services,
    hookUrl: (hookKey, ownUrl) => {
      const url = `${hooksBaseUrl}/hooks/${hookKey}`;
      return isShared ? ownUrl(url) : url;
    },
    // Made when somebody asks: a start need not wait for it.
    openapi() {
      openapi ??= toOpenapi(routes, { serverUrl: baseUrl, hooksUrl: hooksBaseUrl, version });
      return openapi;
    },
    reachOf,
    checks: createLatestFirst(),
    version,
  };
  const answerErrors = errors(options.log);
  const forEverybody = [
    soundFraming,
    gate({ reachOf, hooksBaseUrl, adminAddresses }),
    health(services, options.metrics, options.metricsAccess ?? 'token', reachOf),
  ];
  const toPlace = arrive(options.origins);
  if (options.isWorker) return mount(prefix, compose([toPlace, answerErrors, ...forEverybody, notFound(options.log)]));
  const inner = compose([
    toPlace,
    hooksMiddleware(options.hooks, prefix, options.connections),
    answerErrors,
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
