import { describe, expect, it } from 'vitest';
import { foundLines, MEMBERS_SHOWN, openAtFirst, visibleLines } from '../../../client/src/variables/json-lines.ts';
import { type TreeLine, treeMove } from '../../../client/src/variables/tree-keys.ts';

const value = { a: 1, list: [{ b: 'x' }, null], 'odd.name': {} };
const nothing = new Map<string, number>();

describe('visibleLines', () => {
  it('shows what is open, with the paths that templates use', () => {
    const open = openAtFirst(value);
    expect(visibleLines(value, { open, shown: nothing }).map(({ id, level }) => [id, level])).toEqual([
      ['', 1],
      ['a', 2],
      ['list', 2],
      ['list[0]', 3],
      ['list[0].b', 4],
      ['list[1]', 3],
      ['["odd.name"]', 2],
    ]);
    expect(visibleLines(value, { open: new Set(['']), shown: nothing })).toHaveLength(4);
  });

  it('leaves out members beyond a hundred until they are asked for', () => {
    const long = Array.from({ length: 500 }, (_, index) => index);
    const open = openAtFirst(long);
    const lines = visibleLines(long, { open, shown: nothing });
    expect(lines).toHaveLength(MEMBERS_SHOWN + 1);
    expect(lines[0]?.hidden).toBe(400);
    expect(visibleLines(long, { open, shown: new Map([['', 1000]]) })).toHaveLength(501);
  });
});

it('finds names and values, in any case', () => {
  expect(foundLines(value, 'X').map(({ id }) => id)).toEqual(['list[0].b']);
  expect(foundLines(value, 'odd').map(({ id }) => id)).toEqual(['["odd.name"]']);
  expect(foundLines(value, 'null').map(({ id }) => id)).toEqual(['list[1]']);
});

describe('treeMove', () => {
  const line = (id: string, parent: string | null, canOpen = false, isOpen = false): TreeLine => ({
    id,
    parent,
    canOpen,
    isOpen,
  });
  const lines = [line('a', null, true, true), line('a.b', 'a', true), line('a.c', 'a'), line('d', null)];

  it.each([
    ['ArrowDown', 0, { kind: 'focus', index: 1 }],
    ['ArrowDown', 3, { kind: 'focus', index: 3 }],
    ['ArrowUp', 0, { kind: 'leave' }],
    ['ArrowUp', 2, { kind: 'focus', index: 1 }],
    ['ArrowRight', 0, { kind: 'focus', index: 1 }],
    ['ArrowRight', 1, { kind: 'toggle', isOpen: true }],
    ['ArrowRight', 2, undefined],
    ['ArrowLeft', 0, { kind: 'toggle', isOpen: false }],
    ['ArrowLeft', 2, { kind: 'focus', index: 0 }],
    ['ArrowLeft', 3, undefined],
    ['Home', 2, { kind: 'focus', index: 0 }],
    ['End', 0, { kind: 'focus', index: 3 }],
    ['Enter', 2, { kind: 'take' }],
    ['x', 2, undefined],
  ])('%s on line %i', (key, index, move) => {
    expect(treeMove(key, lines, index)).toEqual(move);
  });
});
