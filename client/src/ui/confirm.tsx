// Asks before something is done that cannot be taken back.

import { Button, type ButtonProps, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

interface Question {
  /** The dialog's heading. */
  readonly question: string;
  /** What will happen. */
  readonly explanation: ReactNode;
  /** The button that does it. */
  readonly action: string;
  readonly onConfirm: () => unknown;
  /** Default true. */
  readonly danger?: boolean;
}

export interface ConfirmDialogProps extends Question {
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function ConfirmDialog({ opened, onClose, question, explanation, action, onConfirm, danger = true }: ConfirmDialogProps) {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} title={question}>
      <Stack>
        <Text size="sm" component="div">
          {explanation}
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('cancel')}
          </Button>
          <Button
            data-autofocus
            {...(danger ? { color: 'red.9' } : {})}
            onClick={() => {
              onClose();
              void onConfirm();
            }}
          >
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

export interface ConfirmButtonProps extends ButtonProps, Question {
  readonly children: ReactNode;
}

/** A button that opens the question. */
export function ConfirmButton({ question, explanation, action, onConfirm, children, danger, ...button }: ConfirmButtonProps) {
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button variant="default" {...button} onClick={open}>
        {children}
      </Button>
      <ConfirmDialog
        opened={opened}
        onClose={close}
        question={question}
        explanation={explanation}
        action={action}
        onConfirm={onConfirm}
        {...(danger === undefined ? {} : { danger })}
      />
    </>
  );
}
