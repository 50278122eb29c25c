// JSON Schema (draft 2020-12): the expression is a schema as JSON text, its value the list of what is wrong with the input.

import { dereference, type OutputUnit, type Schema, Validator } from '@cfworker/json-schema';
import { appendSegment, formatPath, getOwn, isRecord } from '../../engine/path.ts';
import type { Language } from './language.ts';

/** One thing that is wrong with a value. */
export interface SchemaProblem {
  /** Where, such as `items[0].price`; empty for the value itself. */
  readonly path: string;
  /** A sentence that quotes nothing of the value. */
  readonly message: string;
}

/** More are not told: whoever mends these sees the others then. */
const MAX_PROBLEMS = 20;
/** Characters of a value all of whose problems are gathered; of a larger one the first place that does not fit is told. */
const MAX_THOROUGH = 50_000;
/** Longest part of the schema that a message repeats. */
const MAX_QUOTE = 200;
/** Only to see whether a reference is one. */
const BASE = 'https://schema.invalid';
/** Deeper schemas are refused: what reads them recurses. */
const MAX_DEPTH = 100;

/** Keywords of one schema, of a list of schemas and of schemas by name. */
const ONE = [
  'additionalProperties',
  'contains',
  'else',
  'if',
  'items',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
];
const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const MAPS = ['$defs', 'definitions', 'dependentSchemas', 'patternProperties', 'properties'];
const NUMBERS = [
  'exclusiveMaximum',
  'exclusiveMinimum',
  'maxContains',
  'maxItems',
  'maxLength',
  'maxProperties',
  'maximum',
  'minContains',
  'minItems',
  'minLength',
  'minProperties',
  'minimum',
  'multipleOf',
];
const TYPES: ReadonlySet<unknown> = new Set(['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']);

/** Keywords whose problem only says that something inside has one, which is told as well. */
const SUMMARIES: ReadonlySet<string> = new Set([
  '$ref',
  'additionalProperties',
  'allOf',
  'dependentSchemas',
  'if',
  'items',
  'patternProperties',
  'prefixItems',
  'properties',
  'unevaluatedItems',
  'unevaluatedProperties',
]);

export const language: Language = {
  compile(expression) {
    const schema = parseSchema(expression);
    checkSchema(schema, [], 0);
    checkReferences(schema, dereference(schema));
    const quick = new Validator(schema, '2020-12', true);
    const thorough = new Validator(schema, '2020-12', false);
    return ({ input }) => {
      const value = input ?? null;
      const { valid, errors } = quick.validate(value);
      return valid ? [] : problemsOf(findAll(thorough, value) ?? errors, value);
    };
  },
};

/** Undefined for a value that is so large that gathering all its problems might take too long. */
function findAll(validator: Validator, value: unknown): OutputUnit[] | undefined {
  if (JSON.stringify(value).length > MAX_THOROUGH) return undefined;
  try {
    return validator.validate(value).errors;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function parseSchema(text: string): Schema | boolean {
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch {
    throw new Error('The schema is not JSON');
  }
  if (typeof schema === 'boolean' || isRecord(schema)) return schema;
  throw new Error('A JSON Schema is an object, or true or false');
}

/** Finds what would otherwise be noticed only when data comes, or never. */
function checkSchema(schema: unknown, at: readonly PropertyKey[], depth: number): void {
  if (typeof schema === 'boolean') return;
  const fail = (keyword: string, message: string): never => {
    throw new Error(`${formatPath([...at, keyword])} ${message}`);
  };
  if (!isRecord(schema)) throw new Error(`${formatPath(at)} must be a schema: an object, or true or false`);
  if (depth > MAX_DEPTH) throw new Error(`The schema is nested deeper than ${MAX_DEPTH} levels`);
  for (const name of ONE) {
    if (Object.hasOwn(schema, name)) checkSchema(schema[name], [...at, name], depth + 1);
  }
  for (const name of LISTS) {
    if (!Object.hasOwn(schema, name)) continue;
    const list = schema[name];
    if (!Array.isArray(list) || list.length === 0) fail(name, 'must be a list of schemas');
    else for (const [index, item] of list.entries()) checkSchema(item, [...at, name, index], depth + 1);
  }
  for (const name of MAPS) {
    if (!Object.hasOwn(schema, name)) continue;
    const map = schema[name];
    if (!isRecord(map)) fail(name, 'must be an object of schemas');
    else for (const [key, item] of Object.entries(map)) checkSchema(item, [...at, name, key], depth + 1);
  }
  checkKeywords(schema, fail);
}

function checkKeywords(schema: Readonly<Record<string, unknown>>, fail: (keyword: string, message: string) => never): void {
  const { type, pattern, required, enum: values, dependentRequired, patternProperties } = schema;
  const types = Array.isArray(type) ? type : [type];
  if (type !== undefined && !types.every((name) => TYPES.has(name))) {
    fail('type', `must be one or several of ${[...TYPES].join(', ')}`);
  }
  if (pattern !== undefined && (typeof pattern !== 'string' || !isPattern(pattern))) {
    fail('pattern', 'is not a regular expression (ECMAScript, with the flag u)');
  }
  for (const key of isRecord(patternProperties) ? Object.keys(patternProperties) : []) {
    if (!isPattern(key)) fail('patternProperties', `has a key that is not a regular expression: ${quote(key)}`);
  }
  if (required !== undefined && !isNames(required)) fail('required', 'must be a list of names');
  if (dependentRequired !== undefined && !(isRecord(dependentRequired) && Object.values(dependentRequired).every(isNames))) {
    fail('dependentRequired', 'must be an object of lists of names');
  }
  if (values !== undefined && !Array.isArray(values)) fail('enum', 'must be a list of values');
  for (const name of NUMBERS) {
    if (Object.hasOwn(schema, name) && typeof schema[name] !== 'number') fail(name, 'must be a number');
  }
  for (const name of ['$id', '$ref', '$anchor']) {
    const reference = schema[name];
    if (reference === undefined) continue;
    if (typeof reference !== 'string' || !URL.canParse(reference, BASE)) fail(name, 'must be a reference, such as #/$defs/price');
  }
  for (const name of ['$dynamicRef', '$recursiveRef', 'dependencies']) {
    if (Object.hasOwn(schema, name)) fail(name, 'is not supported; use $ref, dependentRequired or dependentSchemas');
  }
}

function isNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}

/** Every reference must lead to a schema inside; nothing is fetched. */
function checkReferences(root: unknown, lookup: Readonly<Record<string, unknown>>): void {
  const visit = (schema: unknown): void => {
    if (!isRecord(schema)) return;
    const { $ref, __absolute_ref__: target } = schema;
    if (typeof $ref === 'string' && (typeof target !== 'string' || !Object.hasOwn(lookup, target))) {
      throw new Error(`The reference ${quote($ref)} leads to nothing inside the schema`);
    }
    for (const name of ONE) visit(schema[name]);
    for (const name of LISTS) for (const item of Array.isArray(schema[name]) ? schema[name] : []) visit(item);
    for (const name of MAPS) for (const item of isRecord(schema[name]) ? Object.values(schema[name]) : []) visit(item);
  };
  visit(root);
}

/** The innermost problems, each once. */
function problemsOf(errors: readonly OutputUnit[], value: unknown): SchemaProblem[] {
  const told = errors.filter(({ keyword }) => !SUMMARIES.has(keyword));
  const choices = told.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf');
  const names = told.filter(({ keyword }) => keyword === 'propertyNames');
  // Why an alternative does not fit helps where it says more about the place; a name is not a value.
  const isInside = (inner: OutputUnit, outer: OutputUnit): boolean =>
    inner.keywordLocation.startsWith(`${outer.keywordLocation}/`) || inner.keywordLocation === outer.keywordLocation;
  const isRepeated = (error: OutputUnit): boolean =>
    choices.some((choice) => choice !== error && choice.instanceLocation === error.instanceLocation && isInside(error, choice)) ||
    names.some((name) => error.keyword !== 'propertyNames' && isInside(error, name));
  const problems = new Map<string, SchemaProblem>();
  for (const error of told.length > 0 ? told : errors) {
    if (isRepeated(error)) continue;
    const { at, message } = describe(error);
    const path = pathOf(error.instanceLocation, value, at);
    problems.set(`${path}\n${message}`, { path, message });
    if (problems.size === MAX_PROBLEMS) break;
  }
  return [...problems.values()];
}

/** `#/items/0/a~1b` -> `items[0]["a/b"]`. @param last a further name */
function pathOf(location: string, value: unknown, last: string | undefined): string {
  let path = '';
  let current = value;
  for (const part of location.split('/').slice(1)) {
    const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    path = appendSegment(path, Array.isArray(current) ? Number(name) : name);
    current = Array.isArray(current) ? current[Number(name)] : getOwn(current, name);
  }
  return last === undefined ? path : appendSegment(path, last);
}

/** What the schema wants, with the numbers and names that the library's sentence holds; those repeat parts of the value, too. */
function describe({ keyword, error }: OutputUnit): { readonly at?: string; readonly message: string } {
  const limit = /(-?[\d.]+(?:e[+-]?\d+)?)\D*$/.exec(error.replace(/\.$/, ''))?.[1] ?? '';
  const names = [...error.matchAll(/"([^"]*)"/g)].map(([, name = '']) => name);
  const list = error
    .slice(error.search(/match (?:any of )?/))
    .replace(/^match (?:any of )?/, '')
    .replace(/\.$/, '');
  switch (keyword) {
    case 'false':
      return { message: 'is not allowed' };
    case 'type':
      return { message: `must be ${names.slice(1).join(' or ')}` };
    case 'required':
      return at(names[0], 'is missing');
    case 'dependentRequired':
      return at(names[1], `is missing; it is needed beside ${quote(names[0] ?? '')}`);
    case 'propertyNames':
      return { message: 'has a property whose name is not allowed' };
    case 'const':
      return { message: `must be ${cut(list)}` };
    case 'enum':
      return { message: `must be one of ${cut(list)}` };
    case 'anyOf':
      return { message: 'fits none of the alternatives' };
    case 'oneOf':
      return { message: `must fit exactly one of the alternatives, not ${limit}` };
    case 'not':
      return { message: 'must not be like this (keyword not)' };
    case 'minimum':
      return { message: `must be at least ${limit}` };
    case 'maximum':
      return { message: `must be at most ${limit}` };
    case 'exclusiveMinimum':
      return { message: `must be more than ${limit}` };
    case 'exclusiveMaximum':
      return { message: `must be less than ${limit}` };
    case 'multipleOf':
      return { message: `must be a multiple of ${limit}` };
    case 'minLength':
      return { message: `must have at least ${limit} characters` };
    case 'maxLength':
      return { message: `must have at most ${limit} characters` };
    case 'minItems':
      return { message: `must have at least ${limit} items` };
    case 'maxItems':
      return { message: `must have at most ${limit} items` };
    case 'minProperties':
      return { message: `must have at least ${limit} properties` };
    case 'maxProperties':
      return { message: `must have at most ${limit} properties` };
    case 'contains':
    case 'minContains':
    case 'maxContains':
      return { message: `does not contain as many items of one kind as it must (keyword ${keyword})` };
    case 'uniqueItems':
      return { message: 'must not have the same item twice' };
    case 'pattern':
      return { message: 'does not match its pattern' };
    case 'format':
      return { message: `must be in the format ${quote(names[0] ?? '')}` };
    default:
      return { message: `does not fit (keyword ${cut(keyword)})` };
  }
}

/** About a name inside; about the value itself when the library's sentence does not tell it. */
function at(name: string | undefined, message: string): { readonly at?: string; readonly message: string } {
  return name === undefined ? { message } : { at: name, message };
}

function cut(text: string): string {
  return text.length > MAX_QUOTE ? `${text.slice(0, MAX_QUOTE)}…` : text;
}

function quote(text: string): string {
  return JSON.stringify(cut(text));
}
