import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findNodes, moveNode } from '../../../client/src/canvas/edit.ts';
import { layoutDocument } from '../../../client/src/canvas/layout.ts';
import { placeBeside } from '../../../client/src/canvas/navigate.ts';
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
