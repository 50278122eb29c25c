// How long executions and messages are kept.

import { Button, Select, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { settingsQuery, useChangeSettings } from '../../api/access.ts';
import { usePermission } from '../../api/session.ts';
import { ListTable } from '../../ui/list-table.tsx';
import { notifyError, notifySuccess } from '../../ui/notify.ts';
import { LoadError, Loading } from '../../ui/page.tsx';
import { type KeptLabels, keptChoices } from './kept.ts';
import { Section } from './section.tsx';

/** What ends an execution, in the order of the list. */
const FINAL = ['succeeded', 'failed', 'error', 'timed_out', 'canceled'] as const;

export function RetentionSection() {
  const { t } = useTranslation('settings');
  const canWrite = usePermission('settings:write');
  const settings = useQuery(settingsQuery);
  const change = useChangeSettings();
  const outcome = { onSuccess: () => notifySuccess(t('retention.saved')), onError: notifyError };
  if (settings.isPending) return <Loading />;
  if (settings.isError) return <LoadError error={settings.error} onRetry={() => void settings.refetch()} />;
  const { retention, messageRetentionMs, defaults } = settings.data;
  return (
    <Section title={t('retention.title')} text={t('retention.text')}>
      <ListTable columns={[{ label: t('retention.what') }, { label: t('retention.kept') }]} maxWidth={640}>
        {FINAL.map((status) => (
          <Table.Tr key={status}>
            <Table.Td>
              <Text size="sm">{t(`retention.ended.${status}`)}</Text>
            </Table.Td>
            <Table.Td>
              <Kept
                label={t(`retention.ended.${status}`)}
                value={retention[status] ?? null}
                fallback={defaults.retention[status] ?? null}
                canWrite={canWrite}
                onChange={(value) => change.mutate({ retention: { [status]: value } }, outcome)}
              />
            </Table.Td>
          </Table.Tr>
        ))}
        <Table.Tr>
          <Table.Td>
            <Text size="sm">{t('retention.messages')}</Text>
          </Table.Td>
          <Table.Td>
            <Kept
              label={t('retention.messages')}
              value={messageRetentionMs}
              fallback={defaults.messageRetentionMs}
              canWrite={canWrite}
              onChange={(value) => change.mutate({ messageRetentionMs: value }, outcome)}
            />
          </Table.Td>
        </Table.Tr>
      </ListTable>
    </Section>
  );
}

interface KeptProps {
  readonly label: string;
  /** In milliseconds; null: for ever. */
  readonly value: number | null;
  readonly fallback: number | null;
  readonly canWrite: boolean;
  readonly onChange: (value: number | null | 'default') => void;
}

function Kept({ label, value, fallback, canWrite, onChange }: KeptProps) {
  const { t } = useTranslation('settings');
  const labels: KeptLabels = {
    forEver: t('retention.forEver'),
    days: (count) => t('retention.days', { count }),
    hours: (count) => t('retention.hours', { count }),
  };
  const choices = keptChoices(value, labels);
  return (
    <Stack gap={4} align="flex-start">
      <Select
        aria-label={label}
        data={choices.map((choice) => ({ value: String(choice.ms), label: choice.label }))}
        value={String(value)}
        allowDeselect={false}
        disabled={!canWrite}
        onChange={(chosen) => chosen !== null && onChange(chosen === 'null' ? null : Number(chosen))}
        w={170}
      />
      {value !== fallback && canWrite && (
        <Button size="compact-xs" variant="subtle" onClick={() => onChange('default')}>
          {t('retention.default', { value: keptChoices(fallback, labels).find(({ ms }) => ms === fallback)?.label ?? '' })}
        </Button>
      )}
    </Stack>
  );
}
