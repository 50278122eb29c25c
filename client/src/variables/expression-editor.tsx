// An expression in one of the languages: colours, completion of variables and functions, and what it gives on the last run's data.

import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { pickedCompletion } from '@codemirror/autocomplete';
import { type Diagnostic, setDiagnostics } from '@codemirror/lint';
import { EditorSelection } from '@codemirror/state';
import type { EditorView } from '@codemirror/view';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'react';
import type { ExpressionEngine } from '../../../src/engine/plugin.ts';
import { EditorField } from './editor/editor-field.tsx';
import { expressionLanguage } from './editor/expression-languages.ts';
import { variableOption } from './editor/template-completion.ts';
import { useLanguage } from './editor/use-language.ts';
import { completions, useVariableEditing } from './editor/variable-editing.ts';
import { placeOfError } from './error-place.ts';
import { completeExpression, type ExpressionOffer, type ExpressionOption, written } from './expression-completion.ts';
import { hasTemplates } from './expression-variables.ts';
import type { FieldProps } from './field.ts';
import { LiveResult } from './live-result.tsx';
import { valueOfSource } from './source-value.ts';
import { type LiveEvaluation, useEvaluation } from './use-evaluation.ts';
import { VariablePicker } from './variable-picker.tsx';
import { entriesOfValue } from './variable-tree.ts';

export interface ExpressionEditorProps extends FieldProps {
  readonly engine: ExpressionEngine;
  readonly value: string;
  onChange(value: string): void;
  /** What a query language works on; templates in it are filled in. Without it all variables. */
  readonly source?: unknown;
}

export function ExpressionEditor({ engine, value, onChange, source: queried, ...field }: ExpressionEditorProps) {
  const editor = useRef<EditorView>(null);
  const { source, tools } = useVariableEditing();
  const evaluation = useEvaluation({ engine, expression: value, source: queried });
  const json = useLanguage(engine === 'json-schema' ? 'json' : 'text');

  const asked = useRef({ queried, source });
  useLayoutEffect(() => {
    asked.current = { queried, source };
  });
  const extensions = useMemo(() => {
    const offer = (): ExpressionOffer | null => {
      const offered = tools.offer();
      if (offered === null || asked.current.queried === undefined) return offered && { ...offered, isSource: false };
      const whole = valueOfSource(asked.current.queried, asked.current.source);
      return { ...offered, tree: entriesOfValue(whole), isSource: true };
    };
    return [
      json,
      expressionLanguage(engine),
      engine === 'json-schema' ? [] : completions(completeWith(engine, offer)),
      hasTemplates(engine) ? tools.chipsOf() : [],
    ];
  }, [engine, tools, json]);
  useProblemMark(editor, evaluation);

  const insert = (template: string): void => {
    const view = editor.current;
    const text = written(engine, template, null, false);
    if (view === null || text === undefined) return;
    const { from, to } = view.state.selection.main;
    view.dispatch({
      changes: { from, to, insert: text },
      selection: { anchor: from + text.length },
      userEvent: 'input.complete',
    });
    view.focus();
  };
  const isOffered = source !== null && field.readOnly !== true && engine !== 'json-schema' && queried === undefined;
  return (
    <EditorField
      {...field}
      value={value}
      onChange={onChange}
      extensions={extensions}
      isCode
      minLines={engine === 'json-schema' ? 6 : 2}
      variables={source}
      editor={editor}
      tools={isOffered ? <VariablePicker field={field.label} onPick={insert} /> : undefined}
      below={
        <LiveResult evaluation={evaluation} field={field.label} hasError={field.error !== undefined && field.error !== null} />
      }
    />
  );
}

function completeWith(engine: ExpressionEngine, offer: () => ExpressionOffer | null) {
  return (context: CompletionContext): CompletionResult | null => {
    const offered = offer() ?? { tree: [], isSource: false, nameOf: () => '' };
    const line = context.state.doc.lineAt(context.pos);
    const found = completeExpression(engine, line.text.slice(0, context.pos - line.from), context.explicit, offered);
    if (found === null) return null;
    const options = found.options.map((option, index) => toCompletion(option, index, offered));
    return { from: line.from + found.from, options, filter: false };
  };
}

function toCompletion(option: ExpressionOption, index: number, offer: ExpressionOffer): Completion {
  if (option.kind === 'variable') {
    return variableOption(option.entry, option.trail, offer, index, (view, completion, from, to) => {
      const rest = view.state.sliceDoc(to, to + 2);
      const end = to + (option.text.endsWith('}}') && rest === '}}' ? 2 : 0);
      place(view, completion, from, end, option.text, option.text.length);
    });
  }
  const { info, text } = option;
  const hasArguments = !info.signature.endsWith('()');
  return {
    label: text,
    detail: info.signature.slice(info.name.length),
    info: info.help,
    boost: 99 - Math.min(index, 198),
    apply(view, completion, from, to) {
      const isCalled = view.state.sliceDoc(to, to + 1) === '(';
      place(view, completion, from, to, isCalled ? text : `${text}()`, text.length + (hasArguments ? 1 : 2));
    },
  };
}

function place(view: EditorView, completion: Completion, from: number, to: number, insert: string, cursor: number): void {
  view.dispatch({
    changes: { from, to, insert },
    selection: EditorSelection.cursor(from + cursor),
    annotations: pickedCompletion.of(completion),
    userEvent: 'input.complete',
    scrollIntoView: true,
  });
}

/** Underlines the place that an error names. */
function useProblemMark(editor: React.RefObject<EditorView | null>, { result, isStale }: LiveEvaluation): void {
  const message = isStale ? undefined : result?.error?.message;
  useEffect(() => {
    const view = editor.current;
    if (view === null) return;
    const place = message === undefined ? undefined : placeOfError(message, view.state.sliceDoc());
    const diagnostics: Diagnostic[] = place && message !== undefined ? [{ ...place, severity: 'error', message }] : [];
    view.dispatch(setDiagnostics(view.state, diagnostics));
  }, [editor, message]);
}
