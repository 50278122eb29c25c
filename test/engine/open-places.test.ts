// Where a schema takes any value, so that what a template gives needs no check.

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isOpenPlace } from '../../src/engine/open-places.ts';
import { compilePath } from '../../src/engine/path.ts';
import { conditionConfigSchema } from '../../src/plugins/condition/schema.ts';
import { responseConfigSchema } from '../../src/plugins/response/schema.ts';
import { variableConfigSchema } from '../../src/plugins/variable/schema.ts';

const TEMPLATE = '{{$context.body}}';
const isOpen = (schema: z.ZodType, config: unknown, path: string): boolean =>
  isOpenPlace(schema, config, compilePath(path).segments);

describe('an open place', () => {
  const anything = z.unknown();
  it.each<[string, z.ZodType, unknown, string]>([
    ['unknown', z.strictObject({ a: anything }), { a: TEMPLATE }, 'a'],
    ['any', z.strictObject({ a: z.any() }), { a: TEMPLATE }, 'a'],
    [
      'optional, nullable, with a default',
      z.strictObject({ a: anything.nullable().optional().default(1) }),
      { a: TEMPLATE },
      'a',
    ],
    ['deep inside unknown', z.strictObject({ a: anything }), { a: { b: [TEMPLATE] } }, 'a.b[0]'],
    ['in a list', z.strictObject({ a: z.array(z.strictObject({ b: anything })) }), { a: [{ b: 1 }, { b: TEMPLATE }] }, 'a[1].b'],
    ['behind lazy', z.lazy(() => z.strictObject({ a: anything })), { a: TEMPLATE }, 'a'],
    ['in the member of a union that fits', z.union([z.string(), z.strictObject({ a: anything })]), { a: TEMPLATE }, 'a'],
    ['under a refinement of what is around it', z.strictObject({ a: anything }).refine(() => true), { a: TEMPLATE }, 'a'],
  ])('is one that is %s', (_, schema, config, path) => {
    expect(isOpen(schema, config, path)).toBe(true);
  });

  it.each<[string, z.ZodType, unknown, string]>([
    ['text', z.strictObject({ a: z.string() }), { a: TEMPLATE }, 'a'],
    ['unknown with a check of its own', z.strictObject({ a: anything.refine(() => true) }), { a: TEMPLATE }, 'a'],
    ['a number from anything', z.strictObject({ a: z.coerce.number() }), { a: TEMPLATE }, 'a'],
    ['transformed', z.strictObject({ a: anything.transform(String) }), { a: TEMPLATE }, 'a'],
    [
      'prepared into something else',
      z.preprocess((value) => ({ ...(value as object) }), z.strictObject({ a: anything })),
      { a: TEMPLATE },
      'a',
    ],
    ['of a kind that is not known here', z.record(z.string(), anything), { a: TEMPLATE }, 'a'],
    ['no setting of the object', z.looseObject({}), { a: TEMPLATE }, 'a'],
    ['a member that does not fit', z.union([z.strictObject({ b: anything }), z.string()]), TEMPLATE, '["a"]'],
  ])('is none that is %s', (_, schema, config, path) => {
    expect(isOpen(schema, config, path)).toBe(false);
  });

  it('never is a name of the prototype', () => {
    expect(isOpenPlace(z.strictObject({ a: anything }), { a: 1 }, ['toString'])).toBe(false);
  });

  it.each<[string, z.ZodType, object, string, boolean]>([
    [
      'left of a comparison',
      conditionConfigSchema,
      { test: { all: [{ left: TEMPLATE, operator: 'equal', right: 1 }] } },
      'test.all[0].left',
      true,
    ],
    ['the body of a reply', responseConfigSchema, { body: { a: TEMPLATE } }, 'body.a', true],
    ['the status of a reply', responseConfigSchema, { status: TEMPLATE }, 'status', false],
    ['a header of a reply', responseConfigSchema, { headers: [{ name: 'a', value: TEMPLATE }] }, 'headers[0].value', false],
    ['a variable', variableConfigSchema, { value: TEMPLATE }, 'value', true],
  ])('is found in the types that come along: %s', (_, schema, config, path, expected) => {
    expect(isOpen(schema, config, path)).toBe(expected);
  });
});
