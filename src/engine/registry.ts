// The node and trigger types that are installed: finds them by name and describes them to designers.

import { z } from 'zod';
import { HooklineError } from '../errors.ts';
import type { Mode } from './model.ts';
import type { AnyNodeType, AnyTriggerType, Plugin } from './plugin.ts';

/** A JSON Schema (draft 2020-12), as zod makes it. */
export type JsonSchema = { readonly [keyword: string]: unknown };

export interface NodeDescription {
  type: string;
  title: string;
  description: string;
  /** Name of the plugin that brought it. */
  plugin: string;
  flow: 'step' | 'branching' | 'ending';
  replies: boolean;
  canWait: boolean;
  /** Whether running it does something outside: sends, calls, starts. */
  hasEffect: boolean;
  modes: Mode[];
  /** Branch names that every node of this type has; null when they depend on the configuration. */
  branches: string[] | null;
  /** Paths inside `config` of strings that are expressions. */
  expressions: string[];
  /** Paths inside `config` of strings that are scripts. */
  scripts: string[];
  /** Whether somebody outside can resume a node of this type while it waits. */
  isResumable: boolean;
  /** JSON Schema of `config`. */
  config: JsonSchema;
}

export interface TriggerDescription {
  type: string;
  title: string;
  description: string;
  /** Name of the plugin that brought it. */
  plugin: string;
  /** JSON Schema of `config`. */
  config: JsonSchema;
}

export interface Registry {
  node(type: string): AnyNodeType | undefined;
  trigger(type: string): AnyTriggerType | undefined;
  /** In the order of the plugins. */
  nodes(): readonly AnyNodeType[];
  triggers(): readonly AnyTriggerType[];
  /** JSON Schema of a node type's configuration, made at the first call; undefined for a type that is not installed. */
  nodeSchema(type: string): JsonSchema | undefined;
  /** The same for a trigger type. */
  triggerSchema(type: string): JsonSchema | undefined;
  /** Everything a designer needs to offer the types and draw their forms. */
  describe(): { nodes: NodeDescription[]; triggers: TriggerDescription[] };
}

const TYPE_NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const MAX_TYPE_NAME_LENGTH = 100;

/** Kinds of zod schema that can describe an object. */
const OBJECT_KINDS: ReadonlySet<string> = new Set([
  'object',
  'record',
  'union',
  'intersection',
  'pipe',
  'lazy',
  'readonly',
  'default',
]);

interface Entry<Type> {
  readonly type: Type;
  readonly plugin: string;
  /** Made when first asked for: most types are never described in a process that only runs. */
  schema: JsonSchema | undefined;
}

/**
 * Collects the types of all plugins.
 * @throws HooklineError `duplicate_plugin` when two plugins bring the same type, naming both; `invalid_configuration` when
 *   a type's name is not kebab-case or its `config` is not a zod object schema
 */
export function createRegistry(plugins: readonly Plugin[]): Registry {
  const nodes = new Map<string, Entry<AnyNodeType>>();
  const triggers = new Map<string, Entry<AnyTriggerType>>();
  for (const plugin of plugins) {
    if (typeof plugin.name !== 'string' || plugin.name === '') {
      throw new HooklineError('invalid_configuration', 'A plugin has no name. Give it one: definePlugin({ name: "…", … }).');
    }
    for (const type of plugin.nodes ?? []) add('node', nodes, type, plugin.name);
    for (const type of plugin.triggers ?? []) add('trigger', triggers, type, plugin.name);
  }

  return {
    node: (type) => nodes.get(type)?.type,
    trigger: (type) => triggers.get(type)?.type,
    nodes: () => Array.from(nodes.values(), ({ type }) => type),
    triggers: () => Array.from(triggers.values(), ({ type }) => type),
    nodeSchema: (type) => schemaOf(nodes.get(type)),
    triggerSchema: (type) => schemaOf(triggers.get(type)),
    describe: () => ({
      nodes: Array.from(nodes.values(), describeNode),
      triggers: Array.from(triggers.values(), (entry) => describeType(entry)),
    }),
  };
}

function add<Type extends AnyNodeType | AnyTriggerType>(
  kind: 'node' | 'trigger',
  entries: Map<string, Entry<Type>>,
  type: Type,
  plugin: string,
): void {
  const name: unknown = type.type;
  if (typeof name !== 'string' || !TYPE_NAME.test(name) || name.length > MAX_TYPE_NAME_LENGTH) {
    throw new HooklineError(
      'invalid_configuration',
      `Plugin "${plugin}": the ${kind} type ${JSON.stringify(name)} must be named in kebab-case, such as "send-mail" (${MAX_TYPE_NAME_LENGTH} letters at most).`,
    );
  }
  const other = entries.get(name);
  if (other) {
    const who =
      other.plugin === plugin
        ? `The plugin "${plugin}" brings it twice`
        : `The plugins "${other.plugin}" and "${plugin}" both bring it`;
    throw new HooklineError('duplicate_plugin', `The ${kind} type "${name}" exists twice. ${who}; remove or rename one.`);
  }
  if (!isObjectSchema(type.config)) {
    throw new HooklineError(
      'invalid_configuration',
      `Plugin "${plugin}": \`config\` of the ${kind} type "${name}" must be a zod 4 schema of an object, such as z.strictObject({ … }).`,
    );
  }
  entries.set(name, { type, plugin, schema: undefined });
}

/** Looks at the shape rather than the class: a plugin may bring its own copy of zod. */
function isObjectSchema(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null || !('_zod' in schema) || !('safeParse' in schema)) return false;
  const { _zod: internals } = schema;
  if (typeof internals !== 'object' || internals === null || !('def' in internals)) return false;
  const { def } = internals;
  return typeof def === 'object' && def !== null && 'type' in def && OBJECT_KINDS.has(String(def.type));
}

function schemaOf(entry: Entry<AnyNodeType | AnyTriggerType> | undefined): JsonSchema | undefined {
  if (!entry) return undefined;
  entry.schema ??= z.toJSONSchema(entry.type.config, { io: 'input', unrepresentable: 'any' });
  return entry.schema;
}

function describeType(entry: Entry<AnyNodeType | AnyTriggerType>): TriggerDescription {
  const { type, plugin } = entry;
  return { type: type.type, title: type.title, description: type.description, plugin, config: schemaOf(entry) ?? {} };
}

function describeNode(entry: Entry<AnyNodeType>): NodeDescription {
  const { type } = entry;
  return {
    ...describeType(entry),
    flow: type.flow ?? 'step',
    replies: type.replies ?? false,
    canWait: type.canWait ?? false,
    hasEffect: hasOutsideEffect(type),
    modes: [...(type.modes ?? (['sync', 'async'] as const))],
    branches: staticBranches(type),
    expressions: [...(type.expressions ?? [])],
    scripts: [...(type.scripts ?? [])],
    isResumable: type.isResumable ?? false,
  };
}

/** Whether running a node of this type does something outside of its execution. */
export function hasOutsideEffect({ hasEffect = false, resultHasEffect = false }: AnyNodeType): boolean {
  return hasEffect || resultHasEffect;
}

function staticBranches(type: AnyNodeType): string[] | null {
  if (!type.branches) return [];
  // A function that declares no parameter cannot look at the configuration.
  return type.branches.length === 0 ? [...type.branches({})] : null;
}
