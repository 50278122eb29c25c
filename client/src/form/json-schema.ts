// Pure: reads JSON Schema (draft 2020-12) as far as zod writes it.

import type { JsonSchema } from '../../../src/engine/registry.ts';

export type { JsonSchema };
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The members of `anyOf`, `oneOf` and the like; what is no schema is left out. */
export function schemaList(value: unknown): JsonSchema[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function schemaAt(schema: JsonSchema, keyword: string): JsonSchema | undefined {
  const value = schema[keyword];
  return isObject(value) ? value : undefined;
}

export function textAt(schema: JsonSchema, keyword: string): string | undefined {
  const value = schema[keyword];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function numberAt(schema: JsonSchema, keyword: string): number | undefined {
  const value = schema[keyword];
  return typeof value === 'number' ? value : undefined;
}

/**
 * A schema with its `$ref` followed and the members of `allOf` taken together; what stands beside a reference, such as a
 * title, wins. A reference that leads nowhere, or round in a circle, describes anything.
 */
export function resolveSchema(schema: JsonSchema, root: JsonSchema): JsonSchema {
  let current = schema;
  const seen = new Set<string>();
  while (typeof current.$ref === 'string') {
    const { $ref: reference, ...beside } = current;
    if (typeof reference !== 'string' || seen.has(reference)) return beside;
    seen.add(reference);
    current = { ...target(reference, root), ...beside };
  }
  if (!Array.isArray(current.allOf)) return current;
  const { allOf, ...beside } = current;
  return [...schemaList(allOf).map((member) => resolveSchema(member, root)), beside].reduce(mergeSchemas, {});
}

function target(reference: string, root: JsonSchema): JsonSchema {
  if (reference === '#') return root;
  if (!reference.startsWith('#/')) return {};
  let place: unknown = root;
  for (const segment of reference.slice(2).split('/')) {
    const name = decodeURIComponent(segment).replaceAll('~1', '/').replaceAll('~0', '~');
    place = isObject(place) && Object.hasOwn(place, name) ? place[name] : undefined;
  }
  return isObject(place) ? place : {};
}

function mergeSchemas(one: JsonSchema, other: JsonSchema): JsonSchema {
  const merged: Record<string, unknown> = { ...one, ...other };
  if (isObject(one.properties) && isObject(other.properties)) merged.properties = { ...one.properties, ...other.properties };
  if (Array.isArray(one.required) && Array.isArray(other.required)) merged.required = [...one.required, ...other.required];
  return merged;
}

/** An object schema's properties, in their order. */
export function propertiesOf(schema: JsonSchema): [string, JsonSchema][] {
  const properties = schemaAt(schema, 'properties');
  if (properties === undefined) return [];
  return Object.entries(properties).filter((entry): entry is [string, JsonSchema] => isObject(entry[1]));
}

export function requiredOf(schema: JsonSchema): ReadonlySet<string> {
  return new Set(Array.isArray(schema.required) ? schema.required.filter((name) => typeof name === 'string') : []);
}
