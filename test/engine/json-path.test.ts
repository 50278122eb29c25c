import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileJsonPath, isJsonPath } from '../../src/engine/json-path.ts';
import { HooklineError } from '../../src/errors.ts';

function refusal(text: string): string {
  try {
    compileJsonPath(text);
  } catch (error) {
    if (error instanceof HooklineError && error.code === 'invalid_path') return error.message;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

const store = {
  book: [
    { title: 'A', price: 8, tags: ['x'] },
    { title: 'B', price: 12 },
    { title: 'C', price: 9 },
  ],
  'first name': 'Ann',
  box: { title: 'D' },
};

describe('compileJsonPath', () => {
  it.each([
    ['$', [store]],
    ['$.book[0].title', ['A']],
    ['$.book[*].title', ['A', 'B', 'C']],
    ['$.book[-1:].title', ['C']],
    ['$.book[0:2].price', [8, 12]],
    ['$.book[0,2].title', ['A', 'C']],
    ['$..title', ['A', 'B', 'C', 'D']],
    ['$.book..tags..*', ['x']],
    ["$['first name']", ['Ann']],
    ['$.box.title^', [{ title: 'D' }]],
    ['$.box.*~', ['title']],
    ['$.book[0].price@number()', [8]],
    ['$.missing', []],
    ['$.toString', []],
    ['$.book.hasOwnProperty', []],
  ])('finds %s', (text, expected) => {
    expect(compileJsonPath(text).get(store)).toEqual(expected);
  });

  it('finds nothing in values that are no containers', () => {
    for (const value of [undefined, null, 0, '', 'text', false]) expect(compileJsonPath('$.a').get(value)).toEqual([]);
    expect(compileJsonPath('$').get('text')).toEqual(['text']);
    expect(compileJsonPath('$').get(undefined)).toEqual([]);
  });

  it.each([
    ['book', 'start with'],
    ['$book', 'start with'],
    ['$.book[?(@.price < 10)]', 'filters'],
    ['$.book[?@.price]', 'filters'],
    ['$.book[(@.length-1)]', 'filters'],
    ["$['(1)']", 'filters'],
    ['$.a[b,(1)]', 'filters'],
    ['$..a..b..c', 'descents'],
    ['$[..,a]', 'different names'],
    ['$.__proto__.x', 'reserved'],
    ['$["constructor"]', 'reserved'],
    ['$[a,prototype]', 'reserved'],
    ['$.`__proto__', 'reserved'],
    ["$['a','b']", 'without quotes'],
    ['$[a', 'not closed'],
    ['$.a]', 'not closed'],
    ['$.a.$.b', 'only at the start'],
    ['$.*^.*', 'behind `^`'],
    ['$[a,a]', 'different names'],
    ['$[a,`a]', 'different names'],
    ['$[*,a]', 'different names'],
    ['$[0,1:3]', 'different names'],
    ['$.@other()', '@other()'],
    [`$.${'a'.repeat(1000)}`, '1000 characters'],
  ])('refuses %s', (text, reason) => {
    expect(refusal(text)).toContain(reason);
  });

  it('reports a value that is nested too deep', () => {
    let value: unknown = 1;
    for (let i = 0; i < 100_000; i++) value = [value];
    expect(() => compileJsonPath('$..a').get(value)).toThrow(expect.objectContaining({ code: 'invalid_path' }));
  });

  it('throws nothing but invalid_path, and finds nothing of a prototype', () => {
    const piece = fc.constantFrom(
      '.',
      '..',
      '[',
      ']',
      '*',
      'a',
      'b',
      '0',
      ',',
      ':',
      '-1',
      '^',
      '~',
      "'",
      '"',
      '`',
      '@',
      '()',
      '?',
      '#',
      ';',
      '$',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join('')),
    );
    const inherited = new Set<unknown>([Object.prototype, Array.prototype, Function.prototype]);
    fc.assert(
      fc.property(text, fc.jsonValue({ maxDepth: 3 }), (input, value) => {
        try {
          for (const found of compileJsonPath(`$${input}`).get(value)) {
            expect(typeof found).not.toBe('function');
            expect(inherited.has(found)).toBe(false);
          }
        } catch (error) {
          if (!(error instanceof HooklineError)) throw error;
          expect(error.code).toBe('invalid_path');
        }
      }),
      { numRuns: 5000 },
    );
  });
});

describe('isJsonPath', () => {
  it('leaves names that start with a dollar sign to ordinary paths', () => {
    expect(['$', '$.a', '$[0]', '$ref', 'a.$', ''].map(isJsonPath)).toEqual([true, true, true, false, false, false]);
  });
});
