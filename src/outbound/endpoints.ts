// The endpoint service: everything that people do with endpoints.

import { z } from 'zod';
import { createIdSource } from '../engine/id.ts';
import { createKeyedLock } from '../engine/keyed-lock.ts';
import type { Problem } from '../engine/model.ts';
import {
  type Attempt,
  DISABLED_BY_HAND,
  type Endpoint,
  type EndpointConfig,
  endpointConfigSchema,
} from '../engine/outbound-model.ts';
import type { EndpointFilter, EventSink, OutboundStore } from '../engine/outbound-ports.ts';
import type { Bus, ExecutionStore, ExpressionEvaluator, Page, PageRequest, SecretBox } from '../engine/ports.ts';
import { endpointConfigRow, fieldsOf } from '../engine/sealed-places.ts';
import { openWriteOnly } from '../engine/write-only.ts';
import { HooklineError } from '../errors.ts';
import type { Sender } from './delivery/attempt.ts';
import { disable, enable, INITIAL_STATE, type StateEvent, type Transition, unblock } from './delivery/breaker.ts';
import { operationalEvent } from './delivery/operational-event.ts';
import { createProbes, type Verification } from './endpoint-probes.ts';
import {
  findEndpointProblems,
  parseEndpointConfig,
  parseWith,
  problem,
  problemsError,
  secretProblems,
} from './endpoint-problems.ts';
import { readSecrets, rotate, rotationWarnings, withSigningKey } from './endpoint-secrets.ts';
import { type EndpointStats, STATS_WINDOWS, type StatsWindow, toEndpointStats } from './endpoint-stats.ts';
import { type EndpointView, type EndpointWithSecret, toEndpointView } from './endpoint-views.ts';
import { editConfigSecrets, openEndpoint, sealConfig, sealSecrets } from './open-endpoint.ts';
import { PRESETS, presetSchema } from './presets.ts';
import { makeSecret } from './signing/keys.ts';
import { SNIPPET_LANGUAGES, type Snippet, type SnippetLanguage, verifySnippet } from './signing/snippets/verify-snippet.ts';
import { type Catalogue, pinVersions, toCatalogue } from './subscriptions.ts';

export type { EndpointStats, EndpointView, EndpointWithSecret, StatsWindow, Verification };

export interface EndpointServiceOptions {
  readonly store: OutboundStore;
  readonly commit: ExecutionStore['commit'];
  readonly secretBox: SecretBox;
  readonly evaluator: Pick<ExpressionEvaluator, 'check'>;
  /** For tests and verifications. */
  readonly sender: Sender;
  readonly events: EventSink;
  readonly bus: Pick<Bus, 'publish'>;
  /** What is wrong with a URL, as a sentence; see `createUrlProblem`. */
  urlProblem(url: string): string | undefined;
  /** Tells whoever delivers in this process that these endpoints may have something to send. */
  notify(endpointIds: readonly string[]): void;
  /** Told after every change, so that copies in this process are dropped; awaited before the change is answered. */
  onChange(endpointId: string): void | Promise<void>;
  /** Milliseconds since 1970. */
  now(): number;
}

/**
 * Problems are all told at once: `invalid_endpoint` has them as `details.problems`. What has an id is answered with
 * `endpoint_not_found` when there is none, and endpoints of kind `url` cannot be changed (`conflict`): they belong to a node.
 */
export interface EndpointService {
  /**
   * @param input an endpoint's configuration, and `preset`, `secret` (default: a new one), `enabled` (default true)
   * @throws HooklineError `invalid_endpoint`
   */
  create(input: Readonly<Record<string, unknown>>): Promise<EndpointWithSecret>;
  list(filter: EndpointFilter): Promise<Page<EndpointView>>;
  get(id: string): Promise<EndpointView>;
  /**
   * Changes the named settings, and `enabled`. Write-only values that are left out stay; null takes `rateLimit` and `batch` away;
   * event types that `versions` leaves out stay on theirs. Enabling resets the count of failures.
   * @throws HooklineError `invalid_endpoint`
   */
  update(id: string, change: Readonly<Record<string, unknown>>): Promise<EndpointView>;
  /** With its pending deliveries; the log stays until retention. */
  delete(id: string): Promise<void>;
  /** Sends again what was held, slowly. @throws HooklineError `conflict` when it is disabled */
  unblock(id: string): Promise<EndpointView>;
  /**
   * A new secret, and a new key pair while a profile is `standard-v1a`. The ones before sign as well for a time, where a header
   * can hold several signatures; warnings name the profiles whose header cannot.
   * @param options.secret default: a new one
   * @param options.overlapMs default 24 hours, at most 30 days; 0: the ones before are gone at once
   * @throws HooklineError `invalid_endpoint`
   */
  rotateSecret(
    id: string,
    options?: { readonly secret?: string | undefined; readonly overlapMs?: number | undefined },
  ): Promise<EndpointWithSecret>;
  /** @throws HooklineError `event_type_not_found`, `invalid_event` when it has no example, `too_many_requests` */
  test(id: string, options?: { readonly eventType?: string | undefined }): Promise<Attempt>;
  /** Sends one well-signed and one badly signed call. @throws HooklineError `too_many_requests` */
  verify(id: string): Promise<Verification>;
  stats(id: string, window: StatsWindow): Promise<EndpointStats>;
  /** Programs for receivers to verify what they get. @param language default: all */
  snippets(id: string, language?: SnippetLanguage): Promise<Snippet[]>;
  /** Newest first, tests and verifications too. */
  attempts(id: string, page: PageRequest): Promise<Page<Attempt>>;
  /** Sends all failed and expired deliveries accepted since a time again. @returns how many */
  retryFailed(id: string, since: number): Promise<number>;
}

type Change = Partial<Pick<Endpoint, 'config' | 'sealedSecrets' | 'state'>>;

const DEFAULT_OVERLAP_MS = 86_400_000;
export const MAX_OVERLAP_MS = 30 * 86_400_000;

/** What is said when an endpoint is made, beside its configuration. */
export const createExtrasSchema = z.strictObject({
  preset: presetSchema.optional().meta({ description: 'Fills in what is not given for a receiver of this kind.' }),
  secret: z.string().min(1).max(1_000).optional().meta({ description: 'Instead of a new one.' }),
  enabled: z.boolean().default(true),
});

export function createEndpointService(options: EndpointServiceOptions): EndpointService {
  const { store, secretBox, now, bus } = options;
  const lock = createKeyedLock();
  const createId = createIdSource();
  const probes = createProbes({ ...options, open: (endpoint) => openEndpoint(endpoint, secretBox) });
  // A test is bounded by the endpoint's own time limit; nobody calls it off.
  const never = new AbortController().signal;

  async function find(id: string): Promise<Endpoint> {
    const endpoint = await store.endpoints.get(id);
    if (!endpoint) throw notFound(id);
    return endpoint;
  }

  /** One that people may change. */
  async function findOwn(id: string): Promise<Endpoint> {
    const endpoint = await find(id);
    if (endpoint.kind === 'endpoint') return endpoint;
    throw new HooklineError('conflict', `${id} belongs to a node that sends to a URL. Change the node instead.`);
  }

  function show(endpoint: Endpoint, warnings?: readonly Problem[]): EndpointView {
    return toEndpointView(endpoint, secretBox, now(), warnings);
  }

  async function catalogue(): Promise<Catalogue> {
    return toCatalogue(await store.eventTypes.listAll());
  }

  async function changed(id: string): Promise<void> {
    await options.onChange(id);
    await bus.publish({ type: 'endpoint-changed', endpointId: id });
  }

  async function mayDeliver(id: string): Promise<void> {
    options.notify([id]);
    await bus.publish({ type: 'deliveries-added', endpointIds: [id] });
  }

  async function write({ id, updatedAt }: Endpoint, change: Change): Promise<Endpoint> {
    const endpoint = await store.endpoints.update(id, { ...change, updatedAt: Math.max(now(), updatedAt + 1) });
    if (!endpoint) throw notFound(id);
    await changed(id);
    return endpoint;
  }

  /** Workflows may listen for what people do, too. */
  async function emit(endpoint: Endpoint, { type, detail }: StateEvent): Promise<void> {
    const { writes, committed } = await options.events.prepare(operationalEvent(type, endpoint, now(), detail));
    const [first, ...rest] = writes;
    if (first) await options.commit(first, ...rest);
    committed();
  }

  async function enter(endpoint: Endpoint, { state, events }: Transition, change: Change = {}): Promise<Endpoint> {
    const updated = await write(endpoint, { ...change, state });
    for (const event of events) await emit(updated, event);
    if (state.status === 'active') await mayDeliver(endpoint.id);
    return updated;
  }

  /** What is stored, opened; secrets that the present key does not open may be missing where others come instead. */
  function openConfig({ id, config }: Endpoint, replaced: Readonly<Record<string, unknown>>): EndpointConfig {
    return openWriteOnly(config, fieldsOf(secretBox, endpointConfigRow(id)), ([key]) => {
      if (Object.hasOwn(replaced, String(key))) return;
      const message = `The secrets in "${String(key)}" cannot be read with the present key. Bring back the key, or enter them again.`;
      throw new HooklineError('invalid_configuration', message);
    }) as unknown as EndpointConfig;
  }

  return {
    async create(input) {
      const { preset, secret: givenSecret, enabled, ...config } = input;
      const extras = parseWith(createExtrasSchema, defined({ preset, secret: givenSecret, enabled }));
      const filled = extras.value?.preset === undefined ? config : { ...PRESETS[extras.value.preset], ...defined(config) };
      const parsed = parseEndpointConfig(filled);
      const outer = [...extras.problems, ...parsed.problems];
      if (extras.value === undefined || parsed.value === undefined) throw invalid(outer);
      const known = await catalogue();
      const secrets = withSigningKey({ secret: extras.value.secret ?? makeSecret() }, parsed.value.profiles);
      const isNewSecret = extras.value.secret !== undefined;
      refuse([...outer, ...(await findEndpointProblems(parsed.value, secrets, known, options, { isNewSecret }))]);
      const time = now();
      const id = `ep_${createId(time).replaceAll('-', '')}`;
      const endpoint: Endpoint = {
        id,
        kind: 'endpoint',
        config: sealConfig(id, { ...parsed.value, versions: pinVersions(parsed.value, known) }, secretBox),
        sealedSecrets: sealSecrets(id, secrets, secretBox),
        state: extras.value.enabled ? INITIAL_STATE : disable(INITIAL_STATE, time, DISABLED_BY_HAND).state,
        stateSequence: 0,
        createdAt: time,
        updatedAt: time,
      };
      await store.endpoints.insert(endpoint);
      await changed(endpoint.id);
      return { endpoint: show(endpoint), secret: secrets.secret };
    },

    async list(filter) {
      const page = await store.endpoints.list(filter);
      return { items: page.items.map((endpoint) => show(endpoint)), nextCursor: page.nextCursor };
    },

    get: async (id) => show(await find(id)),

    update: (id, change) =>
      lock(id, async () => {
        const endpoint = await findOwn(id);
        const { enabled, ...given } = change;
        const settings = defined(given);
        const switched = parseWith(z.strictObject({ enabled: z.boolean().optional() }), defined({ enabled }));
        const names = Object.keys(settings);
        const updates: Change =
          names.length === 0 ? {} : await editConfig(endpoint, openConfig(endpoint, settings), settings, switched.problems);
        refuse(switched.problems);
        const isEnabled = endpoint.state.status !== 'disabled';
        const wanted = switched.value?.enabled ?? isEnabled;
        if (wanted === isEnabled) return show(names.length === 0 ? endpoint : await write(endpoint, updates));
        const transition = wanted ? enable(endpoint.state, now()) : disable(endpoint.state, now(), DISABLED_BY_HAND);
        return show(await enter(endpoint, transition, updates));
      }),

    delete: (id) =>
      lock(id, async () => {
        await findOwn(id);
        if (!(await store.endpoints.delete(id, now()))) throw notFound(id);
        await changed(id);
      }),

    unblock: (id) =>
      lock(id, async () => {
        const endpoint = await findOwn(id);
        const { status } = endpoint.state;
        if (status === 'disabled') {
          throw new HooklineError('conflict', 'The endpoint is disabled, not blocked. Enable it: change "enabled" to true.');
        }
        return show(status === 'active' ? endpoint : await enter(endpoint, unblock(endpoint.state, now())));
      }),

    rotateSecret: (id, { secret: given, overlapMs = DEFAULT_OVERLAP_MS } = {}) =>
      lock(id, async () => {
        const endpoint = await findOwn(id);
        if (!(overlapMs >= 0 && overlapMs <= MAX_OVERLAP_MS)) {
          throw invalid([problem('overlapMs', 'invalid_value', `must be from 0 to ${MAX_OVERLAP_MS}`)]);
        }
        const { profiles } = endpoint.config;
        const secret = given ?? makeSecret();
        refuse(secretProblems(secret, profiles));
        const before = overlapMs > 0 ? readSecrets(endpoint, secretBox) : undefined;
        const secrets = rotate(secret, before, now() + overlapMs, profiles);
        const updated = await write(endpoint, { sealedSecrets: sealSecrets(id, secrets, secretBox) });
        return { endpoint: show(updated, rotationWarnings(profiles, before !== undefined)), secret };
      }),

    test: async (id, { eventType } = {}) => probes.test(await findOwn(id), eventType, never),
    verify: async (id) => probes.verify(await findOwn(id), never),

    async stats(id, window) {
      const { state } = await find(id);
      const counts = await store.endpoints.counts(id, now() - STATS_WINDOWS[window]);
      return toEndpointStats(window, state.status, counts, now());
    },

    async snippets(id, language) {
      const { config } = await find(id);
      return (language === undefined ? SNIPPET_LANGUAGES : [language]).map((name) => verifySnippet(name, config));
    },

    async attempts(id, page) {
      await find(id);
      return store.attempts.list({ ...page, endpointId: id });
    },

    async retryFailed(id, since) {
      await find(id);
      const count = await store.deliveries.reopenFailed(id, since, now());
      if (count > 0) await mayDeliver(id);
      return count;
    },
  };

  /** @throws HooklineError `invalid_endpoint` */
  async function editConfig(
    endpoint: Endpoint,
    previous: EndpointConfig,
    settings: Readonly<Record<string, unknown>>,
    outer: readonly Problem[],
  ): Promise<Change> {
    const { config: edited, dropped } = editConfigSecrets(settings, previous);
    for (const name of ['rateLimit', 'batch']) if (edited[name] === null) delete edited[name];
    // Only those that are named: the others stay.
    edited.versions = settings.versions ?? {};
    const { value: config, problems: found } = parseEndpointConfig(edited);
    const problems = [
      ...dropped.map((path) => problem(path, 'credential_dropped', DROPPED)),
      ...found.filter(({ path }) => !dropped.includes(path)),
    ];
    if (config === undefined || dropped.length > 0) throw invalid([...outer, ...problems]);
    const known = await catalogue();
    const before = readSecrets(endpoint, secretBox);
    if (before === undefined) {
      const message =
        'The secret of this endpoint cannot be read with the present key. Bring back the key, or rotate the secret first.';
      throw new HooklineError('invalid_configuration', message);
    }
    const secrets = withSigningKey(before, config.profiles);
    refuse([...outer, ...(await findEndpointProblems(config, secrets, known, options, { isNewSecret: false }))]);
    const pinned = { ...config, versions: pinVersions(config, known, previous) };
    const isSame = JSON.stringify(secrets) === JSON.stringify(before);
    return {
      config: sealConfig(endpoint.id, pinned, secretBox),
      ...(isSame ? {} : { sealedSecrets: sealSecrets(endpoint.id, secrets, secretBox) }),
    };
  }
}

const DROPPED =
  'the stored value was entered for another scheme, host or port: enter it again for the new URL, or take the header away';

/** Without what is undefined, which would hide a default. */
function defined(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

function refuse(problems: readonly Problem[]): void {
  if (problems.some(({ severity }) => severity === 'error')) throw invalid(problems);
}

function invalid(problems: readonly Problem[]): HooklineError {
  return problemsError('invalid_endpoint', 'The endpoint', problems);
}

function notFound(id: string): HooklineError {
  return new HooklineError('endpoint_not_found', `There is no endpoint ${id.slice(0, 100)}.`);
}

/** For documentation: what `create` takes. */
export const createEndpointSchema = z.strictObject({ ...endpointConfigSchema.shape, ...createExtrasSchema.shape });
