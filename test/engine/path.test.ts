import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appendSegment, compilePath, formatPath, getOwn, indexOfSegment, pathOf } from '../../src/engine/path.ts';
import { HooklineError } from '../../src/errors.ts';

const FORBIDDEN = ['__proto__', 'prototype', 'constructor'];

function refusal(text: string): string {
  try {
    compilePath(text);
  } catch (error) {
    if (error instanceof HooklineError && error.code === 'invalid_path') return error.message;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

describe('compilePath', () => {
  const value = {
    a: 1,
    b: { c: 2, '0': 'zero' },
    items: [{ sku: 'x', tags: ['p', ['q']] }, { sku: 'y' }, { other: 1 }, null, 5],
    orders: [{ items: [{ sku: 1 }, { sku: 2 }] }, { items: [{ sku: 3 }] }, { items: 'none' }],
    grid: [
      [1, 2],
      [3, 4],
    ],
    nested: [[{ n: 1 }], [[{ n: 2 }]]],
    nothing: null,
    'first name': 'Ann',
    'a.b': { 'x"y': true },
    'x-y_z$@/é': 1,
    '': 'empty',
    text: 'hello',
  };

  it.each([
    ['a', 1],
    ['b.c', 2],
    ['b.0', 'zero'],
    ['items[0].sku', 'x'],
    ['items.0.sku', 'x'],
    ['items.sku', ['x', 'y']],
    ['items.tags', ['p', 'q']],
    ['items.sku[1]', 'y'],
    ['items.missing', []],
    ['orders.items.sku', [1, 2, 3]],
    ['orders.items[2].sku', 3],
    ['grid[0][1]', 2],
    ['grid[1].0', 3],
    ['nested.n', [1, 2]],
    ['nothing', null],
    ['first name', 'Ann'],
    ['["a.b"]["x\\"y"]', true],
    [`['a.b']['x"y']`, true],
    ['x-y_z$@/é', 1],
    ['[""]', 'empty'],
  ])('reads %s', (text, expected) => {
    expect(compilePath(text).get(value)).toEqual(expected);
  });

  it.each(['missing', 'a.b.c', 'text.length', 'text[0]', 'b[0]', 'items[9].sku', 'toString', 'b.hasOwnProperty', 'nothing.x'])(
    'finds nothing at %s',
    (text) => {
      expect(compilePath(text).get(value)).toBeUndefined();
    },
  );

  it('maps a name over an array instead of reading its length', () => {
    expect(compilePath('items.length').get(value)).toEqual([]);
  });

  it('keeps null among the results of a mapped name', () => {
    expect(compilePath('list.a').get({ list: [{ a: null }, { a: 1 }, {}] })).toEqual([null, 1]);
  });

  it('reads nothing from values that are no containers', () => {
    for (const scalar of [undefined, null, 5, 'text', true, () => 1]) expect(compilePath('name').get(scalar)).toBeUndefined();
  });

  it.each([
    ['', 1, 'empty'],
    ['a..b', 3, 'a name is expected'],
    ['a.', 3, 'a name is expected'],
    ['.a', 1, 'a name is expected'],
    ['a[', 3, 'an index'],
    ['a[-1]', 3, 'an index'],
    ['a[*]', 3, 'an index'],
    ['a[b]', 3, 'an index'],
    ['a[1', 4, ']'],
    ['a[1]b', 5, '`.` or `['],
    ['a]', 2, 'quoted'],
    ["it's", 3, 'quoted'],
    ['a\nb', 2, 'quoted'],
    [' a', 1, 'white space'],
    ['a .b', 1, 'white space'],
    ['["a', 2, 'not closed'],
    ['["a"', 5, ']'],
    ['["\\x"]', 3, 'escape'],
    ['["\\u12"]', 3, 'escape'],
    ['a[1234567890]', 3, 'digits'],
    ['__proto__', 1, 'reserved'],
    ['a.constructor.b', 2, 'reserved'],
    ['a["\\u005f_proto__"]', 2, 'reserved'],
    ['prototype[0]', 1, 'reserved'],
  ])('refuses %j at character %i', (text, character, reason) => {
    const message = refusal(text);
    expect(message).toContain(`at character ${character}:`);
    expect(message).toContain(reason);
  });

  it('limits length and segments', () => {
    expect(compilePath('a'.repeat(1000)).segments).toHaveLength(1);
    expect(refusal('a'.repeat(1001))).toContain('1000 characters');
    expect(compilePath(Array(64).fill('a').join('.')).segments).toHaveLength(64);
    expect(refusal(Array(65).fill('a').join('.'))).toContain('64 segments');
  });
});

describe('formatPath', () => {
  it('prints what people write', () => {
    expect(formatPath([])).toBe('');
    expect(formatPath(['query', 0, 'a'])).toBe('query[0].a');
    expect(formatPath([0, 'a.b', 'c d', ' e', '', '{{x}}'])).toBe('[0]["a.b"].c d[" e"][""]["{{x}}"]');
    expect(formatPath(['$', '$'])).toBe('["$"].$');
    expect(appendSegment('a', 'b')).toBe('a.b');
  });

  it('is the inverse of compilePath', () => {
    const segment = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }).filter((name) => !FORBIDDEN.includes(name)),
      fc.nat(999_999_999),
    );
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 8 }), (segments) => {
        expect(compilePath(formatPath(segments)).segments).toEqual(segments);
      }),
    );
  });
});

describe('any text and any value', () => {
  it('throws nothing but invalid_path, and prints back to the same segments', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('a', '.', '[', ']', '"', "'", '\\', '0', '1', ' ', 'u', '-') }),
    );
    fc.assert(
      fc.property(text, (input) => {
        try {
          const path = compilePath(input);
          expect(compilePath(formatPath(path.segments)).segments).toEqual(path.segments);
          expect(path.segments.some((segment) => FORBIDDEN.includes(String(segment)))).toBe(false);
        } catch (error) {
          expect(error).toBeInstanceOf(HooklineError);
          expect(error).toHaveProperty('code', 'invalid_path');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('never finds what comes from a prototype', () => {
    const inherited = Object.getOwnPropertyNames(Object.prototype)
      .concat(Object.getOwnPropertyNames(Array.prototype), Object.getOwnPropertyNames(String.prototype))
      .filter((name) => !FORBIDDEN.includes(name));
    const plain = fc.dictionary(fc.constantFrom('a', 'b'), fc.jsonValue(), { noNullPrototype: true });
    fc.assert(
      fc.property(fc.constantFrom(...inherited), plain, (name, value) => {
        expect(pathOf([name]).get(value)).toBeUndefined();
        expect(pathOf([name]).get([value])).toEqual([]);
        expect(pathOf(['a', name]).get({ a: 'text' })).toBeUndefined();
      }),
    );
  });

  it('finds every value of a document at the path that leads there', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (document) => {
        const check = (value: unknown, segments: (string | number)[]): void => {
          expect(pathOf(segments).get(document)).toEqual(value);
          if (Array.isArray(value)) for (const [index, element] of value.entries()) check(element, [...segments, index]);
          else if (typeof value === 'object' && value !== null) {
            for (const [name, child] of Object.entries(value)) if (!FORBIDDEN.includes(name)) check(child, [...segments, name]);
          }
        };
        check(document, []);
      }),
    );
  });
});

describe('getOwn and indexOfSegment', () => {
  it('reads own properties of objects only', () => {
    expect(getOwn({ a: 1 }, 'a')).toBe(1);
    expect(getOwn({ a: 1 }, 'toString')).toBeUndefined();
    expect(getOwn([1], 'length')).toBeUndefined();
    expect(getOwn(null, 'a')).toBeUndefined();
  });

  it('takes names of digits for indexes, unless they start with a needless 0', () => {
    expect(['0', '12', 7, '01', '', 'a', '1234567890'].map(indexOfSegment)).toEqual([0, 12, 7, -1, -1, -1, -1]);
  });
});
