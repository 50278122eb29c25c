import fc from 'fast-check';
import { JSONPath } from 'jsonpath-plus';
import { describe, expect, it } from 'vitest';
import { compileJsonPath, isJsonPath } from '../../src/engine/json-path.ts';
import { createPathBudget, MAX_VISITED } from '../../src/engine/path-budget.ts';
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

describe('what it finds', () => {
  const step = fc.constantFrom(
    ...['.a', '.b', '.*', '..a', '..*', '..b', '[0]', '[1]', '[*]', '[a,b]', '[0,1]', '[b,a,0]', '[1:]', '[:-1]', '[-2:]'],
    ...['[0:3:2]', '[::2]', '[::0]', '^', '~', '..', '..[0]', '..[a,b]', '..[0:1]', '..^', '.`a', '.`*', "['a']", "['*']"],
    ...["['..']", "['a.b']", '.length', '.0', '.a,b', '[`*,a]', '@number()', '@null()', '@array()', '@object()', '@scalar()'],
    ...['@string()', '@integer()', '@boolean()', '@nonFinite()', '..@null()', '..~', '.toString', '.a:b', '[a:b]'],
  );
  const name = fc.constantFrom('a', 'b', '0', '1', '*', '..', '^', '~', 'a.b', 'a,b', 'length', '`a', '', '@number()', ':');
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, depthSize: 'medium' },
      fc.constantFrom(null, true, false, 0, 1, 1.5, -1, '', 'text', 'a'),
      fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
      fc.array(tie('value'), { maxLength: 4 }),
    ),
  }));
  const steps = fc.array(step, { minLength: 1, maxLength: 5 }).map((parts) => `$${parts.join('')}`);

  it('is what jsonpath-plus finds, in its order', () => {
    let compared = 0;
    fc.assert(
      fc.property(steps, value, (text, json) => {
        let path: ReturnType<typeof compileJsonPath>;
        try {
          path = compileJsonPath(text);
        } catch (error) {
          if (error instanceof HooklineError && error.code === 'invalid_path') return;
          throw error;
        }
        if (typeof json !== 'object' || json === null) return;
        compared++;
        expect(path.get(json)).toStrictEqual(JSONPath({ path: text, json, eval: false, wrap: true, resultType: 'value' }));
      }),
      { numRuns: 10_000 },
    );
    expect(compared).toBeGreaterThan(2000);
  });
});

describe('the budget', () => {
  /** `width` lists, each nested `depth` deep. */
  const lists = (width: number, depth: number): unknown =>
    Array.from({ length: width }, () => {
      let list: unknown = [];
      for (let level = 1; level < depth; level++) list = [list];
      return list;
    });
  const chains = (width: number, depth: number): unknown =>
    Array.from({ length: width }, () => {
      let chain: unknown = { b: 1 };
      for (let level = 1; level < depth; level++) chain = { a: chain };
      return chain;
    });

  it.each([
    ['$..[0]..[0]', lists(1000, 60)],
    ['$..*..*', lists(500, 50)],
    ['$..*..[0]', lists(500, 50)],
    ['$..[0,1]..*', lists(500, 50)],
    ['$..[0:]..[0:]', lists(1000, 60)],
    ['$.*..*', lists(1000, 60)],
    ['$..a..b', chains(2000, 50)],
    ['$..a..a', chains(1000, 50)],
    ['$..a..*', chains(1000, 50)],
    ['$..', lists(2000, 60)],
    ['$..*^', chains(1000, 60)],
    ['$.*', Array.from({ length: MAX_VISITED }, () => 0)],
  ])('stops %s', (text, value) => {
    const budget = createPathBudget();
    expect(() => compileJsonPath(text).get(value, budget)).toThrow(
      expect.objectContaining({ code: 'path_too_costly', message: expect.stringContaining(JSON.stringify(text)) }),
    );
    // It stopped before it listed what it could no longer pay for.
    expect(budget.visited).toBeLessThan(2.5 * MAX_VISITED);
  });

  it.each([
    ['$..a', chains(500, 50)],
    ['$.*.a', chains(5000, 10)],
    ['$[*].a', chains(5000, 10)],
    ['$.*.*', lists(5000, 10)],
    ['$[0]..[0]', lists(5000, 60)],
  ])('is enough for %s', (text, value) => {
    const expected = JSONPath({ path: text, json: value as object, eval: false, wrap: true });
    expect(compileJsonPath(text).get(value)).toEqual(expected);
  });

  it.each(['$.*.a', '$[*].a', '$..b', '$[*][*]', '$..[0]', '$[0:].a'])('grows with the value for %s', (text) => {
    const visits = (width: number): number => {
      const budget = createPathBudget(Number.POSITIVE_INFINITY);
      compileJsonPath(text).get(chains(width, 20), budget);
      return budget.visited;
    };
    // Twice the value, twice the visits, but for the few of the root.
    expect(visits(2000)).toBeLessThanOrEqual(2 * visits(1000));
    expect(visits(1000)).toBeGreaterThan(1000);
  });

  it('counts each visit once: the visits of a path are the same on every run', () => {
    const budget = createPathBudget();
    expect(compileJsonPath('$.a[*].b').get({ a: [{ b: 1 }, { b: 2 }, 3] }, budget)).toEqual([1, 2]);
    const { visited } = budget;
    compileJsonPath('$.a[*].b').get({ a: [{ b: 1 }, { b: 2 }, 3] }, budget);
    expect(budget.visited).toBe(2 * visited);
  });
});

describe('isJsonPath', () => {
  it('leaves names that start with a dollar sign to ordinary paths', () => {
    expect(['$', '$.a', '$[0]', '$ref', 'a.$', ''].map(isJsonPath)).toEqual([true, true, true, false, false, false]);
  });
});
