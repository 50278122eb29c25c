import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HooklineError } from '../../src/errors.ts';
import { jsonMappingNode, mapVariables } from '../../src/plugins/json-mapping/node.ts';

const source = { a: 1, b: [{ c: 2 }, { c: 3, d: null }], e: { f: { g: 'x' } }, h: [[1, 2], [3]] };

function map(variables: unknown, options: Record<string, unknown> = {}) {
  return mapVariables(jsonMappingNode.config.parse({ source, variables, ...options }));
}

describe('a JSON mapping', () => {
  it('puts values under their names', () => {
    expect(
      map([
        { path: 'e.f.g', name: 'text' },
        { path: 'b.c', name: 'all' },
        { path: 'b[1].c', name: 'second' },
      ]),
    ).toEqual({
      text: 'x',
      all: [2, 3],
      second: 3,
    });
  });
  it('keeps the place of a path without a name, and flattens lists', () => {
    expect(map([{ path: 'a' }, { path: 'b.c' }, { path: 'e.f.g' }])).toEqual({ a: 1, b: { c: [2, 3] }, e: { f: { g: 'x' } } });
    expect(map([{ path: 'e.f.g' }, { path: 'e' }])).toEqual({ e: source.e });
  });
  it('keeps lists with their indexes when it is told to', () => {
    expect(map([{ path: 'a' }, { path: 'b.c' }], { includeIndex: true })).toEqual({ a: 1, b: [{ c: 2 }, { c: 3 }] });
    expect(map([{ path: 'b[1].c' }], { includeIndex: true })).toEqual({ b: [null, { c: 3 }] });
  });
  it('reads text as JSON', () => {
    expect(map([{ path: 'a' }], { source: '{"a": [1]}' })).toEqual({ a: [1] });
    expect(map([{ path: '[1].a', name: 'x' }], { source: '[{}, {"a": 1}]' })).toEqual({ x: 1 });
    expect(() => map([{ path: 'a' }], { source: '{"a"' })).toThrow(expect.objectContaining({ code: 'invalid_json' }));
  });
  it('leaves out what is missing, or takes its default', () => {
    expect(map([{ path: 'x.y' }, { path: 'z', name: 'z' }])).toEqual({});
    expect(
      map([
        { path: 'x.y', default: 5 },
        { path: 'z', name: 'z', default: [] },
      ]),
    ).toEqual({ x: { y: 5 }, z: [] });
    expect(map([{ path: 'x.y', default: 5 }, { path: 'b.c' }], { includeIndex: true })).toEqual({
      x: { y: 5 },
      b: [{ c: 2 }, { c: 3 }],
    });
    expect(map([{ path: 'b[1].d', name: 'd', default: 1 }])).toEqual({ d: null });
  });
  it('fails when a required value is missing', () => {
    const missing = { code: 'missing_value', message: expect.stringContaining('"x.y"'), details: { path: 'x.y' } };
    expect(() => map([{ path: 'x.y', required: true }])).toThrow(expect.objectContaining(missing));
    expect(() => map([{ path: 'a', required: true }], { source: null })).toThrow(
      expect.objectContaining({ code: 'missing_value' }),
    );
    expect(map([{ path: 'a', required: true }])).toEqual({ a: 1 });
  });
  it.each([
    [[], 'variables'],
    [[{ path: 'a..b' }], 'variables'],
    [[{ path: 'a.__proto__' }], 'reserved'],
    [[{ path: '[0].a' }], 'begins with an index'],
    [[{ path: 'a' }, { path: 'b', name: 'a' }], 'earlier variable'],
    [[{ path: 'a', name: 'a.b' }], 'name'],
  ])('refuses %j', (variables, text) => {
    expect(JSON.stringify(jsonMappingNode.config.safeParse({ source, variables }).error?.issues)).toContain(text);
  });
  it('fails only with errors of its own, and does not change the source', () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', '[0]', '[1]', '.a', '.b', '["x"]', '.0', ''), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join(''));
    const variable = fc.record(
      { path: fc.oneof(path, fc.string()), name: fc.constantFrom('a', 'n'), required: fc.boolean(), default: fc.jsonValue() },
      { requiredKeys: ['path'] },
    );
    const node = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constant(1),
        fc.constant(null),
        fc.dictionary(fc.constantFrom('a', 'b', 'x', '0'), tie('value')),
        fc.array(tie('value'), { maxLength: 3 }),
      ),
    })).value;
    const config = fc.record({
      source: fc.oneof(node, fc.string()),
      variables: fc.array(variable, { minLength: 1, maxLength: 4 }),
      includeIndex: fc.boolean(),
    });
    fc.assert(
      fc.property(config, (value) => {
        const before = JSON.stringify(value.source);
        const parsed = jsonMappingNode.config.safeParse(value);
        if (!parsed.success) return;
        try {
          JSON.stringify(mapVariables(parsed.data));
        } catch (error) {
          if (!(error instanceof HooklineError)) throw error;
        }
        expect(JSON.stringify(value.source)).toBe(before);
      }),
      { numRuns: 1000 },
    );
  });
});
