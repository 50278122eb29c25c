// Texts, with variables where the form has them.

import { Textarea, TextInput } from '@mantine/core';
import { TemplateInput } from '../variables/template-input.tsx';
import type { TextKind } from './field-kind.ts';
import { useFieldLook } from './field-look.tsx';
import { type FieldViewProps, useForm } from './form-context.tsx';

const INPUT_TYPES: ReadonlyMap<string, string> = new Map([
  ['email', 'email'],
  ['uri', 'url'],
]);

export interface TextFieldProps extends FieldViewProps {
  readonly kind: TextKind;
  readonly isNullable: boolean;
}

export function TextField(props: TextFieldProps) {
  const { kind, value, isCell = false, hasRoom = !isCell } = props;
  const { look } = useFieldLook(props);
  const { hasTemplates } = useForm();
  const shown = value === undefined || value === null ? '' : String(value);
  const change = (text: string): void => props.onChange(textValue(text, props));
  const isMultiline = kind.isMultiline && !isCell;
  if (hasTemplates) {
    return <TemplateInput {...look} value={shown} onChange={change} multiline={isMultiline} hasResult={hasRoom} />;
  }
  const input = { ...look, value: shown, autoComplete: 'off' as const, onChange: onInput(change) };
  if (isMultiline) return <Textarea {...input} autosize minRows={2} maxRows={12} />;
  return <TextInput {...input} type={INPUT_TYPES.get(kind.format ?? '') ?? 'text'} />;
}

function onInput(change: (text: string) => void) {
  return (event: { readonly currentTarget: { readonly value: string } }): void => change(event.currentTarget.value);
}

/** The value that a text stands for; nothing written is no value, unless there must be one. */
function textValue(text: string, { kind, isRequired, isNullable }: TextFieldProps): unknown {
  if (text === '') {
    if (!isRequired) return undefined;
    return isNullable ? null : kind.asNumber ? undefined : '';
  }
  const number = Number(text);
  // Only what is written back as it was typed: "1." and "007" are still texts.
  return kind.asNumber && String(number) === text && Number.isFinite(number) ? number : text;
}
