// Changes of a configuration: a new object each time, the given one untouched, nothing else changed.

import { expect, test } from 'vitest';
import type { JsonSchema } from '../../../client/src/form/json-schema.ts';
import { afterLanguage } from '../../../client/src/form/language-switch.ts';
import { junctionOf, setJunction, setOperator } from '../../../client/src/form/test-terms.ts';
import { largestUnit, unitSize } from '../../../client/src/form/units.ts';
import {
  changeVariant,
  initialValue,
  moveItem,
  renameProperty,
  setItem,
  setProperty,
  withConstants,
} from '../../../client/src/form/update.ts';
import { matchesPath, splitPath, valueAt } from '../../../client/src/form/value-path.ts';

test('a property keeps its place when it is set, and its object stays as it was', () => {
  const object = { a: 1, b: { c: 2 }, d: 3 };
  const next = setProperty(object, 'a', 9);
  expect(Object.entries(next)).toEqual([
    ['a', 9],
    ['b', { c: 2 }],
    ['d', 3],
  ]);
  expect(object.a).toBe(1);
  expect(next.b).toBe(object.b);
  expect(setProperty(object, 'a', undefined)).toEqual({ b: { c: 2 }, d: 3 });
  expect(Object.keys(setProperty(object, 'e', null))).toEqual(['a', 'b', 'd', 'e']);
});

test('a property called __proto__ is a property', () => {
  const next = setProperty({}, '__proto__', { polluted: true });
  expect(Object.hasOwn(next, '__proto__')).toBe(true);
  expect('polluted' in {}).toBe(false);
});

test('a name that is taken is not given a second time', () => {
  expect(renameProperty({ a: 1, b: 2 }, 'a', 'b')).toEqual({ a: 1, b: 2 });
  expect(Object.keys(renameProperty({ a: 1, b: 2 }, 'a', 'c'))).toEqual(['c', 'b']);
});

test('a list has no holes, and its members stay inside when they move', () => {
  expect(setItem([1, 2], 0, undefined)).toEqual([null, 2]);
  expect(moveItem([1, 2, 3], 0, 2)).toEqual([2, 3, 1]);
  expect(moveItem([1, 2, 3], 0, -1)).toEqual([1, 2, 3]);
  expect(moveItem([1, 2, 3], 2, 3)).toEqual([1, 2, 3]);
});

const payment: JsonSchema = {
  oneOf: [
    { type: 'object', properties: { by: { const: 'card' }, note: { type: 'string' }, when: {} }, required: ['by'] },
    {
      type: 'object',
      properties: { by: { const: 'bank' }, note: { type: 'string' }, when: { type: 'integer' } },
      required: ['by'],
    },
  ],
};

test('a new value begins with its constants, and a required list with its least members', () => {
  expect(initialValue(payment, payment)).toEqual({ by: 'card' });
  const list: JsonSchema = { type: 'array', minItems: 1, items: payment };
  expect(initialValue(list, list)).toEqual([{ by: 'card' }]);
  expect(initialValue({ type: 'string' }, {})).toBeUndefined();
});

test('a schema that requires itself comes to an end', () => {
  const schema: JsonSchema = {
    $defs: { A: { type: 'object', properties: { a: { $ref: '#/$defs/A' } }, required: ['a'] } },
    $ref: '#/$defs/A',
  };
  expect(JSON.stringify(initialValue(schema, schema)).length).toBeLessThan(200);
});

test('another variant keeps what means the same in it', () => {
  const variant = { value: 'bank', schema: (payment.oneOf as JsonSchema[])[1] ?? {} };
  expect(changeVariant({ by: 'card', note: 'x', when: 'today', extra: 1 }, 'by', variant, payment)).toEqual({
    by: 'bank',
    note: 'x',
  });
});

test('constants that must be there are added with the first change', () => {
  const schema: JsonSchema = { type: 'object', properties: { kind: { const: 'x' }, a: {} }, required: ['kind'] };
  expect(withConstants({ a: 1 }, schema, schema)).toEqual({ kind: 'x', a: 1 });
  const whole = { kind: 'y' };
  expect(withConstants(whole, schema, schema)).toBe(whole);
});

test('durations and sizes are said in the largest unit that they are a whole number of', () => {
  expect(largestUnit('duration', 90_000)).toBe('seconds');
  expect(largestUnit('duration', 120_000)).toBe('minutes');
  expect(largestUnit('duration', 1)).toBe('milliseconds');
  expect(largestUnit('duration', 0)).toBe('seconds');
  expect(largestUnit('size', 1_048_576)).toBe('megabytes');
  expect(largestUnit('size', 1_500)).toBe('bytes');
  expect(unitSize('duration', 'days')).toBe(86_400_000);
});

test('paths are read as problems write them, and found as types name them', () => {
  expect(splitPath('cases[0].test["a.b"][12]')).toEqual(['cases', 0, 'test', 'a.b', 12]);
  expect(splitPath('')).toEqual([]);
  expect(matchesPath('cases[3].test', ['cases[*].test'])).toBe(true);
  expect(matchesPath('cases[3].label', ['cases[*].test'])).toBe(false);
  expect(valueAt({ a: [{ b: 1 }] }, ['a', 0, 'b'])).toBe(1);
  expect(valueAt({ a: 1 }, ['a', 'toString'])).toBeUndefined();
});

test('another language puts away what was typed, and brings it back', () => {
  const group = { type: 'array', items: { type: 'object', properties: { left: {}, right: {}, operator: {}, all: {}, any: {} } } };
  const schema: JsonSchema = {
    type: 'object',
    properties: {
      engine: { type: 'string', enum: ['basic', 'jsonata', 'mathjs'], default: 'basic' },
      test: { anyOf: [{ type: 'object', properties: { all: group, any: group } }, { type: 'string' }] },
    },
  };
  const around = { schema, root: schema, path: '', remembered: new Map<string, unknown>() };
  const clicked = { all: [{ left: 'a', operator: 'isEmpty' }] };
  const to = (before: Record<string, unknown>, engine: string) => afterLanguage('engine', before, { ...before, engine }, around);
  const written = to({ test: clicked }, 'jsonata');
  expect(written).toEqual({ engine: 'jsonata' });
  const typed = { ...written, test: 'a = 1' };
  expect(to(typed, 'mathjs')).toEqual({ engine: 'mathjs', test: 'a = 1' });
  const back = to(typed, 'basic');
  expect(back).toEqual({ engine: 'basic', test: clicked });
  expect(to(back, 'jsonata')).toEqual({ engine: 'jsonata', test: 'a = 1' });
});

test('a comparison loses the side that its operator has not, and gets it back as its operator wants it', () => {
  const comparison = { left: 'a', operator: 'equal', right: 'b' };
  expect(setOperator(comparison, 'isEmpty')).toEqual({ left: 'a', operator: 'isEmpty' });
  expect(setOperator({ left: 'a', operator: 'isEmpty' }, 'gt')).toEqual({ left: 'a', operator: 'gt', right: '' });
  expect(setOperator(comparison, 'in')).toEqual({ left: 'a', operator: 'in', right: ['b'] });
  expect(setOperator({ ...comparison, right: '{{$context.list}}' }, 'in').right).toBe('{{$context.list}}');
  expect(setOperator({ left: 'a', operator: 'in', right: ['b', 'c'] }, 'equal').right).toBe('b');
});

test('a group keeps its terms under the other junction', () => {
  const group = { all: [{ left: 1, operator: 'equal', right: 1 }] };
  expect(setJunction(group, 'any')).toEqual({ any: group.all });
  expect(junctionOf({ left: 1 })).toBeUndefined();
});
