// Who changed what, and when.

import { Table, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { auditPage } from '../../api/access.ts';
import { ListTable } from '../../ui/list-table.tsx';
import { MoreButton } from '../../ui/more-button.tsx';
import { Empty, LoadError, Loading } from '../../ui/page.tsx';
import { dayText } from '../../ui/time.tsx';
import { Section } from './section.tsx';

export function AuditSection() {
  const { t, i18n } = useTranslation('settings');
  const clock = new Intl.DateTimeFormat(i18n.language, { timeStyle: 'medium' });
  const audit = useInfiniteQuery({
    queryKey: ['audit'],
    queryFn: ({ pageParam }) => auditPage(pageParam),
    initialPageParam: '',
    getNextPageParam: (last) => last.nextCursor,
  });
  if (audit.isPending) return <Loading />;
  if (audit.isError) return <LoadError error={audit.error} onRetry={() => void audit.refetch()} />;
  const entries = audit.data.pages.flatMap((page) => page.data);
  return (
    <Section title={t('audit.title')} text={t('audit.text')}>
      {entries.length === 0 ? (
        <Empty title={t('audit.none')} />
      ) : (
        <ListTable
          columns={[
            { label: t('audit.when') },
            { label: t('audit.who') },
            { label: t('audit.what') },
            { label: t('audit.fields'), visibleFrom: 'md' },
            { label: t('audit.address'), visibleFrom: 'md' },
          ]}
          verticalSpacing="xs"
        >
          {entries.map((entry) => (
            <Table.Tr key={entry.id}>
              <Table.Td>
                <Text size="sm" style={{ whiteSpace: 'nowrap' }}>
                  {dayText(entry.at, i18n.language)}
                </Text>
                <Text size="xs" c="dimmed">
                  {clock.format(new Date(entry.at))}
                </Text>
              </Table.Td>
              <Table.Td>
                <Text size="sm" style={{ overflowWrap: 'anywhere' }} miw={80}>
                  {entry.actor.name}
                </Text>
                <Text size="xs" c="dimmed">
                  {t(`actor.${entry.actor.kind}`)}
                </Text>
              </Table.Td>
              <Table.Td>
                <Text size="sm">{t(`action.${entry.action}`, { defaultValue: entry.action })}</Text>
                {entry.target !== null && (
                  <Text size="xs" c="dimmed" ff="monospace" maw={{ base: 96, sm: 170 }} truncate title={entry.target}>
                    {entry.target}
                  </Text>
                )}
              </Table.Td>
              <Table.Td visibleFrom="md">
                <Text size="xs" c="dimmed" maw={260}>
                  {entry.fields.map((field) => t(`field.${field}`, { defaultValue: field })).join(', ')}
                </Text>
              </Table.Td>
              <Table.Td visibleFrom="md">
                <Text size="sm" ff="monospace">
                  {entry.address}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </ListTable>
      )}
      <MoreButton list={audit} />
    </Section>
  );
}
