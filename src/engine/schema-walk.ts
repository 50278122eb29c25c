// Pure: walks a JSON value along its JSON Schema, as far as zod writes that.

import { isRecord, type Segment } from './path.ts';
import type { JsonSchema } from './registry.ts';

/** The schemas themselves with everything they refer to or combine, as far as it can apply to this value. */
export function applicable(schemas: readonly JsonSchema[], root: JsonSchema, value: unknown): JsonSchema[] {
  const found = new Set<JsonSchema>();
  const add = (schema: JsonSchema): void => {
    if (found.has(schema)) return;
    found.add(schema);
    if (typeof schema.$ref === 'string') {
      const target = resolveReference(schema.$ref, root);
      if (target) add(target);
    }
    for (const member of schemaList(schema.allOf)) add(member);
    for (const members of [schemaList(schema.anyOf), schemaList(schema.oneOf)]) {
      const fitting = members.filter((member) => mayFit(member, root, value));
      for (const member of fitting.length > 0 ? fitting : members) add(member);
    }
  };
  for (const schema of schemas) add(schema);
  return [...found];
}

/** Whether the constants that tell a union's members apart allow this one. */
function mayFit(schema: JsonSchema, root: JsonSchema, value: unknown): boolean {
  if (!isRecord(value)) return true;
  const target = typeof schema.$ref === 'string' ? resolveReference(schema.$ref, root) : schema;
  if (!isRecord(target?.properties)) return true;
  return Object.entries(target.properties).every(([key, property]) => {
    if (!isRecord(property) || !Object.hasOwn(property, 'const') || !Object.hasOwn(value, key)) return true;
    return value[key] === property.const;
  });
}

/** The schemas of a member of an object or an element of a list; none when they say nothing of it. */
export function childSchemas(schemas: readonly JsonSchema[], segment: Segment): JsonSchema[] {
  return schemas.flatMap((schema) => {
    if (typeof segment === 'number') {
      const ownItem = schemaList(schema.prefixItems)[segment];
      return ownItem ? [ownItem] : isRecord(schema.items) ? [schema.items] : [];
    }
    const property = childOf(schema.properties, segment);
    if (isRecord(property)) return [property];
    return isRecord(schema.additionalProperties) ? [schema.additionalProperties] : [];
  });
}

function resolveReference(reference: string, root: JsonSchema): JsonSchema | undefined {
  if (reference === '#') return root;
  const name = /^#\/\$defs\/(.+)$/.exec(reference)?.[1];
  if (name === undefined) return undefined;
  const target = childOf(root.$defs, decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~'));
  return isRecord(target) ? target : undefined;
}

function schemaList(value: unknown): JsonSchema[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** An own member of an object, or an element of a list. */
export function childOf(value: unknown, segment: Segment): unknown {
  if (Array.isArray(value)) return typeof segment === 'number' ? value[segment] : undefined;
  return isRecord(value) && Object.hasOwn(value, segment) ? value[String(segment)] : undefined;
}

/**
 * Whether a schema has a mark anywhere in it. Remembered by schema: most have none, and their configurations need no walk.
 * @param mark how the mark stands in the JSON of the schema, such as `"writeOnly":true`
 */
export function createMarkFinder(mark: string): (schema: JsonSchema) => boolean {
  const known = new WeakMap<JsonSchema, boolean>();
  return (schema) => {
    let isMarked = known.get(schema);
    if (isMarked === undefined) {
      isMarked = JSON.stringify(schema).includes(mark);
      known.set(schema, isMarked);
    }
    return isMarked;
  };
}
