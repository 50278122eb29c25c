// The stored request of an execution and the reply that its caller got.

import { Badge, Group, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import type { ExecutionJson } from '../../api/executions.ts';
import { Copy } from '../../ui/copy.tsx';
import { parseJson } from '../../ui/json-text.ts';
import { Loading } from '../../ui/page.tsx';
import { TextBox } from '../../ui/text-box.tsx';

const JsonView = lazy(async () => ({ default: (await import('../../variables/json-view.tsx')).JsonView }));

export function Exchange({ execution, isNarrow = false }: { readonly execution: ExecutionJson; readonly isNarrow?: boolean }) {
  const { t } = useTranslation('executions');
  const { request, response, context, output } = execution;
  return (
    <SimpleGrid cols={{ base: 1, md: isNarrow ? 1 : 2 }} spacing="md">
      <Stack gap="sm" className={isNarrow ? undefined : 'hl-card'} p={isNarrow ? 0 : 'md'}>
        <Title order={2} size="h3">
          {t('request')}
        </Title>
        {request === null ? (
          <Suspense fallback={<Loading />}>
            <Text size="sm" c="dimmed">
              {t('noRequest')}
            </Text>
            {context !== null && <JsonView value={context} label={t('context')} />}
          </Suspense>
        ) : (
          <>
            <Group gap="xs" wrap="nowrap">
              <Badge className="hl-badge" variant="light">
                {request.method}
              </Badge>
              <Text size="sm" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
                {request.url}
              </Text>
            </Group>
            <Text size="sm" c="dimmed">
              {t('from', { address: request.address })}
            </Text>
            <Headers headers={request.headers} />
            <Body text={request.body} />
          </>
        )}
      </Stack>
      <Stack gap="sm" className={isNarrow ? undefined : 'hl-card'} p={isNarrow ? 0 : 'md'}>
        <Title order={2} size="h3">
          {t('reply')}
        </Title>
        {response === null ? (
          <Text size="sm" c="dimmed">
            {t('noReply')}
          </Text>
        ) : (
          <>
            <Badge className="hl-badge" variant="light" color={response.status < 400 ? 'teal' : 'orange'} size="lg">
              {response.status}
            </Badge>
            <Headers headers={response.headers} />
            <Body text={response.body} />
          </>
        )}
        {output !== null && output !== undefined && (
          <Suspense fallback={<Loading />}>
            <Text size="sm" fw={600}>
              {t('result')}
            </Text>
            <JsonView value={output} label={t('result')} />
          </Suspense>
        )}
      </Stack>
    </SimpleGrid>
  );
}

function Headers({ headers }: { readonly headers: Readonly<Record<string, string>> }) {
  const { t } = useTranslation('executions');
  const entries = Object.entries(headers);
  if (entries.length === 0) return null;
  return (
    <Table verticalSpacing={4} horizontalSpacing="xs" fz="xs" layout="fixed">
      <Table.Caption className="mantine-visually-hidden">{t('headers')}</Table.Caption>
      <Table.Tbody>
        {entries.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th w="35%" style={{ overflowWrap: 'anywhere' }}>
              {name}
            </Table.Th>
            <Table.Td style={{ overflowWrap: 'anywhere' }}>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Body({ text }: { readonly text: string }) {
  const { t } = useTranslation('executions');
  if (text === '') {
    return (
      <Text size="sm" c="dimmed">
        {t('noBody')}
      </Text>
    );
  }
  const json = parseJson(text);
  return (
    <div>
      <Group justify="space-between">
        <Text size="sm" fw={600}>
          {t('body')}
        </Text>
        <Copy value={text} label={t('body')} />
      </Group>
      <Suspense fallback={<Loading />}>
        {json === undefined ? (
          <TextBox text={text} label={t('body')} />
        ) : (
          <JsonView value={json.value} label={t('body')} maxHeight={360} />
        )}
      </Suspense>
    </div>
  );
}
