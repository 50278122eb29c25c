// A request turned into variables: paths, names, defaults, what is required.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HooklineError } from '../../../src/errors.ts';
import type { PathVariable } from '../../../src/plugins/webhook/schema.ts';
import { compileHeaders, compilePart } from '../../../src/plugins/webhook/variables.ts';

const read = (variables: readonly PathVariable[], value: unknown): unknown => compilePart('body', variables)(value);

const order = { id: 7, customer: { name: 'Ada', mail: 'a@b.c' }, items: [{ sku: 'A', n: 1 }, { sku: 'B' }], note: null };

describe('body and query', () => {
  it('are whole when nothing is named', () => {
    expect(read([], order)).toBe(order);
    expect(read([], undefined)).toBeUndefined();
  });

  it('hold exactly what is named, at its place', () => {
    expect(read([{ path: 'customer.name' }, { path: 'items.sku' }], order)).toEqual({
      customer: { name: 'Ada' },
      items: [{ sku: 'A' }, { sku: 'B' }],
    });
    expect(read([{ path: 'items[1].sku' }], order)).toEqual({ items: [null, { sku: 'B' }] });
  });

  it('are an empty object when nothing named is there', () => {
    for (const value of [undefined, null, 5, 'text', {}]) expect(read([{ path: 'a.b' }], value)).toEqual({});
  });

  it('give a value a name of its own, also one of a JSONPath', () => {
    const variables = [{ path: 'customer.name', name: 'who' }, { path: '$.items[*].sku', name: 'skus' }, { path: 'id' }];
    expect(read(variables, order)).toEqual({ who: 'Ada', skus: ['A', 'B'], id: 7 });
    expect(read([{ path: '$.none[*]', name: 'none' }], order)).toEqual({});
  });

  it('take the default for what is missing, and not for null or false', () => {
    const variables = [
      { path: 'none', default: 1 },
      { path: 'deep.none', default: [1] },
      { path: 'items.n', default: 0 },
      { path: 'note', default: 'x' },
      { path: 'gone', name: 'named', default: false },
    ];
    expect(read(variables, order)).toEqual({
      none: 1,
      deep: { none: [1] },
      items: [{ n: 1 }, {}],
      note: null,
      named: false,
    });
  });

  it('never change the request', () => {
    const copy = structuredClone(order);
    const part = compilePart('body', [
      { path: 'customer.age', default: 3 },
      { path: 'items[3].n', default: 1 },
      { path: 'id', name: 'x' },
    ]);
    expect(part(order)).toEqual({ customer: { age: 3 }, items: [null, null, null, { n: 1 }], x: 7 });
    expect(part({})).toEqual({ customer: { age: 3 }, items: [null, null, null, { n: 1 }] });
    expect(order).toEqual(copy);
  });

  it('refuse a request without what is required, naming the path; a default fills in', () => {
    expect(() => read([{ path: 'a.b', required: true }], order)).toThrow(
      expect.objectContaining({
        code: 'missing_value',
        details: { part: 'body', path: 'a.b' },
        message: expect.stringContaining('"a.b"'),
      }),
    );
    expect(() => read([{ path: '$.none', name: 'n', required: true }], order)).toThrow(/none/);
    expect(read([{ path: 'a', required: true, default: 2 }], order)).toEqual({ a: 2 });
    expect(read([{ path: 'note', required: true }], order)).toEqual({ note: null });
  });

  it('never throw anything but the named error, and never touch a prototype', () => {
    const segment = fc.constantFrom('a', 'b', '[0]', 'toString', 'length', 'valueOf');
    const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.').replaceAll('.[', '['));
    const variable = fc.record(
      { path, required: fc.boolean(), default: fc.constantFrom(1, { a: 1 }, [1]) },
      { requiredKeys: ['path'] },
    );
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom(1, 'text', null, true),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'constructor'), tie('value')),
      ),
    })).value;
    fc.assert(
      fc.property(fc.array(variable, { maxLength: 4 }), value, (variables, body) => {
        const before = JSON.stringify(body);
        try {
          const result = read(variables, body);
          if (variables.length > 0) expect(typeof result === 'object' && result !== null).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(HooklineError);
          expect(['missing_value', 'invalid_path']).toContain((error as HooklineError).code);
        }
        expect(JSON.stringify(body)).toBe(before);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
    );
  });
});

describe('headers', () => {
  it('are whole when nothing is named', () => {
    const headers = { a: '1' };
    expect(compileHeaders([])(headers)).toBe(headers);
  });

  it('are found in any case and named in lower case', () => {
    expect(compileHeaders([{ name: 'X-Request-Id' }, { name: 'x-none' }])({ 'x-request-id': '1', other: '2' })).toEqual({
      'x-request-id': '1',
    });
  });

  it('have defaults, and refuse a request without a required one', () => {
    expect(compileHeaders([{ name: 'X-A', default: 'd', required: true }])({})).toEqual({ 'x-a': 'd' });
    expect(() => compileHeaders([{ name: 'X-A', required: true }])({})).toThrow(
      expect.objectContaining({ code: 'missing_value', details: { part: 'headers', path: 'X-A' } }),
    );
  });

  it('are own ones', () => {
    expect(compileHeaders([{ name: 'toString' }, { name: 'constructor' }])({})).toEqual({});
  });
});
