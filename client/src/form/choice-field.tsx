// One of a few values, and yes or no.

import { Input, SegmentedControl, Select, Switch, Text } from '@mantine/core';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { useFieldLook } from './field-look.tsx';
import { wordsOf } from './field-text.ts';
import classes from './form.module.css';
import type { FieldViewProps } from './form-context.tsx';

/** Most values that stand side by side, and most letters that then have room. */
const SEGMENTS = 3;
const SEGMENT_LETTERS = 36;

export interface Option {
  readonly value: string;
  readonly label: string;
}

export interface OptionPickerProps {
  readonly label: string;
  readonly description?: React.ReactNode;
  readonly error?: React.ReactNode;
  readonly required?: boolean;
  readonly readOnly?: boolean;
  readonly placeholder?: string | undefined;
  readonly options: readonly Option[];
  /** Null: none is chosen. */
  readonly value: string | null;
  /** Null only with `isClearable`. */
  readonly onChange: (value: string | null) => void;
  readonly isClearable?: boolean;
}

/** Few short options side by side, else a list that drops down. */
export function OptionPicker({ options, value, onChange, isClearable = false, ...look }: OptionPickerProps) {
  const letters = options.reduce((sum, { label }) => sum + label.length, 0);
  const isKnown = value === null || options.some((option) => option.value === value);
  if (options.length <= SEGMENTS && letters <= SEGMENT_LETTERS && !isClearable && isKnown) {
    return (
      <Input.Wrapper
        label={look.label}
        labelElement="div"
        description={look.description}
        error={look.error}
        required={look.required ?? false}
      >
        <SegmentedControl
          fullWidth
          withItemsBorders={false}
          mt={look.description === undefined ? 2 : 6}
          aria-label={look.label}
          aria-required={look.required === true || undefined}
          data={[...options]}
          value={value ?? ''}
          readOnly={look.readOnly ?? false}
          onChange={onChange}
        />
      </Input.Wrapper>
    );
  }
  return (
    <Select
      {...look}
      data={[...options]}
      value={value}
      onChange={onChange}
      allowDeselect={isClearable}
      clearable={isClearable && look.readOnly !== true}
      searchable={options.length > 12}
    />
  );
}

export interface ChoiceFieldProps extends FieldViewProps {
  readonly options: readonly (string | number | boolean | null)[];
}

export function ChoiceField(props: ChoiceFieldProps) {
  const { t } = useTranslation('form');
  const { options, value, onChange, isRequired, schema, name } = props;
  const { look, texts } = useFieldLook(props);
  const effective = value === undefined ? schema.default : value;
  const chosen = options.findIndex((option) => Object.is(option, effective));
  const label = (option: string | number | boolean | null): string =>
    texts.option(props.texts, name, option) ??
    (typeof option === 'string' ? (option === '' ? t('emptyText') : titleOf(option)) : sayScalar(option, t));
  return (
    <OptionPicker
      {...look}
      placeholder={t('choose')}
      // By place: a value need not be a text.
      options={options.map((option, index) => ({ value: String(index), label: label(option) }))}
      value={chosen < 0 ? null : String(chosen)}
      isClearable={!isRequired && schema.default === undefined}
      onChange={(index) => onChange(index === null ? undefined : options[Number(index)])}
    />
  );
}

/** Names such as `notEqual` in words; what is written in capitals or holds signs is no such name. */
function titleOf(option: string): string {
  return /^[a-z]+([A-Z_-][a-z]+)*$/.test(option) ? wordsOf(option) : option;
}

function sayScalar(value: number | boolean | null, t: (key: string) => string): string {
  if (value === null) return t('common:none');
  if (typeof value === 'boolean') return value ? t('common:yes') : t('common:no');
  return String(value);
}

export function SwitchField(props: FieldViewProps) {
  const { look } = useFieldLook(props);
  const { value, onChange, schema } = props;
  const id = useId();
  const describedBy = [look.description ? `${id}-help` : '', look.error ? `${id}-error` : ''].filter(Boolean).join(' ');
  return (
    <div>
      <Switch
        checked={typeof value === 'boolean' ? value : schema.default === true}
        onChange={(event) => onChange(event.currentTarget.checked)}
        disabled={look.readOnly}
        label={<span className={classes.label}>{look.label}</span>}
        aria-describedby={describedBy || undefined}
        aria-invalid={look.error !== undefined || undefined}
      />
      {/* Beside the label, not in it: the help is no part of the name. */}
      {look.description !== undefined && (
        <Text id={`${id}-help`} size="xs" c="dimmed" className={classes.switchHelp}>
          {look.description}
        </Text>
      )}
      {look.error !== undefined && (
        <Text id={`${id}-error`} size="xs" c="var(--mantine-color-error)" className={classes.switchHelp}>
          {look.error}
        </Text>
      )}
    </div>
  );
}
