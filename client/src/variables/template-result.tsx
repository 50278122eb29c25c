// What a text with variables becomes on the last run's or sample's data: one line below the field, all of it on demand.

import { ActionIcon, Box, Group, Text } from '@mantine/core';
import { IconArrowRight, IconChevronDown } from '@tabler/icons-react';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { findChips } from './editor/chips.ts';
import { JsonView } from './json-view.tsx';
import { EvaluationFault } from './live-result.tsx';
import { shortValue } from './reference.ts';
import { isContainer, typeOf } from './shape.ts';
import classes from './template-result.module.css';
import { TypeMark } from './type-mark.tsx';
import { useEvaluation } from './use-evaluation.ts';
import { hasData, LearnedFrom } from './variable-list.tsx';
import { useVariables } from './variable-source.tsx';

/** More does not fit on one line anyway. */
const MAX_LENGTH = 200;

export interface TemplateResultProps {
  readonly field: string;
  /** As it is written: text, or JSON. */
  readonly text: string;
  readonly isJson?: boolean;
  /** The field says already what is wrong. */
  readonly hasError: boolean;
}

/** Nothing for a text without variables, and as long as there is no data to fill them in with. */
export function TemplateResult({ field, text, isJson = false, hasError }: TemplateResultProps) {
  const { t } = useTranslation('variables');
  const source = useVariables();
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const isWanted = findChips(text).length > 0 && source !== null && hasData(source);
  const evaluation = useEvaluation({ engine: 'template', expression: text, isJson, isWanted });
  const { status, result, isStale } = evaluation;
  if (source === null || status === 'off' || status === 'first') return null;
  if (hasError && result?.error !== undefined) return null;
  const value = result?.value;
  const isEmpty = value === undefined || value === null || value === '';
  const emptyText = value === '' ? t('live.emptyText') : t('live.nothing');
  const hasValue = status === 'answered' && result?.error === undefined;
  return (
    <Box className={classes.result} data-stale={isStale || undefined} role="group" aria-label={t('live.result', { field })}>
      <EvaluationFault evaluation={evaluation} />
      {hasValue && (
        <Group gap={6} wrap="nowrap">
          <IconArrowRight size={14} className={classes.arrow} aria-label={t('live.gives')} />
          <TypeMark types={value === undefined ? [] : [typeOf(value)]} />
          <span className={classes.line} data-dimmed={isEmpty || isOpen || undefined}>
            {isOpen ? isStale ? t('live.stale') : <LearnedFrom source={source} /> : isEmpty ? emptyText : lineOf(value)}
          </span>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="xs"
            aria-label={t('live.wholeOf', { field })}
            title={t(isOpen ? 'live.less' : 'live.whole')}
            aria-expanded={isOpen}
            aria-controls={id}
            onClick={() => setOpen(!isOpen)}
          >
            <IconChevronDown size={14} className={classes.chevron} data-open={isOpen || undefined} aria-hidden />
          </ActionIcon>
        </Group>
      )}
      {hasValue && isOpen && (
        <div id={id} className={classes.whole}>
          {isContainer(value) ? (
            <JsonView value={value} label={t('live.result', { field })} maxHeight={260} />
          ) : (
            // What scrolls is reached by keys.
            <Text className={classes.text} tabIndex={0}>
              {isEmpty ? emptyText : String(value)}
            </Text>
          )}
        </div>
      )}
    </Box>
  );
}

function lineOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_LENGTH) : shortValue(value, MAX_LENGTH);
}
