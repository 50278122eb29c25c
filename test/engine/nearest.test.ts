// Tests of the suggestions for mistyped names.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearestNames } from '../../src/engine/nearest.ts';

const KNOWN = ['condition', 'multi-conditions', 'response', 'variable', 'end'];

describe('nearestNames', () => {
  it('suggests names that differ by a few letters, the closest first', () => {
    expect(nearestNames('conditon', KNOWN)[0]).toBe('condition');
    expect(nearestNames('Respones', KNOWN)).toEqual(['response']);
    expect(nearestNames('edn', KNOWN)).toEqual(['end']);
    expect(nearestNames('nod', KNOWN)).toEqual([]);
  });

  it('suggests names that hold the typed one, or the other way round', () => {
    expect(nearestNames('conditions', KNOWN)).toEqual(['condition', 'multi-conditions']);
  });

  it('suggests nothing for what is like nothing', () => {
    expect(nearestNames('teapot', KNOWN)).toEqual([]);
    expect(nearestNames('', KNOWN)).toEqual([]);
    expect(nearestNames('q', ['a', 'bc'])).toEqual([]);
  });

  it('is fast for any text, however long', () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => nearestNames(text, KNOWN).length <= 3));
    expect(nearestNames('x'.repeat(1_000_000), KNOWN)).toEqual([]);
  });
});
