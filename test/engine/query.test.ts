import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseQuery } from '../../src/engine/query.ts';
import { HooklineError } from '../../src/errors.ts';

function refusal(text: string): string {
  try {
    parseQuery(text);
  } catch (error) {
    if (error instanceof HooklineError && error.code === 'invalid_query') return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('parseQuery', () => {
  it.each([
    ['', {}],
    ['?', {}],
    ['a=1&b=', { a: '1', b: '' }],
    ['?a=1', { a: '1' }],
    ['query[0][a]=1&query[1][a]=2', { query: [{ a: '1' }, { a: '2' }] }],
    ['a[b][c]=1', { a: { b: { c: '1' } } }],
    ['tag=x&tag=y', { tag: ['x', 'y'] }],
    ['tag[]=x', { tag: ['x'] }],
    ['flag', { flag: '' }],
    ['a%5Bb%5D=%C3%A9+x', { a: { b: 'é x' } }],
    ['a=%zz&b=%C3', { a: '%zz', b: '%C3' }],
    ['toString=1&a[valueOf]=2', { toString: '1', a: { valueOf: '2' } }],
  ])('reads %j', (text, expected) => {
    expect(parseQuery(text)).toEqual(expected);
  });

  it('makes ordinary objects', () => {
    const query = parseQuery('a[b]=1');
    expect(Object.getPrototypeOf(query)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(query.a)).toBe(Object.prototype);
  });

  it('leaves out names that reach prototypes', () => {
    expect(parseQuery('__proto__[x]=1&constructor[prototype][x]=1&a[__proto__]=1&a[b]=2&prototype=1')).toEqual({ a: { b: '2' } });
    expect(Reflect.get({}, 'x')).toBeUndefined();
  });

  it('refuses what is beyond its limits', () => {
    expect(parseQuery(`a${'[b]'.repeat(10)}=1`)).toHaveProperty(Array.from('abbbbbbbbbb'), '1');
    expect(refusal(`a${'[b]'.repeat(11)}=1`)).toContain('depth');
    expect(Object.keys(parseQuery(Array.from({ length: 1000 }, (_, i) => `p${i}=1`).join('&')))).toHaveLength(1000);
    expect(refusal('a=1&'.repeat(1001))).toContain('1000');
    expect(parseQuery('a[]=1&'.repeat(100)).a).toHaveLength(100);
    expect(refusal('a[]=1&'.repeat(101))).toContain('100');
    expect(refusal('a[100]=1')).toContain('100');
  });

  it('throws nothing but invalid_query, and never gives a prototype away', () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      '[',
      ']',
      '=',
      '&',
      '%',
      '%5B',
      '0',
      '101',
      '__proto__',
      'constructor',
      '?',
      '[]',
      '.',
      '+',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join('')),
    );
    const check = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) {
        expect(typeof value).toBe('string');
        return;
      }
      expect([Object.prototype, Array.prototype]).toContain(Object.getPrototypeOf(value));
      for (const [name, child] of Object.entries(value)) {
        expect(['__proto__', 'constructor', 'prototype']).not.toContain(name);
        check(child);
      }
    };
    fc.assert(
      fc.property(text, (input) => {
        try {
          check(parseQuery(input));
        } catch (error) {
          if (!(error instanceof HooklineError)) throw error;
          expect(error.code).toBe('invalid_query');
        }
      }),
      { numRuns: 3000 },
    );
  });
});
