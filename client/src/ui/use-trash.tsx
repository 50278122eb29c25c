// Moves a workflow to the trash, and says so with a button that takes it back.

import { Button, Group } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useWorkflowAction } from '../api/activity.ts';
import { notifyError, notifySuccess } from './notify.ts';

export interface TrashOptions {
  readonly onTrashed?: () => void;
  readonly onRestored?: () => void;
}

export function useTrash({ id, title }: { readonly id: string; readonly title: string }, options: TrashOptions = {}): () => void {
  const { t } = useTranslation();
  const action = useWorkflowAction();
  const { onTrashed, onRestored } = options;
  const notification = `trashed-${id}`;

  // Promises, and not callbacks of the mutation: what shows the button may be gone by then, and callbacks with it.
  async function restore(): Promise<void> {
    notifications.hide(notification);
    await action.mutateAsync({ id, action: 'restore' });
    notifySuccess(t('restored', { title }));
    onRestored?.();
  }

  async function trash(): Promise<void> {
    await action.mutateAsync({ id, action: 'trash' });
    notifications.show({
      id: notification,
      withBorder: true,
      autoClose: 10_000,
      message: (
        <Group justify="space-between" wrap="nowrap">
          <span>{t('trashed', { title })}</span>
          <Button size="compact-sm" variant="default" onClick={() => void restore().catch(notifyError)}>
            {t('undo')}
          </Button>
        </Group>
      ),
    });
    onTrashed?.();
  }

  return () => void trash().catch(notifyError);
}
