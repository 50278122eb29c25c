// Pure: what of a draft is sent to be saved: write-only values that were not typed in stay out, so that what is saved stays.

import type { Document, Node } from '../../../src/engine/model.ts';
import { isRecord } from '../../../src/engine/path.ts';
import type { JsonSchema } from '../../../src/engine/registry.ts';
import type { PluginList } from '../api/workflows.ts';

export interface SaveBody {
  readonly trigger: Document['trigger'];
  readonly nodes: Document['nodes'];
  /** Null takes settings away that were saved before. */
  readonly settings: Document['settings'] | null;
}

/** A form may leave an empty text where a password was never typed; the server takes a missing one for "as it was". */
export function toSaveBody(document: Document, types: PluginList): SaveBody {
  const triggerSchema = types.triggers.find(({ type }) => type === document.trigger.type)?.config;
  return {
    trigger: { ...document.trigger, config: withoutUntyped(document.trigger.config, triggerSchema) },
    nodes: document.nodes.map((node) => toSavedNode(node, types)),
    settings: document.settings ?? null,
  };
}

function toSavedNode(node: Node, types: PluginList): Node {
  const schema = types.nodes.find(({ type }) => type === node.type)?.config;
  const saved: Node = { ...node, config: withoutUntyped(node.config, schema) };
  if (node.branches) {
    saved.branches = Object.fromEntries(
      Object.entries(node.branches).map(([name, list]) => [name, list.map((inner) => toSavedNode(inner, types))]),
    );
  }
  return saved;
}

/** Without empty write-only values at any depth. */
export function withoutUntyped(config: Record<string, unknown>, schema: JsonSchema | undefined): Record<string, unknown> {
  if (schema === undefined || !JSON.stringify(schema).includes('"writeOnly":true')) return config;
  const cleaned = clean(config, [schema], schema);
  return isRecord(cleaned) ? cleaned : config;
}

function clean(value: unknown, schemas: readonly JsonSchema[], root: JsonSchema): unknown {
  const here = schemas.flatMap((schema) => expand(schema, root, 0));
  if (Array.isArray(value)) return value.map((item) => clean(item, here.flatMap(itemsOf), root));
  if (!isRecord(value)) return value;
  const entries: [string, unknown][] = [];
  for (const [name, item] of Object.entries(value)) {
    const children = here.flatMap((schema) => propertyOf(schema, name));
    const isWriteOnly = children.flatMap((schema) => expand(schema, root, 0)).some((schema) => schema.writeOnly === true);
    if (isWriteOnly && (item === '' || item === undefined)) continue;
    entries.push([name, clean(item, children, root)]);
  }
  return Object.fromEntries(entries);
}

const MAX_DEPTH = 20;

/** A schema with what it refers to and its alternatives. */
function expand(schema: JsonSchema, root: JsonSchema, depth: number): JsonSchema[] {
  if (depth > MAX_DEPTH) return [];
  const alternatives = ['anyOf', 'oneOf', 'allOf'].flatMap((word) => schemasIn(schema[word]));
  const target = typeof schema.$ref === 'string' ? follow(schema.$ref, root) : undefined;
  return [schema, ...[...alternatives, ...schemasIn(target ? [target] : [])].flatMap((inner) => expand(inner, root, depth + 1))];
}

function follow(reference: string, root: JsonSchema): JsonSchema | undefined {
  if (!reference.startsWith('#')) return undefined;
  let target: unknown = root;
  for (const step of reference.slice(1).split('/').filter(Boolean)) {
    target = isRecord(target) ? target[decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')] : undefined;
  }
  return isRecord(target) ? target : undefined;
}

function propertyOf(schema: JsonSchema, name: string): JsonSchema[] {
  const { properties, additionalProperties } = schema;
  if (isRecord(properties) && isRecord(properties[name])) return [properties[name]];
  return isRecord(additionalProperties) ? [additionalProperties] : [];
}

function itemsOf(schema: JsonSchema): JsonSchema[] {
  return [...schemasIn(schema.prefixItems), ...(isRecord(schema.items) ? [schema.items] : [])];
}

function schemasIn(value: unknown): JsonSchema[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
