// Calls of the trigger URL that were refused for their credentials, as a warning at the trigger.

import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Problem } from '../../../src/engine/model.ts';
import type { WorkflowJson } from '../api/workflows.ts';

const NONE: readonly Problem[] = [];

/** Nothing is wrong with the workflow, but its owner should know. Empty when no call was refused in the last hour. */
export function useRefusedCalls(refused: WorkflowJson['refusedCalls']): readonly Problem[] {
  const { t } = useTranslation('trigger');
  return useMemo(() => {
    if (!refused) return NONE;
    const from = t('refusedCallsFrom', { count: refused.places });
    const message = t('refusedCalls', { count: refused.calls, from });
    return [{ path: 'trigger.config.auth', code: 'refused_calls', message, severity: 'warning' as const }];
  }, [refused, t]);
}
