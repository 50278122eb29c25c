// Pure: values that go in and never come out. Schema fields marked `.meta({ writeOnly: true })` are sealed when stored,
// hidden from replies and exports, kept when an edit leaves them out, taken away by null, and opened only to run. One that is sent
// somewhere is kept only for the place that it was stored for, see `credential-targets.ts`; `isSent: false` marks the others.

import { HooklineError } from '../errors.ts';
import { formatPath, isRecord, type Segment } from './path.ts';
import type { JsonSchema } from './registry.ts';
import { applicable, childOf, childSchemas, createMarkFinder } from './schema-walk.ts';
import type { FieldBox } from './sealed-places.ts';

/** The key of a sealed value's object. Documents from outside may not use it anywhere. */
export const SEALED_KEY = '$sealed';

type Config = Readonly<Record<string, unknown>>;

/** A value as it is stored: `{ "$sealed": "v2.…" }`. */
export function isSealed(value: unknown): value is { [SEALED_KEY]: string } {
  return (
    isRecord(value) &&
    Object.hasOwn(value, SEALED_KEY) &&
    typeof value[SEALED_KEY] === 'string' &&
    Object.keys(value).length === 1
  );
}

/** The form that is stored: every write-only value sealed. */
export function sealWriteOnly(config: Config, schema: JsonSchema, box: FieldBox): Record<string, unknown> {
  if (!hasWriteOnly(schema)) return { ...config };
  return mapObject(config, [schema], schema, (value, _, segments) =>
    isSealed(value) || value === null ? value : { [SEALED_KEY]: box.sealField(JSON.stringify(value), formatPath(segments)) },
  );
}

/**
 * The form that is shown: without write-only values. In a list of secrets each becomes null, so that the others keep
 * their places.
 * @param schema undefined when the type is no longer installed; then what is sealed is hidden
 */
export function hideWriteOnly(config: Config, schema: JsonSchema | undefined): Record<string, unknown> {
  const shown = schema && hasWriteOnly(schema) ? mapObject(config, [schema], schema, () => undefined) : config;
  return replaceSealedIn(shown, () => undefined, []);
}

/** A value with each sealed value inside replaced; undefined leaves it out, in a list null takes its place. */
export function replaceSealed(
  value: unknown,
  replace: (sealed: string, segments: readonly Segment[]) => unknown,
  segments: readonly Segment[] = [],
): unknown {
  if (isSealed(value)) return replace(value[SEALED_KEY], segments);
  if (Array.isArray(value)) return value.map((item, index) => replaceSealed(item, replace, [...segments, index]) ?? null);
  return isRecord(value) ? replaceSealedIn(value, replace, segments) : value;
}

function replaceSealedIn(
  object: Config,
  replace: (sealed: string, segments: readonly Segment[]) => unknown,
  segments: readonly Segment[],
): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  for (const [key, item] of Object.entries(object)) {
    const replaced = replaceSealed(item, replace, [...segments, key]);
    if (replaced !== undefined) entries.push([key, replaced]);
  }
  return Object.fromEntries(entries);
}

/**
 * The form that runs: sealed values opened.
 * @param onUnreadable told the place of a value that cannot be opened, which is then left out; without it that is thrown
 * @throws HooklineError `invalid_configuration` when the key is not the one that a value was sealed with
 */
export function openWriteOnly(
  config: Config,
  box: Pick<FieldBox, 'openField'>,
  onUnreadable?: (segments: readonly Segment[]) => void,
): Record<string, unknown> {
  const open = (sealed: string, segments: readonly Segment[]): unknown => {
    try {
      return JSON.parse(box.openField(sealed, formatPath(segments)));
    } catch (error) {
      if (!onUnreadable || !(error instanceof HooklineError)) throw error;
      onUnreadable(segments);
      return undefined;
    }
  };
  return replaceSealedIn(config, open, []);
}

/**
 * An edit with the write-only values that it leaves out taken from the previous configuration, wherever the object around
 * them still exists; null takes a property away, unless it is a value of its own there. Elements of lists are recognised by
 * equal content, then by their `key`, `id` or `name`, then by their index when the lists are equally long; null as an element
 * is one that stays.
 */
export function keepWriteOnly(next: Config, previous: Config, schema: JsonSchema): Record<string, unknown> {
  return hasWriteOnly(schema) ? keepInObject(next, previous, [schema], schema) : { ...next };
}

/**
 * A configuration without the write-only values that are sent somewhere; those marked `isSent: false`, such as a key that only
 * signs, stay.
 */
export function withoutSent(config: Config, schema: JsonSchema): Record<string, unknown> {
  if (!hasWriteOnly(schema)) return { ...config };
  return mapObject(config, [schema], schema, (value, here) => (isSent(here) ? undefined : value));
}

/**
 * Where a configuration has write-only values, whether opened or sealed; paths below it.
 * @param options.isSent only those that are sent somewhere; default all
 */
export function listWriteOnly(config: Config, schema: JsonSchema, options: { readonly isSent?: boolean } = {}): string[] {
  return findWriteOnly(config, schema, options).map(formatPath);
}

/** The same as lists of segments. */
export function findWriteOnly(
  config: Config,
  schema: JsonSchema,
  options: { readonly isSent?: boolean } = {},
): (readonly Segment[])[] {
  if (!hasWriteOnly(schema)) return [];
  const found: (readonly Segment[])[] = [];
  const visit = (value: unknown, schemas: readonly JsonSchema[], segments: readonly Segment[]): void => {
    if (value === undefined || value === null || schemas.length === 0) return;
    const here = applicable(schemas, schema, value);
    if (isMarked(here)) {
      if (options.isSent !== true || isSent(here)) found.push(segments);
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) visit(item, childSchemas(here, index), [...segments, index]);
    } else if (isRecord(value)) {
      for (const [key, item] of Object.entries(value)) visit(item, childSchemas(here, key), [...segments, key]);
    }
  };
  visit(config, [schema], []);
  return found;
}

/** Whether a value at this place of a configuration, present or not, is write-only. */
export function isWriteOnlyPlace(schema: JsonSchema, config: unknown, segments: readonly Segment[]): boolean {
  if (!hasWriteOnly(schema)) return false;
  let value = config;
  let schemas = applicable([schema], schema, value);
  for (const segment of segments) {
    if (isMarked(schemas)) return true;
    schemas = childSchemas(schemas, segment);
    value = childOf(value, segment);
    schemas = applicable(schemas, schema, value);
  }
  return isMarked(schemas);
}

// --- walking a value along its schema ------------------------------------------------------------------------------------

/** Gives a write-only value's replacement; undefined leaves it out. */
type Replace = (value: unknown, schemas: readonly JsonSchema[], segments: readonly Segment[]) => unknown;

function mapObject(
  object: Config,
  schemas: readonly JsonSchema[],
  root: JsonSchema,
  replace: Replace,
  segments: readonly Segment[] = [],
): Record<string, unknown> {
  const here = applicable(schemas, root, object);
  const entries: [string, unknown][] = [];
  for (const [key, value] of Object.entries(object)) {
    const mapped = mapValue(value, childSchemas(here, key), root, replace, [...segments, key]);
    if (mapped !== undefined) entries.push([key, mapped]);
  }
  return Object.fromEntries(entries);
}

function mapValue(
  value: unknown,
  schemas: readonly JsonSchema[],
  root: JsonSchema,
  replace: Replace,
  segments: readonly Segment[],
): unknown {
  if (schemas.length === 0 || value === undefined) return value;
  const here = applicable(schemas, root, value);
  if (isMarked(here)) return replace(value, here, segments);
  if (Array.isArray(value)) {
    return value.map((item, index) => mapValue(item, childSchemas(here, index), root, replace, [...segments, index]) ?? null);
  }
  return isRecord(value) ? mapObject(value, schemas, root, replace, segments) : value;
}

function keepInObject(next: Config, previous: Config, schemas: readonly JsonSchema[], root: JsonSchema): Record<string, unknown> {
  const here = applicable(schemas, root, next);
  const entries = Object.entries(next).flatMap(([key, value]): [string, unknown][] => {
    const schemasThere = childSchemas(here, key);
    if (value === null) {
      const there = applicable(schemasThere, root, null);
      if (isMarked(there)) return there.some(allowsNull) ? [[key, null]] : [];
    }
    return [[key, keepInValue(value, childOf(previous, key), schemasThere, root)]];
  });
  for (const [key, value] of Object.entries(previous)) {
    if (!Object.hasOwn(next, key) && isMarked(applicable(childSchemas(here, key), root, value))) entries.push([key, value]);
  }
  return Object.fromEntries(entries);
}

function keepInValue(next: unknown, previous: unknown, schemas: readonly JsonSchema[], root: JsonSchema): unknown {
  if (schemas.length === 0) return next;
  const here = applicable(schemas, root, next);
  if (isMarked(here)) return (next === null && previous !== undefined) || next === undefined ? previous : next;
  if (Array.isArray(next)) return keepInArray(next, Array.isArray(previous) ? previous : [], here, root);
  return isRecord(next) ? keepInObject(next, isRecord(previous) ? previous : {}, schemas, root) : next;
}

function keepInArray(
  next: readonly unknown[],
  previous: readonly unknown[],
  here: readonly JsonSchema[],
  root: JsonSchema,
): unknown[] {
  if (childSchemas(here, 0).length === 0) return [...next];
  const left = new Set(previous.keys());
  const partners = new Map<number, number>();
  const pair = (isPartner: (item: unknown, itemIndex: number, other: unknown, otherIndex: number) => boolean) => {
    for (const [index, item] of next.entries()) {
      if (partners.has(index)) continue;
      for (const otherIndex of left) {
        if (!isPartner(item, index, previous[otherIndex], otherIndex)) continue;
        partners.set(index, otherIndex);
        left.delete(otherIndex);
        break;
      }
    }
  };
  const shown = previous.map((item, index) =>
    print(mapValue(item, childSchemas(here, index), root, () => undefined, []) ?? null),
  );
  const nextShown = next.map((item, index) =>
    print(mapValue(item, childSchemas(here, index), root, () => undefined, []) ?? null),
  );
  // Same place and same content first: what was not touched.
  pair((_, index, __, otherIndex) => index === otherIndex && nextShown[index] === shown[otherIndex]);
  pair((_, index, __, otherIndex) => nextShown[index] === shown[otherIndex]);
  pair((item, _, other) => identityOf(item) !== undefined && identityOf(item) === identityOf(other));
  if (next.length === previous.length) {
    pair(
      (item, index, other, otherIndex) =>
        index === otherIndex && (identityOf(item) === undefined || identityOf(other) === undefined),
    );
  }
  return next.map((item, index) => {
    const partner = partners.get(index);
    return keepInValue(item, partner === undefined ? undefined : previous[partner], childSchemas(here, index), root);
  });
}

function print(value: unknown): string {
  return JSON.stringify(value);
}

function identityOf(value: unknown): string | undefined {
  if (!isRecord(value)) return undefined;
  for (const name of ['key', 'id', 'name']) {
    const identity = childOf(value, name);
    if (typeof identity === 'string') return `${name}:${identity}`;
  }
  return undefined;
}

// --- marks of the schema -------------------------------------------------------------------------------------------------

const hasWriteOnly = createMarkFinder('"writeOnly":true');

function isMarked(schemas: readonly JsonSchema[]): boolean {
  return schemas.some((schema) => schema.writeOnly === true);
}

/** What says nothing is sent. */
function isSent(schemas: readonly JsonSchema[]): boolean {
  return schemas.some((schema) => schema.writeOnly === true && schema.isSent !== false);
}

function allowsNull({ type, const: constant }: JsonSchema): boolean {
  return type === 'null' || constant === null || (Array.isArray(type) && type.includes('null'));
}
