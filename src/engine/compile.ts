// Compiles a revision once, so that running it does no parsing: templates, schemas, branches and the trigger.

import type { z } from 'zod';
import { HooklineError } from '../errors.ts';
import { createConcealer } from './concealer.ts';
import { createHostGuard, secretNamesIn } from './host-guard.ts';
import type { Document, Node, OnFailure, Retry, Settings, Workflow } from './model.ts';
import { settingsSchema } from './model.ts';
import { isOpenPlace } from './open-places.ts';
import { compilePath, formatPath, type Segment } from './path.ts';
import type { AnyNodeType, EventTrigger, HttpTrigger, Scope, Template, TriggerInstance } from './plugin.ts';
import type { JsonSchema, Registry } from './registry.ts';
import { type LocationRules, readLocationRules } from './reply-location.ts';
import { safeParse } from './safe-parse.ts';
import type { ExtensibleScope } from './scope.ts';
import { findSecretUses, soleSecret } from './secret-names.ts';
import { NO_SECRETS, readSecret, type SecretVault } from './secret-vault.ts';
import { compileTemplate } from './template.ts';
import { expressionPlaces } from './tree.ts';

export interface CompiledNode {
  readonly key: string;
  readonly type: AnyNodeType;
  readonly branches: ReadonlyMap<string, readonly CompiledNode[]>;
  /** Undefined: one try. */
  readonly retry: Retry | undefined;
  readonly onFailure: OnFailure;
  /**
   * The node's configuration with its templates filled in and checked.
   * @throws HooklineError `invalid_config`; `host_not_allowed`, `secret_not_allowed_here` when credentials would go astray
   */
  config(scope: ExtensibleScope): unknown;
  /** A result without the secrets that may be sent to certain hosts only: a receiver may send back what it was sent. */
  withoutSecrets(output: unknown, scope: ExtensibleScope): unknown;
  /** Where the `Location` of its reply may lead; undefined when it makes none from its configuration. */
  readonly locations: LocationRules | undefined;
}

/** A revision that is ready to run. */
export interface CompiledWorkflow {
  readonly workflow: Workflow;
  readonly revision: number;
  readonly trigger: TriggerInstance;
  /** Where the `Location` of the trigger's own reply may lead. */
  readonly locations?: LocationRules | undefined;
  readonly nodes: readonly CompiledNode[];
  readonly settings: Settings;
  /** Gives the text that tells lanes of the workflow apart; undefined when it has one lane, or no limit. */
  readonly laneKey: Template | undefined;
  /** Nodes that can be resumed over HTTP, with the keys of the nodes around each. */
  readonly resumables: readonly Resumable[];
  /** Whether the revision was marked as executed in storage when it was read. */
  readonly executed: boolean;
  /** The secrets that its document names; undefined when it uses none. */
  readonly secrets: ReadonlySet<string> | undefined;
}

export interface Resumable {
  readonly key: string;
  readonly around: ReadonlySet<string>;
}

/** Whether a trigger is called over HTTP. */
export function isHttpTrigger(trigger: TriggerInstance): trigger is HttpTrigger {
  return 'parse' in trigger;
}

/** Whether a trigger runs on what happens inside Hookline. */
export function isEventTrigger(trigger: TriggerInstance): trigger is EventTrigger {
  return 'hears' in trigger;
}

/**
 * @param document with its write-only values opened
 * @throws HooklineError `unknown_type` when a type is no longer installed, `invalid_config` when a stored value no longer fits
 */
export function compileWorkflow(
  workflow: Workflow,
  revision: { readonly revision: number; readonly executed: boolean },
  document: Document,
  registry: Registry,
  vault: Pick<SecretVault, 'current'> = NO_SECRETS,
): CompiledWorkflow {
  const triggerType = registry.trigger(document.trigger.type);
  if (!triggerType) throw unknownType('trigger', document.trigger.type);
  const nodes = document.nodes.map((node) => compileNode(node, registry));
  const settings = settingsSchema.parse(document.settings ?? {});
  const { key } = settings.concurrency ?? {};
  const tools = {
    template: (value: unknown): Template => compileTemplate(value),
    secret: (text: string) => secretReader(text, vault),
  };
  return {
    workflow,
    revision: revision.revision,
    executed: revision.executed,
    secrets: secretsOf(document),
    trigger: triggerType.create(parse(triggerType.config, document.trigger.config, 'The trigger'), tools),
    locations: readLocationRules(document.trigger.config.response),
    nodes,
    settings,
    laneKey: key === undefined ? undefined : compileTemplate(key),
    resumables: findResumables(nodes, new Set()),
  };
}

function secretsOf(document: Document): ReadonlySet<string> | undefined {
  const uses = findSecretUses(document);
  return uses.length === 0 ? undefined : new Set(uses.flatMap(({ use }) => [...use.names]));
}

function secretReader(text: string, vault: Pick<SecretVault, 'current'>): () => string {
  const name = soleSecret(text);
  return name === undefined ? () => text : () => readSecret(vault.current().values, name);
}

function findResumables(nodes: readonly CompiledNode[], around: ReadonlySet<string>): Resumable[] {
  return nodes.flatMap(({ key, type, branches }) => [
    ...(type.isResumable ? [{ key, around }] : []),
    ...[...branches.values()].flatMap((children) => findResumables(children, new Set([...around, key]))),
  ]);
}

/** @throws HooklineError `unknown_type`, `invalid_config` */
export function compileNode(node: Node, registry: Registry): CompiledNode {
  const type = registry.node(node.type);
  if (!type) throw unknownType('node', node.type);
  const branches = new Map<string, readonly CompiledNode[]>();
  for (const [name, nodes] of Object.entries(node.branches ?? {})) {
    branches.set(
      name,
      nodes.map((child) => compileNode(child, registry)),
    );
  }
  const { key, retry, onFailure = 'stop' } = node;
  const names = type.sendsToTargetOnly === true ? secretNamesIn(node.config) : NO_NAMES;
  return {
    key,
    type,
    branches,
    retry,
    onFailure,
    config: guarded(node, compileConfig(node, type), names, registry.nodeSchema(node.type)),
    withoutSecrets: (output, scope) => (names.size === 0 ? output : withoutConfined(output, names, scope)),
    locations: type.replies ? readLocationRules(node.config) : undefined,
  };
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** @param names of the secrets that the node names and that may be among those with allowed hosts */
function guarded(
  node: Node,
  render: (scope: Scope) => unknown,
  names: ReadonlySet<string>,
  schema: JsonSchema | undefined,
): CompiledNode['config'] {
  const guard = schema && createHostGuard(node, schema);
  if (guard === undefined) return render;
  return (scope) => {
    const config = render(names.size === 0 ? scope : scope.sending());
    guard(config, scope);
    return config;
  };
}

function withoutConfined(output: unknown, names: ReadonlySet<string>, { concealer, secretHosts }: ExtensibleScope): unknown {
  const confined = concealer?.secrets.filter(([name]) => names.has(name) && secretHosts.has(name)) ?? [];
  return confined.length === 0 ? output : createConcealer(confined).value(output);
}

function compileConfig(node: Node, type: AnyNodeType): (scope: Scope) => unknown {
  const expressions = new Set(expressionPlaces(node.config, [...(type.expressions ?? []), ...(type.scripts ?? [])]));
  const options = { isVerbatim: (segments: readonly Segment[]) => expressions.has(formatPath(segments)) };
  const template = compileTemplate(node.config, options);
  const places = template.references.map(({ at }) => (at === '' ? [] : compilePath(at).segments));
  if (places.every((place) => isOpenPlace(type.config, node.config, place))) {
    // Whatever is filled in, it fits: what is around it is checked once, here.
    const checked = compileTemplate(parse(type.config, node.config, `Node "${node.key}"`), options);
    return checked.render;
  }
  return (scope) => parse(type.config, template.render(scope), `Node "${node.key}"`);
}

function parse<Config>(schema: z.ZodType<Config>, config: unknown, owner: string): Config {
  const result = safeParse(schema, config);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const place = issue && issue.path.length > 0 ? `config.${issue.path.join('.')}` : 'config';
  throw new HooklineError('invalid_config', `${owner}, ${place}: ${issue?.message ?? 'does not fit its type'}`);
}

function unknownType(kind: 'node' | 'trigger', type: string): HooklineError {
  return new HooklineError(
    'unknown_type',
    `The ${kind} type "${type}" is not installed. Install its plugin or change the workflow.`,
  );
}
