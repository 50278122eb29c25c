// What every editor has: history, keys, colours, and values that come back exactly as they went in.

import { closeCompletion, completionKeymap, completionStatus } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { EditorState, type Extension, Prec, StateEffect, Transaction } from '@codemirror/state';
import { type Command, EditorView, highlightSpecialChars, keymap, tooltips } from '@codemirror/view';
import { classHighlighter } from '@lezer/highlight';
import { styleNonce } from '../../ui/style-nonce.ts';

/** Marks changes that come from outside, which are not told back. */
export const fromOutside = Transaction.userEvent.of('set');

/** What is known of the variables has changed: what shows them is drawn anew. */
export const variablesChanged = StateEffect.define<null>();

/** Only line feeds part lines: other line ends stay in the text as they are, so that a value is never changed by being shown. */
export const EXACT: Extension = EditorState.lineSeparator.of('\n');

export function baseExtensions(isSingleLine: boolean): Extension[] {
  return [
    EXACT,
    history(),
    highlightSpecialChars(),
    EditorView.lineWrapping,
    EditorView.cspNonce.of(styleNonce()),
    EditorView.clipboardInputFilter.of((text) => text.replace(/\r\n?/g, '\n')),
    syntaxHighlighting(classHighlighter),
    indentUnit.of('  '),
    replaceSelected,
    // A panel that scrolls would cut them off.
    tooltips({ parent: document.body }),
    Prec.highest(keymap.of([{ key: 'Escape', run: closeOffers, stopPropagation: true }, ...COMPLETION_KEYS])),
    keymap.of([...(isSingleLine ? SINGLE_LINE_KEYS : []), ...historyKeymap, ...defaultKeymap]),
    ...(isSingleLine ? [oneLine] : [bracketMatching()]),
  ];
}

/** Only what can be seen: while offers are still looked for, Escape belongs to what is around the editor. */
const closeOffers: Command = (view) => completionStatus(view.state) === 'active' && closeCompletion(view);

const COMPLETION_KEYS = completionKeymap.filter(({ key }) => key !== 'Escape');

/**
 * Typing over a selection is not left to the browser: Chromium gives the new text the look of the old one in a style attribute,
 * which the content security policy refuses and reports.
 */
const replaceSelected = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { selection, readOnly } = view.state;
    if (event.inputType !== 'insertText' || event.data === null || readOnly || view.composing || selection.main.empty)
      return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: 'input.type', scrollIntoView: true });
    return true;
  },
});

/** In a field of one line, Enter is for choosing what is offered, and nothing else. */
const SINGLE_LINE_KEYS = ['Enter', 'Shift-Enter', 'Mod-Enter'].map((key) => ({ key, run: () => true }));

/** What is pasted or dropped into one line becomes one line; a stored value with more is shown as it is. */
const oneLine = EditorState.transactionFilter.of((transaction) => {
  if (!transaction.docChanged || !transaction.isUserEvent('input')) return transaction;
  if (transaction.newDoc.lines <= transaction.startState.doc.lines) return transaction;
  const changes: { from: number; to: number; insert: string }[] = [];
  transaction.changes.iterChanges((from, to, _, __, inserted) => {
    changes.push({
      from,
      to,
      insert: inserted
        .toString()
        .trim()
        .replace(/\s*\n\s*/g, ' '),
    });
  });
  const last = changes.at(-1);
  const shift = changes.slice(0, -1).reduce((sum, { from, to, insert }) => sum + insert.length - (to - from), 0);
  return [
    {
      changes,
      ...(last ? { selection: { anchor: last.from + shift + last.insert.length } } : {}),
      userEvent: 'input.paste',
      scrollIntoView: true,
    },
  ];
});
