// One Hookline: starts and stops it, answers for it in a Koa app or alone, and hands out its parts, which `wiring/` joins.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import Koa, { type Middleware } from 'koa';
import compose from 'koa-compose';
import type { OneTimeLinkView } from './access/model.ts';
import { type ConfigOptions, parseOptions } from './config.ts';
import { concealLog } from './engine/concealed-log.ts';
import type { Engine } from './engine/engine.ts';
import { toFailure } from './engine/failure.ts';
import type { OutboundStore } from './engine/outbound-ports.ts';
import type { Log, Plugin } from './engine/plugin.ts';
import type { ExecutionStore } from './engine/ports.ts';
import { createRegistry } from './engine/registry.ts';
import type { WorkflowService } from './engine/workflows.ts';
import { HooklineError } from './errors.ts';
import { designerUrl } from './http/middleware/designer.ts';
import { errors, notFound } from './http/middleware/errors.ts';
import { soundFraming } from './http/middleware/gate.ts';
import { normalizePrefix, ownPath } from './http/middleware/mount.ts';
import { createOrigins, type Place, SHARED_PLACE } from './http/origins.ts';
import { createReach } from './http/reach.ts';
import { SANDBOXED_REPLY } from './http/reply-headers.ts';
import { createConnections } from './http/trusted-proxies.ts';
import { createLog } from './log.ts';
import type { EndpointService } from './outbound/endpoints.ts';
import type { EventTypeService } from './outbound/event-types.ts';
import type { MessageService } from './outbound/messages.ts';
import { builtIns } from './plugins/index.ts';
import type { SecretService } from './secrets/secrets.ts';
import { createFront, type Front } from './wiring/front.ts';
import { openResources, type Resources } from './wiring/resources.ts';
import { makeServices, type WiredServices } from './wiring/services.ts';
import type { Setup } from './wiring/setup.ts';
import { startServices } from './wiring/start.ts';

/** The configuration (see the README's table), in camel case, and what only code can give. */
export type HooklineOptions = ConfigOptions & {
  /** Node and trigger types beside the built-in ones. */
  readonly plugins?: readonly Plugin[];
  /** Folder of the built designer; default the one of this package. */
  readonly designerFolder?: string;
  /** Where log lines go; default JSON lines on standard output, from `logLevel` on. */
  readonly log?: Log;
  /**
   * Called when Hookline has stopped because another process migrated the shared database beyond what this version can work
   * on; its paths answer 503 from then on. Default: the log has it.
   */
  readonly onTooOld?: (error: HooklineError) => void;
};

/** One Hookline: a middleware for a Koa app, and the parts behind it. */
export interface Hookline {
  /** To mount with `app.use(…)`. Takes its own paths (under `prefix`) and leaves all others to the app. */
  middleware(): Middleware;
  /** For a server of its own: `http.createServer(hookline.callback())`. Trigger URLs skip Koa and are a tenth faster. */
  callback(): RequestListener;
  /**
   * For a second server, on the port of `hooksUrl`: answers trigger and resume URLs, `/healthz` and `/readyz`, and nothing else,
   * whatever host a request names. Without `hooksUrl` its replies are sandboxed all the same.
   */
  hooksCallback(): RequestListener;
  /** Opens the database, continues what was left unfinished, and begins to accept. Until then its paths answer 503. */
  start(): Promise<void>;
  /** Takes nothing new, lets running executions finish within `shutdownGraceMs`, closes the database. */
  stop(): Promise<void>;
  /** @throws HooklineError `storage_unavailable` before `start` */
  readonly workflows: WorkflowService;
  readonly executions: ExecutionStore;
  readonly engine: Engine;
  readonly endpoints: EndpointService;
  readonly eventTypes: EventTypeService;
  readonly messages: MessageService;
  readonly secrets: SecretService;
  /** The log of what was sent, as it is stored. */
  readonly outbound: OutboundStore;
  /** The admin token that the very first start made, once; undefined at later starts or when one is configured. */
  readonly generatedAdminToken: string | undefined;
  /** Where the designer is. */
  readonly designerUrl: string;
  /**
   * A one-time link that makes the first owner, for 24 hours; undefined when there is one. To be shown to whoever installs.
   * @throws HooklineError `storage_unavailable`
   */
  createSetupLink(): Promise<OneTimeLinkView | undefined>;
}

interface Running {
  readonly storage: Resources['storage'];
  readonly services: WiredServices;
  readonly front: Front;
  stop(): Promise<void>;
}

/**
 * Makes a Hookline; nothing is opened before `start()`.
 * @throws HooklineError `invalid_configuration` that lists every wrong option, `duplicate_plugin`
 */
export function createHookline(options: HooklineOptions = {}): Hookline {
  const setup = createSetup(options, (error) => void stopTooOld(error));
  const { config, log, prefix, baseUrl, origins, connections } = setup;
  const reachOf = createReach(baseUrl, connections);
  let running: Running | undefined;
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  function started(): Running {
    if (running) return running;
    throw new HooklineError('storage_unavailable', 'Hookline is not running: it has not been started, or it is stopping.', {
      headers: { 'Retry-After': '1' },
    });
  }

  async function close(): Promise<void> {
    const opening = starting;
    // At once: who starts it again from here on waits for the end of this.
    starting = undefined;
    // Whoever started it hears of a failure.
    await Promise.allSettled([opening]);
    const closing = running;
    running = undefined;
    await closing?.stop();
  }

  function stop(): Promise<void> {
    stopping ??= close().finally(() => {
      stopping = undefined;
    });
    return stopping;
  }

  async function stopTooOld(error: HooklineError): Promise<void> {
    try {
      await stop();
    } catch (failure) {
      log.error({ error: toFailure(failure) }, 'the stop of a version that is too old for the database has failed');
    }
    options.onTooOld?.(error);
  }

  const sandboxed: Middleware = (ctx, next) => {
    ctx.set(SANDBOXED_REPLY);
    return next();
  };
  const answerUnstarted = compose([sandboxed, errors(log), () => started().front.middleware]);

  const middleware: Middleware = (ctx, next) => {
    if (running) return running.front.middleware(ctx, next);
    // The host's own paths are the host's, whatever state we are in.
    return ownPath(ctx.path, prefix) === undefined ? next() : answerUnstarted(ctx, next);
  };

  /** For requests that are no calls of trigger URLs. */
  function createOthers(): RequestListener {
    const koa = new Koa();
    // A caller that hangs up in the middle is nothing to print.
    koa.silent = true;
    const toDesigner: Middleware = (ctx, next) => {
      const isRoot = ctx.path === `${prefix}/` || (prefix !== '' && ctx.path === prefix);
      if (!isRoot || config.role === 'worker' || !['GET', 'HEAD'].includes(ctx.method)) return next();
      if (origins.of(ctx.req).designer !== 'yes') return next();
      return ctx.redirect(reachOf(ctx).ownUrl(designerUrl(baseUrl)));
    };
    return koa.use(sandboxed).use(errors(log)).use(soundFraming).use(middleware).use(toDesigner).use(notFound(log)).callback();
  }

  function handleHook(req: IncomingMessage, res: ServerResponse, place: Place): Promise<void> | undefined {
    if (!place.hasHooks) return undefined;
    return running?.front.handleHook(req, res, req.url ?? '', place.replyHeaders, () => connections.of(req).address);
  }

  return {
    middleware: () => middleware,
    callback() {
      const others = createOthers();
      return (req, res) => {
        if (handleHook(req, res, origins.isShared ? SHARED_PLACE : origins.of(req)) === undefined) void others(req, res);
      };
    },
    hooksCallback() {
      const others = createOthers();
      return (req, res) => {
        origins.assignToHooks(req);
        if (handleHook(req, res, origins.of(req)) === undefined) void others(req, res);
      };
    },
    start() {
      if (starting) return starting;
      const opening = Promise.allSettled([stopping]).then(async () => {
        running = await run(setup);
      });
      starting = opening;
      // After a failure it can be tried again.
      opening.catch(() => {
        if (starting === opening) starting = undefined;
      });
      return opening;
    },
    stop,
    get workflows() {
      return started().services.workflows;
    },
    get executions() {
      return started().storage.executions;
    },
    get engine() {
      return started().services.engine;
    },
    get endpoints() {
      return started().services.outbound.endpoints;
    },
    get eventTypes() {
      return started().services.outbound.eventTypes;
    },
    get messages() {
      return started().services.outbound.messages;
    },
    get secrets() {
      return started().services.secrets;
    },
    get outbound() {
      return started().storage.outbound;
    },
    designerUrl: designerUrl(baseUrl),
    createSetupLink: async () => started().services.access.links.createSetup(),
    get generatedAdminToken() {
      return running?.services.generatedAdminToken;
    },
  };
}

function createSetup(
  { plugins = [], log, designerFolder, onTooOld: _, ...options }: HooklineOptions,
  onTooOld: Setup['onTooOld'],
): Setup {
  const config = parseOptions(options);
  const registry = createRegistry([builtIns, ...plugins]);
  const prefix = normalizePrefix(config.prefix);
  const connections = createConnections(config.trustedProxies);
  return {
    config,
    registry,
    log: concealLog(log ?? createLog(config.logLevel)),
    prefix,
    baseUrl: config.publicUrl + prefix,
    hooksBaseUrl: (config.hooksUrl ?? config.publicUrl) + prefix,
    origins: createOrigins({
      publicUrl: config.publicUrl,
      hooksUrl: config.hooksUrl,
      allowedHosts: config.allowedHosts,
      // A host's app that does not say where it is reached: the default is no more than a guess.
      checksHosts: options.publicUrl !== undefined,
      connections,
    }),
    connections,
    designerFolder,
    now: Date.now,
    onTooOld,
  };
}

/** From nothing to accepting; what was opened is closed again when it fails. */
async function run(setup: Setup): Promise<Running> {
  const resources = await openResources(setup);
  try {
    const services = await makeServices(setup, resources);
    const front = createFront(setup, resources, services);
    const stopServices = await startServices(setup, resources, services);
    return {
      storage: resources.storage,
      services,
      front,
      async stop() {
        try {
          await stopServices();
        } finally {
          await resources.close();
        }
      },
    };
  } catch (error) {
    await resources.close();
    throw error;
  }
}
