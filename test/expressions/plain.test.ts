import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotPlainError, toPlain } from '../../src/expressions/plain.ts';

describe('plain results', () => {
  it('keep JSON as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(toPlain(value)).toEqual(value);
      }),
    );
  });
  it('lose what JSON does not know', () => {
    const list = Object.assign([1, undefined], { sequence: true });
    expect(toPlain({ list, none: undefined, at: new Date(0), big: 5n })).toEqual({
      list: [1, null],
      at: '1970-01-01T00:00:00.000Z',
      big: 5,
    });
    expect(toPlain(Object.assign(Object.create(null), { a: 1 }))).toEqual({ a: 1 });
  });
  it('have no member named __proto__, at any depth', () => {
    for (const text of ['{"__proto__": {"a": 1}}', '[{"a": {"__proto__": 1}}]']) {
      expect(() => toPlain(JSON.parse(text))).toThrow('a member named "__proto__"');
    }
  });
  it.each([
    [() => 1],
    [Symbol('a')],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [new Map()],
    [new Error('x')],
    [new Date(Number.NaN)],
  ])('refuse %s', (value) => {
    expect(() => toPlain(value)).toThrow(NotPlainError);
    expect(() => toPlain([{ a: value }])).toThrow(NotPlainError);
  });
  it('refuse cycles', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(() => toPlain(cycle)).toThrow(NotPlainError);
  });
});
