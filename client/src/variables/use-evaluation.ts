// The live result of an expression or a template on the data of the last run: asked a moment after the last letter.

import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { type Evaluation, type EvaluationView, evaluationQuery } from '../api/drafts.ts';
import { usePermission } from '../api/session.ts';
import { useVariables } from './variable-source.tsx';

/** Between the last letter and the question. */
const PAUSE_MS = 400;

export interface LiveEvaluation {
  /** `off`: there is nothing to ask, or one may not. */
  readonly status: 'off' | 'first' | 'answered' | 'failed';
  readonly result: EvaluationView | undefined;
  /** Why the server could not be asked. */
  readonly failure: unknown;
  /** The result is that of what stood there before. */
  readonly isStale: boolean;
}

export interface EvaluationQuestion extends Pick<Evaluation, 'engine' | 'source'> {
  /** As it is written. */
  readonly expression: string;
  /** What is written is JSON with templates in it. Default false. */
  readonly isJson?: boolean;
  /** Default true. */
  readonly isWanted?: boolean;
}

const OFF: LiveEvaluation = { status: 'off', result: undefined, failure: undefined, isStale: false };

export function useEvaluation({
  engine,
  expression,
  source,
  isJson = false,
  isWanted = true,
}: EvaluationQuestion): LiveEvaluation {
  const variables = useVariables();
  const isAllowed = usePermission('executions:write');
  // Together: a text that has just become JSON is not to be read as what it was.
  const written = useMemo(() => ({ text: expression, isJson }), [expression, isJson]);
  const [settled] = useDebouncedValue(written, PAUSE_MS);
  const learned = variables?.learned;
  const isAsked = isWanted && isAllowed && learned !== undefined && expression.trim() !== '';
  const asked = useMemo((): unknown => (settled.isJson ? JSON.parse(settled.text) : settled.text), [settled]);
  const { data, error, isPlaceholderData, isFetching } = useQuery({
    ...evaluationQuery({
      engine,
      expression: asked,
      ...(source === undefined ? {} : { source }),
      variables: learned?.variables,
      workflowId: variables?.workflowId,
    }),
    enabled: isAsked && settled.text.trim() !== '',
    placeholderData: keepPreviousData,
  });
  if (!isAsked) return OFF;
  if (error !== null && !isFetching) return { status: 'failed', result: undefined, failure: error, isStale: false };
  if (data === undefined) return { ...OFF, status: 'first' };
  return { status: 'answered', result: data, failure: undefined, isStale: settled !== written || isPlaceholderData };
}
