// The events that were sent, and a form to send one by hand.

import { Alert, Anchor, Autocomplete, Button, Group, Modal, Stack, Table, Text } from '@mantine/core';
import { useDebouncedValue, useDisclosure } from '@mantine/hooks';
import { IconSend } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { type FormEvent, lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { eventTypesQuery, type MessageSummaryJson, usePublish } from '../../api/outbound.ts';
import { type Page as PageOf, request } from '../../api/request.ts';
import { usePermission } from '../../api/session.ts';
import { ListTable } from '../../ui/list-table.tsx';
import { MoreButton } from '../../ui/more-button.tsx';
import { notifySuccess } from '../../ui/notify.ts';
import { Empty, LoadError, Loading, Page } from '../../ui/page.tsx';
import { TimeAgo } from '../../ui/time.tsx';
import { Unreadable } from '../../ui/unreadable.tsx';
import { OutboundTabs } from './outbound-tabs.tsx';
import { problemTexts } from './problem-texts.ts';

const CodeEditor = lazy(async () => ({ default: (await import('../../variables/code-editor.tsx')).CodeEditor }));

export default function MessagesPage() {
  const { t } = useTranslation('outbound');
  const canPublish = usePermission('messages:write');
  const catalogue = useQuery(eventTypesQuery);
  const [type, setType] = useState('');
  const [sought] = useDebouncedValue(type.trim(), 250);
  const [publishing, { open, close }] = useDisclosure(false);
  const list = useInfiniteQuery({
    queryKey: ['messages', sought],
    queryFn: ({ pageParam }) =>
      request<PageOf<MessageSummaryJson>>('GET', '/api/messages', { query: { type: sought, cursor: pageParam } }),
    initialPageParam: '',
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: (previous) => previous,
  });
  const messages = list.data?.pages.flatMap((page) => page.data) ?? [];
  const names = (catalogue.data?.data ?? []).map(({ name }) => name);
  return (
    <Page
      title={t('messagesTitle')}
      description={t('messagesText')}
      actions={
        canPublish && (
          <Button leftSection={<IconSend size={16} aria-hidden />} onClick={open}>
            {t('publish')}
          </Button>
        )
      }
    >
      <OutboundTabs current="messages" />
      <Autocomplete
        aria-label={t('eventType')}
        placeholder={t('anyEventType')}
        data={names}
        value={type}
        onChange={setType}
        w={{ base: '100%', xs: 280 }}
      />
      {list.isPending ? (
        <Loading />
      ) : list.isError ? (
        <LoadError error={list.error} onRetry={() => void list.refetch()} />
      ) : messages.length === 0 ? (
        <Empty title={t(sought === '' ? 'noMessages' : 'common:nothingFound')} />
      ) : (
        <ListTable
          columns={[
            { label: t('columns.event') },
            { label: t('columns.accepted') },
            { label: t('columns.from'), visibleFrom: 'sm' },
          ]}
          verticalSpacing="xs"
        >
          {messages.map((message) => (
            <Table.Tr key={message.id}>
              <Table.Td>
                <Anchor component={Link} to={`/webhooks/messages/${message.id}`} size="sm" fw={600}>
                  {message.type}
                </Anchor>{' '}
                <Unreadable record={message} />
                <Text size="xs" c="dimmed" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
                  {message.id}
                </Text>
              </Table.Td>
              <Table.Td>
                <Text size="sm">
                  <TimeAgo at={message.createdAt} />
                </Text>
              </Table.Td>
              <Table.Td visibleFrom="sm">
                {message.unreadable !== undefined ? (
                  <Text size="sm">–</Text>
                ) : message.executionId === null ? (
                  <Text size="sm">{t('overApi')}</Text>
                ) : (
                  <Anchor component={Link} to={`/executions/${message.executionId}`} size="sm">
                    {t('anExecution')}
                  </Anchor>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </ListTable>
      )}
      <MoreButton list={list} />
      <Modal opened={publishing} onClose={close} title={t('publish')} size="lg">
        <Publish names={names} onDone={close} />
      </Modal>
    </Page>
  );
}

function Publish({ names, onDone }: { readonly names: readonly string[]; readonly onDone: () => void }) {
  const { t } = useTranslation('outbound');
  const publish = usePublish();
  const catalogue = useQuery(eventTypesQuery);
  const [type, setType] = useState('');
  const [data, setData] = useState('{}');
  const [fault, setFault] = useState<string | null>(null);

  function choose(name: string): void {
    setType(name);
    const example = catalogue.data?.data.find((entry) => entry.name === name)?.versions.at(-1)?.example;
    if (example !== undefined && example !== null && data === '{}') setData(JSON.stringify(example, null, 2));
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    let parsed: unknown;
    try {
      parsed = JSON.parse(data);
    } catch {
      setFault(t('notJson'));
      return;
    }
    setFault(null);
    publish.mutate(
      { type, data: parsed },
      {
        onSuccess({ deliveries }) {
          notifySuccess(t('published', { count: deliveries }));
          onDone();
        },
      },
    );
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        {publish.isError && (
          <Alert color="red" role="alert" title={t('notSent')}>
            {problemTexts(publish.error).map((text) => (
              <div key={text}>{text}</div>
            ))}
          </Alert>
        )}
        <Autocomplete label={t('eventType')} placeholder="order.created" required data={names} value={type} onChange={choose} />
        <Suspense fallback={<Loading />}>
          <CodeEditor language="json" label={t('data')} value={data} onChange={setData} error={fault ?? undefined} minLines={6} />
        </Suspense>
        <Group justify="flex-end">
          <Button type="submit" loading={publish.isPending}>
            {t('publish')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
