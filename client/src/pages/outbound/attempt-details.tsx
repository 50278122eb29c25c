// One HTTP request of a delivery and what came back.

import { Group, SimpleGrid, Stack, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { AttemptJson } from '../../api/outbound.ts';
import { Copy } from '../../ui/copy.tsx';
import { failureText } from '../../ui/failure-text.ts';
import { prettyJson } from '../../ui/json-text.ts';
import { TextBox } from '../../ui/text-box.tsx';
import { durationText } from '../../ui/time.tsx';
import { UnreadableNote } from '../../ui/unreadable.tsx';

export function AttemptDetails({ attempt }: { readonly attempt: AttemptJson }) {
  const { t, i18n } = useTranslation('outbound');
  const { timings, error } = attempt;
  const steps = [
    ['dns', timings.dnsMs],
    ['connect', timings.connectMs],
    ['tls', timings.tlsMs],
    ['firstByte', timings.firstByteMs],
    ['total', timings.totalMs],
  ] as const;
  return (
    <Stack gap="sm">
      <UnreadableNote record={attempt} />
      {error && (
        <div>
          <Text size="sm" fw={600}>
            {failureText(error, attempt.status)}
          </Text>
          {failureText(error, attempt.status) !== error.message && (
            <Text size="xs" lang="en">
              {error.message}
            </Text>
          )}
        </div>
      )}
      <Group gap="md">
        {steps.map(([name, ms]) =>
          ms === null || attempt.unreadable !== undefined ? null : (
            <Text key={name} size="xs">
              {t(`timing.${name}`)} <b>{durationText(ms, i18n.language)}</b>
            </Text>
          ),
        )}
      </Group>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Part title={t('sent')} headers={attempt.requestHeaders} body={attempt.body} />
        <Part
          title={attempt.status === null ? t('noAnswer') : t('answered', { status: attempt.status })}
          headers={attempt.responseHeaders}
          body={attempt.responseBody}
          isCut={attempt.isResponseCut}
        />
      </SimpleGrid>
    </Stack>
  );
}

interface PartProps {
  readonly title: string;
  readonly headers: Readonly<Record<string, string>> | null;
  readonly body: string | null;
  readonly isCut?: boolean;
}

function Part({ title, headers, body, isCut = false }: PartProps) {
  const { t } = useTranslation('outbound');
  return (
    <Stack gap={6} miw={0}>
      <Group justify="space-between">
        <Text size="sm" fw={600}>
          {title}
        </Text>
        {body !== null && body !== '' && <Copy value={body} label={t('body')} />}
      </Group>
      {headers && (
        <Table fz="xs" verticalSpacing={3} horizontalSpacing={6} layout="fixed">
          <Table.Tbody>
            {Object.entries(headers).map(([name, value]) => (
              <Table.Tr key={name}>
                <Table.Th w="38%" style={{ overflowWrap: 'anywhere' }}>
                  {name}
                </Table.Th>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{value}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {body !== null && body !== '' && <TextBox text={prettyJson(body)} label={t('body')} />}
      {isCut && (
        <Text size="xs" c="dimmed">
          {t('cut')}
        </Text>
      )}
    </Stack>
  );
}
