// One of several kinds of object, told apart by a constant: first which kind, then its fields.

import { Box, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { OptionPicker } from './choice-field.tsx';
import type { Variant } from './field-kind.ts';
import { useFieldLook } from './field-look.tsx';
import { wordsOf } from './field-text.ts';
import classes from './form.module.css';
import { type FieldViewProps, useForm } from './form-context.tsx';
import { isObject, propertiesOf, schemaAt, textAt } from './json-schema.ts';
import { ObjectFields } from './object-fields.tsx';
import { changeVariant } from './update.ts';

export interface VariantsFieldProps extends FieldViewProps {
  readonly tag: string;
  readonly variants: readonly Variant[];
  readonly isNullable: boolean;
}

/** The choice of none; no constant of a schema has this text as a place in the list. */
const NONE = 'none';

export function VariantsField(props: VariantsFieldProps) {
  const { t } = useTranslation('form');
  const { root, remembered } = useForm();
  const { tag, variants, value, onChange, isRequired, isNullable, schema, path, name } = props;
  const { look, texts } = useFieldLook(props);
  const fallback = isObject(schema.default) ? schema.default : undefined;
  const current = isObject(value) ? value : value === undefined ? fallback : undefined;
  const index = variants.findIndex((variant) => variant.value === current?.[tag]);
  const variant = variants[index];
  // The member of a list has its card for a name.
  const isMember = props.label !== undefined;
  const isOptional = (!isRequired && fallback === undefined) || isNullable;
  const options = variants.map((one, at) => ({ value: String(at), label: labelOf(one) }));
  const place = (one: Variant): string => `${path}#${String(one.value)}`;
  function labelOf(one: Variant): string {
    const own = texts.variant(props.texts, name, one.value).label;
    const constant = schemaAt(one.schema, 'properties')?.[tag];
    const title = textAt(one.schema, 'title') ?? (isObject(constant) ? textAt(constant, 'title') : undefined);
    return own ?? title ?? (typeof one.value === 'string' ? wordsOf(one.value) : String(one.value));
  }
  const choose = (chosen: string | null): void => {
    if (variant !== undefined && value !== undefined) remembered.set(place(variant), value);
    const next = chosen === null || chosen === NONE ? undefined : variants[Number(chosen)];
    if (next === undefined) onChange(isRequired ? null : undefined);
    else onChange(remembered.get(place(next)) ?? changeVariant(current, tag, next, root));
  };
  const help =
    variant &&
    (texts.variant(props.texts, name, variant.value).help ?? (texts.isKnown ? undefined : textAt(variant.schema, 'description')));
  const fields = variant && propertiesOf(variant.schema).some(([property]) => property !== tag);
  return (
    <Box>
      <OptionPicker
        {...look}
        {...(isMember ? { label: texts.extra(props.texts, name, 'kind') ?? t('kind'), description: undefined } : {})}
        placeholder={t('choose')}
        options={
          isOptional ? [{ value: NONE, label: texts.extra(props.texts, name, 'none') ?? t('common:none') }, ...options] : options
        }
        value={variant ? String(index) : isOptional ? NONE : null}
        onChange={choose}
      />
      {help !== undefined && (
        <Text size="xs" c="dimmed" mt={4}>
          {help}
        </Text>
      )}
      {variant && fields && (
        <Box mt={10} className={isMember ? undefined : classes.frame}>
          <ObjectFields
            // Fields of the same name in two variants are two fields.
            key={String(variant.value)}
            schema={variant.schema}
            path={path}
            texts={[...props.texts, 'variants', String(variant.value)]}
            value={current ?? {}}
            onChange={onChange}
            skip={[tag]}
          />
        </Box>
      )}
    </Box>
  );
}
