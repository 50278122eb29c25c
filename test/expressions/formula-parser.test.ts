import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HooklineError } from '../../src/errors.ts';
import { MAX_FORMULA_DEPTH, parseFormula } from '../../src/expressions/formula-parser.ts';
import { language } from '../../src/expressions/languages/formula.ts';

function evaluate(text: string, values: unknown[] = []): unknown {
  const names = values.map((_, index) => `_value${index}`);
  return language.compile(text, names)({ values, variables: {}, input: null });
}

describe('operators', () => {
  it.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['10 - 2 - 3', 5],
    ['2 ^ 3 ^ 2', 64],
    ['-2 ^ 2', 4],
    ['2 ^ -1', 0.5],
    ['50% * 4', 2],
    ['1 + 1 & "a" = "2a"', true],
    ['"it""s"', 'it"s'],
    ["'it''s'", "it's"],
    ['1 == 1', true],
    ['1 != 2', true],
    ['1 <> 1', false],
    ['"b" > "a"', true],
    ['"a" = "A"', false],
    ['TRUE + 1', 2],
    ['"3" * 2', 6],
    ['1e3 + .5', 1000.5],
    ['=1+1', 2],
    ['SUM([1, 2], 3; 4)', 10],
    ['sum()', 0],
    ['IF(1 > 2, "a")', false],
    ['AND(1 = 1, NOT(FALSE))', true],
    ['ISERROR(1 / 0)', true],
    ['IFERROR("x" + 1, -1)', -1],
    ['ROUND(2.345, 2)', 2.35],
    ['DATE(2025, 1, 2) - DATE(2025, 1, 1)', 1],
  ])('%s', (text, expected) => {
    expect(evaluate(text)).toEqual(expected);
  });

  it('take values, missing ones as blank', () => {
    expect(evaluate('_value0 + _value1', [2, null])).toBe(2);
    expect(evaluate('_value0 & "!"', [null])).toBe('!');
    expect(evaluate('SUM(_value0)', [[1, 2, 3]])).toBe(6);
  });
});

describe('mistakes', () => {
  it.each([
    ['', /ends too early/],
    ['1 +', /ends too early/],
    ['(1', /ends too early/],
    ['1 2', /character 3.*unexpected "2"/],
    ['"a', /unexpected "\\""/],
    ['a && b', /a is not a function call/],
    ['1 && 2', /AND\(a, b\)/],
    ['TRUE ? 1 : 2', /unexpected ":"|IF\(/],
    ['status', /variable is written/],
    ['[1,,2]', /missing/],
    ['NOPE(1)', /no function NOPE/],
    ['UTILS(1)', /no function/],
    ['SUM.CONSTRUCTOR("x")', /no function/],
    ['BETA.__PROTO__(1)', /no function/],
    ['TOSTRING()', /no function/],
    ['7 % 2', /unexpected "2"/],
  ])('%j is refused with its place', (text, message) => {
    expect(() => evaluate(text)).toThrow(message);
    expect(() => evaluate(text)).toThrow(HooklineError);
  });

  it('nesting is limited', () => {
    const nest = (depth: number) => '('.repeat(depth) + '1'.padEnd(depth + 1, ')');
    expect(parseFormula(nest(MAX_FORMULA_DEPTH - 1))).toEqual({ type: 'literal', value: 1 });
    expect(() => parseFormula(nest(100_000))).toThrow(/nested deeper/);
    expect(() => parseFormula('-'.repeat(100_000))).toThrow(/nested deeper/);
  });
});

describe('any text', () => {
  const pieces = fc.constantFrom(
    '1',
    '2.5',
    '"a"',
    "'",
    '"',
    'SUM',
    'IF',
    '(',
    ')',
    '[',
    ']',
    ',',
    ';',
    '+',
    '-',
    '^',
    '%',
    '&',
    '=',
    '<',
    '>',
    '!',
    ' ',
    '_value0',
    'TRUE',
    '.',
    'constructor',
  );
  it('parses or is a HooklineError', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces, { maxLength: 30 }).map((list) => list.join('')),
        ),
        (text) => {
          try {
            parseFormula(text, ['_value0']);
          } catch (error) {
            expect(error).toMatchObject({ code: 'invalid_expression' });
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
  it('numbers survive a round trip', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }), (number) => {
        expect(parseFormula(String(number))).toEqual({ type: 'literal', value: number });
      }),
    );
  });
});
