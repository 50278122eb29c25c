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
    // The server's sentence may hold {{…}}, which must stay as it is: it is no default that i18next would fill in.
    return i18next.exists(`common:errors.${error.code}`) ? i18next.t(`common:errors.${error.code}`) : error.message;
  }
  return error instanceof Error ? error.message : String(error);
}
