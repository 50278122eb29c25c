// An expression in one of the languages.

import type { ExpressionEngine } from '../../../src/engine/plugin.ts';
import { CodeEditor } from './code-editor.tsx';
import type { FieldProps } from './field.ts';

export interface ExpressionEditorProps extends FieldProps {
  readonly engine: ExpressionEngine;
  readonly value: string;
  onChange(value: string): void;
  /** What a query language works on. */
  readonly source?: unknown;
}

export function ExpressionEditor({ engine: _, source: __, ...field }: ExpressionEditorProps) {
  return <CodeEditor {...field} language="text" />;
}
