// Offers variables while one types `{{` or `/` in a text.

import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { pickedCompletion } from '@codemirror/autocomplete';
import { EditorSelection, type EditorState } from '@codemirror/state';
import type { EditorView } from '@codemirror/view';
import { shortValue } from '../reference.ts';
import { searchVariables, type VariableEntry } from '../variable-tree.ts';
import { templateQuestion } from './template-question.ts';

export interface Offer {
  readonly tree: readonly VariableEntry[];
  nameOf(entry: VariableEntry): string;
}

/** Most variables in one list. */
const MAX_OPTIONS = 60;

export interface TemplateCompletionOptions {
  offer(): Offer | null;
  /** Writes `{{…}}` as it must stand at a place of the document. Default as it is. */
  encode?(template: string, state: EditorState, position: number): string;
  /** Whether `/` opens the list. Default true. */
  readonly hasSlash?: boolean;
}

export function completeTemplates({ offer, encode, hasSlash = true }: TemplateCompletionOptions) {
  return (context: CompletionContext): CompletionResult | null => {
    const line = context.state.doc.lineAt(context.pos);
    const question = templateQuestion(line.text.slice(0, context.pos - line.from), context.explicit, hasSlash);
    const offered = question && offer();
    if (!question || !offered) return null;
    const found = searchVariables(offered.tree, question.words, offered.nameOf, MAX_OPTIONS);
    const options = found.flatMap(({ entry, trail }, index) =>
      entry.template === null ? [] : [variableOption(entry, trail, offered, index, applyTemplate(entry.template, encode))],
    );
    return options.length === 0 ? null : { from: line.from + question.from, options, filter: false };
  };
}

/** How a list shows a variable. */
export function variableOption(
  entry: VariableEntry,
  trail: readonly VariableEntry[],
  { nameOf }: Offer,
  index: number,
  apply: NonNullable<Completion['apply']>,
): VariableCompletion {
  const above = trail.map(nameOf).join(' › ');
  return {
    label: nameOf(entry),
    detail: [above, shortValue(entry.value, 32)].filter(Boolean).join('  '),
    types: entry.types,
    boost: 99 - Math.min(index, 198),
    apply,
  };
}

export interface VariableCompletion extends Completion {
  readonly types?: VariableEntry['types'];
}

function applyTemplate(template: string, encode: TemplateCompletionOptions['encode']) {
  return (view: EditorView, completion: Completion, from: number, to: number): void => {
    const rest = view.state.sliceDoc(to, to + 2);
    const end = to + (rest === '}}' ? 2 : rest.startsWith('}') ? 1 : 0);
    const written = `{{${template}}}`;
    const insert = encode?.(written, view.state, from) ?? written;
    view.dispatch({
      changes: { from, to: end, insert },
      selection: EditorSelection.cursor(from + insert.length),
      annotations: pickedCompletion.of(completion),
      userEvent: 'input.complete',
      scrollIntoView: true,
    });
  };
}

/** Puts a template where the cursor is, in place of what is selected. */
export function insertTemplate(view: EditorView, template: string, encode?: TemplateCompletionOptions['encode']): void {
  const { from, to } = view.state.selection.main;
  const written = `{{${template}}}`;
  const insert = encode?.(written, view.state, from) ?? written;
  view.dispatch({
    changes: { from, to, insert },
    selection: EditorSelection.cursor(from + insert.length),
    userEvent: 'input.complete',
    scrollIntoView: true,
  });
  view.focus();
}
