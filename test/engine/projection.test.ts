import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePath, type Path, pathOf } from '../../src/engine/path.ts';
import { createPathBudget } from '../../src/engine/path-budget.ts';
import { assignAt, compileProjection, withDefault } from '../../src/engine/projection.ts';

function project(value: unknown, ...paths: string[]): unknown {
  return compileProjection(paths.map(compilePath))(value, createPathBudget());
}

describe('compileProjection', () => {
  it('keeps only what the paths touch, in its place', () => {
    expect(project({ a: { b: 1, c: 2 }, d: 3 }, 'a.b')).toEqual({ a: { b: 1 } });
    expect(project({ items: [{ sku: 1, x: 2 }, { sku: 3 }] }, 'items.sku')).toEqual({ items: [{ sku: 1 }, { sku: 3 }] });
    expect(project({ items: [{ sku: 1 }, { sku: 3 }, { sku: 4 }] }, 'items[1].sku')).toEqual({ items: [null, { sku: 3 }] });
    expect(project({ items: [{ sku: 1 }, { sku: 3 }] }, 'items.1.sku')).toEqual({ items: [null, { sku: 3 }] });
    expect(project([{ a: 1, b: 2 }], 'a')).toEqual([{ a: 1 }]);
  });

  it('merges overlapping paths', () => {
    expect(project({ a: { b: 1, c: 2, d: 3 } }, 'a.b', 'a.c')).toEqual({ a: { b: 1, c: 2 } });
    expect(project({ a: { b: 1, c: 2 } }, 'a.b', 'a')).toEqual({ a: { b: 1, c: 2 } });
    const items = [
      { sku: 1, name: 'x', z: 0 },
      { sku: 2, name: 'y', z: 0 },
    ];
    expect(project({ items }, 'items.sku', 'items[1].name')).toEqual({ items: [{ sku: 1 }, { sku: 2, name: 'y' }] });
  });

  it('keeps containers empty when nothing is found, and leaves out the rest', () => {
    expect(project({ a: { c: 1 } }, 'a.b')).toEqual({ a: {} });
    expect(project({ a: 5 }, 'a.b')).toEqual({});
    expect(project({ list: [{ x: 1 }, 7] }, 'list.y')).toEqual({ list: [{}, null] });
    expect(project({ list: [1] }, 'list[4]')).toEqual({ list: [] });
    expect(project('text', 'a')).toBeUndefined();
    expect(project({ a: 1 })).toEqual({});
  });

  it('keeps all elements behind a mapped name when an index follows', () => {
    const orders = [{ items: [{ a: 1, b: 2 }], x: 0 }, { items: [{ a: 3 }] }];
    const kept = project({ orders }, 'orders.items[1].a');
    expect(kept).toEqual({ orders: [{ items: [{ a: 1, b: 2 }] }, { items: [{ a: 3 }] }] });
    expect(compilePath('orders.items[1].a').get(kept)).toBe(3);
  });

  it('shares whole subtrees with the value', () => {
    const value = { a: { b: { c: 1 } } };
    const kept = project(value, 'a.b');
    expect(compilePath('a.b').get(kept)).toBe(value.a.b);
  });

  it('lets every path find in the copy what it finds in the value', () => {
    const name = fc.constantFrom('a', 'b', 'c', '0', '1');
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5, depthSize: 'large' },
        fc.oneof(fc.nat(9), fc.constant(null), fc.constant('text')),
        fc.dictionary(name, tie('tree'), { noNullPrototype: true }),
        fc.array(tie('tree'), { maxLength: 3 }),
      ),
    }));
    const path = fc.array(fc.oneof(name, fc.nat(2)), { minLength: 1, maxLength: 5 }).map((segments) => pathOf(segments));
    fc.assert(
      fc.property(tree, fc.array(path, { minLength: 1, maxLength: 5 }), (value, paths) => {
        const copy = compileProjection(paths)(value, createPathBudget());
        for (const each of paths) expect(each.get(copy), each.text).toEqual(each.get(value));
      }),
      { numRuns: 1_000 },
    );
  });

  it('compiles a deep path quickly', () => {
    const deep = Array<string>(64).fill('a').join('.');
    const indexes = Array.from({ length: 200 }, (_, index) => `list[${index}].${'b.'.repeat(20)}c`);
    expect(project({ a: 1 }, deep, ...indexes)).toEqual({});
  });
});

describe('withDefault', () => {
  const at = (text: string): Path => compilePath(text);

  it('creates objects and arrays on the way', () => {
    expect(withDefault(undefined, at('a.b[2].c'), 1)).toEqual({ a: { b: [null, null, { c: 1 }] } });
    expect(withDefault({ a: { x: 1 } }, at('a.b'), 2)).toEqual({ a: { x: 1, b: 2 } });
    expect(withDefault([null], at('[0].a'), 1)).toEqual([{ a: 1 }]);
    expect(withDefault({ a: [] }, at('a.1'), 1)).toEqual({ a: [null, 1] });
  });

  it('keeps what is there', () => {
    expect(withDefault({ a: null }, at('a'), 1)).toEqual({ a: null });
    expect(withDefault({ a: [7] }, at('a[0]'), 1)).toEqual({ a: [7] });
  });

  it('replaces what is in the way', () => {
    expect(withDefault({ a: 'text' }, at('a.b'), 1)).toEqual({ a: { b: 1 } });
    expect(withDefault({ a: null }, at('a.b'), 1)).toEqual({ a: { b: 1 } });
  });

  it('fills every object of an array that lacks the name', () => {
    expect(withDefault({ items: [{ sku: 1 }, {}, 5] }, at('items.sku'), 0)).toEqual({ items: [{ sku: 1 }, { sku: 0 }, 5] });
  });

  it('changes nothing that it was given', () => {
    const value = Object.freeze({ a: Object.freeze({ list: Object.freeze([Object.freeze({})]) }) });
    expect(withDefault(value, at('a.list[0].x'), 1)).toEqual({ a: { list: [{ x: 1 }] } });
    expect(value).toEqual({ a: { list: [{}] } });
  });

  it('refuses an index above 1,000', () => {
    expect(() => withDefault({}, at('a[1001]'), 1)).toThrow(expect.objectContaining({ code: 'invalid_path' }));
    expect(withDefault({}, at('a[1000]'), 1)).toHaveProperty('a.length', 1001);
  });

  it('makes the path find the default, whatever was there, unless a name maps over an array', () => {
    const segment = fc.oneof(fc.constantFrom('a', 'b'), fc.nat(3));
    fc.assert(
      fc.property(fc.jsonValue(), fc.array(segment, { minLength: 1, maxLength: 4 }), (value, segments) => {
        const path = pathOf(segments);
        fc.pre(path.get(value) === undefined);
        const isMapping = (name: unknown, at: number) =>
          typeof name === 'string' && Array.isArray(pathOf(segments.slice(0, at)).get(value));
        fc.pre(!segments.some(isMapping));
        expect(path.get(withDefault(value, path, 'fallback'))).toEqual('fallback');
      }),
    );
  });
});

describe('assignAt', () => {
  it('places a default in its target and leaves shared parts alone', () => {
    const shared = { x: 1 };
    const target: Record<string, unknown> = { a: shared };
    assignAt(target, compilePath('a.b'), 2);
    assignAt(target, compilePath('c'), 3);
    expect(target).toEqual({ a: { x: 1, b: 2 }, c: 3 });
    expect(shared).toEqual({ x: 1 });
  });

  it('refuses a path that starts with an index', () => {
    expect(() => assignAt({}, compilePath('[0]'), 1)).toThrow(expect.objectContaining({ code: 'invalid_path' }));
  });
});
