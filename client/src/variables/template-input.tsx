// Text that may hold templates.

import { PasswordInput, Textarea, TextInput } from '@mantine/core';
import type { FieldProps } from './field.ts';

export interface TemplateInputProps extends FieldProps {
  readonly value: string;
  onChange(value: string): void;
  readonly multiline?: boolean;
  /** Hides what is typed. */
  readonly secret?: boolean;
}

export function TemplateInput({ value, onChange, multiline = false, secret = false, ...field }: TemplateInputProps) {
  const Input = secret ? PasswordInput : TextInput;
  if (multiline && !secret) {
    return <Textarea {...field} value={value} autosize minRows={3} onChange={(event) => onChange(event.currentTarget.value)} />;
  }
  return <Input {...field} value={value} onChange={(event) => onChange(event.currentTarget.value)} />;
}
