// What a variable is called where it is shown: its alias or name, or the translated name of a heading.

import type { TFunction } from 'i18next';
import type { VariableEntry } from './variable-tree.ts';

export function nameOfVariable(entry: VariableEntry, t: TFunction<'variables'>): string {
  if (entry.label !== '') return entry.list !== null ? t('every', { name: entry.label }) : entry.label;
  return entry.group === null ? (entry.template ?? '') : t(`groups.${entry.group}`);
}
