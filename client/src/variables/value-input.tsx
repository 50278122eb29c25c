// Any JSON value that may hold templates: text with chips, a number, yes or no, or a list or an object as JSON.

import type { EditorView } from '@codemirror/view';
import { Group, Input, Menu, NumberInput, SegmentedControl, Text, UnstyledButton } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { findChips } from './editor/chips.ts';
import { EditorField } from './editor/editor-field.tsx';
import { decodeInJson, encodeInJson, jsonLanguage } from './editor/json-language.ts';
import { completeTemplates, insertTemplate } from './editor/template-completion.ts';
import { completions, useVariableEditing } from './editor/variable-editing.ts';
import { type FieldProps, isFaulty } from './field.ts';
import { RawToggle } from './template-input.tsx';
import { TemplateResult } from './template-result.tsx';
import classes from './value-input.module.css';
import { convertValue, kindOf, parsedText, VALUE_KINDS, type ValueKind } from './value-kind.ts';
import { VariablePicker } from './variable-picker.tsx';

export interface ValueInputProps extends FieldProps {
  readonly value: unknown;
  onChange(value: unknown): void;
  /** Shows what templates become on the last run's data. Default true. */
  readonly hasResult?: boolean;
}

export function ValueInput({ value, onChange, hasResult = true, ...field }: ValueInputProps) {
  // While one writes, the kind stays; a value from elsewhere brings its own.
  const [own, setOwn] = useState<{ readonly kind: ValueKind; readonly value: unknown }>(() => ({ kind: kindOf(value), value }));
  const kind = isSame(value, own.value) ? own.kind : kindOf(value);
  const change = (next: unknown, nextKind: ValueKind = kind): void => {
    setOwn({ kind: nextKind, value: next });
    onChange(next);
  };
  const choice = (
    <KindMenu
      field={field.label}
      kind={kind}
      isDisabled={field.readOnly === true}
      onChange={(next) => change(convertValue(value, next), next)}
    />
  );
  switch (kind) {
    case 'number':
      return (
        <NumberInput
          {...field}
          value={typeof value === 'number' ? value : ''}
          hideControls
          rightSection={choice}
          rightSectionWidth={56}
          rightSectionPointerEvents="all"
          onChange={(next) => {
            if (typeof next === 'number') change(next);
          }}
        />
      );
    case 'boolean':
      return <YesOrNo {...field} value={value === true} onChange={change} choice={choice} />;
    case 'empty':
      return <EmptyValue {...field} choice={choice} />;
    case 'text':
    case 'list':
    case 'object':
      return <WrittenValue {...field} kind={kind} value={value} onChange={change} choice={choice} hasResult={hasResult} />;
  }
}

function isSame(left: unknown, right: unknown): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}

interface WrittenValueProps extends FieldProps {
  readonly kind: 'text' | 'list' | 'object';
  readonly value: unknown;
  onChange(value: unknown, kind?: ValueKind): void;
  readonly choice: React.ReactNode;
  readonly hasResult: boolean;
}

/** One editor for texts and for JSON, so that the cursor stays when one becomes the other. */
function WrittenValue({ kind, value, onChange, choice, hasResult, ...field }: WrittenValueProps) {
  const { t } = useTranslation('variables');
  const editor = useRef<EditorView>(null);
  const { source, tools } = useVariableEditing();
  const [isRaw, setRaw] = useState(false);
  const isJson = kind !== 'text';
  const written = isJson ? JSON.stringify(value, null, 2) : value === undefined ? '' : String(value);
  // JSON that cannot be read yet, or is laid out by hand.
  const [draft, setDraft] = useState<string | null>(null);
  useEffect(() => {
    setDraft((current) => (current !== null && (!isJson || !isDraftOf(current, value)) ? null : current));
  }, [value, isJson]);
  const text = draft ?? written;
  const isBroken = draft !== null && readJson(draft) === undefined;

  const extensions = useMemo(
    () => [
      isJson ? jsonLanguage() : [],
      completions(completeTemplates(isJson ? { ...tools, encode: encodeInJson, hasSlash: false } : tools)),
      isRaw ? [] : tools.chipsOf(isJson ? decodeInJson : undefined),
    ],
    [tools, isJson, isRaw],
  );

  const change = (next: string): void => {
    if (!isJson) {
      const pasted = next.startsWith(text) && text !== '' ? undefined : parsedText(next);
      if (pasted === undefined) onChange(next === '' && field.required !== true ? undefined : next);
      else onChange(pasted, kindOf(pasted));
      return;
    }
    setDraft(next);
    if (next.trim() === '') onChange(undefined, 'text');
    else {
      const read = readJson(next);
      if (read !== undefined) onChange(read.value, kind);
    }
  };

  const isOffered = source !== null && field.readOnly !== true;
  const hasChips = isRaw || findChips(text).length > 0;
  return (
    <EditorField
      {...field}
      {...(isBroken ? { error: t('brokenJson') } : {})}
      value={text}
      onChange={change}
      extensions={extensions}
      isCode={isJson}
      minLines={isJson ? 3 : 1}
      variables={source}
      editor={editor}
      below={
        hasResult &&
        !isBroken && (
          <TemplateResult field={field.label} text={isJson ? written : text} isJson={isJson} hasError={isFaulty(field)} />
        )
      }
      tools={
        <>
          {isOffered && (
            <VariablePicker
              field={field.label}
              onPick={(template) => {
                if (editor.current) insertTemplate(editor.current, template, isJson ? encodeInJson : undefined);
              }}
            />
          )}
          {hasChips && <RawToggle field={field.label} isRaw={isRaw} onChange={setRaw} />}
          {choice}
        </>
      }
    />
  );
}

/** @returns undefined when it is no JSON */
function readJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    // Told in the field.
    return undefined;
  }
}

function isDraftOf(draft: string, value: unknown): boolean {
  const read = readJson(draft);
  return read === undefined || isSame(read.value, value);
}

interface KindMenuProps {
  readonly field: string;
  readonly kind: ValueKind;
  readonly isDisabled: boolean;
  onChange(kind: ValueKind): void;
}

function KindMenu({ field, kind, isDisabled, onChange }: KindMenuProps) {
  const { t } = useTranslation('variables');
  const name = t(`kinds.${kind}`);
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <UnstyledButton className={classes.kind} disabled={isDisabled} aria-label={t('kindOf', { field, kind: name })}>
          <span className={classes.glyph} data-sign={SIGNS[kind]} aria-hidden />
          <IconChevronDown size={12} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('kind')}</Menu.Label>
        <Menu.RadioGroup
          value={kind}
          onChange={(next) => {
            const chosen = VALUE_KINDS.find((one) => one === next);
            if (chosen !== undefined && chosen !== kind) onChange(chosen);
          }}
        >
          {VALUE_KINDS.map((one) => (
            <Menu.RadioItem
              key={one}
              value={one}
              closeMenuOnClick
              rightSection={
                <span className={classes.sign} aria-hidden>
                  {SIGNS[one]}
                </span>
              }
            >
              {t(`kinds.${one}`)}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}

const SIGNS: Readonly<Record<ValueKind, string>> = {
  text: 'Aa',
  number: '12',
  boolean: '⊤⊥',
  list: '[ ]',
  object: '{ }',
  empty: '∅',
};

interface PlainProps extends FieldProps {
  readonly choice: React.ReactNode;
}

function YesOrNo({ value, onChange, choice, ...field }: PlainProps & { value: boolean; onChange(value: boolean): void }) {
  const { t } = useTranslation();
  const id = useId();
  const { label, description, error, required, readOnly } = field;
  return (
    <Input.Wrapper {...{ label, description, error }} required={required ?? false} labelElement="div" labelProps={{ id }}>
      <Group gap="xs" wrap="nowrap">
        <SegmentedControl
          aria-labelledby={id}
          readOnly={readOnly ?? false}
          data={[
            { value: 'true', label: t('common:yes') },
            { value: 'false', label: t('common:no') },
          ]}
          value={String(value)}
          onChange={(next) => onChange(next === 'true')}
        />
        {choice}
      </Group>
    </Input.Wrapper>
  );
}

function EmptyValue({ choice, label, description, error, required }: PlainProps) {
  const { t } = useTranslation('variables');
  return (
    <Input.Wrapper {...{ label, description, error }} required={required ?? false} labelElement="div">
      <Group gap="xs" wrap="nowrap" className={classes.empty}>
        <Text size="sm" c="dimmed">
          {t('isEmpty')}
        </Text>
        {choice}
      </Group>
    </Input.Wrapper>
  );
}
