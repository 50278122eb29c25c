// Values of different kinds, such as a fixed word or a list of numbers: first which kind, then the value.

import { Box } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { OptionPicker } from './choice-field.tsx';
import { type Alternative, fieldOf, fits, isOneInput } from './field-kind.ts';
import { useFieldLook } from './field-look.tsx';
import { wordsOf } from './field-text.ts';
import classes from './form.module.css';
import { type FieldViewProps, InnerField, useForm } from './form-context.tsx';
import { textAt } from './json-schema.ts';
import { initialItem } from './update.ts';

export interface AlternativesFieldProps extends FieldViewProps {
  readonly alternatives: readonly Alternative[];
  readonly isNullable: boolean;
}

const NONE = 'none';

export function AlternativesField(props: AlternativesFieldProps) {
  const { t, i18n } = useTranslation('form');
  const { root, remembered } = useForm();
  const { alternatives, value, onChange, isRequired, isNullable, schema, path, name } = props;
  const { look, texts } = useFieldLook(props);
  const effective = value === undefined ? schema.default : value;
  const fitting = alternatives.findIndex((alternative) => isOfKind(effective, alternative, root, name));
  const [chosen, setChosen] = useState<number | undefined>(undefined);
  // What was chosen counts while it can hold the value; both may.
  const index =
    chosen !== undefined && alternatives[chosen] && isOfKind(effective, alternatives[chosen], root, name) ? chosen : fitting;
  const alternative = alternatives[index];
  const isOptional = (!isRequired && schema.default === undefined) || isNullable;
  const options = alternatives.map((one, at) => ({ value: String(at), label: labelOf(one) }));
  function labelOf(one: Alternative): string {
    const own = texts.variant(props.texts, name, one.name).label ?? textAt(one.schema, 'title');
    const key = `kinds.${one.name}`;
    return own ?? (i18n.exists(`form:${key}`) ? t(`kinds.${one.name}`) : wordsOf(one.name));
  }
  const place = (at: number): string => `${path}#${at}`;
  const isConstant = alternative !== undefined && fieldOf(alternative.schema, root, name).kind.kind === 'constant';
  return (
    <Box>
      <OptionPicker
        {...look}
        placeholder={t('choose')}
        options={
          isOptional ? [{ value: NONE, label: texts.extra(props.texts, name, 'none') ?? t('common:none') }, ...options] : options
        }
        value={alternative ? String(index) : isOptional ? NONE : null}
        onChange={(next) => {
          if (alternative !== undefined && value !== undefined) remembered.set(place(index), value);
          const at = next === null || next === NONE ? undefined : Number(next);
          const target = at === undefined ? undefined : alternatives[at];
          setChosen(at);
          if (at === undefined || target === undefined) onChange(isRequired ? null : undefined);
          else onChange(remembered.get(place(at)) ?? initialItem(target.schema, root));
        }}
      />
      {alternative && !isConstant && (
        <Box mt={8} className={isOneInput(fieldOf(alternative.schema, root, name)) ? classes.bare : undefined}>
          <InnerField
            key={index}
            name={name}
            schema={alternative.schema}
            path={path}
            texts={[...props.texts, 'variants', alternative.name]}
            value={effective}
            onChange={onChange}
            isRequired
            label={t('valueOf', { label: look.label })}
            isCell
            hasRoom
          />
        </Box>
      )}
    </Box>
  );
}

function isOfKind(value: unknown, { schema }: Alternative, root: FieldViewProps['schema'], name: string): boolean {
  if (value === undefined || value === null) return false;
  const field = fieldOf(schema, root, name);
  return field.kind.kind === 'constant' ? field.kind.value === value : fits(value, field);
}
