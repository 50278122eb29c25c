// What callers meet: the trigger URLs, the admin API and the designer, over the services.

import type { Middleware } from 'koa';
import { createHookKeyDirectory } from '../engine/hook-key-directory.ts';
import { createStatistics } from '../engine/statistics.ts';
import { createHookCalls } from '../http/hook-calls.ts';
import { createRevealFor } from '../http/reveal.ts';
import { createHooks, type HandleHook } from '../http/routes/hooks.ts';
import { createHttp } from '../http/server.ts';
import { isPostgresUrl } from '../storage/postgres-url.ts';
import { version } from '../version.ts';
import type { Resources } from './resources.ts';
import type { WiredServices } from './services.ts';
import type { Setup } from './setup.ts';

export interface Front {
  readonly middleware: Middleware;
  /** The trigger URLs without Koa; answers nothing in a process that only runs executions. */
  readonly handleHook: HandleHook;
}

export function createFront(setup: Setup, resources: Resources, services: WiredServices): Front {
  const { config, registry, log, prefix, baseUrl, hooksBaseUrl, origins, connections, designerFolder, now } = setup;
  const { storage, changes, captures, streams } = resources;
  const { workflows, engine, metrics, secrets, settings, outbound } = services;
  const { executions, samples } = storage;
  const isWorker = config.role === 'worker';
  const calls = {
    engine,
    throttle: services.access.triggers,
    maxBodyBytes: config.maxBodyBytes,
    metrics,
    captures,
    vault: secrets.vault,
    log,
  };
  const hooks = createHooks({ ...calls, prefix });
  const middleware = createHttp(
    {
      workflows,
      executions,
      engine,
      registry,
      storage,
      tokens: services.tokens,
      access: services.access,
      resumeTokens: services.resumeTokens,
      endpoints: outbound.endpoints,
      eventTypes: outbound.eventTypes,
      messages: outbound.messages,
      secrets,
      drafts: services.drafts,
      samples,
      changes,
      captures,
      streams,
      callWorkflow: createHookCalls({ ...calls, baseUrl: hooksBaseUrl, replyHeaders: origins.replyHeaders }),
      revealFor: createRevealFor(createHookKeyDirectory(storage.workflows)),
      statistics: createStatistics({ statistics: storage.statistics, executions, workflows: storage.workflows, now }),
      installation: {
        settings,
        publicUrl: baseUrl,
        hooksUrl: hooksBaseUrl,
        database: isPostgresUrl(config.databaseUrl) ? 'postgres' : 'sqlite',
      },
      senderAddresses: config.senderAddresses,
    },
    {
      publicUrl: config.publicUrl,
      hooksUrl: config.hooksUrl,
      prefix: config.prefix,
      origins,
      adminAddresses: config.adminAddresses,
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
  return { middleware, handleHook: isWorker ? () => undefined : hooks };
}
