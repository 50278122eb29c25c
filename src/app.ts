// The only place that wires the parts together: storage, engine, queue, expressions, HTTP.

import type { RequestListener } from 'node:http';
import Koa, { type Middleware } from 'koa';
import compose from 'koa-compose';
import { type Access, createAccess } from './access/access.ts';
import type { OneTimeLinkView } from './access/model.ts';
import { createPasswords } from './access/passwords.ts';
import { openBackend } from './backend.ts';
import { type Config, type ConfigOptions, parseOptions } from './config.ts';
import { createCaptures } from './engine/captures.ts';
import { createChanges } from './engine/changes.ts';
import { evaluateDraft } from './engine/drafts.ts';
import { createEngine, type Engine } from './engine/engine.ts';
import { createInstallationSettings } from './engine/installation-settings.ts';
import { createInterest } from './engine/interest.ts';
import { learn } from './engine/learned.ts';
import { listLiveDocuments } from './engine/live-documents.ts';
import type { OutboundStore } from './engine/outbound-ports.ts';
import type { Log, Plugin } from './engine/plugin.ts';
import type { ExecutionStore } from './engine/ports.ts';
import { createRegistry } from './engine/registry.ts';
import { createResumeTokens } from './engine/resume-token.ts';
import { createStatistics } from './engine/statistics.ts';
import { createNodeTests } from './engine/test-node.ts';
import { createWorkflowService, type WorkflowService } from './engine/workflows.ts';
import { HooklineError } from './errors.ts';
import { createEvaluator } from './expressions/evaluator.ts';
import { createTokenVerifier } from './http/admin-token.ts';
import { createEventStreams } from './http/event-streams.ts';
import { createHookCalls } from './http/hook-calls.ts';
import { createMetrics } from './http/metrics.ts';
import { designerUrl } from './http/middleware/designer.ts';
import { errors, notFound } from './http/middleware/errors.ts';
import { normalizePrefix, ownPath } from './http/middleware/mount.ts';
import { createReach } from './http/reach.ts';
import { createHooks, type HandleHook } from './http/routes/hooks.ts';
import { createHttp } from './http/server.ts';
import { createConnections } from './http/trusted-proxies.ts';
import { createLog } from './log.ts';
import { createUrlProblem } from './outbound/endpoint-url.ts';
import type { EndpointService } from './outbound/endpoints.ts';
import type { EventTypeService } from './outbound/event-types.ts';
import type { GuardedFetch } from './outbound/guard/guarded-fetch.ts';
import type { MessageService } from './outbound/messages.ts';
import { createOutbound } from './outbound/outbound.ts';
import { builtIns } from './plugins/index.ts';
import { checkSecretKey } from './secrets/key-check.ts';
import { createSecretBox, loadSecretKey } from './secrets/secret-box.ts';
import { findSecretUsers } from './secrets/secret-users.ts';
import { createSecretService, type SecretService } from './secrets/secrets.ts';
import { isPostgresUrl } from './storage/postgres-url.ts';
import { startRetention } from './storage/retention.ts';
import { startCounting } from './storage/statistics/rounds.ts';
import { version } from './version.ts';

/** The configuration (see the README's table), in camel case, and what only code can give. */
export type HooklineOptions = ConfigOptions & {
  /** Node and trigger types beside the built-in ones. */
  readonly plugins?: readonly Plugin[];
  /** Folder of the built designer; default the one of this package. */
  readonly designerFolder?: string;
  /** Where log lines go; default JSON lines on standard output, from `logLevel` on. */
  readonly log?: Log;
};

/** One Hookline: a middleware for a Koa app, and the parts behind it. */
export interface Hookline {
  /** To mount with `app.use(…)`. Takes its own paths (under `prefix`) and leaves all others to the app. */
  middleware(): Middleware;
  /** For a server of its own: `http.createServer(hookline.callback())`. Trigger URLs skip Koa and are a tenth faster. */
  callback(): RequestListener;
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

interface Parts {
  readonly access: Access;
  readonly workflows: WorkflowService;
  readonly executions: ExecutionStore;
  readonly engine: Engine;
  readonly endpoints: EndpointService;
  readonly eventTypes: EventTypeService;
  readonly messages: MessageService;
  readonly secrets: SecretService;
  readonly outbound: OutboundStore;
  readonly middleware: Middleware;
  readonly handleHook: HandleHook;
  readonly generatedAdminToken: string | undefined;
  stop(): Promise<void>;
}

const USER_AGENT = `Hookline/${version}`;

/** The client for requests of nodes and for webhooks; loaded with the first of them, so that no start has to wait for it. */
function createOutgoing(config: Config): GuardedFetch {
  let loading: Promise<GuardedFetch> | undefined;
  const load = async (): Promise<GuardedFetch> => {
    const { createGuardedFetch } = await import('./outbound/guard/guarded-fetch.ts');
    return createGuardedFetch({
      allowedTargets: config.outboundAllow,
      ports: config.outboundPorts,
      plainHttp: config.outboundPlainHttp,
      defaultTimeoutMs: config.outboundTimeoutMs,
      maxTimeoutMs: config.outboundMaxTimeoutMs,
      userAgent: USER_AGENT,
    });
  };
  return {
    async fetch(request) {
      loading ??= load();
      return (await loading).fetch(request);
    },
    async close() {
      await (await loading)?.close();
    },
  };
}

/**
 * Makes a Hookline; nothing is opened before `start()`.
 * @throws HooklineError `invalid_configuration` that lists every wrong option, `duplicate_plugin`
 */
export function createHookline(options: HooklineOptions = {}): Hookline {
  const { plugins = [], log: givenLog, designerFolder, ...configOptions } = options;
  const config = parseOptions(configOptions);
  const registry = createRegistry([builtIns, ...plugins]);
  const log = givenLog ?? createLog(config.logLevel);
  const prefix = normalizePrefix(config.prefix);
  const baseUrl = config.publicUrl + prefix;
  const connections = createConnections(config.trustedProxies);
  const reachOf = createReach(baseUrl, connections);
  let parts: Parts | undefined;
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  function started(): Parts {
    if (parts) return parts;
    throw new HooklineError('storage_unavailable', 'Hookline is not running: it has not been started, or it is stopping.', {
      headers: { 'Retry-After': '1' },
    });
  }

  async function open(): Promise<void> {
    const now = Date.now;
    const backend = await openBackend(config, log);
    const { storage, queue, bus } = backend;
    const interest = createInterest(bus);
    const changes = createChanges({ bus, interest });
    const captures = createCaptures({ bus, interest, store: storage.captures, log, now });
    const streams = createEventStreams({ log });
    const stopTelling = async (): Promise<void> => {
      changes.stop();
      await captures.stop();
      interest.stop();
    };
    const outgoing = createOutgoing(config);
    const evaluator = createEvaluator({
      timeoutMs: config.expressionTimeoutMs,
      maxWorkers: config.expressionWorkers,
      memoryMb: config.expressionMemoryMb,
    });
    try {
      const { verifier, generated } = await createTokenVerifier({
        adminToken: config.adminToken,
        settings: storage.settings,
        mayGenerate: config.role !== 'worker',
      });
      const { executions } = storage;
      const secretBox = createSecretBox(await loadSecretKey({ secretKey: config.secretKey, keyFile: config.secretKeyFile }));
      await checkSecretKey(secretBox, storage.settings, {
        // One that was lost shall not stop everything else; on a shared database it is more likely another machine's.
        onOtherKey: isPostgresUrl(config.databaseUrl) ? 'refuse' : 'replace',
        log,
      });
      const settings = createInstallationSettings(storage.settings, {
        executions: config.retention,
        messagesMs: config.messageRetention,
      });
      const resumeTokens = createResumeTokens(secretBox);
      const passwords = createPasswords({ ln: config.passwordCost });
      const access = createAccess({ store: storage.access, passwords, baseUrl, now, log });
      const secrets = createSecretService({
        store: storage.secrets,
        secretBox,
        bus,
        log,
        now,
        users: () => findSecretUsers(listLiveDocuments({ store: storage.workflows, registry, secretBox })),
      });
      await secrets.vault.refresh();
      const workflows = createWorkflowService({
        storage,
        registry,
        evaluator,
        secretBox,
        vault: secrets.vault,
        now,
        async onChange(workflowId) {
          await engine.refresh(workflowId);
          changes.workflow(workflowId);
        },
      });
      const metrics = createMetrics({ stats: () => engine.stats(), executions, outbound: storage.outbound, now, log });
      const outbound = createOutbound({
        store: storage.outbound,
        commit: (...unit) => executions.commit(...unit),
        secretBox,
        evaluator,
        fetch: outgoing.fetch,
        // The engine is made behind it: each needs the other.
        events: { prepare: (event) => engine.prepareEvent(event) },
        bus,
        log,
        userAgent: USER_AGENT,
        urlProblem: createUrlProblem({
          allowedTargets: config.outboundAllow,
          ports: config.outboundPorts,
          allowsPlainHttp: config.outboundPlainHttp,
        }),
        maxRequests: config.deliveryConcurrency,
        delivers: config.role !== 'web',
        onSignaled: () => engine.wakeQueue(),
        onAttempt: (attempt) => metrics.countAttempt(attempt.endpointId, attempt),
        changes,
        now,
      });
      const { endpoints, eventTypes, messages } = outbound;
      const engine = createEngine({
        storage,
        queue,
        bus,
        fetch: metrics.countRequests(outgoing.fetch),
        publisher: outbound.publisher,
        resumeUrl: (target) => `${baseUrl}/resume/${resumeTokens.make(target)}`,
        documents: workflows,
        vault: secrets.vault,
        registry,
        evaluator,
        log,
        now,
        deadlineMs: config.deadlineMs,
        shutdownGraceMs: config.shutdownGraceMs,
        onFinish: metrics.countExecution,
        changes,
        captures,
      });
      const drafting = { evaluator, vault: secrets.vault, registry, documents: workflows, now };
      const drafts = {
        evaluate: (draft: Parameters<typeof evaluateDraft>[0]) => evaluateDraft(draft, drafting),
        testNode: createNodeTests({
          ...drafting,
          engine,
          fetch: outgoing.fetch,
          send: (event, concealer) => messages.send(event, concealer),
        }),
        learn: (workflowId: string) => learn(workflowId, { ...drafting, executions, samples: storage.samples }),
      };
      const isWorker = config.role === 'worker';
      const calls = { engine, maxBodyBytes: config.maxBodyBytes, metrics, captures, vault: secrets.vault, log };
      const hooks = createHooks({ ...calls, prefix });
      const middleware = createHttp(
        {
          workflows,
          executions,
          engine,
          registry,
          storage,
          tokens: verifier,
          access,
          resumeTokens,
          endpoints,
          eventTypes,
          messages,
          secrets,
          drafts,
          samples: storage.samples,
          changes,
          captures,
          streams,
          callWorkflow: createHookCalls({ ...calls, baseUrl }),
          statistics: createStatistics({ statistics: storage.statistics, executions, workflows: storage.workflows, now }),
          installation: { settings, publicUrl: baseUrl, database: isPostgresUrl(config.databaseUrl) ? 'postgres' : 'sqlite' },
          senderAddresses: config.senderAddresses,
        },
        {
          publicUrl: config.publicUrl,
          prefix: config.prefix,
          metricsAccess: config.metrics,
          metrics,
          log,
          connections,
          hooks,
          isWorker,
          version,
          designerFolder,
        },
      );
      await engine.start();
      outbound.start();
      await backend.lead({ onLead: () => engine.lead(), onLose: () => engine.unlead() });
      const stopCounting = startCounting(storage, { log, now });
      const stopRetention = startRetention(storage, settings.retention, {
        others: [{ what: 'entries of the audit log', deleteOld: access.deleteOld }],
        log,
        now,
      });
      parts = {
        access,
        workflows,
        executions,
        engine,
        endpoints,
        eventTypes,
        messages,
        secrets,
        outbound: storage.outbound,
        middleware,
        handleHook: isWorker ? () => undefined : hooks,
        generatedAdminToken: generated,
        async stop() {
          try {
            await streams.close();
            await Promise.all([engine.stop(), outbound.stop(config.shutdownGraceMs)]);
            await Promise.all([stopRetention(), stopCounting()]);
            secrets.close();
          } finally {
            await stopTelling();
            await outgoing.close();
            await evaluator.close();
            await backend.close();
          }
        },
      };
    } catch (error) {
      await stopTelling();
      await outgoing.close();
      await evaluator.close();
      await backend.close();
      throw error;
    }
  }

  async function close(): Promise<void> {
    const opening = starting;
    // At once: who starts it again from here on waits for the end of this.
    starting = undefined;
    // Whoever started it hears of a failure.
    await Promise.allSettled([opening]);
    const closing = parts;
    parts = undefined;
    await closing?.stop();
  }

  const answerUnstarted = compose([errors(log), () => started().middleware]);

  const middleware: Middleware = (ctx, next) => {
    if (parts) return parts.middleware(ctx, next);
    // The host's own paths are the host's, whatever state we are in.
    return ownPath(ctx.path, prefix) === undefined ? next() : answerUnstarted(ctx, next);
  };

  return {
    middleware: () => middleware,
    callback() {
      const koa = new Koa();
      // A caller that hangs up in the middle is nothing to print.
      koa.silent = true;
      const toDesigner: Middleware = (ctx, next) => {
        const isRoot = ctx.path === `${prefix}/` || (prefix !== '' && ctx.path === prefix);
        if (!isRoot || config.role === 'worker' || !['GET', 'HEAD'].includes(ctx.method)) return next();
        return ctx.redirect(reachOf(ctx).ownUrl(designerUrl(baseUrl)));
      };
      const others = koa.use(middleware).use(toDesigner).use(notFound(log)).callback();
      return (req, res) => {
        const addressOf = (): string => connections.of(req).address;
        if (parts?.handleHook(req, res, req.url ?? '', addressOf) === undefined) void others(req, res);
      };
    },
    start() {
      if (starting) return starting;
      const opening = Promise.allSettled([stopping]).then(open);
      starting = opening;
      // After a failure it can be tried again.
      opening.catch(() => {
        if (starting === opening) starting = undefined;
      });
      return opening;
    },
    stop() {
      stopping ??= close().finally(() => {
        stopping = undefined;
      });
      return stopping;
    },
    get workflows() {
      return started().workflows;
    },
    get executions() {
      return started().executions;
    },
    get engine() {
      return started().engine;
    },
    get endpoints() {
      return started().endpoints;
    },
    get eventTypes() {
      return started().eventTypes;
    },
    get messages() {
      return started().messages;
    },
    get secrets() {
      return started().secrets;
    },
    get outbound() {
      return started().outbound;
    },
    designerUrl: designerUrl(baseUrl),
    createSetupLink: async () => started().access.links.createSetup(),
    get generatedAdminToken() {
      return parts?.generatedAdminToken;
    },
  };
}
