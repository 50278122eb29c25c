import { describe, expect, it } from 'vitest';
import { type HistoryState, reduceHistory, startHistory } from '../../../client/src/canvas/history.ts';
import type { Document } from '../../../src/engine/model.ts';
import { documentOf, step } from './support.ts';

const [a, b, c] = [documentOf(step('a')), documentOf(step('b')), documentOf(step('c'))];

function change(state: HistoryState, document: Document, at = 0, merge?: string): HistoryState {
  return reduceHistory(state, { type: 'change', document, description: 'edit', at, ...(merge === undefined ? {} : { merge }) });
}

describe('the history', () => {
  it('goes back and forth, and forgets what was undone when something else is done', () => {
    let state = change(change(startHistory(a), b), c);
    state = reduceHistory(state, { type: 'undo' });
    expect(state.document).toBe(b);
    state = reduceHistory(state, { type: 'redo' });
    expect(state.document).toBe(c);
    state = change(reduceHistory(reduceHistory(state, { type: 'undo' }), { type: 'undo' }), c);
    expect(state.future).toEqual([]);
    expect(reduceHistory(state, { type: 'undo' }).document).toBe(a);
    expect(reduceHistory(startHistory(a), { type: 'undo' }).document).toBe(a);
  });

  it('joins quick changes of one thing, and only those', () => {
    const typed = change(change(startHistory(a), b, 0, 'title'), c, 500, 'title');
    expect(reduceHistory(typed, { type: 'undo' }).document).toBe(a);
    const slow = change(change(startHistory(a), b, 0, 'title'), c, 5_000, 'title');
    expect(reduceHistory(slow, { type: 'undo' }).document).toBe(b);
    const other = change(change(startHistory(a), b, 0, 'title'), c, 10, 'key');
    expect(reduceHistory(other, { type: 'undo' }).document).toBe(b);
  });

  it('ignores a change that changes nothing', () => {
    const state = startHistory(a);
    expect(change(state, a)).toBe(state);
  });
});
