// Numbers, also as durations and sizes with a unit that one chooses; where the form has variables, one of those instead.

import { Button, Group, NumberInput, Select, Stack, Text } from '@mantine/core';
import { IconBraces } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { TemplateInput } from '../variables/template-input.tsx';
import type { NumberKind } from './field-kind.ts';
import { IconButton, useFieldLook } from './field-look.tsx';
import { type FieldViewProps, useForm } from './form-context.tsx';
import { largestUnit, type Unit, unitSize, unitsOf } from './units.ts';

export interface NumberFieldProps extends FieldViewProps {
  readonly kind: NumberKind;
  readonly isNullable: boolean;
}

export function NumberField(props: NumberFieldProps) {
  const { t } = useTranslation('form');
  const { value, onChange, isCell = false } = props;
  const { hasTemplates, isReadOnly } = useForm();
  const [isChosen, setChosen] = useState(false);
  const { look } = useFieldLook(props);
  if (typeof value === 'string' || isChosen) {
    return (
      <Stack gap={4} align="stretch">
        <TemplateInput
          {...look}
          placeholder={undefined}
          value={typeof value === 'string' ? value : ''}
          onChange={(text) => onChange(text === '' ? undefined : text)}
        />
        {!isReadOnly && (
          <Group justify="flex-end">
            <Button
              size="compact-xs"
              variant="subtle"
              onClick={() => {
                setChosen(false);
                if (typeof value === 'string') onChange(undefined);
              }}
            >
              {t('useFixed')}
            </Button>
          </Group>
        )}
      </Stack>
    );
  }
  const variable = hasTemplates && !isReadOnly && !isCell && (
    <IconButton label={t('useVariable', { label: look.label })} onClick={() => setChosen(true)}>
      <IconBraces size={16} aria-hidden />
    </IconButton>
  );
  return <FixedNumber {...props} beside={variable} />;
}

function FixedNumber({ beside, ...props }: NumberFieldProps & { readonly beside: ReactNode }) {
  const { t, i18n } = useTranslation('form');
  const { kind, value, onChange, isNullable, isRequired } = props;
  const limits = useLimits(kind);
  const fallback = typeof props.schema.default === 'number' ? props.schema.default : undefined;
  const number = typeof value === 'number' ? value : undefined;
  const measure = kind.unit === 'duration' || kind.unit === 'size' ? kind.unit : undefined;
  const [unit, setUnit] = useState<Unit>(() => (measure ? largestUnit(measure, number ?? fallback ?? 1_000) : 'milliseconds'));
  const size = measure ? unitSize(measure, unit) : 1;
  const amount = number === undefined ? undefined : number / size;
  // While one writes "1." it is still 1, and must not be taken away.
  const [draft, setDraft] = useState<string | number>('');
  const isDrafted = draft !== '' && draft !== '-' ? Number(draft) === amount : amount === undefined;
  const isOutside = number !== undefined && !limits.allows(number);
  const { look } = useFieldLook(props, undefined);
  const change = (text: string | number): void => {
    setDraft(text);
    if (text === '') onChange(isNullable && isRequired ? null : undefined);
    else if (text !== '-' && Number.isFinite(Number(text))) onChange(scale(Number(text), size, kind.isInteger));
  };
  const unitChoice = measure && (
    <Select
      aria-label={t('unitOf', { label: look.label })}
      data={unitsOf(measure).map(([name]) => ({ value: name, label: t(`units.${name}`) }))}
      value={unit}
      allowDeselect={false}
      readOnly={look.readOnly}
      w={136}
      onChange={(next) => {
        const chosen = unitsOf(measure).find(([name]) => name === next);
        if (chosen === undefined) return;
        setUnit(chosen[0]);
        if (amount !== undefined) onChange(scale(amount, chosen[1], kind.isInteger));
      }}
    />
  );
  const suffix = kind.unit === 'megabytes' && (
    <Text size="sm" c="dimmed">
      {t('units.megabytes')}
    </Text>
  );
  return (
    <NumberInput
      {...look}
      placeholder={fallback === undefined ? look.placeholder : formatNumber(fallback / size, i18n.language)}
      error={look.error ?? (isOutside ? limits.text : undefined)}
      value={isDrafted ? draft : (amount ?? '')}
      onChange={change}
      allowDecimal={!kind.isInteger || size > 1}
      allowNegative={kind.minimum === undefined || kind.minimum < 0}
      allowedDecimalSeparators={['.', ',']}
      step={kind.isInteger || kind.maximum === undefined || kind.maximum > 2 ? 1 : 0.1}
      hideControls={look.readOnly}
      inputContainer={(input) => (
        <Group gap={6} wrap="nowrap">
          <div style={{ flex: 1, minWidth: 0 }}>{input}</div>
          {suffix}
          {unitChoice}
          {beside}
        </Group>
      )}
    />
  );
}

function scale(amount: number, size: number, isInteger: boolean): number {
  return isInteger && size > 1 ? Math.round(amount * size) : amount * size;
}

function formatNumber(value: number, language: string): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 4, useGrouping: false }).format(value);
}

/** Which numbers are allowed, and how that is said. */
function useLimits({ minimum, maximum, unit }: NumberKind): { allows(value: number): boolean; text: string } {
  const { t, i18n } = useTranslation('form');
  const say = (value: number): string => {
    const measure = unit === 'duration' || unit === 'size' ? unit : undefined;
    const name = measure && largestUnit(measure, value);
    const format = new Intl.NumberFormat(
      i18n.language,
      // `days` -> `day`: how the standard calls units.
      name ? { style: 'unit', unit: name.slice(0, -1), unitDisplay: measure === 'size' ? 'short' : 'long' } : {},
    );
    return format.format(measure && name ? value / unitSize(measure, name) : value);
  };
  return {
    allows: (value) => (minimum === undefined || value >= minimum) && (maximum === undefined || value <= maximum),
    text:
      minimum !== undefined && maximum !== undefined
        ? t('limits.between', { minimum: say(minimum), maximum: say(maximum) })
        : minimum !== undefined
          ? t('limits.atLeast', { minimum: say(minimum) })
          : maximum !== undefined
            ? t('limits.atMost', { maximum: say(maximum) })
            : '',
  };
}
