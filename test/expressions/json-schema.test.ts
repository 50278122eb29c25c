import { afterAll, describe, expect, it } from 'vitest';
import type { Scope } from '../../src/engine/plugin.ts';
import { createEvaluator } from '../../src/expressions/evaluator.ts';

const scope: Scope = {
  $context: {},
  $request: null,
  $nodes: {},
  $scopes: {},
  $system: { now: '' },
  $execution: {},
  $resume: {},
  $secrets: {},
};
const evaluator = createEvaluator({ timeoutMs: 30_000, maxWorkers: 1, memoryMb: 96 });
afterAll(() => evaluator.close());

const validate = (schema: unknown, source: unknown) =>
  evaluator.evaluate('json-schema', JSON.stringify(schema), scope, { source, hasSource: true });
const check = (schema: unknown) => evaluator.check('json-schema', typeof schema === 'string' ? schema : JSON.stringify(schema));

const order = {
  $defs: { price: { type: 'number', minimum: 0 } },
  type: 'object',
  required: ['id', 'items'],
  properties: {
    id: { type: 'string', pattern: '^[a-z]+$', minLength: 2 },
    state: { enum: ['new', 'paid'] },
    items: {
      type: 'array',
      minItems: 1,
      items: { type: 'object', required: ['price'], properties: { price: { $ref: '#/$defs/price' } } },
    },
    note: { type: ['string', 'null'] },
    mail: { type: 'string', format: 'email' },
  },
  additionalProperties: false,
};

describe('JSON Schema', () => {
  it('finds nothing wrong with what fits', async () => {
    expect(await validate(order, { id: 'ab', items: [{ price: 1 }], note: null })).toEqual([]);
    expect(await validate(true, undefined)).toEqual([]);
    expect(await validate({}, 'x')).toEqual([]);
  });

  it.each<[data: unknown, ...problems: [string, string][]]>([
    [{ items: [] }, ['id', 'is missing'], ['items', 'must have at least 1 items']],
    [
      { id: 'ab', items: [{ price: 1 }, { price: '1' }, {}] },
      ['items[1].price', 'must be number'],
      ['items[2].price', 'is missing'],
    ],
    [{ id: 'ab', items: [{ price: -1.5 }] }, ['items[0].price', 'must be at least 0']],
    [{ id: 'A', items: [{ price: 1 }] }, ['id', 'must have at least 2 characters'], ['id', 'does not match its pattern']],
    [{ id: 'ab', items: [{ price: 1 }], 'odd/name.': 1 }, ['["odd/name."]', 'is not allowed']],
    [
      { id: 'ab', items: [{ price: 1 }], state: 'x', note: 1 },
      ['state', 'must be one of ["new","paid"]'],
      ['note', 'must be string or null'],
    ],
    [{ id: 'ab', items: [{ price: 1 }], mail: 'nobody' }, ['mail', 'must be in the format "email"']],
    [7, ['', 'must be object']],
  ])('names places and says what they must be: %j', async (data, ...problems) => {
    expect(await validate(order, data)).toEqual(problems.map(([path, message]) => ({ path, message })));
  });

  it.each([
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 1, [['', 'fits none of the alternatives']]],
    [{ oneOf: [{ type: 'number' }, { minimum: 0 }] }, 1, [['', 'must fit exactly one of the alternatives, not 2']]],
    [
      { anyOf: [{ type: 'object', properties: { a: { type: 'string' } } }, { type: 'null' }] },
      { a: 1 },
      [
        ['', 'fits none of the alternatives'],
        ['a', 'must be string'],
      ],
    ],
    [{ not: { type: 'number' } }, 1, [['', 'must not be like this (keyword not)']]],
    [{ propertyNames: { maxLength: 2 } }, { abc: 1 }, [['', 'has a property whose name is not allowed']]],
    [{ dependentRequired: { a: ['b'] } }, { a: 1 }, [['b', 'is missing; it is needed beside "a"']]],
    [{ const: { a: 1 } }, { a: 2 }, [['', 'must be {"a":1}']]],
    [{ exclusiveMaximum: 1.5 }, 2, [['', 'must be less than 1.5']]],
    [{ multipleOf: 3 }, 4, [['', 'must be a multiple of 3']]],
    [{ uniqueItems: true }, [1, 1], [['', 'must not have the same item twice']]],
    [JSON.parse('{"if":{"type":"number"},"then":{"minimum":5}}'), 4, [['', 'must be at least 5']]],
    [false, 1, [['', 'is not allowed']]],
  ])('says of %j what is wrong with %j', async (schema, data, problems) => {
    expect(await validate(schema, data)).toEqual(problems.map(([path, message]) => ({ path, message })));
  });

  it('tells at most 20 problems, also of data that has very many, and repeats no value', async () => {
    const few = await validate(
      { items: { type: 'string' } },
      Array.from({ length: 50 }, (_, index) => index),
    );
    expect(few).toHaveLength(20);
    const many = await validate({ items: { type: 'string', maxLength: 3 } }, Array(400_000).fill(1));
    expect((many as unknown[]).length).toBeGreaterThan(0);
    const secret = 'very-secret'.repeat(100);
    const told = await validate({ maxLength: 5, pattern: '^a$', enum: ['a'.repeat(1_000)] }, secret);
    expect(JSON.stringify(told)).not.toContain('very-secret');
    expect(JSON.stringify(told).length).toBeLessThan(600);
  });

  it('is stopped in a pattern that would never end', async () => {
    const impatient = createEvaluator({ timeoutMs: 300, maxWorkers: 1, memoryMb: 96 });
    const schema = JSON.stringify({ pattern: '^(a+)+$' });
    const endless = impatient.evaluate('json-schema', schema, scope, { source: `${'a'.repeat(60)}!`, hasSource: true });
    await expect(endless).rejects.toMatchObject({ code: 'expression_timeout' });
    expect(await impatient.evaluate('json-schema', '{}', scope, { source: 1, hasSource: true })).toEqual([]);
    await impatient.close();
  });

  it.each([
    ['{', /not JSON/],
    [[], /is an object/],
    ['null', /is an object/],
    [{ type: 'text' }, /^type must be one/],
    [{ properties: { a: { pattern: '(' } } }, /^properties\.a\.pattern is not a regular/],
    [{ patternProperties: { '(': {} } }, /"\("/],
    [{ items: { $ref: '#/$defs/nothing' } }, /"#\/\$defs\/nothing" leads to nothing/],
    [{ $ref: 'https://example.com/schema.json' }, /leads to nothing/],
    [{ $ref: 7 }, /^\$ref must be/],
    [{ $id: 'http://[' }, /^\$id must be/],
    [{ anyOf: {} }, /^anyOf must be a list/],
    [{ properties: [] }, /^properties must be an object/],
    [{ required: 'a' }, /^required must be/],
    [{ minimum: '1' }, /^minimum must be a number/],
    [{ items: [{}] }, /^items must be a schema/],
    [{ $dynamicRef: '#a' }, /not supported/],
    [JSON.parse(`${'{"not":'.repeat(150)}true${'}'.repeat(150)}`), /nested deeper/],
  ])('refuses the schema %j', async (schema, message) => {
    expect(await check(schema)).toMatch(message);
  });

  it.each([[order], [true], [{ $defs: { a: { $anchor: 'x' } }, $ref: '#x' }], [{ properties: { $ref: { type: 'string' } } }]])(
    'takes the schema %j',
    async (schema) => {
      expect(await check(schema)).toBeUndefined();
    },
  );
});
