// Types into editors, which jsdom has no layout for, and looks at their chips.

import { completionStatus, currentCompletions, startCompletion } from '@codemirror/autocomplete';
import { EditorView } from '@codemirror/view';
import { act, screen, waitFor } from '@testing-library/react';

export function editorOf(name: string | RegExp): EditorView {
  const view = EditorView.findFromDOM(screen.getByRole('textbox', { name }));
  if (view === null) throw new Error(`The field ${String(name)} is no editor.`);
  return view;
}

/** As a person types: at the cursor, in place of what is selected. */
export function typeInto(view: EditorView, text: string): void {
  act(() => {
    view.dispatch(view.state.replaceSelection(text), { userEvent: 'input.type' });
  });
}

export function moveTo(view: EditorView, anchor: number, head = anchor): void {
  act(() => view.dispatch({ selection: { anchor, head } }));
}

/** The labels of the list that is open below the cursor. */
export async function offered(view: EditorView): Promise<readonly string[]> {
  act(() => {
    view.focus();
    startCompletion(view);
  });
  await waitFor(() => {
    if (completionStatus(view.state) !== 'active') throw new Error('Nothing is offered.');
  });
  return currentCompletions(view.state).map(({ label }) => label);
}

/** What the chips of a field say. */
export function chipTexts(view: EditorView): string[] {
  return [...view.contentDOM.querySelectorAll('.hl-chip > span:last-child')].map(({ textContent }) => textContent ?? '');
}
