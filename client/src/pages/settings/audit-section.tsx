// Who changed what, and when.

import { Badge, Button, Group, Select, Table, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconDownload } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type AuditEntryView, type AuditQuery, auditPage } from '../../api/access.ts';
import { apiUrl } from '../../api/request.ts';
import { ListTable } from '../../ui/list-table.tsx';
import { MoreButton } from '../../ui/more-button.tsx';
import { Empty, LoadError, Loading } from '../../ui/page.tsx';
import { dayText } from '../../ui/time.tsx';
import { Unreadable } from '../../ui/unreadable.tsx';
import { Section } from './section.tsx';

export function AuditSection() {
  const { t, i18n } = useTranslation('settings');
  const clock = new Intl.DateTimeFormat(i18n.language, { timeStyle: 'medium' });
  const [actor, setActor] = useState('');
  const [outcome, setOutcome] = useState<AuditQuery['outcome']>('');
  const [sought] = useDebouncedValue(actor.trim(), 300);
  const query: AuditQuery = { actor: sought, outcome };
  const audit = useInfiniteQuery({
    queryKey: ['audit', query],
    queryFn: ({ pageParam }) => auditPage(query, pageParam),
    initialPageParam: '',
    getNextPageParam: (last) => last.nextCursor,
  });
  const entries = audit.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <Section
      title={t('audit.title')}
      text={t('audit.text')}
      action={
        <Button
          component="a"
          href={apiUrl('/api/audit', { ...query, format: 'ndjson' })}
          download="audit.ndjson"
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
        >
          {t('audit.export')}
        </Button>
      }
    >
      <Group align="flex-end">
        <TextInput label={t('audit.who')} value={actor} onChange={(event) => setActor(event.currentTarget.value)} />
        <Select
          label={t('audit.outcome')}
          allowDeselect={false}
          value={outcome}
          data={(['', 'done', 'refused', 'failed'] as const).map((value) => ({ value, label: t(`outcome.${value || 'all'}`) }))}
          onChange={(value) => setOutcome(value === 'done' || value === 'refused' || value === 'failed' ? value : '')}
        />
      </Group>
      {audit.isPending ? (
        <Loading />
      ) : audit.isError ? (
        <LoadError error={audit.error} onRetry={() => void audit.refetch()} />
      ) : entries.length === 0 ? (
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
                <Group gap="xs">
                  <Text size="sm">{t(`action.${entry.action}`, { defaultValue: entry.action })}</Text>
                  <Unreadable record={entry} />
                  {entry.outcome !== 'done' && (
                    <Badge color="red.9" variant="outline">
                      {t(`outcome.${entry.outcome}`)}
                    </Badge>
                  )}
                </Group>
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
                <Details entry={entry} />
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

/** What the entry says besides, such as secrets and hosts. */
function Details({ entry }: { entry: AuditEntryView }) {
  const { t } = useTranslation('settings');
  return Object.entries(entry.details).map(([name, values]) => (
    <Text key={name} size="xs" maw={260} style={{ overflowWrap: 'anywhere' }}>
      {t(`detail.${name}`, { defaultValue: name })}: {values.join(', ')}
    </Text>
  ));
}
