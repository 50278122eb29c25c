// Pure: at which field each problem is shown, the nearest one that is drawn around its path.

import { fieldOf, fits } from './field-kind.ts';
import { isObject, type JsonSchema, schemaAt } from './json-schema.ts';
import { joinPath, splitPath, valueAt } from './value-path.ts';

/** What is wrong with a field. */
export interface FieldProblem {
  /** Below the configuration: `cases[0].test`; empty for the whole. */
  readonly path: string;
  readonly message: string;
  readonly severity: 'error' | 'warning';
}

/** Problems by the path of the field that shows them; empty for what belongs to none. */
export type ProblemPlaces = ReadonlyMap<string, readonly FieldProblem[]>;

export function placeProblems(problems: readonly FieldProblem[], schema: JsonSchema, value: unknown): ProblemPlaces {
  const places = new Map<string, FieldProblem[]>();
  for (const problem of problems) {
    const place = placeOf(problem.path, schema, value);
    const rest = problem.path.slice(place.length).replace(/^\./, '');
    const shown = rest === '' || SIDES.has(rest) ? problem : { ...problem, message: `${rest}: ${problem.message}` };
    places.set(place, [...(places.get(place) ?? []), shown]);
  }
  return places;
}

/** Parts of a comparison, which is small enough to see which is meant. */
const SIDES: ReadonlySet<string> = new Set(['left', 'operator', 'right']);

function placeOf(path: string, root: JsonSchema, whole: unknown): string {
  let place = '';
  let schema: JsonSchema = root;
  let value = whole;
  let name = '';
  for (const segment of splitPath(path)) {
    const inner = innerSchema(schema, root, value, name, segment);
    if (inner === undefined) return place;
    value = valueAt(value, [segment]);
    schema = inner;
    if (typeof segment === 'string') name = segment;
    place = joinPath(place, segment);
  }
  return place;
}

/** The schema of a field that is drawn inside of another one; undefined when there is none. */
function innerSchema(
  schema: JsonSchema,
  root: JsonSchema,
  value: unknown,
  name: string,
  segment: string | number,
): JsonSchema | undefined {
  const field = fieldOf(schema, root, name);
  const { kind } = field;
  if (!fits(value, field)) return undefined;
  // Nothing is drawn inside of what has not been added; a configuration is always there.
  if (value === undefined && schema !== root && field.schema.default === undefined) return undefined;
  switch (kind.kind) {
    case 'group':
      return property(field.schema, segment);
    case 'variants': {
      const current = isObject(value) ? value : isObject(field.schema.default) ? field.schema.default : undefined;
      const variant = kind.variants.find((candidate) => candidate.value === current?.[kind.tag]);
      return segment === kind.tag || variant === undefined ? undefined : property(variant.schema, segment);
    }
    case 'table':
    case 'cards':
      return typeof segment === 'number' && Array.isArray(value) && segment < value.length ? kind.item : undefined;
    case 'record':
      return typeof segment === 'string' && isObject(value) && Object.hasOwn(value, segment) ? kind.item : undefined;
    // Each comparison shows what is wrong with it.
    case 'test':
    case 'test-or-text':
      return testTerm(value, segment);
    default:
      return undefined;
  }
}

function property(schema: JsonSchema, segment: string | number): JsonSchema | undefined {
  const found = schemaAt(schema, 'properties')?.[segment];
  if (!isObject(found) || 'const' in found) return undefined;
  return found;
}

/** Stands for the terms of a test: each shows what is wrong with its own parts, and holds the terms of a group. */
const TERM: { type: string; properties: Record<string, JsonSchema> } = { type: 'object', properties: {} };
const TERMS: JsonSchema = { type: 'array', items: TERM };
TERM.properties.all = TERMS;
TERM.properties.any = TERMS;

function testTerm(value: unknown, segment: string | number): JsonSchema | undefined {
  if (!isObject(value) || (segment !== 'all' && segment !== 'any')) return undefined;
  return Array.isArray(value[segment]) ? TERMS : undefined;
}
