// Facts about this installation, for those who set up the other side.

import { Box, Code, Group, Switch, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { settingsQuery, useChangeSettings } from '../../api/access.ts';
import { usePermission } from '../../api/session.ts';
import { Copy } from '../../ui/copy.tsx';
import { notifyError, notifySuccess } from '../../ui/notify.ts';
import { LoadError, Loading } from '../../ui/page.tsx';
import { Section } from './section.tsx';

export function InstallationSection() {
  const { t } = useTranslation('settings');
  const settings = useQuery(settingsQuery);
  const change = useChangeSettings();
  const mayChange = usePermission('access:write');
  if (settings.isPending) return <Loading />;
  if (settings.isError) return <LoadError error={settings.error} onRetry={() => void settings.refetch()} />;
  const { senderAddresses, publicUrl, hooksUrl, database, version, auditsReads } = settings.data;
  return (
    <Section title={t('installation.title')} text={t('installation.text')}>
      <Box className="hl-card" style={{ overflowX: 'auto' }} maw={640}>
        <Table verticalSpacing="sm" horizontalSpacing="md">
          <Table.Tbody>
            <Table.Tr>
              <Table.Th>{t('installation.senderAddresses')}</Table.Th>
              <Table.Td>
                {senderAddresses.length === 0 ? (
                  <Text size="sm" c="dimmed">
                    {t('installation.noSenderAddresses')}
                  </Text>
                ) : (
                  <Group gap="xs">
                    {senderAddresses.map((address) => (
                      <Code key={address}>{address}</Code>
                    ))}
                    <Copy value={senderAddresses.join('\n')} label={t('installation.senderAddresses')} />
                  </Group>
                )}
              </Table.Td>
            </Table.Tr>
            <Table.Tr>
              <Table.Th>{t('installation.publicUrl')}</Table.Th>
              <Table.Td>
                <Group gap="xs">
                  <Code>{publicUrl}</Code>
                  <Copy value={publicUrl} label={t('installation.publicUrl')} />
                </Group>
              </Table.Td>
            </Table.Tr>
            {hooksUrl !== publicUrl && (
              <Table.Tr>
                <Table.Th>{t('installation.hooksUrl')}</Table.Th>
                <Table.Td>
                  <Group gap="xs">
                    <Code>{hooksUrl}</Code>
                    <Copy value={hooksUrl} label={t('installation.hooksUrl')} />
                  </Group>
                </Table.Td>
              </Table.Tr>
            )}
            <Table.Tr>
              <Table.Th>{t('installation.database')}</Table.Th>
              <Table.Td>
                <Text size="sm">{t(`installation.${database}`)}</Text>
              </Table.Td>
            </Table.Tr>
            <Table.Tr>
              <Table.Th>{t('installation.auditsReads')}</Table.Th>
              <Table.Td>
                <Switch
                  label={t('installation.auditsReadsText')}
                  description={t('installation.auditsReadsNote')}
                  checked={auditsReads}
                  disabled={!mayChange || change.isPending}
                  onChange={(event) =>
                    change.mutate(
                      { auditsReads: event.currentTarget.checked },
                      { onSuccess: () => notifySuccess(t('saved')), onError: notifyError },
                    )
                  }
                />
              </Table.Td>
            </Table.Tr>
            <Table.Tr>
              <Table.Th>{t('installation.version')}</Table.Th>
              <Table.Td>
                <Text size="sm">{version}</Text>
              </Table.Td>
            </Table.Tr>
          </Table.Tbody>
        </Table>
      </Box>
    </Section>
  );
}
