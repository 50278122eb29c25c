// Code in a field: colours, and where JSON is wrong. Tab leaves the field, as everywhere.

import { useMemo } from 'react';
import { EditorField } from './editor/editor-field.tsx';
import { type CodeLanguage, useLanguage } from './editor/use-language.ts';
import type { FieldProps } from './field.ts';

export interface CodeEditorProps extends FieldProps {
  readonly language: CodeLanguage;
  readonly value: string;
  /** Without it the code is for reading. */
  onChange?(value: string): void;
  /** Default 3. */
  readonly minLines?: number;
  /** Default 20. */
  readonly maxLines?: number;
}

export function CodeEditor({ language, minLines = 3, ...props }: CodeEditorProps) {
  const support = useLanguage(language);
  const extensions = useMemo(() => [support], [support]);
  return <EditorField {...props} extensions={extensions} isCode minLines={minLines} />;
}
