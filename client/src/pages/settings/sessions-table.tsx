// Where a user is signed in: browser, address, since when, last seen; each can be ended.

import { Badge, Button, Group, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { UserSessionView } from '../../api/account.ts';
import { ListTable } from '../../ui/list-table.tsx';
import { dayAndTime } from '../../ui/time.tsx';
import { browserName } from './browser-name.ts';

export interface SessionsTableProps {
  readonly sessions: readonly UserSessionView[];
  /** Shows the buttons. */
  readonly canEnd: boolean;
  readonly isBusy: boolean;
  onEnd(id: string): void;
}

/** The session that the page itself is part of is marked and has no button: signing out ends it. */
export function SessionsTable({ sessions, canEnd, isBusy, onEnd }: SessionsTableProps) {
  const { t, i18n } = useTranslation('settings');
  return (
    <ListTable
      columns={[
        { label: t('sessions.browser') },
        { label: t('sessions.address') },
        { label: t('sessions.since'), visibleFrom: 'sm' },
        { label: t('sessions.lastSeen') },
        { label: t('sessions.actions'), isHidden: true },
      ]}
      verticalSpacing="xs"
    >
      {sessions.map((session) => {
        const browser = browserName(session.userAgent) || t('sessions.unknown');
        const address = session.address || t('sessions.unknown');
        return (
          <Table.Tr key={session.id}>
            <Table.Td>
              <Group gap="xs">
                <Text size="sm" title={session.userAgent}>
                  {browser}
                </Text>
                {session.isCurrent && (
                  <Badge className="hl-badge" variant="light" tt="none">
                    {t('sessions.current')}
                  </Badge>
                )}
              </Group>
            </Table.Td>
            <Table.Td>
              <Text size="sm" ff="monospace">
                {address}
              </Text>
            </Table.Td>
            <Table.Td visibleFrom="sm">
              <Text size="sm">{dayAndTime(session.createdAt, i18n.language)}</Text>
            </Table.Td>
            <Table.Td>
              <Text size="sm">{dayAndTime(session.lastSeenAt, i18n.language)}</Text>
            </Table.Td>
            <Table.Td>
              {canEnd && !session.isCurrent && (
                <Button
                  size="compact-sm"
                  variant="default"
                  disabled={isBusy}
                  aria-label={t('sessions.endOne', { browser, address })}
                  onClick={() => onEnd(session.id)}
                >
                  {t('sessions.end')}
                </Button>
              )}
            </Table.Td>
          </Table.Tr>
        );
      })}
    </ListTable>
  );
}
