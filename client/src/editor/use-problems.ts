// What the server would say of the draft if it were saved now, asked shortly after each change.

import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Problem } from '../../../src/engine/model.ts';
import { checkDraft } from '../api/drafts.ts';
import { ApiError } from '../api/request.ts';
import type { PluginList } from '../api/workflows.ts';
import { type PlacedProblem, placeProblems } from './problem-place.ts';
import { translateProblem } from './problem-text.ts';
import { toSaveBody } from './save-body.ts';
import type { Draft } from './use-draft.ts';
import { useRefusedCalls } from './use-refused-calls.ts';

/** Pause after the last change, in milliseconds. */
const PAUSE_MS = 350;

export interface DraftProblems {
  /** In the reader's language, as far as the words are ours. */
  readonly problems: readonly Problem[];
  readonly placed: readonly PlacedProblem[];
  /** The draft has changed since; an answer is on its way. */
  readonly isChecking: boolean;
  /** The last check failed: what is shown may be old. */
  readonly isUnknown: boolean;
}

const NONE: readonly Problem[] = [];

const MAX_RETRIES = 5;

export function useProblems(draft: Draft, types: PluginList, isEnabled: boolean): DraftProblems {
  const { document, workflow, refusal } = draft;
  const [checked] = useDebouncedValue(document, PAUSE_MS);
  const body = useMemo(() => toSaveBody(checked, types), [checked, types]);
  const check = useQuery({
    queryKey: ['check', workflow.id, workflow.updatedAt, body],
    queryFn: ({ signal }) =>
      checkDraft(
        {
          workflowId: workflow.id,
          mode: workflow.mode,
          trigger: body.trigger,
          nodes: body.nodes,
          ...(body.settings ? { settings: body.settings } : {}),
        },
        signal,
      ),
    enabled: isEnabled,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 30_000,
    // Another window checks the same workflow: it took this one's place.
    retry: (count, error) => count < MAX_RETRIES && error instanceof ApiError && error.code === 'superseded',
  });
  const { t, i18n } = useTranslation('problems');
  const found = refusal.length > 0 ? refusal : (check.data ?? (draft.isDirty ? NONE : workflow.problems));
  const refusedCalls = useRefusedCalls(workflow.refusedCalls);
  const problems = useMemo(
    () => [
      ...found.map((problem) =>
        translateProblem(problem, {
          exists: (key, options) => i18n.exists(key, options),
          t: (key, options) => t(key, options),
        }),
      ),
      ...refusedCalls,
    ],
    [found, refusedCalls, t, i18n],
  );
  const placed = useMemo(
    () => placeProblems(refusal.length > 0 ? document : checked, problems),
    [checked, document, problems, refusal],
  );
  return {
    problems,
    placed,
    isChecking: checked !== document || check.isFetching,
    isUnknown: check.isError,
  };
}
