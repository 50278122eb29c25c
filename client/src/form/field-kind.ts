// Pure: how a schema is drawn. Everything that looks at the shape of a schema to choose an input is here.

import {
  isObject,
  type JsonSchema,
  numberAt,
  propertiesOf,
  requiredOf,
  resolveSchema,
  schemaAt,
  schemaList,
  textAt,
} from './json-schema.ts';

/** What a number counts, which its name tells: `timeoutMs`, `maxBodyBytes`, `memoryMb`. */
export type NumberUnit = 'duration' | 'size' | 'megabytes';

export interface TextKind {
  readonly kind: 'text';
  readonly isMultiline: boolean;
  /** A value that goes in and never comes out. */
  readonly isSecret: boolean;
  readonly format: string | undefined;
  /** What is typed and is a number becomes one. */
  readonly asNumber: boolean;
  /** Stored values that are shown as text although they are none. */
  readonly alsoScalars: boolean;
}

export interface NumberKind {
  readonly kind: 'number';
  readonly isInteger: boolean;
  readonly unit: NumberUnit | undefined;
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
}

export interface Variant {
  /** The constant of the tag. */
  readonly value: string | number | boolean;
  readonly schema: JsonSchema;
}

export interface Alternative {
  /** A name for its texts: the constant's value, or the kind of value. */
  readonly name: string;
  readonly schema: JsonSchema;
}

export type FieldKind =
  | { readonly kind: 'constant'; readonly value: unknown }
  | { readonly kind: 'choice'; readonly options: readonly (string | number | boolean | null)[] }
  | { readonly kind: 'switch' }
  | NumberKind
  | TextKind
  /** Groups of comparisons. */
  | { readonly kind: 'test' }
  /** The same or, in other languages, an expression. */
  | { readonly kind: 'test-or-text' }
  | { readonly kind: 'group' }
  | { readonly kind: 'table'; readonly item: JsonSchema }
  | { readonly kind: 'cards'; readonly item: JsonSchema }
  | {
      readonly kind: 'tags';
      readonly item: JsonSchema;
      readonly ofNumbers: boolean;
      readonly options: readonly string[] | undefined;
    }
  | { readonly kind: 'record'; readonly item: JsonSchema }
  | { readonly kind: 'variants'; readonly tag: string; readonly variants: readonly Variant[] }
  | { readonly kind: 'alternatives'; readonly alternatives: readonly Alternative[] }
  | { readonly kind: 'any' }
  /** No value fits. */
  | { readonly kind: 'nothing' };

export interface Field {
  readonly kind: FieldKind;
  /** References followed, `null` taken out of the alternatives. */
  readonly schema: JsonSchema;
  /** `null` is a value of its own. */
  readonly isNullable: boolean;
}

/** Longest text that has room on one line. */
const SHORT = 500;
/** Texts that may be long and are no prose. */
const ONE_LINE = /(url|uri|path|name|header|key|token|secret|password|value)$/i;
/** Most columns of a table beside the form's labels. */
const MAX_COLUMNS = 2;

/** @param name of the property: it tells the unit of a number */
export function fieldOf(schema: JsonSchema, root: JsonSchema, name = ''): Field {
  const resolved = resolveSchema(schema, root);
  const { schema: real, isNullable } = withoutNull(resolved, root);
  return { kind: kindOf(real, root, name), schema: real, isNullable };
}

function kindOf(schema: JsonSchema, root: JsonSchema, name: string): FieldKind {
  if (isObject(schema.not) && Object.keys(schema.not).length === 0) return { kind: 'nothing' };
  if ('const' in schema) return { kind: 'constant', value: schema.const };
  if (Array.isArray(schema.enum)) return { kind: 'choice', options: schema.enum.filter(isScalar) };
  const members = [...schemaList(schema.anyOf), ...schemaList(schema.oneOf)].map((member) => resolveSchema(member, root));
  if (members.length > 0) return kindOfUnion(members, schema, root, name);
  if (Array.isArray(schema.type)) return kindOfTypes(schema.type, schema, root, name);
  switch (schema.type) {
    case 'boolean':
      return { kind: 'switch' };
    case 'integer':
    case 'number':
      return numberKind(schema, name);
    case 'string':
      return textKind(schema, name);
    case 'array':
      return kindOfList(schema, root, name);
    case 'object':
      return kindOfObject(schema, root);
    case 'null':
      return { kind: 'constant', value: null };
    default:
      return isObject(schema.properties) ? kindOfObject(schema, root) : { kind: 'any' };
  }
}

function isScalar(value: unknown): value is string | number | boolean | null {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function numberKind(schema: JsonSchema, name: string): NumberKind {
  const bound = (inclusive: string, exclusive: string, step: number): number | undefined => {
    const beyond = numberAt(schema, exclusive);
    const value = numberAt(schema, inclusive) ?? (beyond !== undefined && schema.type === 'integer' ? beyond + step : beyond);
    // What every whole number has is not worth saying.
    return value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value;
  };
  return {
    kind: 'number',
    isInteger: schema.type === 'integer',
    unit: unitOf(name),
    minimum: bound('minimum', 'exclusiveMinimum', 1),
    maximum: bound('maximum', 'exclusiveMaximum', -1),
  };
}

function unitOf(name: string): NumberUnit | undefined {
  if (/(^ms|Ms)$/.test(name)) return 'duration';
  if (/(^bytes|Bytes)$/.test(name)) return 'size';
  return /(^mb|Mb)$/.test(name) ? 'megabytes' : undefined;
}

function textKind(schema: JsonSchema, name: string, scalars: Partial<TextKind> = {}): TextKind {
  const longest = numberAt(schema, 'maxLength');
  const isProse = schema.pattern === undefined && schema.format === undefined && !ONE_LINE.test(name);
  return {
    kind: 'text',
    isMultiline: typeof schema.multiline === 'boolean' ? schema.multiline : isProse && longest !== undefined && longest > SHORT,
    isSecret: schema.writeOnly === true,
    format: textAt(schema, 'format'),
    asNumber: false,
    alsoScalars: false,
    ...scalars,
  };
}

/** `{ type: ["string", "number"] }`: how zod writes a union of plain scalars. */
function kindOfTypes(types: readonly unknown[], schema: JsonSchema, root: JsonSchema, name: string): FieldKind {
  const members = types.map((type): JsonSchema => ({ ...schema, type, title: undefined, description: undefined }));
  const [only] = members;
  return members.length === 1 && only !== undefined ? kindOf(only, root, name) : kindOfUnion(members, schema, root, name);
}

const SCALARS: ReadonlySet<unknown> = new Set(['string', 'number', 'integer', 'boolean', 'null']);

function kindOfUnion(members: readonly JsonSchema[], schema: JsonSchema, root: JsonSchema, name: string): FieldKind {
  const [first] = members;
  if (members.length === 1 && first !== undefined) return kindOf(first, root, name);
  const constants = members.flatMap((member) => ('const' in member ? [member.const] : []));
  if (constants.length === members.length) return { kind: 'choice', options: constants.filter(isScalar) };
  if (members.every((member) => SCALARS.has(member.type) && !('const' in member) && !('enum' in member))) {
    const scalar = kindOfScalars(members, schema, name);
    if (scalar !== undefined) return scalar;
  }
  const variants = variantsOf(members);
  if (variants !== undefined) return variants;
  const other = members.find((member) => !isTest(member, root));
  if (members.length === 2 && members.some((member) => isTest(member, root)) && other?.type === 'string') {
    return { kind: 'test-or-text' };
  }
  return { kind: 'alternatives', alternatives: nameAlternatives(members) };
}

function kindOfScalars(members: readonly JsonSchema[], schema: JsonSchema, name: string): TextKind | undefined {
  const text = members.find((member) => member.type === 'string');
  const hasNumber = members.some((member) => member.type === 'number' || member.type === 'integer');
  if (text === undefined || !hasNumber) return undefined;
  // With yes/no or nothing beside it, it is any text: "007" stays what it is.
  const isAnyText = members.some((member) => member.type === 'boolean' || member.type === 'null');
  return textKind({ ...schema, ...text }, name, { asNumber: !isAnyText, alsoScalars: true, isMultiline: false });
}

/** Objects that a constant tells apart. */
function variantsOf(members: readonly JsonSchema[]): FieldKind | undefined {
  const [first] = members;
  if (first === undefined || !members.every((member) => isObject(member.properties))) return undefined;
  for (const [tag] of propertiesOf(first)) {
    const variants = members.flatMap((member): Variant[] => {
      const property = schemaAt(member, 'properties')?.[tag];
      if (!isObject(property)) return [];
      const values = 'const' in property ? [property.const] : Array.isArray(property.enum) ? property.enum : [];
      return values
        .filter((value) => isScalar(value) && value !== null)
        .map((value) => ({ value: value as Variant['value'], schema: member }));
    });
    const isComplete = members.every((member) => variants.some((variant) => variant.schema === member));
    if (isComplete && new Set(variants.map(({ value }) => value)).size === variants.length) {
      return { kind: 'variants', tag, variants };
    }
  }
  return undefined;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  integer: 'number',
  boolean: 'switch',
  array: 'list',
  object: 'object',
  null: 'nothing',
};

function nameAlternatives(members: readonly JsonSchema[]): Alternative[] {
  return members.map((schema) => {
    if ('const' in schema) return { name: String(schema.const), schema };
    return { name: (typeof schema.type === 'string' && TYPE_NAMES[schema.type]) || 'any', schema };
  });
}

function kindOfList(schema: JsonSchema, root: JsonSchema, name: string): FieldKind {
  const item = schemaAt(schema, 'items');
  if (item === undefined) return { kind: 'any' };
  // A list of lists may be one of itself: no deeper look.
  if (resolveSchema(item, root).type === 'array') return { kind: 'cards', item };
  const inner = fieldOf(item, root, name);
  if (inner.isNullable) return { kind: 'cards', item };
  switch (inner.kind.kind) {
    case 'choice': {
      const { options } = inner.kind;
      const texts = options.filter((option) => typeof option === 'string');
      return texts.length === options.length ? { kind: 'tags', item, ofNumbers: false, options: texts } : { kind: 'cards', item };
    }
    case 'text':
      return inner.kind.isSecret || inner.kind.isMultiline
        ? { kind: 'cards', item }
        : { kind: 'tags', item, ofNumbers: false, options: undefined };
    case 'number':
      return inner.kind.unit === undefined
        ? { kind: 'tags', item, ofNumbers: true, options: undefined }
        : { kind: 'cards', item };
    case 'group':
      return isFlat(inner.schema, root) ? { kind: 'table', item } : { kind: 'cards', item };
    default:
      return { kind: 'cards', item };
  }
}

/** Few short texts, such as a header's name and value. */
function isFlat(schema: JsonSchema, root: JsonSchema): boolean {
  const properties = propertiesOf(schema);
  if (properties.length === 0 || properties.length > MAX_COLUMNS || isObject(schema.additionalProperties)) return false;
  return properties.every(([name, property]) => {
    const { schema: real } = withoutNull(resolveSchema(property, root), root);
    // A tree's children would lead back here.
    if (real.type === 'array' || real.type === 'object') return false;
    const { kind } = fieldOf(property, root, name);
    return kind.kind === 'text' && !kind.isMultiline;
  });
}

function kindOfObject(schema: JsonSchema, root: JsonSchema): FieldKind {
  if (isTest(schema, root)) return { kind: 'test' };
  if (propertiesOf(schema).length > 0) return { kind: 'group' };
  const item = schemaAt(schema, 'additionalProperties');
  if (item !== undefined) return { kind: 'record', item };
  return schema.additionalProperties === false ? { kind: 'group' } : { kind: 'any' };
}

/** Groups `all` and `any` of `{ left, operator, right }`, whatever they are called. */
export function isTest(schema: JsonSchema, root: JsonSchema): boolean {
  const group = resolveSchema(schema, root);
  const names = propertiesOf(group).map(([name]) => name);
  if (names.length !== 2 || !names.includes('all') || !names.includes('any') || requiredOf(group).size > 0) return false;
  return propertiesOf(group).every(([, list]) => {
    const item = schemaAt(resolveSchema(list, root), 'items');
    if (item === undefined) return false;
    const term = schemaAt(resolveSchema(item, root), 'properties');
    return term !== undefined && 'left' in term && 'right' in term && isObject(term.operator) && 'all' in term && 'any' in term;
  });
}

/** A union of one is that one; `null` beside others is taken out of them. */
function withoutNull(schema: JsonSchema, root: JsonSchema): { schema: JsonSchema; isNullable: boolean } {
  if (Array.isArray(schema.type) && schema.type.length === 2 && schema.type.includes('null')) {
    return { schema: { ...schema, type: schema.type.find((type) => type !== 'null') }, isNullable: true };
  }
  for (const keyword of ['anyOf', 'oneOf']) {
    const members = schemaList(schema[keyword]).map((member) => resolveSchema(member, root));
    const rest = members.filter((member) => member.type !== 'null');
    const isNullable = rest.length < members.length;
    const { [keyword]: _, ...beside } = schema;
    const [only] = rest;
    if (rest.length === 1 && only !== undefined) return { schema: { ...only, ...beside }, isNullable };
    // A text, a number or nothing is one kind of field; see `kindOfScalars`.
    const isOneKind = rest.every(({ type }) => SCALARS.has(type));
    if (isNullable && rest.length > 1 && !isOneKind) return { schema: { ...beside, [keyword]: rest }, isNullable };
  }
  return { schema, isNullable: false };
}

/** Whether a field is drawn as one input without fields inside of it. */
export function isOneInput({ kind }: Field): boolean {
  return ['text', 'number', 'choice', 'tags', 'any'].includes(kind.kind);
}

/** Whether a stored value can be shown by the input of its field; anything else is shown as it is. */
export function fits(value: unknown, { kind, isNullable }: Field): boolean {
  if (value === undefined || (value === null && isNullable)) return true;
  switch (kind.kind) {
    case 'switch':
      return typeof value === 'boolean';
    case 'number':
      return typeof value === 'number';
    case 'text':
      return typeof value === 'string' || (kind.alsoScalars && isScalar(value));
    case 'choice':
      return kind.options.some((option) => option === value);
    case 'test':
      return isObject(value);
    case 'test-or-text':
      return isObject(value) || typeof value === 'string';
    case 'group':
    case 'record':
      return isObject(value);
    case 'variants':
      return (
        isObject(value) && (value[kind.tag] === undefined || kind.variants.some((variant) => variant.value === value[kind.tag]))
      );
    case 'table':
    case 'cards':
      return Array.isArray(value);
    case 'tags':
      return (
        Array.isArray(value) &&
        value.every((item) => {
          if (kind.options !== undefined) return typeof item === 'string' && kind.options.includes(item);
          return typeof item === 'string' || (kind.ofNumbers && typeof item === 'number');
        })
      );
    default:
      return true;
  }
}
