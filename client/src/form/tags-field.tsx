// Lists of short texts or numbers, and several of a few values.

import { Checkbox, MultiSelect, Stack, TagsInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFieldLook } from './field-look.tsx';
import { wordsOf } from './field-text.ts';
import { type FieldViewProps, useForm } from './form-context.tsx';
import { isTemplate } from './test-terms.ts';

export interface TagsFieldProps extends FieldViewProps {
  readonly ofNumbers: boolean;
  /** The only values that it may hold. */
  readonly options: readonly string[] | undefined;
}

/** Where the schema says `emptyIsMeant`, a list without members can be told from no list: by a checkbox below it. */
export function TagsField(props: TagsFieldProps) {
  const { t } = useTranslation('form');
  const { value, onChange, ofNumbers, options, schema, isRequired, name } = props;
  const { look, texts } = useFieldLook(props);
  const { hasTemplates } = useForm();
  const [isRefused, setRefused] = useState(false);
  const tags = Array.isArray(value) ? value.map(String) : [];
  const fallback = Array.isArray(schema.default) ? schema.default.map(String) : [];
  const error = look.error ?? (isRefused ? t('onlyNumbers') : undefined);
  const change = (next: readonly string[]): void => {
    const values = ofNumbers ? next.map((tag) => (isNumber(tag) ? Number(tag) : tag)) : next;
    const fitting = values.filter((tag) => !ofNumbers || typeof tag === 'number' || (hasTemplates && isTemplate(tag)));
    setRefused(fitting.length < values.length);
    onChange(fitting.length === 0 && !isRequired ? undefined : fitting);
  };
  if (options !== undefined) {
    const labelOf = (option: string): string =>
      texts.option(props.texts, name, option) ?? (/^[a-z]+([A-Z_-][a-z]+)*$/.test(option) ? wordsOf(option) : option);
    const data = options.map((option) => ({ value: option, label: labelOf(option) }));
    return (
      <MultiSelect
        {...look}
        error={error}
        placeholder={tags.length === 0 ? fallback.map(labelOf).join(', ') || t('choose') : undefined}
        data={data}
        value={tags}
        onChange={change}
        clearable={!look.readOnly}
        searchable={options.length > 6}
      />
    );
  }
  const input = (
    <TagsInput
      {...look}
      error={error}
      placeholder={tags.length === 0 ? fallback.join(', ') || (look.placeholder ?? t('tagsHint')) : undefined}
      value={tags}
      onChange={change}
      splitChars={[',', ';', ' ']}
      clearable={!look.readOnly}
    />
  );
  if (schema.emptyIsMeant !== true || isRequired) return input;
  return (
    <Stack gap={6}>
      {input}
      <Checkbox
        size="xs"
        label={texts.extra(props.texts, name, 'empty') ?? t('emptyList')}
        checked={Array.isArray(value) && value.length === 0}
        disabled={look.readOnly || tags.length > 0}
        onChange={(event) => onChange(event.currentTarget.checked ? [] : undefined)}
      />
    </Stack>
  );
}

function isNumber(tag: string): boolean {
  return tag.trim() !== '' && Number.isFinite(Number(tag));
}
