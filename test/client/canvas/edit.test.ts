import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { branchesOf } from '../../../client/src/canvas/branches.ts';
import {
  changeNode,
  copyNodes,
  duplicateNodes,
  findNode,
  findNodes,
  insertNode,
  isListWithin,
  listAt,
  moveBranch,
  moveNode,
  newKey,
  nodesWithin,
  type Place,
  pasteNodes,
  ROOT,
  readNodes,
  removeNode,
  renameKey,
} from '../../../client/src/canvas/edit.ts';
import { reduceHistory, startHistory } from '../../../client/src/canvas/history.ts';
import type { Document } from '../../../src/engine/model.ts';
import { walkNodes } from '../../../src/engine/tree.ts';
import { bigDocument, condition, documentOf, nodeTypes, step, types } from './support.ts';

const sample = documentOf(
  step('first'),
  condition('paid', { true: [step('yes')], false: [step('no'), step('late')] }),
  step('last'),
);

function keysOf(document: Document): string[] {
  const keys: string[] = [];
  walkNodes(document.nodes, ({ key }) => keys.push(key));
  return keys;
}

describe('edits', () => {
  it('find a node with its place and its path', () => {
    expect(findNode(sample, 'late')).toMatchObject({
      place: { owner: 'paid', branch: 'false', index: 1 },
      path: 'nodes[1].branches.false[1]',
    });
    expect(findNode(sample, 'nobody')).toBeUndefined();
  });

  it('put a node in anywhere, and give it a fresh key when its own is taken', () => {
    const next = insertNode(sample, { owner: 'paid', branch: 'true', index: 0 }, step('first'));
    expect(listAt(next, { owner: 'paid', branch: 'true' }).map(({ key }) => key)).toEqual(['first2', 'yes']);
    expect(next.nodes[0]).toBe(sample.nodes[0]);
    expect(insertNode(sample, { owner: 'nobody', branch: 'true', index: 0 }, step('x'))).toBe(sample);
  });

  it('make keys of types that expressions can name without quotes', () => {
    expect(newKey(sample, 'http-request')).toBe('http_request');
    expect(newKey(insertNode(sample, { ...ROOT, index: 0 }, step('http_request')), 'http-request')).toBe('http_request2');
  });

  it('remove a node with what is in its branches', () => {
    expect(keysOf(removeNode(sample, 'paid'))).toEqual(['first', 'last']);
    const emptied = removeNode(sample, 'yes');
    expect(findNode(emptied, 'paid')?.node.branches).toEqual({ false: [step('no'), step('late')] });
  });

  it('move a node up, down and into a branch, but never into its own', () => {
    expect(keysOf(moveNode(sample, 'last', { ...ROOT, index: 0 }))).toEqual(['last', 'first', 'paid', 'yes', 'no', 'late']);
    expect(keysOf(moveNode(sample, 'first', { ...ROOT, index: 2 }))).toEqual(['paid', 'yes', 'no', 'late', 'first', 'last']);
    expect(keysOf(moveNode(sample, 'first', { owner: 'paid', branch: 'true', index: 1 }))).toEqual([
      'paid',
      'yes',
      'first',
      'no',
      'late',
      'last',
    ]);
    expect(moveNode(sample, 'paid', { owner: 'paid', branch: 'true', index: 0 })).toBe(sample);
    expect(moveNode(sample, 'first', { ...ROOT, index: 1 })).toBe(sample);
  });

  it('duplicate a node behind itself, with inner references to the copies', () => {
    const inner = documentOf(condition('a', { true: [step('b', { value: '{{$nodes.a}} {{$nodes.c}}' })] }), step('c'));
    const { document, keys } = duplicateNodes(inner, ['a'], types.nodes);
    expect(keys).toEqual(['a2']);
    expect(findNode(document, 'b2')?.node.config).toEqual({ value: '{{$nodes.a2}} {{$nodes.c}}' });
  });

  it('copy and paste nodes as text, and know other text', () => {
    const text = copyNodes(sample, ['paid', 'yes', 'last']);
    expect(readNodes(text)?.map(({ key }) => key)).toEqual(['paid', 'last']);
    const pasted = pasteNodes(sample, text, { ...ROOT, index: 99 });
    expect(pasted?.keys).toEqual(['paid2', 'last2']);
    expect(pasteNodes(documentOf(), text, { ...ROOT, index: 0 })?.keys).toEqual(['paid', 'last']);
    expect(readNodes('hookline-nodes')).toBeUndefined();
    expect(readNodes('{"hookline-nodes":1,"nodes":[{"key":"1"}]}')).toBeUndefined();
  });

  it('let a branch follow when its case is renamed, and drop an empty one that is gone', () => {
    const choice = {
      key: 'choice',
      type: 'multi-conditions',
      config: { cases: [{ key: 'big' }, { key: 'small' }] },
      branches: { big: [step('a')], small: [] },
    };
    const renamed = changeNode(documentOf(choice), 'choice', { config: { cases: [{ key: 'huge' }, { key: 'small' }] } });
    expect(findNode(renamed, 'choice')?.node.branches).toEqual({ huge: [step('a')], small: [] });
    const fewer = changeNode(renamed, 'choice', { config: { cases: [{ key: 'huge' }] } });
    expect(findNode(fewer, 'choice')?.node.branches).toEqual({ huge: [step('a')] });
  });

  describe('of the order of branches', () => {
    const cases = ['big', 'small', 'odd'].map((key) => ({ key, label: key.toUpperCase(), engine: 'basic', test: { all: [] } }));
    const choice = {
      key: 'choice',
      type: 'multi-conditions',
      config: { cases, otherwise: 'continue' },
      branches: { big: [step('a')], odd: [step('b')], otherwise: [step('c')] },
    };
    const order = (document: Document): string[] => {
      const node = findNode(document, 'choice')?.node;
      return node ? branchesOf(node, nodeTypes.get(node.type)).map(({ name, label }) => label ?? name) : [];
    };
    const move = (document: Document, branch: string, by: 1 | -1): Document =>
      moveBranch(document, 'choice', branch, by, nodeTypes.get(findNode(document, 'choice')?.node.type ?? ''));

    it('take the condition, the label and the nodes along', () => {
      const moved = move(documentOf(choice), 'odd', -1);
      expect(order(moved)).toEqual(['BIG', 'ODD', 'SMALL', 'otherwise']);
      expect(findNode(moved, 'choice')?.node.branches).toBe(choice.branches);
      expect(findNode(moved, 'choice')?.node.config.cases).toEqual([cases[0], cases[2], cases[1]]);
    });

    it('stop at the ends, and leave branches that are not in the list where they are', () => {
      const document = documentOf(choice);
      expect(move(document, 'big', -1)).toBe(document);
      expect(move(document, 'odd', 1)).toBe(document);
      expect(move(document, 'otherwise', -1)).toBe(document);
      expect(move(document, 'nobody', 1)).toBe(document);
    });

    it('are impossible where the type names its branches', () => {
      const document = documentOf({ ...condition('choice', { true: [step('a')], false: [step('b')] }) });
      expect(move(document, 'true', 1)).toBe(document);
      const loop = documentOf({ key: 'choice', type: 'loop', config: { over: [{ key: 'body' }, { key: 'x' }] }, branches: {} });
      expect(move(loop, 'body', 1)).toBe(loop);
    });

    it('are possible for a type from elsewhere that keeps its branches in a list', () => {
      const config = { hint: 'x', ways: [{ key: 'up' }, { note: 'no branch' }, { key: 'down' }] };
      const document = documentOf({ key: 'choice', type: 'crossing', config, branches: { up: [step('a')] } });
      const moved = moveBranch(document, 'choice', 'up', 1, { type: 'crossing', branches: null });
      expect(findNode(moved, 'choice')?.node.config).toEqual({
        hint: 'x',
        ways: [{ key: 'down' }, { note: 'no branch' }, { key: 'up' }],
      });
      expect(moveBranch(document, 'choice', 'up', 1, undefined)).toBe(document);
    });

    it('are taken back by the opposite one, and lose nothing', () => {
      fc.assert(
        fc.property(fc.array(fc.tuple(fc.constantFrom('big', 'small', 'odd'), fc.constantFrom<1 | -1>(1, -1))), (moves) => {
          let document = documentOf(choice);
          for (const [branch, by] of moves) {
            const next = move(document, branch, by);
            if (next !== document) expect(move(next, branch, by === 1 ? -1 : 1)).toEqual(document);
            expect(keysOf(next).sort()).toEqual(keysOf(document).sort());
            document = next;
          }
          expect([...order(document)].sort()).toEqual(['BIG', 'ODD', 'SMALL', 'otherwise']);
        }),
      );
    });
  });

  it('take a field away that is changed to undefined', () => {
    const titled = changeNode(sample, 'first', { title: 'One', onFailure: 'continue' });
    expect(findNode(titled, 'first')?.node).toEqual({ ...step('first'), title: 'One', onFailure: 'continue' });
    expect(findNode(changeNode(titled, 'first', { title: undefined, onFailure: undefined }), 'first')?.node).toEqual(
      step('first'),
    );
  });

  it('refuse a new key that is taken or cannot be one', () => {
    expect(renameKey(sample, 'first', 'last')).toBe(sample);
    expect(renameKey(sample, 'first', '1st')).toBe(sample);
    expect(keysOf(renameKey(sample, 'first', 'start'))).toContain('start');
  });
});

type Edit = { kind: 'insert' | 'remove' | 'move' | 'duplicate' | 'rename' | 'paste' | 'change'; node: number; at: number };

const edits = fc.array(
  fc.record({
    kind: fc.constantFrom<Edit['kind']>('insert', 'remove', 'move', 'duplicate', 'rename', 'paste', 'change'),
    node: fc.nat(1000),
    at: fc.nat(1000),
  }),
  { maxLength: 30 },
);

function placesOf(document: Document): Place[] {
  const places: Place[] = document.nodes.map((_, index) => ({ ...ROOT, index }));
  places.push({ ...ROOT, index: document.nodes.length });
  for (const { node } of findNodes(document).values()) {
    for (const branch of ['true', 'false', 'body']) {
      const list = listAt(document, { owner: node.key, branch });
      for (let index = 0; index <= list.length; index++) places.push({ owner: node.key, branch, index });
    }
  }
  return places;
}

/** Does an edit; also says how many nodes there must be then. */
function apply(document: Document, { kind, node, at }: Edit): { next: Document; count: number } {
  const keys = keysOf(document);
  const places = placesOf(document);
  const key = keys[node % Math.max(1, keys.length)] ?? 'none';
  const place = places[at % places.length] ?? { ...ROOT, index: 0 };
  const found = findNode(document, key);
  const size = found ? nodesWithin(found.node).length : 0;
  switch (kind) {
    case 'insert':
      return { next: insertNode(document, place, step(key)), count: keys.length + 1 };
    case 'remove':
      return { next: removeNode(document, key), count: keys.length - size };
    case 'move': {
      const next = moveNode(document, key, place);
      if (isListWithin(document, place, key)) expect(next).toBe(document);
      return { next, count: keys.length };
    }
    case 'duplicate':
      return { next: duplicateNodes(document, [key]).document, count: keys.length + size };
    case 'rename':
      return { next: renameKey(document, key, `renamed${at}`), count: keys.length };
    case 'paste': {
      const pasted = pasteNodes(document, copyNodes(document, [key]), place);
      return { next: pasted?.document ?? document, count: keys.length + size };
    }
    case 'change':
      return { next: changeNode(document, key, { title: `Title ${at}` }), count: keys.length };
  }
}

describe('any sequence of edits', () => {
  it('keeps keys unique, loses no node, and is undone exactly', () => {
    fc.assert(
      fc.property(edits, (list) => {
        let history = startHistory(bigDocument(12));
        const snapshots = [JSON.stringify(history.document)];
        for (const edit of list) {
          const { next, count } = apply(history.document, edit);
          const keys = keysOf(next);
          expect(keys).toHaveLength(count);
          expect(new Set(keys).size).toBe(keys.length);
          if (next === history.document) continue;
          history = reduceHistory(history, { type: 'change', document: next, description: edit.kind, at: 0 });
          snapshots.push(JSON.stringify(next));
        }
        const last = snapshots.at(-1);
        for (let index = snapshots.length - 1; index >= 0; index--) {
          expect(JSON.stringify(history.document)).toBe(snapshots[index]);
          history = reduceHistory(history, { type: 'undo' });
        }
        for (const _ of snapshots) history = reduceHistory(history, { type: 'redo' });
        expect(JSON.stringify(history.document)).toBe(last);
      }),
      { numRuns: 200 },
    );
  });

  it('moves a node and back to the same document', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), (node, at) => {
        const document = bigDocument(20);
        const keys = keysOf(document);
        const key = keys[node % keys.length] ?? '';
        const from = findNode(document, key)?.place ?? { ...ROOT, index: 0 };
        const places = placesOf(document);
        const moved = moveNode(document, key, places[at % places.length] ?? from);
        if (moved === document) return;
        const now = findNode(moved, key)?.place;
        const isSameList = now?.owner === from.owner && now?.branch === from.branch;
        const back = isSameList && now !== undefined && now.index < from.index ? { ...from, index: from.index + 1 } : from;
        expect(sortBranches(moveNode(moved, key, back))).toEqual(sortBranches(document));
      }),
    );
  });
});

/** Branches have no order of their own. */
function sortBranches(document: Document): unknown {
  return JSON.parse(JSON.stringify(document));
}
