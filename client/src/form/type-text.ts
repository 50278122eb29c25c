// What node and trigger types are called: in the chosen language when they come with Hookline, else in their plugin's words.

import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { entryAt } from './field-text.ts';
import { textAt } from './json-schema.ts';

export type TypeKind = 'node' | 'trigger';

/** What is needed of a type's description. */
export interface DescribedType {
  readonly type: string;
  readonly title: string;
  readonly description: string;
}

export interface TypeText {
  title(kind: TypeKind, described: DescribedType): string;
  description(kind: TypeKind, described: DescribedType): string;
}

/** The same object until the language changes. */
export function useTypeText(): TypeText {
  const { i18n } = useTranslation('plugins');
  const bundle: unknown = i18n.getResourceBundle(i18n.language, 'plugins');
  return useMemo(() => {
    const text = (kind: TypeKind, type: string, key: string): string | undefined => {
      const entry = entryAt(bundle, [kind, type]);
      return entry && textAt(entry, key);
    };
    return {
      title: (kind, described) => text(kind, described.type, 'title') ?? described.title,
      description: (kind, described) => text(kind, described.type, 'description') ?? described.description,
    };
  }, [bundle]);
}
