// Where one is signed in; any of it can be ended.

import { Badge, Button, Group, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { sessionsQuery, useEndOwnSession } from '../../api/account.ts';
import { ConfirmButton } from '../../ui/confirm.tsx';
import { ListTable } from '../../ui/list-table.tsx';
import { notifyError, notifySuccess } from '../../ui/notify.ts';
import { LoadError, Loading } from '../../ui/page.tsx';
import { dayText } from '../../ui/time.tsx';
import { browserName } from './browser-name.ts';
import { Section } from './section.tsx';

export function OwnSessions() {
  const { t, i18n } = useTranslation('settings');
  const sessions = useQuery(sessionsQuery);
  const end = useEndOwnSession();
  if (sessions.isPending) return <Loading />;
  if (sessions.isError) return <LoadError error={sessions.error} onRetry={() => void sessions.refetch()} />;
  const { data } = sessions.data;
  const told = { onSuccess: () => notifySuccess(t('sessions.ended')), onError: notifyError };
  return (
    <Section
      title={t('sessions.title')}
      text={t('sessions.text')}
      action={
        data.length > 1 ? (
          <ConfirmButton
            question={t('sessions.endOthers')}
            explanation={t('sessions.endOthersText')}
            action={t('sessions.endOthers')}
            onConfirm={() => end.mutate(undefined, told)}
          >
            {t('sessions.endOthers')}
          </ConfirmButton>
        ) : undefined
      }
    >
      <ListTable
        columns={[
          { label: t('sessions.browser') },
          { label: t('sessions.address') },
          { label: t('sessions.since'), visibleFrom: 'md' },
          { label: t('sessions.lastSeen') },
          { label: t('sessions.actions'), isHidden: true },
        ]}
        verticalSpacing="xs"
      >
        {data.map((session) => (
          <Table.Tr key={session.id}>
            <Table.Td>
              <Group gap="xs">
                <Text size="sm" title={session.userAgent}>
                  {browserName(session.userAgent) || t('sessions.unknown')}
                </Text>
                {session.isCurrent && <Badge variant="light">{t('sessions.current')}</Badge>}
              </Group>
            </Table.Td>
            <Table.Td>
              <Text size="sm" ff="monospace">
                {session.address || t('sessions.unknown')}
              </Text>
            </Table.Td>
            <Table.Td visibleFrom="md">
              <Text size="sm">{dayText(session.createdAt, i18n.language)}</Text>
            </Table.Td>
            <Table.Td>
              <Text size="sm">{dayText(session.lastSeenAt, i18n.language)}</Text>
            </Table.Td>
            <Table.Td>
              {!session.isCurrent && (
                <Button
                  size="compact-sm"
                  variant="default"
                  aria-label={t('sessions.endOne', { browser: browserName(session.userAgent), address: session.address })}
                  onClick={() => end.mutate(session.id, told)}
                >
                  {t('sessions.end')}
                </Button>
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </ListTable>
    </Section>
  );
}
