// Pure: a configuration with one thing changed. What was given is never touched; what did not change stays the same object.

import { fieldOf } from './field-kind.ts';
import { isObject, type JsonObject, type JsonSchema, numberAt, propertiesOf, requiredOf, schemaAt } from './json-schema.ts';

/** An object with one property set; undefined removes it. A known property keeps its place. */
export function setProperty(object: JsonObject, name: string, value: unknown): Record<string, unknown> {
  if (value === undefined) return removeProperty(object, name);
  const entries = Object.entries(object).map(([key, old]): [string, unknown] => [key, key === name ? value : old]);
  // Never by assignment: `__proto__` would be no property.
  return Object.fromEntries(Object.hasOwn(object, name) ? entries : [...entries, [name, value]]);
}

export function removeProperty(object: JsonObject, name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
}

/** A property under another name, at its place. A name that is taken changes nothing. */
export function renameProperty(object: JsonObject, name: string, next: string): Record<string, unknown> {
  if (Object.hasOwn(object, next)) return { ...object };
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key === name ? next : key, value]));
}

export function setItem(list: readonly unknown[], index: number, value: unknown): unknown[] {
  // A list has no holes: what is cleared is null.
  return list.map((item, at) => (at === index ? (value ?? null) : item));
}

export function removeItem<Item>(list: readonly Item[], index: number): Item[] {
  return list.filter((_, at) => at !== index);
}

/** @param to the index that the item has afterwards; outside of the list nothing changes */
export function moveItem<Item>(list: readonly Item[], from: number, to: number): Item[] {
  if (to < 0 || to >= list.length) return [...list];
  const moved = [...list];
  moved.splice(to, 0, ...moved.splice(from, 1));
  return moved;
}

/** Deeper than any schema of zod needs; a schema that requires itself ends here. */
const MAX_DEPTH = 8;

/**
 * What a new value begins with: constants, and what is required around them. Undefined where somebody has to say something.
 */
export function initialValue(schema: JsonSchema, root: JsonSchema, name = '', depth = 0): unknown {
  const field = fieldOf(schema, root, name);
  const { kind } = field;
  switch (kind.kind) {
    case 'constant':
      return kind.value;
    case 'group':
      return depth > MAX_DEPTH ? {} : initialObject(field.schema, root, depth);
    case 'variants': {
      const [first] = kind.variants;
      return first === undefined ? {} : initialVariant(kind.tag, first, root, depth);
    }
    case 'record':
      return {};
    case 'table':
    case 'cards':
    case 'tags': {
      const least = numberAt(field.schema, 'minItems') ?? 0;
      const first = least > 0 && kind.kind !== 'tags' && depth <= MAX_DEPTH ? initialItem(kind.item, root, depth + 1) : undefined;
      return first === undefined ? [] : [first];
    }
    default:
      return undefined;
  }
}

/** A new member of a list. */
export function initialItem(item: JsonSchema, root: JsonSchema, depth = 0): unknown {
  const initial = initialValue(item, root, '', depth);
  if (initial !== undefined) return initial;
  const { kind } = fieldOf(item, root);
  if (kind.kind === 'number') return kind.minimum ?? 0;
  if (kind.kind === 'switch') return false;
  if (kind.kind === 'choice') return kind.options[0] ?? null;
  return kind.kind === 'text' ? '' : null;
}

function initialObject(schema: JsonSchema, root: JsonSchema, depth: number): Record<string, unknown> {
  const required = requiredOf(schema);
  const entries: [string, unknown][] = [];
  for (const [name, property] of propertiesOf(schema)) {
    const value = required.has(name) ? initialValue(property, root, name, depth + 1) : undefined;
    if (value !== undefined) entries.push([name, value]);
  }
  return Object.fromEntries(entries);
}

export function initialVariant(
  tag: string,
  variant: { readonly value: unknown; readonly schema: JsonSchema },
  root: JsonSchema,
  depth = 0,
): Record<string, unknown> {
  const { [tag]: _, ...rest } = depth > MAX_DEPTH ? {} : initialObject(variant.schema, root, depth);
  return { [tag]: variant.value, ...rest };
}

/** Another variant: what both know is kept, what the new one needs is added. */
export function changeVariant(
  current: unknown,
  tag: string,
  variant: { readonly value: unknown; readonly schema: JsonSchema },
  root: JsonSchema,
): Record<string, unknown> {
  const known = schemaAt(variant.schema, 'properties') ?? {};
  const initial = initialVariant(tag, variant, root);
  if (!isObject(current)) return initial;
  const kept = Object.entries(current).filter(([name, value]) => {
    const property = known[name];
    // The same name may hold something else there.
    return name !== tag && isObject(property) && keeps(property, root, name, value);
  });
  return { ...initial, ...Object.fromEntries(kept) };
}

function keeps(schema: JsonSchema, root: JsonSchema, name: string, value: unknown): boolean {
  const { kind } = fieldOf(schema, root, name);
  if (kind.kind === 'any') return true;
  if (kind.kind === 'text') return typeof value === 'string';
  return (kind.kind === 'number' && typeof value === 'number') || (kind.kind === 'switch' && typeof value === 'boolean');
}

/** An object with the constants that it must have. */
export function withConstants(object: Record<string, unknown>, schema: JsonSchema, root: JsonSchema): Record<string, unknown> {
  const required = requiredOf(schema);
  const missing = propertiesOf(schema).flatMap(([name, property]): [string, unknown][] => {
    if (!required.has(name) || Object.hasOwn(object, name)) return [];
    const { kind } = fieldOf(property, root, name);
    return kind.kind === 'constant' ? [[name, kind.value]] : [];
  });
  return missing.length === 0 ? object : { ...Object.fromEntries(missing), ...object };
}
