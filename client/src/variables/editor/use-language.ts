// The language of an editor; JavaScript's is large, and fetched when it is first needed.

import type { Extension } from '@codemirror/state';
import { useEffect, useMemo, useState } from 'react';
import { jsonLanguage } from './json-language.ts';

export type CodeLanguage = 'json' | 'javascript' | 'text';

const NONE: Extension = [];

/** Nothing until it is there; the text can be written meanwhile. */
export function useLanguage(language: CodeLanguage): Extension {
  const [javascript, setJavascript] = useState<Extension>(NONE);
  const json = useMemo(() => (language === 'json' ? jsonLanguage() : NONE), [language]);
  useEffect(() => {
    if (language !== 'javascript') return;
    let isWanted = true;
    import('./javascript-language.ts').then(
      ({ javascriptLanguage }) => {
        if (isWanted) setJavascript(javascriptLanguage());
      },
      (error: unknown) => {
        // Without colours one can still work.
        console.warn('The language of an editor could not be loaded.', error);
      },
    );
    return () => {
      isWanted = false;
    };
  }, [language]);
  return language === 'javascript' ? javascript : json;
}
