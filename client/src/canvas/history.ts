// The history of a document under edit: change, undo, redo, and whether anything is not saved.

import { useCallback, useMemo, useReducer } from 'react';
import type { Document } from '../../../src/engine/model.ts';

/** Most steps that can be undone. */
const MAX_STEPS = 200;
/** Changes of the same thing that follow each other this quickly are one step, in milliseconds. */
const MERGE_MS = 1_000;

export interface Step {
  readonly document: Document;
  /** What led away from this document, for people. */
  readonly description: string;
}

export interface HistoryState {
  readonly past: readonly Step[];
  readonly document: Document;
  readonly future: readonly Step[];
  readonly saved: Document;
  /** What the last change may be joined with, and when it was. */
  readonly merge: { readonly name: string; readonly at: number } | null;
}

export type HistoryAction =
  | {
      readonly type: 'change';
      readonly document: Document;
      readonly description: string;
      readonly merge?: string;
      readonly at: number;
    }
  | { readonly type: 'undo' }
  | { readonly type: 'redo' }
  | { readonly type: 'saved'; readonly document: Document }
  | { readonly type: 'reset'; readonly document: Document };

export function startHistory(document: Document): HistoryState {
  return { past: [], document, future: [], saved: document, merge: null };
}

export function reduceHistory(state: HistoryState, action: HistoryAction): HistoryState {
  switch (action.type) {
    case 'change': {
      if (action.document === state.document) return state;
      const { merge: name, at, document, description } = action;
      const merge = name === undefined ? null : { name, at };
      const isMerged = merge !== null && state.merge?.name === merge.name && at - state.merge.at < MERGE_MS;
      const past = isMerged ? state.past : [...state.past, { document: state.document, description }].slice(-MAX_STEPS);
      return { ...state, past, document, future: [], merge };
    }
    case 'undo': {
      const step = state.past.at(-1);
      if (step === undefined) return state;
      const future = [{ document: state.document, description: step.description }, ...state.future];
      return { ...state, past: state.past.slice(0, -1), document: step.document, future, merge: null };
    }
    case 'redo': {
      const [step, ...future] = state.future;
      if (step === undefined) return state;
      const past = [...state.past, { document: state.document, description: step.description }];
      return { ...state, past, document: step.document, future, merge: null };
    }
    case 'saved':
      return { ...state, saved: action.document, merge: null };
    case 'reset':
      return startHistory(action.document);
  }
}

export interface History {
  readonly document: Document;
  /**
   * @param description for people: what is undone by undoing it
   * @param merge changes with the same name that follow each other quickly are undone together, such as typing in one field
   */
  change(next: Document, description: string, merge?: string): void;
  undo(): void;
  redo(): void;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** What undo and redo would take back or do again. */
  readonly undoDescription: string | undefined;
  readonly redoDescription: string | undefined;
  /** Whether the document differs from what was saved. */
  readonly isDirty: boolean;
  /** Names the document that the server has now; the history stays. */
  markSaved(document: Document): void;
  /** Begins anew with another document, saved as it is. */
  reset(document: Document): void;
}

/** A document under edit. The functions stay the same from one rendering to the next. */
export function useHistory(initial: Document): History {
  const [state, dispatch] = useReducer(reduceHistory, initial, startHistory);
  const { document, saved, past, future } = state;
  const isDirty = useMemo(() => document !== saved && JSON.stringify(document) !== JSON.stringify(saved), [document, saved]);
  const change = useCallback(
    (next: Document, description: string, merge?: string) =>
      dispatch({ type: 'change', document: next, description, at: Date.now(), ...(merge === undefined ? {} : { merge }) }),
    [],
  );
  const undo = useCallback(() => dispatch({ type: 'undo' }), []);
  const redo = useCallback(() => dispatch({ type: 'redo' }), []);
  const markSaved = useCallback((next: Document) => dispatch({ type: 'saved', document: next }), []);
  const reset = useCallback((next: Document) => dispatch({ type: 'reset', document: next }), []);
  return {
    document,
    change,
    undo,
    redo,
    canUndo: past.length > 0,
    canRedo: future.length > 0,
    undoDescription: past.at(-1)?.description,
    redoDescription: future[0]?.description,
    isDirty,
    markSaved,
    reset,
  };
}
