// Cursors and limits of lists.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HooklineError } from '../../src/errors.ts';
import { type ListKind, placeOf, toPage } from '../../src/storage/page.ts';

const kind: ListKind<[string, number]> = {
  name: 'things',
  isPlace: (value): value is [string, number] =>
    value.length === 2 && typeof value[0] === 'string' && typeof value[1] === 'number',
};

test('the cursor of a page gives the place of its last item back', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), fc.integer(), (name, number) => {
      const { items, nextCursor } = toPage(
        kind,
        [
          { name, number },
          { name: 'next', number: 0 },
        ],
        1,
        (item) => [item.name, item.number],
      );
      expect(items).toEqual([{ name, number }]);
      expect(placeOf(kind, nextCursor ?? '')).toEqual([name, number]);
    }),
  );
});

test('a page with nothing behind it has no cursor', () => {
  expect(toPage(kind, ['a', 'b'], 2, (item) => [item, 0]).nextCursor).toBeNull();
  expect(toPage(kind, [], 2, () => ['', 0])).toEqual({ items: [], nextCursor: null });
  expect(placeOf(kind, undefined)).toBeUndefined();
});

test('whatever is sent as a cursor is a place or refused by name', () => {
  const json = fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString('base64url'));
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.base64String(), json), (cursor) => {
      try {
        expect(kind.isPlace(placeOf(kind, cursor) ?? [])).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(HooklineError);
        expect(error).toMatchObject({ code: 'invalid_request' });
      }
    }),
  );
});
