// What an expression gives on the last run's data, below the field.

import { Box, Button, Group, Loader, Text } from '@mantine/core';
import { IconAlertCircle, IconArrowRight } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { errorText } from '../ui/notify.ts';
import { JsonView } from './json-view.tsx';
import classes from './live-result.module.css';
import { shortValue } from './reference.ts';
import { isContainer, typeOf } from './shape.ts';
import { TypeMark } from './type-mark.tsx';
import type { LiveEvaluation } from './use-evaluation.ts';
import { LearnedFrom } from './variable-list.tsx';
import { useVariables } from './variable-source.tsx';

/** Longer values are shown on demand. */
const MAX_LENGTH = 160;

/** What is wrong with what was written. */
function ResultError({ message }: { readonly message: string }) {
  return (
    <Group gap={6} wrap="nowrap" align="flex-start">
      <IconAlertCircle size={15} className={classes.errorIcon} aria-hidden />
      <Text size="xs" c="var(--mantine-color-error)" className={classes.message}>
        {message}
      </Text>
    </Group>
  );
}

/** Why there is no value: nobody could be asked, or what was written is wrong. */
export function EvaluationFault({ evaluation: { status, result, failure } }: { readonly evaluation: LiveEvaluation }) {
  if (status === 'failed') {
    return (
      <Text size="xs" c="var(--mantine-color-error)">
        {errorText(failure)}
      </Text>
    );
  }
  return status === 'answered' && result?.error !== undefined ? <ResultError message={result.error.message} /> : null;
}

export interface LiveResultProps {
  readonly evaluation: LiveEvaluation;
  readonly field: string;
  /** The field says already what is wrong. */
  readonly hasError: boolean;
}

export function LiveResult({ evaluation, field, hasError }: LiveResultProps) {
  const { t } = useTranslation('variables');
  const source = useVariables();
  const [isWhole, setWhole] = useState(false);
  const { status, result, isStale } = evaluation;
  if (status === 'off' || source === null || (hasError && result?.error !== undefined)) return null;
  const value = result?.value;
  const isLong = isContainer(value) || shortValue(value, MAX_LENGTH + 1).length > MAX_LENGTH;
  return (
    <Box className={classes.result} data-stale={isStale || undefined} role="group" aria-label={t('live.result', { field })}>
      <div aria-live="polite" aria-busy={isStale || status === 'first'}>
        {status === 'first' && <Loader size={14} aria-label={t('live.asking')} />}
        <EvaluationFault evaluation={evaluation} />
        {status === 'answered' && result !== undefined && result.error === undefined && (
          <Group gap={6} wrap="nowrap" align="center">
            <IconArrowRight size={14} aria-label={t('live.gives')} />
            <TypeMark types={value === undefined ? [] : [typeOf(value)]} />
            <code className={classes.value}>{value === undefined ? t('live.nothing') : shortValue(value, MAX_LENGTH)}</code>
          </Group>
        )}
      </div>
      <Group gap="xs" justify="space-between">
        <Text size="xs" c="dimmed">
          {isStale ? t('live.stale') : <LearnedFrom source={source} />}
        </Text>
        {status === 'answered' && isLong && result?.error === undefined && (
          <Button size="compact-xs" variant="subtle" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
            {t(isWhole ? 'live.less' : 'live.whole')}
          </Button>
        )}
      </Group>
      {isWhole && isLong && <JsonView value={value} label={t('live.result', { field })} maxHeight={260} />}
    </Box>
  );
}
