// The names of branches as people read them.

import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { FAILURE_BRANCH } from '../../../src/engine/model.ts';
import type { Branch } from './branches.ts';

/** Branches that the built-in types name, and that mean the same to every reader. */
const KNOWN: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['condition', new Set(['true', 'false'])],
  ['multi-conditions', new Set(['otherwise'])],
  ['loop', new Set(['body'])],
  ['wait', new Set(['resumed', 'timeout'])],
  ['send-webhook', new Set(['delivered', 'failed'])],
]);

/** Gives a branch its name: the label from the configuration, else a word for what everybody knows, else its own name. */
export function useBranchText(): (branch: Branch, type: string) => string {
  const { t } = useTranslation('canvas');
  return useCallback(
    ({ name, label, kind }, type) => {
      if (kind === 'unknown') return t('unknownBranch', { name });
      if (label !== undefined) return label;
      const isKnown = kind === 'failure' ? name === FAILURE_BRANCH : KNOWN.get(type)?.has(name);
      return isKnown ? t(`branch.${name}`) : name;
    },
    [t],
  );
}
