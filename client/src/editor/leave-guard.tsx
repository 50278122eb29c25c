// Asks before unsaved changes are lost: by another page, or by closing the window.

import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useBlocker } from 'react-router';

export interface LeaveGuardProps {
  readonly isDirty: boolean;
  readonly isSaving: boolean;
  /** @returns whether it was saved */
  onSave(): Promise<boolean>;
}

export function LeaveGuard({ isDirty, isSaving, onSave }: LeaveGuardProps) {
  const { t } = useTranslation('editor');
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) => isDirty && currentLocation.pathname !== nextLocation.pathname,
  );
  useEffect(() => {
    if (!isDirty) return;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [isDirty]);
  const stay = (): void => blocker.reset?.();
  return (
    <Modal size={540} opened={blocker.state === 'blocked'} onClose={stay} title={t('leave.question')}>
      <Stack>
        <Text size="sm">{t('leave.text')}</Text>
        <Group justify="flex-end" gap="xs">
          <Button variant="subtle" color="red" onClick={() => blocker.proceed?.()}>
            {t('leave.discard')}
          </Button>
          <Button variant="default" onClick={stay}>
            {t('leave.stay')}
          </Button>
          <Button
            data-autofocus
            loading={isSaving}
            onClick={() =>
              void onSave().then((isSaved) => {
                if (isSaved) blocker.proceed?.();
                else stay();
              })
            }
          >
            {t('leave.save')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
