// Code in a field of its own.

import { Textarea } from '@mantine/core';
import type { FieldProps } from './field.ts';

export interface CodeEditorProps extends FieldProps {
  readonly language: 'json' | 'javascript' | 'text';
  readonly value: string;
  /** Without it the code is for reading. */
  onChange?(value: string): void;
  /** Default 3. */
  readonly minLines?: number;
  /** Default 20. */
  readonly maxLines?: number;
}

export function CodeEditor({ language: _, value, onChange, minLines = 3, maxLines = 20, readOnly, ...field }: CodeEditorProps) {
  return (
    <Textarea
      {...field}
      value={value}
      readOnly={readOnly === true || onChange === undefined}
      autosize
      minRows={minLines}
      maxRows={maxLines}
      ff="monospace"
      spellCheck={false}
      onChange={(event) => onChange?.(event.currentTarget.value)}
    />
  );
}
