// A button that asks before it does something that cannot be taken back.

import { Button, type ButtonProps, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

export interface ConfirmButtonProps extends ButtonProps {
  /** The question, as the dialog's heading. */
  readonly question: string;
  /** What will happen. */
  readonly explanation: ReactNode;
  /** The button that does it. */
  readonly action: string;
  readonly onConfirm: () => unknown;
  readonly children: ReactNode;
  readonly danger?: boolean;
}

export function ConfirmButton({
  question,
  explanation,
  action,
  onConfirm,
  children,
  danger = true,
  ...button
}: ConfirmButtonProps) {
  const { t } = useTranslation();
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button variant="default" {...button} onClick={open}>
        {children}
      </Button>
      <Modal opened={opened} onClose={close} title={question}>
        <Stack>
          <Text size="sm">{explanation}</Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t('cancel')}
            </Button>
            <Button
              data-autofocus
              {...(danger ? { color: 'red.9' } : {})}
              onClick={() => {
                close();
                void onConfirm();
              }}
            >
              {action}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
