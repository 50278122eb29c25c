import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BASIC_OPERATORS,
  type BasicOperator,
  basicTestSchema,
  checkBasicTest,
  evaluateBasicTest,
} from '../../src/engine/basic-test.ts';
import { isTruthy } from '../../src/engine/comparison.ts';
import { HooklineError } from '../../src/errors.ts';

function test(left: unknown, operator: BasicOperator, right?: unknown): boolean {
  return evaluateBasicTest({ all: [{ left, operator, right }] });
}

describe('equality', () => {
  it.each([
    [1, '1'],
    ['1.0', 1],
    [' 2 ', 2],
    [true, 'true'],
    ['false', false],
    [true, 1],
    [null, undefined],
    [
      [1, '2'],
      ['1', 2],
    ],
    [
      { a: [1], b: null },
      { b: null, a: ['1'] },
    ],
  ])('%j equals %j', (left, right) => {
    expect(test(left, 'equal', right)).toBe(true);
    expect(test(right, 'equal', left)).toBe(true);
    expect(test(left, 'notEqual', right)).toBe(false);
  });
  it.each([
    [null, 0],
    [null, ''],
    [null, false],
    [undefined, 'undefined'],
    ['', 0],
    [' ', 0],
    ['paid', 'Paid'],
    [[1], 1],
    [[], ''],
    [{}, []],
    [{ a: 1 }, { b: 1 }],
    [Number.NaN, Number.NaN],
    ['1', '1.0'],
  ])('%j does not equal %j', (left, right) => {
    expect(test(left, 'equal', right)).toBe(false);
    expect(test(right, 'equal', left)).toBe(false);
  });
});

describe('order', () => {
  it.each([
    [10, 9],
    ['10', '9'],
    ['10', 9.5],
    ['-1', '-2'],
    ['2025-01-02', '2025-01-01'],
    ['2025-01-01T12:00:00+01:00', '2025-01-01T10:59:59Z'],
    ['2025-01-01 12:00', '2025-01-01T11:59:59.999Z'],
    ['2025-01-01T12:00:00+0100', '2025-01-01T10:59:59Z'],
    ['2025-01-01', 1_735_000_000],
    ['2025-01-01', 1_735_000_000_000],
    ['b', 'a'],
    ['\u{1F600}', '\uFFFD'],
    ['ab', 'a'],
  ])('%j is greater than %j', (left, right) => {
    expect(test(left, 'gt', right)).toBe(true);
    expect(test(left, 'gte', right)).toBe(true);
    expect(test(left, 'lt', right)).toBe(false);
    expect(test(right, 'lt', left)).toBe(true);
    expect(test(right, 'gte', left)).toBe(false);
  });
  it.each([
    [null, 1],
    [1, 'a'],
    [[], 1],
    [true, false],
    ['2025-13-45', 1],
    [Number.NaN, 1],
  ])('%j and %j cannot be compared', (left, right) => {
    for (const operator of ['gt', 'gte', 'lt', 'lte'] as const) expect(test(left, operator, right)).toBe(false);
  });
  it('equal values are at most and at least each other', () => {
    expect(test(1, 'gte', '1')).toBe(true);
    expect(test(Number.POSITIVE_INFINITY, 'lte', Number.POSITIVE_INFINITY)).toBe(true);
  });
});

describe('the other operators', () => {
  it('look into text and lists', () => {
    expect(test('payment.paid', 'includes', 'paid')).toBe(true);
    expect(test(1234, 'includes', 23)).toBe(true);
    expect(test([1, 2], 'includes', '2')).toBe(true);
    expect(test(null, 'includes', 'x')).toBe(false);
    expect(test(null, 'notIncludes', 'x')).toBe(true);
    expect(test('abc', 'startsWith', 'ab')).toBe(true);
    expect(test('abc', 'notStartsWith', 'bc')).toBe(true);
    expect(test('abc', 'endsWith', 'bc')).toBe(true);
    expect(test('abc', 'notEndsWith', 'bc')).toBe(false);
  });
  it('know what is empty', () => {
    for (const value of [null, undefined, '', [], {}]) expect(test(value, 'isEmpty')).toBe(true);
    for (const value of [0, false, ' ', [null], { a: null }]) expect(test(value, 'isNotEmpty')).toBe(true);
  });
  it('find a member in a list or in a JSON list', () => {
    expect(test('2', 'in', [1, 2])).toBe(true);
    expect(test('2', 'in', ' [1, 2]')).toBe(true);
    expect(test('2', 'in', '[1, 2')).toBe(false);
    expect(test('2', 'notIn', '1,2')).toBe(true);
  });
  it('match regular expressions, in linear time', () => {
    expect(test('order-12', 'matches', '^order-\\d+$')).toBe(true);
    expect(test(12, 'matches', '2')).toBe(true);
    expect(test(null, 'matches', '.*')).toBe(false);
    expect(test(`${'a'.repeat(50_000)}!`, 'matches', '(a+)+$')).toBe(false);
    expect(() => test('a', 'matches', '(')).toThrow(HooklineError);
    expect(() => test('a', 'matches', 5)).toThrow(HooklineError);
  });
});

describe('groups', () => {
  it('nest', () => {
    const yes = { left: 1, operator: 'equal', right: 1 } as const;
    const no = { left: 1, operator: 'equal', right: 2 } as const;
    expect(evaluateBasicTest({ all: [yes, { any: [no, yes] }] })).toBe(true);
    expect(evaluateBasicTest({ any: [no, { all: [yes, no] }] })).toBe(false);
  });
  it.each([
    [{}, 'either all or any'],
    [{ all: [], any: [] }, ''],
    [{ all: [{ lef: 1, operator: 'equal' }] }, 'lef'],
    [{ all: [{ left: 1, operator: 'nope' }] }, 'operator'],
    [{ all: [{ left: 1 }] }, 'must be a comparison'],
    [{ all: [{ operator: 'isEmpty', left: 1, any: [] }] }, ''],
  ])('refuse %j', (value, text) => {
    const result = basicTestSchema.safeParse(value);
    expect(result.success).toBe(false);
    expect(JSON.stringify(result.error?.issues)).toContain(text);
  });
  it('are limited in depth and number, however large the document', () => {
    const nest = (depth: number) => {
      let group: object = { left: 1, operator: 'isEmpty' };
      for (let level = 0; level < depth; level++) group = { any: [group] };
      return group;
    };
    expect(basicTestSchema.safeParse(nest(10)).success).toBe(true);
    expect(basicTestSchema.safeParse(nest(11)).success).toBe(false);
    expect(basicTestSchema.safeParse(nest(50_000)).success).toBe(false);
    expect(basicTestSchema.safeParse({ all: [], any: [nest(50_000)] }).success).toBe(false);
    const comparison = { left: 1, operator: 'isEmpty' };
    expect(basicTestSchema.safeParse({ all: Array.from({ length: 200 }, () => comparison) }).success).toBe(true);
    expect(basicTestSchema.safeParse({ all: Array.from({ length: 201 }, () => comparison) }).success).toBe(false);
  });
});

describe('the check at save time', () => {
  it('names the place of a wrong regular expression and of a missing side', () => {
    const problems = checkBasicTest(
      {
        all: [
          { left: 'a', operator: 'matches', right: '(?<=x)y' },
          { left: 'a', operator: 'matches', right: '{{$context.pattern}}' },
          { any: [{ operator: 'equal', right: 1 }] },
          { left: 'a', operator: 'matches' },
        ],
      },
      'test',
    );
    expect(problems.map(({ path, code }) => [path, code])).toEqual([
      ['test.all[0].right', 'invalid_config'],
      ['test.all[2].any[0]', 'invalid_config'],
      ['test.all[3].right', 'invalid_config'],
    ]);
  });
});

describe('any values at all', () => {
  it('give true or false, or a HooklineError', () => {
    fc.assert(
      fc.property(
        fc.anything({ withDate: true, withBigInt: true }),
        fc.constantFrom(...BASIC_OPERATORS),
        fc.anything(),
        (a, operator, b) => {
          try {
            expect(typeof test(a, operator, b)).toBe('boolean');
          } catch (error) {
            expect(error).toBeInstanceOf(HooklineError);
          }
        },
      ),
    );
  });
  it('equal their own JSON copy', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(test(value, 'equal', JSON.parse(JSON.stringify(value)))).toBe(true);
      }),
    );
  });
});

describe('truth of results', () => {
  it('is that of values, not of text', () => {
    for (const value of [false, 0, Number.NaN, '', null, undefined, [], {}]) expect(isTruthy(value)).toBe(false);
    for (const value of [true, 1, 'false', '0', [0], { a: 0 }]) expect(isTruthy(value)).toBe(true);
  });
});
