// @vitest-environment jsdom
// Whatever a configuration holds: showing it changes nothing, and it is shown by the inputs that its schema asks for.

import { cleanup } from '@testing-library/react';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldOf, fits } from '../../../client/src/form/field-kind.ts';
import { isObject, type JsonSchema, propertiesOf } from '../../../client/src/form/json-schema.ts';
import { placeProblems } from '../../../client/src/form/problem-places.ts';
import type { Node } from '../../../src/engine/model.ts';
import { appendSegment } from '../../../src/engine/path.ts';
import { walkNodes } from '../../../src/engine/tree.ts';
import { arbitraryValue } from './arbitrary-value.ts';
import { renderForm } from './support.tsx';
import { nameOf, testedTypes, typeNamed } from './types.ts';

const named = testedTypes.map((type) => [nameOf(type), type] as const);

/** Property by property, as far as objects go. */
function unfitting(value: unknown, schema: JsonSchema, root: JsonSchema, name: string, path: string): string[] {
  const field = fieldOf(schema, root, name);
  if (!fits(value, field)) return [path];
  if (field.kind.kind !== 'group' || !isObject(value)) return [];
  return propertiesOf(field.schema).flatMap(([key, property]) =>
    unfitting(value[key], property, root, key, appendSegment(path, key)),
  );
}

describe.each(named)('%s', (_, { description: { config: schema } }) => {
  test('whatever fits its schema fits the inputs of its form', () => {
    fc.assert(
      fc.property(arbitraryValue(schema, schema), (value) => {
        expect(unfitting(value, schema, schema, '', '')).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  test('a problem anywhere has a place, on the way to where it is', () => {
    fc.assert(
      fc.property(
        arbitraryValue(schema, schema),
        fc.array(fc.constantFrom('test', 'all', 0, 1, 'cases', 'to', 'body', 'x')),
        (value, way) => {
          const path = way.reduce<string>((place, segment) => appendSegment(place, segment), '');
          const places = [...placeProblems([{ path, message: 'is wrong', severity: 'error' }], schema, value).keys()];
          expect(places).toHaveLength(1);
          expect(path.startsWith(places[0] ?? 'nowhere')).toBe(true);
        },
      ),
      { numRuns: 25 },
    );
  });
});

test.each(named)('%s: showing a configuration does not change it', (_, type) => {
  const { config: schema } = type.description;
  fc.assert(
    fc.property(arbitraryValue(schema, schema), (value) => {
      if (!isObject(value)) return;
      const before = structuredClone(value);
      const { changes } = renderForm(type, { value });
      expect(changes()).toBe(0);
      expect(value).toEqual(before);
      cleanup();
    }),
    { numRuns: 4 },
  );
});

interface Example {
  readonly trigger: { readonly type: string; readonly config: Record<string, unknown> };
  readonly nodes: Node[];
}
const examples = import.meta.glob<Example>('../../../examples/*.json', { eager: true, import: 'default' });

test.each(Object.keys(examples))('the example %s is shown without a value that does not fit', (file) => {
  const example = examples[file];
  if (example === undefined) throw new Error('It is gone.');
  const show = (name: string, config: Record<string, unknown>): void => {
    const type = typeNamed(name);
    const { config: schema } = type.description;
    expect(unfitting(config, schema, schema, '', '')).toEqual([]);
    const { changes, queryByRole } = renderForm(type, { value: config });
    expect(changes()).toBe(0);
    expect(queryByRole('button', { name: 'Start anew' })).toBeNull();
    cleanup();
  };
  show(`trigger ${example.trigger.type}`, example.trigger.config);
  walkNodes(example.nodes, (node) => show(`node ${node.type}`, node.config));
});
