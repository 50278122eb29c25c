// One message: its data, to whom it went, and a way to send it once more.

import { Anchor, Button, Group, Modal, Select, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconRepeat } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { endpointsQuery, messageQuery, useReplayMessage } from '../../api/outbound.ts';
import { usePermission } from '../../api/session.ts';
import { Copy } from '../../ui/copy.tsx';
import { notifyError, notifySuccess } from '../../ui/notify.ts';
import { LoadError, Loading, Page } from '../../ui/page.tsx';
import { TimeAgo } from '../../ui/time.tsx';
import { UnreadableNote } from '../../ui/unreadable.tsx';
import { DeliveryList } from './delivery-list.tsx';

const JsonView = lazy(async () => ({ default: (await import('../../variables/json-view.tsx')).JsonView }));

export default function MessagePage() {
  const { t } = useTranslation('outbound');
  const { id = '' } = useParams();
  const canWrite = usePermission('outbound:write');
  const message = useQuery(messageQuery(id));
  const [replaying, { open, close }] = useDisclosure(false);
  if (message.isPending) return <Loading />;
  if (message.isError) {
    return (
      <Stack p="xl">
        <LoadError error={message.error} onRetry={() => void message.refetch()} />
      </Stack>
    );
  }
  const { type, createdAt, executionId, data } = message.data;
  return (
    <Page
      title={type}
      description={
        <Group gap={6} component="span">
          <Text component="span" size="sm" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
            {id}
          </Text>
          <Copy value={id} label={t('messageId')} />
          <TimeAgo at={createdAt} />
          {executionId !== null && (
            <Anchor component={Link} to={`/executions/${executionId}`} size="sm">
              {t('openExecution')}
            </Anchor>
          )}
        </Group>
      }
      actions={
        canWrite && (
          <Button leftSection={<IconRepeat size={16} aria-hidden />} onClick={open}>
            {t('replay')}
          </Button>
        )
      }
    >
      <Anchor component={Link} to="/webhooks/messages" size="sm">
        ← {t('allMessages')}
      </Anchor>
      <UnreadableNote record={message.data} />
      <Stack gap="sm" className="hl-card" p="md">
        <Title order={2} size="h3">
          {t('data')}
        </Title>
        <Suspense fallback={<Loading />}>
          <JsonView value={data} label={t('data')} maxHeight={320} />
        </Suspense>
      </Stack>
      <Title order={2}>{t('tabs.deliveries')}</Title>
      <DeliveryList filter={{ messageId: id }} showsEndpoint />
      <Modal opened={replaying} onClose={close} title={t('replayTitle')}>
        <Replay id={id} onDone={close} />
      </Modal>
    </Page>
  );
}

function Replay({ id, onDone }: { readonly id: string; readonly onDone: () => void }) {
  const { t } = useTranslation('outbound');
  const endpoints = useQuery(endpointsQuery({}));
  const replay = useReplayMessage(id);
  const [endpointId, setEndpointId] = useState<string | null>(null);
  return (
    <Stack>
      <Text size="sm">{t('replayText')}</Text>
      <Select
        label={t('columns.endpoint')}
        data={(endpoints.data?.data ?? []).map((endpoint) => ({ value: endpoint.id, label: endpoint.url }))}
        value={endpointId}
        onChange={setEndpointId}
        searchable
        nothingFoundMessage={t('common:nothingFound')}
        openOnFocus={false}
        data-autofocus
      />
      <Group justify="flex-end">
        <Button
          disabled={endpointId === null}
          loading={replay.isPending}
          onClick={() =>
            endpointId !== null &&
            replay.mutate(endpointId, {
              onError: notifyError,
              onSuccess() {
                notifySuccess(t('replayed'));
                onDone();
              },
            })
          }
        >
          {t('replay')}
        </Button>
      </Group>
    </Stack>
  );
}
