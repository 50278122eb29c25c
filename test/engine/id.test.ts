// Ids that sort by time.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createIdSource } from '../../src/engine/id.ts';
import { isExecutionId, lowestIdAt } from '../../src/storage/execution-id.ts';

it('makes UUIDv7 that hold their time', () => {
  const id = createIdSource()(0x0123456789ab);
  expect(id).toMatch(/^01234567-89ab-7000-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(isExecutionId(id)).toBe(true);
});

it('makes every id sort behind the one before, also when the clock stands still or is set back', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_005 }), { maxLength: 100 }), (times) => {
      const createId = createIdSource();
      const ids = times.map((time) => createId(time));
      expect([...ids].sort()).toEqual(ids);
      expect(new Set(ids).size).toBe(ids.length);
    }),
  );
});

it('goes on in the next millisecond when one is full', () => {
  const createId = createIdSource();
  const time = 1_700_000_000_000;
  const ids = Array.from({ length: 5000 }, () => createId(time));
  expect([...ids].sort()).toEqual(ids);
  expect(ids[4095]?.startsWith(lowestIdAt(time).slice(0, 15))).toBe(true);
  expect(ids[4096]?.startsWith(lowestIdAt(time + 1).slice(0, 15))).toBe(true);
  expect(createId(time + 2) > (ids.at(-1) ?? '')).toBe(true);
});

it('never sorts an id before the lowest one of its time', () => {
  const createId = createIdSource();
  for (let time = 1_700_000_000_000; time < 1_700_000_000_100; time += 1) expect(createId(time) >= lowestIdAt(time)).toBe(true);
});
