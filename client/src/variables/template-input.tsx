// Text that may hold templates: they are chips with the variable's name; `{{`, `/` or a button offers variables; the raw text on demand.

import type { EditorView } from '@codemirror/view';
import { ActionIcon, PasswordInput, Tooltip } from '@mantine/core';
import { IconCode } from '@tabler/icons-react';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { findChips } from './editor/chips.ts';
import { EditorField } from './editor/editor-field.tsx';
import { completeTemplates, insertTemplate } from './editor/template-completion.ts';
import { completions, useVariableEditing } from './editor/variable-editing.ts';
import { type FieldProps, isFaulty } from './field.ts';
import { TemplateResult } from './template-result.tsx';
import { VariablePicker } from './variable-picker.tsx';

export interface TemplateInputProps extends FieldProps {
  readonly value: string;
  onChange(value: string): void;
  readonly multiline?: boolean;
  /** Hides what is typed, as long as it is no variable. */
  readonly secret?: boolean;
  /** Shows what it becomes on the last run's data. Default true. */
  readonly hasResult?: boolean;
}

export function TemplateInput({ secret = false, ...props }: TemplateInputProps) {
  // Where the value of a password comes from is no secret.
  return secret && findChips(props.value).length === 0 ? <HiddenInput {...props} /> : <ChipInput {...props} />;
}

function HiddenInput({ value, onChange, multiline: _, hasResult: __, ...field }: TemplateInputProps) {
  const picker = field.readOnly !== true && (
    <VariablePicker field={field.label} onPick={(template) => onChange(`{{${template}}}`)} />
  );
  return (
    <PasswordInput
      {...field}
      value={value}
      leftSection={picker}
      leftSectionPointerEvents="all"
      autoComplete="off"
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function ChipInput({ value, onChange, multiline = false, hasResult = true, ...field }: TemplateInputProps) {
  const { t } = useTranslation('variables');
  const editor = useRef<EditorView>(null);
  const { source, tools } = useVariableEditing();
  const [isRaw, setRaw] = useState(false);
  const extensions = useMemo(() => [completions(completeTemplates(tools)), ...(isRaw ? [] : [tools.chipsOf()])], [tools, isRaw]);
  const isOffered = source !== null && field.readOnly !== true;
  const hasChips = isRaw || findChips(value).length > 0;
  const buttons = (isOffered || hasChips) && (
    <>
      {isOffered && (
        <VariablePicker
          field={field.label}
          onPick={(template) => {
            if (editor.current) insertTemplate(editor.current, template);
          }}
        />
      )}
      {hasChips && <RawToggle field={field.label} isRaw={isRaw} onChange={setRaw} />}
    </>
  );
  return (
    <EditorField
      {...field}
      value={value}
      onChange={onChange}
      extensions={extensions}
      isSingleLine={!multiline}
      minLines={multiline ? 3 : 1}
      tools={buttons || undefined}
      variables={source}
      editor={editor}
      below={hasResult && <TemplateResult field={field.label} text={value} hasError={isFaulty(field)} />}
      {...(field.placeholder === undefined && isOffered && multiline ? { placeholder: t('typeHint') } : {})}
    />
  );
}

export interface RawToggleProps {
  readonly field: string;
  readonly isRaw: boolean;
  onChange(isRaw: boolean): void;
}

/** Shows templates as they are written. */
export function RawToggle({ field, isRaw, onChange }: RawToggleProps) {
  const { t } = useTranslation('variables');
  return (
    <Tooltip label={t('rawShort')}>
      <ActionIcon
        variant={isRaw ? 'light' : 'subtle'}
        {...(isRaw ? {} : { color: 'gray' })}
        size="sm"
        aria-label={t('raw', { field })}
        aria-pressed={isRaw}
        onClick={() => onChange(!isRaw)}
      >
        <IconCode size={16} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
