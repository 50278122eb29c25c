// Short messages at the edge of the screen: every action says what became of it.

import { notifications } from '@mantine/notifications';
import i18next from 'i18next';
import { ApiError } from '../api/request.ts';

export function notifySuccess(message: string): void {
  notifications.show({ message, color: 'teal', withBorder: true, autoClose: 4_000 });
}

export function notifyError(error: unknown): void {
  notifications.show({
    title: i18next.t('common:somethingFailed'),
    message: errorText(error),
    color: 'red',
    withBorder: true,
    autoClose: 10_000,
  });
}

/** What to tell the user: our own sentence for what is common, the server's for the rest. */
export function errorText(error: unknown): string {
  if (error instanceof ApiError) {
    return i18next.t(`common:errors.${error.code}`, { defaultValue: error.message });
  }
  return error instanceof Error ? error.message : String(error);
}
