// One call as it came: its query, headers and body, and what its caller was answered.

import { Accordion, Alert, Anchor, Badge, Group, Stack, Table, Text } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { CaptureView } from '../../api/trigger.ts';
import { parseJson } from '../../ui/json-text.ts';
import { Loading } from '../../ui/page.tsx';
import { TimeAgo } from '../../ui/time.tsx';
import { queryOf } from './example-body.ts';

const JsonView = lazy(async () => ({ default: (await import('../../variables/json-view.tsx')).JsonView }));

export function CaptureCard({ call }: { readonly call: CaptureView }) {
  const { t } = useTranslation('trigger');
  const { request, outcome } = call;
  const query = queryOf(call);
  return (
    <Stack gap="xs" className="hl-capture">
      <Group gap="xs">
        <Badge className="hl-badge" variant="light" color="gray">
          {request.method}
        </Badge>
        {outcome && (
          <Badge className="hl-badge" variant="light" color={outcome.status < 400 ? 'teal' : 'orange'} tt="none">
            {t('capture.answered', { status: outcome.status })}
          </Badge>
        )}
        <Text size="xs" c="dimmed">
          <TimeAgo at={call.at} />
          {request.address !== '' && ` · ${t('capture.from', { address: request.address })}`}
        </Text>
        {outcome?.executionId && (
          <Anchor component={Link} size="xs" to={`/executions/${outcome.executionId}`}>
            {t('capture.execution')}
          </Anchor>
        )}
      </Group>
      {outcome?.error && (
        <Alert color="orange" p="xs">
          {outcome.error.message}
        </Alert>
      )}
      <Accordion multiple variant="contained" chevronPosition="left" defaultValue={['body']} className="hl-capture-parts">
        <Accordion.Item value="body">
          <Accordion.Control>{t('parts.body')}</Accordion.Control>
          <Accordion.Panel>
            <BodyText text={request.body} />
          </Accordion.Panel>
        </Accordion.Item>
        {query !== '' && (
          <Accordion.Item value="query">
            <Accordion.Control>{t('parts.query')}</Accordion.Control>
            <Accordion.Panel>
              <pre className="hl-code-line">{query}</pre>
            </Accordion.Panel>
          </Accordion.Item>
        )}
        <Accordion.Item value="headers">
          <Accordion.Control>{t('parts.headers')}</Accordion.Control>
          <Accordion.Panel>
            <HeaderTable headers={request.headers} />
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Stack>
  );
}

/** A body as a tree when it is JSON, else as text. */
export function BodyText({ text }: { readonly text: string }) {
  const { t } = useTranslation('trigger');
  if (text === '') {
    return (
      <Text size="sm" c="dimmed">
        {t('capture.noBody')}
      </Text>
    );
  }
  const json = parseJson(text);
  if (json === undefined) return <pre className="hl-code-line">{text}</pre>;
  return (
    <Suspense fallback={<Loading />}>
      <JsonView value={json.value} label={t('parts.body')} maxHeight={260} />
    </Suspense>
  );
}

export function HeaderTable({ headers }: { readonly headers: Readonly<Record<string, string>> }) {
  const { t } = useTranslation('trigger');
  return (
    <Table verticalSpacing={4} horizontalSpacing="xs" fz="xs" layout="fixed">
      <Table.Caption className="mantine-visually-hidden">{t('parts.headers')}</Table.Caption>
      <Table.Tbody>
        {Object.entries(headers).map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th w="38%" scope="row" className="hl-breakable">
              {name}
            </Table.Th>
            <Table.Td className="hl-breakable">{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
