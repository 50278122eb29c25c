// Text that may hold templates; a button offers the variables.

import { PasswordInput, Textarea, TextInput } from '@mantine/core';
import { useRef } from 'react';
import type { FieldProps } from './field.ts';
import { VariablePicker } from './variable-picker.tsx';
import { useVariables } from './variable-source.tsx';

export interface TemplateInputProps extends FieldProps {
  readonly value: string;
  onChange(value: string): void;
  readonly multiline?: boolean;
  /** Hides what is typed. */
  readonly secret?: boolean;
}

export function TemplateInput({ value, onChange, multiline = false, secret = false, ...field }: TemplateInputProps) {
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const hasVariables = useVariables() !== null && !secret && field.readOnly !== true;
  const insert = (template: string): void => {
    const { selectionStart, selectionEnd } = input.current ?? {};
    const start = selectionStart ?? value.length;
    onChange(`${value.slice(0, start)}{{${template}}}${value.slice(selectionEnd ?? start)}`);
  };
  const picker = hasVariables ? { rightSection: <VariablePicker field={field.label} onPick={insert} /> } : {};
  const common = { ...field, ...picker, ref: input, value };
  if (secret) return <PasswordInput {...common} onChange={(event) => onChange(event.currentTarget.value)} />;
  if (multiline) return <Textarea {...common} autosize minRows={3} onChange={(event) => onChange(event.currentTarget.value)} />;
  return <TextInput {...common} onChange={(event) => onChange(event.currentTarget.value)} />;
}
