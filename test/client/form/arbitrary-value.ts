// Values that fit a JSON Schema, for properties: whatever a schema allows.

import fc from 'fast-check';
import {
  isObject,
  type JsonSchema,
  numberAt,
  propertiesOf,
  requiredOf,
  resolveSchema,
  schemaAt,
  schemaList,
} from '../../../client/src/form/json-schema.ts';

const MAX_DEPTH = 5;
const MAX_ITEMS = 3;

export function arbitraryValue(schema: JsonSchema, root: JsonSchema, depth = 0): fc.Arbitrary<unknown> {
  const real = resolveSchema(schema, root);
  if ('const' in real) return fc.constant(real.const);
  if (Array.isArray(real.enum)) return fc.constantFrom(...real.enum);
  const members = [...schemaList(real.anyOf), ...schemaList(real.oneOf)];
  if (members.length > 0) return fc.oneof(...members.map((member) => arbitraryValue(member, root, depth)));
  if (Array.isArray(real.type)) {
    return fc.oneof(...real.type.map((type) => arbitraryValue({ ...real, type }, root, depth)));
  }
  switch (real.type) {
    case 'string':
      return text(real);
    case 'integer':
      return fc.integer({ min: least(real, 1) ?? -1_000, max: most(real, 1) ?? 1_000_000 });
    case 'number':
      return fc.double({ min: least(real, 0.001) ?? -1e6, max: most(real, 0.001) ?? 1e6, noNaN: true }).map((value) => value + 0);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array': {
      const item = schemaAt(real, 'items') ?? {};
      const minLength = numberAt(real, 'minItems') ?? 0;
      const maxLength =
        depth > MAX_DEPTH ? minLength : Math.min(numberAt(real, 'maxItems') ?? MAX_ITEMS, Math.max(MAX_ITEMS, minLength));
      return fc.array(arbitraryValue(item, root, depth + 1), { minLength, maxLength });
    }
    case 'object':
      return object(real, root, depth);
    default:
      return isObject(real.properties) ? object(real, root, depth) : fc.jsonValue({ maxDepth: 2 });
  }
}

function least(schema: JsonSchema, step: number): number | undefined {
  const above = numberAt(schema, 'exclusiveMinimum');
  const least = numberAt(schema, 'minimum') ?? (above === undefined ? undefined : above + step);
  return least === undefined ? undefined : Math.max(least, -1e9);
}

function most(schema: JsonSchema, step: number): number | undefined {
  const below = numberAt(schema, 'exclusiveMaximum');
  const most = numberAt(schema, 'maximum') ?? (below === undefined ? undefined : below - step);
  return most === undefined ? undefined : Math.min(most, 1e9);
}

function text(schema: JsonSchema): fc.Arbitrary<string> {
  if (typeof schema.pattern === 'string' && schema.format === undefined) return fc.stringMatching(new RegExp(schema.pattern));
  if (schema.format === 'email') return fc.constantFrom('ada@example.com', 'x@y.be');
  const minLength = numberAt(schema, 'minLength') ?? 0;
  const maxLength = Math.min(numberAt(schema, 'maxLength') ?? 20, Math.max(20, minLength));
  return fc.oneof(
    fc.string({ minLength, maxLength }),
    fc.constant('{{$context.body.id}}').filter(({ length }) => length <= (numberAt(schema, 'maxLength') ?? 100)),
  );
}

function object(schema: JsonSchema, root: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  const properties = propertiesOf(schema);
  const required = requiredOf(schema);
  if (properties.length === 0) {
    const item = schemaAt(schema, 'additionalProperties');
    if (item === undefined) return fc.constant({});
    return fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), arbitraryValue(item, root, depth + 1), { maxKeys: MAX_ITEMS });
  }
  const shown = depth > MAX_DEPTH ? properties.filter(([name]) => required.has(name)) : properties;
  const model = Object.fromEntries(shown.map(([name, property]) => [name, arbitraryValue(property, root, depth + 1)]));
  return fc.record(model, { requiredKeys: shown.map(([name]) => name).filter((name) => required.has(name)) });
}
