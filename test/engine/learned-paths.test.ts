// What values have looked like, within bounds.

import { expect, it } from 'vitest';
import { Learner, shorten } from '../../src/engine/learned-paths.ts';

it('all elements of a list are one, and the first example stays', () => {
  const learner = new Learner();
  learner.learn({ items: [{ sku: 'a' }, { sku: 7, 'odd name': null }] });
  learner.learn({ items: [{ sku: 'b', 'odd name': 'late' }] });
  expect(learner.paths()).toEqual([
    { path: '', types: ['object'] },
    { path: 'items', types: ['array'] },
    { path: 'items[0]', types: ['object'] },
    { path: 'items[0].sku', types: ['string', 'number'], example: 'a' },
    { path: 'items[0].odd name', types: ['null', 'string'], example: 'late' },
  ]);
});

it('nothing is learned of nothing', () => {
  expect(new Learner().paths()).toEqual([]);
});

it('no more than 300 paths and 8 levels are learned', () => {
  const wide = new Learner();
  wide.learn(Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`k${index}`, index])));
  expect(wide.paths()).toHaveLength(300);
  const deep = new Learner();
  deep.learn(JSON.parse(`${'{"a":'.repeat(50)}1${'}'.repeat(50)}`));
  expect(deep.paths()).toHaveLength(9);
});

it('reserved names are left out, and long examples are cut', () => {
  const learner = new Learner();
  learner.learn(JSON.parse(`{"__proto__":1,"a":"${'x'.repeat(1_000)}"}`));
  const [, a, ...others] = learner.paths();
  expect(others).toEqual([]);
  expect(String(a?.example)).toHaveLength(201);
});

it('values to try things with are of bounded size', () => {
  const short = shorten({ text: 'x'.repeat(20_000), list: Array.from(Array(1_000).keys()), small: [1, null] });
  expect(short).toMatchObject({ small: [1, null] });
  expect(JSON.stringify(short).length).toBeLessThan(12_000);
});
