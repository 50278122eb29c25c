// What one is told about one's own account: sign-ins from new places, passwords, links, tokens.

import { Badge, Button, Group, List, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { noticesQuery, useReadNotices } from '../../api/account.ts';
import { notifyError } from '../../ui/notify.ts';
import { LoadError, Loading } from '../../ui/page.tsx';
import { dayAndTime } from '../../ui/time.tsx';
import { browserName } from './browser-name.ts';
import { Section } from './section.tsx';

export function Notices() {
  const { t, i18n } = useTranslation('settings');
  const notices = useQuery(noticesQuery);
  const read = useReadNotices();
  if (notices.isPending) return <Loading />;
  if (notices.isError) return <LoadError error={notices.error} onRetry={() => void notices.refetch()} />;
  const { data, unread } = notices.data;
  return (
    <Section
      title={t('notices.title')}
      text={t('notices.text')}
      action={
        unread > 0 ? (
          <Button variant="default" loading={read.isPending} onClick={() => read.mutate(undefined, { onError: notifyError })}>
            {t('notices.read')}
          </Button>
        ) : undefined
      }
    >
      {data.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t('notices.none')}
        </Text>
      ) : (
        <List listStyleType="none" spacing="sm" id="notices">
          {data.map((notice) => (
            <List.Item key={notice.id}>
              <Stack gap={0}>
                <Group gap="xs">
                  <Text size="sm" fw={notice.isRead ? 400 : 600}>
                    {t(`notices.kind.${notice.kind}`, { subject: notice.subject })}
                  </Text>
                  {!notice.isRead && (
                    <Badge className="hl-badge" variant="light" tt="none">
                      {t('notices.unread')}
                    </Badge>
                  )}
                </Group>
                <Text size="xs" c="dimmed">
                  {[dayAndTime(notice.at, i18n.language), notice.address, browserName(notice.userAgent)]
                    .filter((part) => part !== '')
                    .join(' · ')}
                </Text>
              </Stack>
            </List.Item>
          ))}
        </List>
      )}
    </Section>
  );
}
