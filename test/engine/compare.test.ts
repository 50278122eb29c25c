// Tests of what is told about the difference of two revisions.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareDocuments } from '../../src/engine/compare.ts';
import type { Document, Node } from '../../src/engine/model.ts';

const node = (key: string, config: Record<string, unknown> = {}, branches?: Record<string, Node[]>): Node => ({
  key,
  type: 'step',
  config,
  ...(branches && { branches }),
});
const doc = (nodes: Node[], config: Record<string, unknown> = {}): Document => ({ trigger: { type: 'webhook', config }, nodes });
const print = (before: Node[], after: Node[]) =>
  compareDocuments(doc(before), doc(after)).map(({ kind, key, path }) => `${kind} ${key} ${path}`);

describe('compareDocuments', () => {
  it('tells nothing about equal documents, also when their keys are in another order', () => {
    const a = doc([node('a', { x: 1, y: { z: [1, { b: 2 }] } })]);
    expect(compareDocuments(a, structuredClone(a))).toEqual([]);
    expect(compareDocuments(a, doc([node('a', { y: { z: [1, { b: 2 }] }, x: 1 })]))).toEqual([]);
  });

  it('tells what was added and removed, with places in the new and the old document', () => {
    expect(print([node('a'), node('b', {}, { yes: [node('c')] })], [node('new'), node('a')])).toEqual([
      'added new nodes[0]',
      'removed b nodes[1]',
      'removed c nodes[1].branches.yes[0]',
    ]);
  });

  it('tells which values changed, before and after', () => {
    const before = doc([{ ...node('a', { status: 200, body: { x: [1, 2] }, gone: 1 }), title: 'Old' }], { maxBodyBytes: 1 });
    const after = doc([node('a', { status: 201, body: { x: [1, 3] }, fresh: null })], { maxBodyBytes: 2 });
    expect(compareDocuments(before, after)).toEqual([
      { kind: 'changed', key: null, path: 'trigger', values: [{ path: 'config.maxBodyBytes', before: 1, after: 2 }] },
      {
        kind: 'changed',
        key: 'a',
        path: 'nodes[0]',
        values: [
          { path: 'title', before: 'Old' },
          { path: 'config.status', before: 200, after: 201 },
          { path: 'config.body.x[1]', before: 2, after: 3 },
          { path: 'config.gone', before: 1 },
          { path: 'config.fresh', after: null },
        ],
      },
    ]);
  });

  it('tells lists of another length as one value', () => {
    const [change] = compareDocuments(doc([node('a', { list: [1, 2, 3] })]), doc([node('a', { list: [2, 3] })]));
    expect(change?.values).toEqual([{ path: 'config.list', before: [1, 2, 3], after: [2, 3] }]);
  });

  it('tells the fewest moves, and none of nodes that others pushed along', () => {
    const [a, b, c, d] = [node('a'), node('b'), node('c'), node('d')];
    expect(print([a, b, c, d], [d, a, b, c])).toEqual(['moved d nodes[0]']);
    expect(print([a, b, c, d], [c, d])).toEqual(['removed a nodes[0]', 'removed b nodes[1]']);
    expect(print([a, node('f', {}, { yes: [b] })], [node('f', {}, { yes: [b, a] })])).toEqual([
      'moved a nodes[0].branches.yes[1]',
    ]);
    expect(compareDocuments(doc([a, b]), doc([b, a]))).toEqual([{ kind: 'moved', key: 'b', path: 'nodes[0]', from: 'nodes[1]' }]);
  });

  it('does not tell a node as moved because the node around it was', () => {
    const inner = node('f', {}, { yes: [node('a', {}, { in: [node('b')] })] });
    expect(print([inner, node('z')], [node('z'), inner])).toEqual(['moved z nodes[0]']);
  });

  it('tells that a secret changed, and never shows it', () => {
    const sealed = (text: string) => ({ $sealed: text });
    const before = doc([], { auth: { type: 'basic', password: sealed('1') }, old: { pin: sealed('3') }, same: sealed('4') });
    const after = doc([], { auth: { type: 'basic', password: sealed('2') }, fresh: [sealed('5')], same: sealed('4') });
    expect(compareDocuments(before, after)[0]?.values).toEqual([
      { path: 'config.auth.password', secret: true },
      { path: 'config.old', before: {} },
      { path: 'config.fresh', after: [null] },
    ]);
  });

  it('tells something exactly when documents differ', () => {
    const config = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
    const nodes = fc
      .uniqueArray(fc.constantFrom('k', 'l', 'm', 'n'), { maxLength: 4 })
      .chain((keys) =>
        fc.tuple(...keys.map(() => config)).map((configs) => keys.map((key, index) => node(key, configs[index] ?? {}))),
      );
    fc.assert(
      fc.property(nodes, nodes, (before, after) => {
        const clean = (list: Node[]): Document => JSON.parse(JSON.stringify(doc(list)));
        const changes = compareDocuments(clean(before), clean(after));
        expect(compareDocuments(clean(before), clean(before))).toEqual([]);
        const order = (list: Node[]) => list.map(({ key }) => key).join();
        if (order(before) !== order(after)) expect(changes).not.toEqual([]);
        if (changes.length === 0) expect(clean(after)).toEqual(clean(before));
      }),
    );
  });
});
