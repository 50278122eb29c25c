// The problems of the draft as a list at the bottom of the canvas; choosing one opens the field it is about.

import { Button, Popover, ScrollArea, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconExclamationCircle } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Document } from '../../../src/engine/model.ts';
import { findNode } from '../canvas/edit.ts';
import { TRIGGER } from '../canvas/paths.ts';
import { sentence } from '../form/sentence.ts';
import type { PlacedProblem } from './problem-place.ts';
import type { DraftProblems } from './use-problems.ts';

export interface ProblemListProps {
  readonly problems: DraftProblems;
  readonly document: Document;
  /** Changes whenever the list should open by itself: a save was refused. */
  readonly openFor: unknown;
  onChoose(problem: PlacedProblem): void;
}

export function ProblemList({ problems: { placed, isUnknown }, document, openFor, onChoose }: ProblemListProps) {
  const { t } = useTranslation('editor');
  const [opened, setOpened] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (openFor !== null) setOpened(true);
  }, [openFor]);
  const errors = placed.filter(({ problem }) => problem.severity === 'error').length;
  if (placed.length === 0) {
    return (
      <Text size="sm" className="hl-no-problems" role="status">
        {isUnknown ? (
          t('problems.unknown')
        ) : (
          <>
            <IconCircleCheck size={16} aria-hidden /> {t('problems.none')}
          </>
        )}
      </Text>
    );
  }
  return (
    <Popover
      opened={opened}
      onChange={(isOpen) => {
        setOpened(isOpen);
        // By hand: after a choice the focus goes to the field, and must stay there.
        if (!isOpen) button.current?.focus();
      }}
      position="top-start"
      width={380}
      trapFocus
      withRoles={false}
    >
      <Popover.Target>
        <Button
          ref={button}
          variant="default"
          size="sm"
          className="hl-problem-button"
          aria-expanded={opened}
          aria-haspopup="dialog"
          onClick={() => setOpened(!opened)}
          leftSection={
            errors > 0 ? (
              <IconExclamationCircle size={17} aria-hidden className="hl-error-icon" />
            ) : (
              <IconAlertTriangle size={17} aria-hidden className="hl-warning-icon" />
            )
          }
        >
          {errors > 0 ? t('problems.errors', { count: errors }) : t('problems.warnings', { count: placed.length })}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={4} role="dialog" aria-label={t('problems.list')}>
        <ScrollArea.Autosize mah={320}>
          <Stack gap={0}>
            {placed.map((entry) => (
              <UnstyledButton
                key={`${entry.problem.path} ${entry.problem.code} ${entry.problem.message}`}
                className="hl-problem"
                onClick={() => {
                  setOpened(false);
                  onChoose(entry);
                }}
              >
                {entry.problem.severity === 'error' ? (
                  <IconExclamationCircle size={17} className="hl-error-icon" aria-label={t('problems.error')} />
                ) : (
                  <IconAlertTriangle size={17} className="hl-warning-icon" aria-label={t('problems.warning')} />
                )}
                <span>
                  <Text size="sm" fw={600}>
                    {nameOf(entry, document) ?? t(entry.place.key === TRIGGER ? 'panel.trigger' : 'problems.workflow')}
                  </Text>
                  <Text size="sm">{sentence(entry.problem.message)}</Text>
                  {entry.place.field !== '' && (
                    <Text size="xs" c="dimmed" ff="monospace">
                      {entry.place.field}
                    </Text>
                  )}
                </span>
              </UnstyledButton>
            ))}
          </Stack>
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  );
}

/** The node's title or key; undefined for the trigger and the workflow. */
function nameOf({ place }: PlacedProblem, document: Document): string | undefined {
  if (place.key === null || place.key === TRIGGER) return undefined;
  const found = findNode(document, place.key);
  return found?.node.title || place.key;
}
