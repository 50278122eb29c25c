// Makes the services over what was opened: access, secrets, workflows, outbound, the engine, and the trying of drafts.

import { SEALING } from '../../migrations/0013-sealing.ts';
import { type Access, createAccess } from '../access/access.ts';
import { createPasswords } from '../access/passwords.ts';
import { ALLOWED_HOSTS_SINCE } from '../engine/allowed-hosts.ts';
import { auditSigner } from '../engine/audit-scope.ts';
import { evaluateDraft } from '../engine/drafts.ts';
import { createEngine, type Engine } from '../engine/engine.ts';
import { createInstallationSettings, type InstallationSettings } from '../engine/installation-settings.ts';
import { learn } from '../engine/learned.ts';
import { listLiveDocuments } from '../engine/live-documents.ts';
import type { SecretBox } from '../engine/ports.ts';
import { createResumeTokens, type ResumeTokens } from '../engine/resume-token.ts';
import { createNodeTests } from '../engine/test-node.ts';
import { createWorkflowService, type WorkflowService } from '../engine/workflows.ts';
import { createTokenVerifier, type TokenVerifier } from '../http/admin-token.ts';
import { createMetrics, type Metrics } from '../http/metrics.ts';
import type { Drafts } from '../http/route.ts';
import { createUrlProblem } from '../outbound/endpoint-url.ts';
import { createOutbound, type Outbound } from '../outbound/outbound.ts';
import { checkSecretKey } from '../secrets/key-check.ts';
import { createSecretBox } from '../secrets/secret-box.ts';
import { findSecretUsers } from '../secrets/secret-users.ts';
import { createSecretService, type SecretService } from '../secrets/secrets.ts';
import { isPostgresUrl } from '../storage/postgres-url.ts';
import type { Resources } from './resources.ts';
import { type Setup, USER_AGENT } from './setup.ts';

export interface WiredServices {
  readonly tokens: TokenVerifier;
  /** The admin token that the very first start made. */
  readonly generatedAdminToken: string | undefined;
  readonly settings: InstallationSettings;
  readonly resumeTokens: ResumeTokens;
  readonly access: Access;
  readonly secrets: SecretService;
  readonly workflows: WorkflowService;
  readonly metrics: Metrics;
  readonly outbound: Outbound;
  readonly engine: Engine;
  readonly drafts: Drafts;
}

/** Nothing runs yet. @throws HooklineError `invalid_configuration`, `storage_unavailable` */
export async function makeServices(setup: Setup, resources: Resources): Promise<WiredServices> {
  const { config, registry, log, baseUrl, now } = setup;
  const { storage, bus, evaluator, counters } = resources;
  const { verifier: tokens, generated } = await createTokenVerifier({
    adminToken: config.adminToken,
    settings: storage.settings,
    mayGenerate: config.role !== 'worker',
  });
  const secretBox = createSecretBox(resources.keys, { writesBound: () => resources.everyProcessKnows(SEALING) });
  await checkSecretKey(secretBox, storage.settings, {
    // One that was lost shall not stop everything else; on a shared database it is more likely another machine's.
    onOtherKey: isPostgresUrl(config.databaseUrl) ? 'refuse' : 'replace',
    log,
  });
  const settings = createInstallationSettings(storage.settings, {
    executions: config.retention,
    messagesMs: config.messageRetention,
  });
  const passwords = createPasswords({ ln: config.passwordCost });
  const access = createAccess({
    ...{ store: storage.access, passwords, baseUrl, now, log, counters },
    sign: auditSigner(secretBox),
    box: secretBox,
    isSecondFactorRequired: () => settings.isSecondFactorRequired(),
    onNotice: (userId) => resources.changes.notice(userId),
    // Its migration came with that of the sealing, which has the effect `format`.
    isSecondFactorAskedEverywhere: () => resources.everyProcessKnows(SEALING),
    onAccessChange() {
      resources.streams.recheck();
      void bus.publish({ type: 'access-changed' });
    },
  });
  const secrets = createSecretService({
    store: storage.secrets,
    secretBox,
    bus,
    log,
    now,
    knowsHosts: () => resources.everyProcessKnows(ALLOWED_HOSTS_SINCE),
    users: () => findSecretUsers(listLiveDocuments({ store: storage.workflows, registry, secretBox })),
  });
  await secrets.vault.refresh();
  const resumeTokens = createResumeTokens(secretBox);
  const kernel = makeKernel(setup, resources, { secretBox, secrets, resumeTokens });
  const { workflows, engine, outbound } = kernel;
  const drafting = { evaluator, vault: secrets.vault, registry, documents: workflows, now };
  const drafts: Drafts = {
    evaluate: (draft, rights) => evaluateDraft(draft, drafting, rights),
    testNode: createNodeTests({
      ...drafting,
      engine,
      fetch: resources.outgoing.fetch,
      send: (event, concealer) => outbound.messages.send(event, concealer),
    }),
    learn: (workflowId, rights) =>
      learn(workflowId, { ...drafting, executions: storage.executions, samples: storage.samples }, rights),
  };
  return { tokens, generatedAdminToken: generated, settings, resumeTokens, access, secrets, ...kernel, drafts };
}

/** What is made together, since each needs the others. */
function makeKernel(
  { config, registry, log, hooksBaseUrl, now }: Setup,
  { storage, queue, bus, changes, captures, outgoing, evaluator, everyProcessKnows }: Resources,
  { secretBox, secrets, resumeTokens }: Pick<WiredServices, 'secrets' | 'resumeTokens'> & { readonly secretBox: SecretBox },
): Pick<WiredServices, 'workflows' | 'metrics' | 'outbound' | 'engine'> {
  const { executions } = storage;
  const workflows = createWorkflowService({
    storage,
    registry,
    evaluator,
    secretBox,
    vault: secrets.vault,
    isKnownToAll: everyProcessKnows,
    now,
    async onChange(workflowId) {
      await engine.refresh(workflowId);
      changes.workflow(workflowId);
    },
  });
  const metrics = createMetrics({
    stats: () => engine.stats(),
    executions,
    outbound: storage.outbound,
    unreadableRows: () => storage.unreadableRows(),
    now,
    log,
  });
  const outbound = createOutbound({
    store: storage.outbound,
    commit: (...unit) => executions.commit(...unit),
    secretBox,
    evaluator,
    fetch: outgoing.fetch,
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
  const engine = createEngine({
    storage,
    queue,
    bus,
    fetch: metrics.countRequests(outgoing.fetch),
    publisher: outbound.publisher,
    resumeUrl: (target) => `${hooksBaseUrl}/resume/${resumeTokens.make(target)}`,
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
  return { workflows, metrics, outbound, engine };
}
