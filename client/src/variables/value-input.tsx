// Any JSON value that may hold templates.

import { useState } from 'react';
import { CodeEditor } from './code-editor.tsx';
import type { FieldProps } from './field.ts';

export interface ValueInputProps extends FieldProps {
  readonly value: unknown;
  onChange(value: unknown): void;
}

export function ValueInput({ value, onChange, ...field }: ValueInputProps) {
  const [text, setText] = useState(() => JSON.stringify(value, null, 2) ?? '');
  return (
    <CodeEditor
      {...field}
      language="json"
      value={text}
      onChange={(next) => {
        setText(next);
        try {
          onChange(next.trim() === '' ? undefined : JSON.parse(next));
        } catch (error) {
          // Half-written JSON is nobody's value yet.
          if (!(error instanceof SyntaxError)) throw error;
        }
      }}
    />
  );
}
