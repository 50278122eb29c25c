// Tests of the tolerant reading of trees, of the order of nodes, and of expressions' places.

import { describe, expect, it } from 'vitest';
import type { Node } from '../../src/engine/model.ts';
import {
  expressionPlaces,
  findExpressions,
  isInside,
  MAX_NODES,
  readTree,
  relationOf,
  type TreeNode,
  walkNodes,
} from '../../src/engine/tree.ts';

const node = (key: string, branches?: Record<string, Node[]>): Node => ({
  key,
  type: 'step',
  config: {},
  ...(branches && { branches }),
});

const NODES = [node('a'), node('b', { yes: [node('c', { deep: [node('d')] }), node('e')], 'no.way': [node('f')] }), node('g')];

describe('readTree', () => {
  it('gives every node its place, a parent before its branches', () => {
    expect(readTree(NODES).all.map(({ key, place }) => `${key} ${place}`)).toEqual([
      'a nodes[0]',
      'b nodes[1]',
      'c nodes[1].branches.yes[0]',
      'd nodes[1].branches.yes[0].branches.deep[0]',
      'e nodes[1].branches.yes[1]',
      'f nodes[1].branches["no.way"][0]',
      'g nodes[2]',
    ]);
  });

  it('agrees with walkNodes', () => {
    const walked: string[] = [];
    walkNodes(NODES, ({ key }, place) => walked.push(`${key} ${place}`));
    expect(walked).toEqual(readTree(NODES).all.map(({ key, place }) => `${key} ${place}`));
  });

  it('reads what it can of what is wrong', () => {
    const { all, problems } = readTree([null, 1, 'x', [], { key: 5, type: {}, config: [], branches: [1] }, { key: '__proto__' }]);
    expect(problems).toEqual([]);
    expect(all.map(({ key, type, config, branches }) => ({ key, type, config, branches: branches.size }))).toEqual([
      { key: undefined, type: undefined, config: {}, branches: 0 },
      { key: undefined, type: undefined, config: {}, branches: 0 },
    ]);
    for (const odd of [undefined, null, 'nodes', 7, {}]) expect(readTree(odd).all).toEqual([]);
  });

  it('stops at the 50th level and at the 2,000th node, saying so once', () => {
    let deep: Node = node('deepest');
    for (let level = 0; level < 5000; level++) deep = node(`n${level}`, { in: [deep] });
    const { all, problems } = readTree([deep]);
    expect(all).toHaveLength(50);
    expect(problems).toMatchObject([{ code: 'too_deep', severity: 'error' }]);

    const wide = readTree(Array.from({ length: MAX_NODES + 500 }, (_, index) => node(`n${index}`)));
    expect(wide.all).toHaveLength(MAX_NODES);
    expect(wide.problems).toMatchObject([{ path: 'nodes', code: 'too_many_nodes' }]);
  });
});

describe('relationOf', () => {
  const nodes = new Map(readTree(NODES).all.map((item) => [item.key, item]));
  const get = (key: string): TreeNode => {
    const found = nodes.get(key);
    if (!found) throw new Error(key);
    return found;
  };

  it.each([
    ['g', 'a', 'earlier'],
    ['g', 'b', 'earlier'],
    ['g', 'd', 'earlier'],
    ['g', 'f', 'earlier'],
    ['d', 'a', 'earlier'],
    ['d', 'b', 'earlier'],
    ['d', 'c', 'earlier'],
    ['e', 'd', 'earlier'],
    ['f', 'c', 'other-branch'],
    ['c', 'f', 'other-branch'],
    ['b', 'c', 'later'],
    ['c', 'e', 'later'],
    ['a', 'g', 'later'],
    ['a', 'd', 'later'],
    ['c', 'c', 'itself'],
  ] as const)('for %s, %s is %s', (from, to, relation) => {
    expect(relationOf(get(from), get(to))).toBe(relation);
  });

  it('knows which nodes are around a node', () => {
    expect([isInside(get('d'), get('c')), isInside(get('d'), get('b')), isInside(get('d'), get('a'))]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('findExpressions', () => {
  it('finds strings at plain paths and in lists', () => {
    const config = { test: 'a', cases: [{ test: 'b' }, { test: { all: [] } }, { test: 'c' }], rows: [['d'], ['e', 5]] };
    expect(expressionPlaces(config, ['test', 'cases[*].test', 'rows[*][*]', 'missing.test', 'test.length'])).toEqual([
      'test',
      'cases[0].test',
      'cases[2].test',
      'rows[0][0]',
      'rows[1][0]',
    ]);
    expect(findExpressions(config, ['cases[*].test'])[1]).toEqual({ segments: ['cases', 2, 'test'], text: 'c' });
  });

  it('sees own properties only', () => {
    expect(expressionPlaces({}, ['constructor.name', '__proto__'])).toEqual([]);
    expect(expressionPlaces(null, ['test'])).toEqual([]);
  });
});
