// The sign of a value's type: the same small letters in trees, chips and completion lists.

import { useTranslation } from 'react-i18next';
import type { ValueType } from './shape.ts';
import classes from './type-mark.module.css';

const SIGNS: Readonly<Record<ValueType, string>> = {
  string: 'Aa',
  number: '12',
  boolean: '⊤⊥',
  null: '∅',
  object: '{ }',
  array: '[ ]',
};

/** @param types those seen; of several the first that says something */
export function mainType(types: readonly ValueType[]): ValueType | undefined {
  return types.find((type) => type !== 'null') ?? types[0];
}

export function typeSign(types: readonly ValueType[]): string {
  const type = mainType(types);
  return type === undefined ? '?' : SIGNS[type];
}

export function TypeMark({ types }: { readonly types: readonly ValueType[] }) {
  const { t } = useTranslation('variables');
  const type = mainType(types);
  const name = type === undefined ? t('typeUnknown') : t(`types.${type}`);
  return (
    <span className={classes.mark} data-type={type ?? 'unknown'} title={name}>
      <span aria-hidden>{typeSign(types)}</span>
      <span className={classes.hidden}>{name}</span>
    </span>
  );
}
