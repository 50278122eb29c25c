// The live result of an expression on the data of the last run: asked a moment after the last letter.

import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
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

const OFF: LiveEvaluation = { status: 'off', result: undefined, failure: undefined, isStale: false };

export function useEvaluation({
  engine,
  expression,
  source,
}: Pick<Evaluation, 'engine' | 'expression' | 'source'>): LiveEvaluation {
  const variables = useVariables();
  const isAllowed = usePermission('executions:write');
  const [settled] = useDebouncedValue(expression, PAUSE_MS);
  const learned = variables?.learned;
  const isAsked = isAllowed && learned !== undefined && typeof expression === 'string' && expression.trim() !== '';
  const { data, error, isPlaceholderData, isFetching } = useQuery({
    ...evaluationQuery({
      engine,
      expression: settled,
      ...(source === undefined ? {} : { source }),
      variables: learned?.variables,
      workflowId: variables?.workflowId,
    }),
    enabled: isAsked && typeof settled === 'string' && settled.trim() !== '',
    placeholderData: keepPreviousData,
  });
  if (!isAsked) return OFF;
  if (error !== null && !isFetching) return { status: 'failed', result: undefined, failure: error, isStale: false };
  if (data === undefined) return { ...OFF, status: 'first' };
  return { status: 'answered', result: data, failure: undefined, isStale: settled !== expression || isPlaceholderData };
}
