// What nodes and triggers hand over, as it can be stored.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRoom, isTooLarge, MAX_VALUE_SIZE, toJsonValue } from '../../src/engine/json-value.ts';
import { HooklineError } from '../../src/errors.ts';

function nested(levels: number, inner: unknown = 0): unknown {
  let value = inner;
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

const refused = (value: unknown, message: RegExp): void => {
  expect(() => toJsonValue(value)).toThrow(
    expect.objectContaining({ code: 'node_failed', message: expect.stringMatching(message) }),
  );
};

describe('a value that is JSON', () => {
  it('comes back as it is, not copied', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(toJsonValue(value)).toBe(value);
      }),
    );
  });

  it('is read back the same from its text', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const stored = toJsonValue(value);
        expect(JSON.stringify(JSON.parse(JSON.stringify(stored)))).toBe(JSON.stringify(stored));
      }),
    );
  });
});

describe('a value that is not', () => {
  it('becomes what JSON makes of it', () => {
    expect(toJsonValue(undefined)).toBeNull();
    expect(toJsonValue({ at: new Date(0), list: [undefined, Number.NaN] })).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      list: [null, null],
    });
    expect(toJsonValue(new Map([['a', 1]]))).toEqual({});
    expect(toJsonValue(Object.assign(Object.create(null), { a: 1 }))).toEqual({ a: 1 });
    expect(toJsonValue({ toJSON: () => ['own'] })).toEqual(['own']);
  });

  it('is refused when JSON can make nothing of it', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    refused(() => 1, /function/);
    refused(Symbol('s'), /symbol/);
    refused(1n, /big integer/);
    refused({ at: new Date(0), big: 1n }, /big integer/);
    refused(cycle, /nested deeper/);
    refused({ at: new Date(0), cycle }, /cycle/);
  });

  it('never throws anything but the named error', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }), (value) => {
        try {
          const stored = toJsonValue(value);
          expect(JSON.parse(JSON.stringify(stored))).toBeDefined();
        } catch (error) {
          expect(error).toBeInstanceOf(HooklineError);
        }
      }),
    );
  });
});

describe('the limits', () => {
  it('refuse what is nested deeper than 200 levels, also behind a value that is not plain', () => {
    expect(toJsonValue(nested(200))).toBeDefined();
    refused(nested(201), /200 levels/);
    refused({ at: new Date(0), deep: nested(300) }, /200 levels/);
    refused([{ toJSON: () => nested(300) }], /200 levels/);
  });

  it('count all values of one execution together, and what is repeated as often as it stands there', () => {
    const text = 'x'.repeat(MAX_VALUE_SIZE / 4);
    const room = createRoom();
    expect(toJsonValue([text, text], room)).toBeDefined();
    expect(() => toJsonValue({ a: [text, text] }, room)).toThrow(/larger than/);
    expect(isTooLarge([text, text, text])).toBe(false);
    expect(isTooLarge([text, { [text]: text }, text])).toBe(true);
  });

  it('count many small values as what it takes to walk through them', () => {
    const list = Array.from({ length: MAX_VALUE_SIZE / 64 }, () => 1);
    const doubled = (times: number): unknown => (times === 0 ? list : [doubled(times - 1), doubled(times - 1)]);
    expect(toJsonValue(doubled(2))).toBeDefined();
    refused(doubled(3), /larger than/);
    expect([isTooLarge(doubled(2)), isTooLarge(doubled(3))]).toEqual([false, true]);
  });
});
