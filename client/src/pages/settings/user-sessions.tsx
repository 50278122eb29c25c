// Where another user is signed in, for owners: one session is ended, or all of them.

import { Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { UserView } from '../../api/access.ts';
import { useEndSession, userSessionsQuery } from '../../api/account.ts';
import { usePermission } from '../../api/session.ts';
import { ConfirmButton } from '../../ui/confirm.tsx';
import { notifyError, notifySuccess } from '../../ui/notify.ts';
import { Empty } from '../../ui/page.tsx';
import { Queried } from '../../ui/queried.tsx';
import { SessionsTable } from './sessions-table.tsx';

export function UserSessions({ user }: { readonly user: Pick<UserView, 'id' | 'name'> }) {
  const { t } = useTranslation('settings');
  const canWrite = usePermission('access:write');
  const sessions = useQuery(userSessionsQuery(user.id));
  const end = useEndSession(user.id);
  const told = { onSuccess: () => notifySuccess(t('sessions.ended')), onError: notifyError };
  return (
    <Queried query={sessions}>
      {({ data }) =>
        data.length === 0 ? (
          <Empty title={t('sessions.none', { name: user.name })} />
        ) : (
          <Stack>
            <Text size="sm">{t('sessions.ofUserText', { name: user.name })}</Text>
            <SessionsTable sessions={data} canEnd={canWrite} isBusy={end.isPending} onEnd={(id) => end.mutate(id, told)} />
            {canWrite && (
              <Group justify="flex-end">
                <ConfirmButton
                  question={t('sessions.endAllQuestion', { name: user.name })}
                  explanation={t('sessions.endAllText')}
                  action={t('sessions.endAll')}
                  onConfirm={() => end.mutate(undefined, told)}
                >
                  {t('sessions.endAll')}
                </ConfirmButton>
              </Group>
            )}
          </Stack>
        )
      }
    </Queried>
  );
}
