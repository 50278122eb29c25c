// Times as bounds of execution ids.

import fc from 'fast-check';
import { v7 } from 'uuid';
import { expect, test } from 'vitest';
import { isExecutionId, lowestIdAt } from '../../src/storage/execution-id.ts';

const time = fc.integer({ min: 0, max: 2 ** 48 - 2 });

test('an id is not below the bound of its own millisecond and below that of the next', () => {
  fc.assert(
    fc.property(time, fc.uint8Array({ minLength: 16, maxLength: 16 }), (msecs, random) => {
      const id = v7({ msecs, random });
      expect(id >= lowestIdAt(msecs)).toBe(true);
      expect(id < lowestIdAt(msecs + 1)).toBe(true);
    }),
  );
});

test('bounds are ids themselves, and ordered as their times', () => {
  fc.assert(
    fc.property(time, time, (a, b) => {
      expect(isExecutionId(lowestIdAt(a))).toBe(true);
      expect(lowestIdAt(a) < lowestIdAt(b)).toBe(a < b);
    }),
  );
});

test('times that no id can hold become the nearest bound', () => {
  expect(lowestIdAt(-1)).toBe(lowestIdAt(0));
  expect(lowestIdAt(Number.MAX_VALUE)).toBe('ffffffff-ffff-7000-8000-000000000000');
  expect(lowestIdAt(1.5)).toBe(lowestIdAt(2));
});

test('only the stored form is an id', () => {
  for (const value of [
    '',
    'x',
    5,
    null,
    lowestIdAt(1).toUpperCase().replace('0', 'A'),
    `${lowestIdAt(1)} `,
    `${lowestIdAt(1)}\n`,
  ]) {
    expect(isExecutionId(value)).toBe(false);
  }
});
