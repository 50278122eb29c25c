import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  copyNodes,
  duplicateNodes,
  findNode,
  findNodes,
  listAt,
  moveNode,
  pasteNodes,
  removeNodes,
} from '../../../client/src/canvas/edit.ts';
import { layoutDocument } from '../../../client/src/canvas/layout.ts';
import { placeBeside, rangeEnd, rangeOf, standInFor } from '../../../client/src/canvas/navigate.ts';
import type { Document } from '../../../src/engine/model.ts';
import { bigDocument, condition, documentOf, nodeTypes, step } from './support.ts';

function placeOf(document: Document, key: string, by: 1 | -1) {
  return placeBeside(document, layoutDocument(document, nodeTypes), key, by);
}

function step1(document: Document, key: string, by: 1 | -1): Document {
  const place = placeOf(document, key, by);
  return place ? moveNode(document, key, place) : document;
}

describe('a step up or down', () => {
  const sample = documentOf(step('first'), condition('paid', { true: [step('yes')], false: [] }), step('last'));

  it('goes past a neighbour, into its branches and out of them', () => {
    expect(placeOf(sample, 'first', 1)).toEqual({ owner: 'paid', branch: 'true', index: 0 });
    expect(placeOf(sample, 'last', -1)).toEqual({ owner: 'paid', branch: 'false', index: 0 });
    expect(placeOf(sample, 'yes', 1)).toEqual({ owner: 'paid', branch: 'false', index: 0 });
    expect(placeOf(sample, 'yes', -1)).toEqual({ owner: null, branch: '', index: 1 });
    expect(placeOf(documentOf(step('a'), step('b')), 'a', 1)).toEqual({ owner: null, branch: '', index: 2 });
    expect(placeOf(documentOf(condition('c', { false: [step('a')] })), 'a', 1)).toEqual({ owner: null, branch: '', index: 1 });
  });

  it('ends at the ends of the flow', () => {
    expect(placeOf(sample, 'first', -1)).toBeUndefined();
    expect(placeOf(sample, 'last', 1)).toBeUndefined();
    expect(placeOf(sample, 'nobody', 1)).toBeUndefined();
  });

  it('leaves a branch that leads nowhere, and never enters one', () => {
    const lost = documentOf(condition('paid', { maybe: [step('a')] }));
    expect(placeOf(lost, 'a', 1)).toEqual({ owner: null, branch: '', index: 1 });
    expect(placeOf(documentOf(condition('paid', { maybe: [step('a')] }), step('b')), 'b', -1)).toMatchObject({ branch: 'false' });
  });

  it('is taken back by the opposite one, anywhere, and reaches every place', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.constantFrom<1 | -1>(1, -1), (which, by) => {
        const document = bigDocument(20);
        const keys = [...findNodes(document).keys()];
        const key = keys[which % keys.length] ?? '';
        const moved = step1(document, key, by);
        if (moved === document) return;
        const back = step1(moved, key, by === 1 ? -1 : 1);
        expect(findNodes(back).get(key)?.place).toEqual(findNodes(document).get(key)?.place);
        expect(new Set(findNodes(back).keys())).toEqual(new Set(keys));
      }),
    );
    let document = documentOf(...sample.nodes.slice(0, 2));
    const places = new Set<string>();
    for (let count = 0; count < 10; count += 1) {
      const place = findNodes(document).get('first')?.place;
      places.add(`${place?.owner ?? ''}/${place?.branch}/${place?.index}`);
      document = step1(document, 'first', 1);
    }
    expect([...places]).toEqual(['//0', 'paid/true/0', 'paid/true/1', 'paid/false/0', '//1']);
  });
});

describe('a range', () => {
  const sample = documentOf(step('a'), condition('paid', { true: [step('b'), step('c')], false: [step('d')] }), step('last'));

  it('has the neighbours from one node to another, in their order, in the innermost list with both', () => {
    expect(rangeOf(sample, 'c', 'b')).toEqual(['b', 'c']);
    expect(rangeOf(sample, 'a', 'c')).toEqual(['a', 'paid']);
    expect(rangeOf(sample, 'last', 'b')).toEqual(['paid', 'last']);
    expect(rangeOf(sample, 'b', 'd')).toEqual(['paid']);
    expect(rangeOf(sample, 'b', 'b')).toEqual(['b']);
    expect(rangeOf(sample, 'b', 'nobody')).toEqual([]);
  });

  it('knows which of its nodes has another one inside', () => {
    expect(standInFor(sample, 'd', ['a', 'paid'])).toBe('paid');
    expect(standInFor(sample, 'a', ['a', 'paid'])).toBe('a');
    expect(standInFor(sample, 'last', ['a', 'paid'])).toBeUndefined();
  });

  it('grows and shrinks by one neighbour, as far as its list goes', () => {
    expect(rangeEnd(sample, 'b', 'b', 1)).toBe('c');
    expect(rangeEnd(sample, 'b', 'c', 1)).toBe('c');
    expect(rangeEnd(sample, 'b', 'c', -1)).toBe('b');
    expect(rangeEnd(sample, 'a', 'a', 1)).toBe('paid');
    expect(rangeEnd(sample, 'a', 'paid', 1)).toBe('last');
  });

  it('is deleted, duplicated, copied and pasted as a whole, anywhere', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), (one, other) => {
        const document = bigDocument(20);
        const all = [...findNodes(document).keys()];
        const range = rangeOf(document, all[one % all.length] ?? '', all[other % all.length] ?? '');
        const place = findNode(document, range[0] ?? '')?.place;
        if (place === undefined) throw new Error('Every two nodes have a list in common.');
        const list = listAt(document, place).map(({ key }) => key);
        expect(list.slice(place.index, place.index + range.length)).toEqual(range);
        const without = removeNodes(document, range);
        expect(listAt(without, place).map(({ key }) => key)).toEqual(list.filter((key) => !range.includes(key)));
        const { document: twice, keys } = duplicateNodes(document, range);
        const expected = [...list];
        expected.splice(place.index + range.length, 0, ...keys);
        expect(listAt(twice, place).map(({ key }) => key)).toEqual(expected);
        expect(removeNodes(twice, keys)).toEqual(document);
        const pasted = pasteNodes(without, copyNodes(document, range), place);
        expect(pasted?.keys).toEqual(range);
        expect(listAt(pasted?.document ?? without, place)).toEqual(listAt(document, place));
      }),
    );
  });
});
