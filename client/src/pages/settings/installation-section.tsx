// Facts about this installation, for those who set up the other side.

import { Box, Code, Group, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { settingsQuery } from '../../api/access.ts';
import { Copy } from '../../ui/copy.tsx';
import { LoadError, Loading } from '../../ui/page.tsx';
import { Section } from './section.tsx';

export function InstallationSection() {
  const { t } = useTranslation('settings');
  const settings = useQuery(settingsQuery);
  if (settings.isPending) return <Loading />;
  if (settings.isError) return <LoadError error={settings.error} onRetry={() => void settings.refetch()} />;
  const { senderAddresses, publicUrl, hooksUrl, database, version } = settings.data;
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
