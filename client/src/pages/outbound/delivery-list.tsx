// Deliveries, one page at a time; one of them opens with its attempts.

import { Alert, Anchor, Button, Drawer, Group, Select, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import {
  type DeliveryFilter,
  type DeliveryJson,
  deliveriesQuery,
  deliveryQuery,
  endpointsQuery,
  useDeliveryAction,
} from '../../api/outbound.ts';
import { usePermission } from '../../api/session.ts';
import { failureText } from '../../ui/failure-text.ts';
import { ListTable } from '../../ui/list-table.tsx';
import { notifyError, notifySuccess } from '../../ui/notify.ts';
import { Empty, LoadError, Loading } from '../../ui/page.tsx';
import { dayAndTime, TimeAgo } from '../../ui/time.tsx';
import { Unreadable, UnreadableNote } from '../../ui/unreadable.tsx';
import { Attempts } from './attempt-list.tsx';
import { DELIVERY_STATUSES, DeliveryStatus } from './outbound-status.tsx';

export interface DeliveryListProps {
  readonly filter: Pick<DeliveryFilter, 'endpointId' | 'messageId'>;
  /** Shows where each goes; for lists of more than one endpoint. */
  readonly showsEndpoint?: boolean;
}

export function DeliveryList({ filter, showsEndpoint = false }: DeliveryListProps) {
  const { t } = useTranslation('outbound');
  const [status, setStatus] = useState<string | null>(null);
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const [opened, setOpened] = useState<string | null>(null);
  const cursor = cursors.at(-1);
  const list = useQuery({
    ...deliveriesQuery({
      ...filter,
      ...(status === null ? {} : { status }),
      ...(cursor === undefined ? {} : { cursor }),
      limit: 25,
    }),
    placeholderData: (previous) => previous,
  });
  const endpoints = useQuery({ ...endpointsQuery({}), enabled: showsEndpoint });
  const urls = new Map((endpoints.data?.data ?? []).map(({ id, url }) => [id, url]));
  return (
    <Stack gap="lg">
      <Select
        aria-label={t('status')}
        placeholder={t('anyStatus')}
        data={DELIVERY_STATUSES.map((value) => ({ value, label: t(`deliveryStatus.${value}`) }))}
        value={status}
        onChange={(value) => {
          setCursors([]);
          setStatus(value);
        }}
        clearable
        w={180}
      />
      {list.isPending ? (
        <Loading />
      ) : list.isError ? (
        <LoadError error={list.error} onRetry={() => void list.refetch()} />
      ) : list.data.data.length === 0 ? (
        <Empty title={t(status === null ? 'noDeliveries' : 'common:nothingFound')} />
      ) : (
        <>
          <ListTable
            columns={[
              { label: t('columns.event') },
              { label: t('columns.status') },
              { label: t('columns.accepted') },
              { label: t('columns.attempts'), visibleFrom: 'sm' },
              { label: t('columns.lastAnswer'), visibleFrom: 'md' },
            ]}
            verticalSpacing="xs"
          >
            {list.data.data.map((delivery) => (
              <Row
                key={delivery.id}
                delivery={delivery}
                endpoint={showsEndpoint ? (delivery.url ?? urls.get(delivery.endpointId) ?? t('toEndpoint')) : null}
                onOpen={() => setOpened(delivery.id)}
              />
            ))}
          </ListTable>
          <Group justify="flex-end" gap="xs">
            <Button variant="default" size="xs" disabled={cursors.length === 0} onClick={() => setCursors(cursors.slice(0, -1))}>
              {t('newer')}
            </Button>
            <Button
              variant="default"
              size="xs"
              disabled={list.data.nextCursor === null}
              onClick={() => list.data.nextCursor !== null && setCursors([...cursors, list.data.nextCursor])}
            >
              {t('older')}
            </Button>
          </Group>
        </>
      )}
      <Drawer
        opened={opened !== null}
        onClose={() => setOpened(null)}
        position="right"
        size="xl"
        title={t('delivery')}
        closeButtonProps={{ 'aria-label': t('common:close') }}
      >
        {opened !== null && <Details id={opened} />}
      </Drawer>
    </Stack>
  );
}

interface RowProps {
  readonly delivery: DeliveryJson;
  /** What it is called here; null: everybody knows. */
  readonly endpoint: string | null;
  readonly onOpen: () => void;
}

function Row({ delivery, endpoint, onOpen }: RowProps) {
  const { t, i18n } = useTranslation('outbound');
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component="button" type="button" size="sm" fw={600} onClick={onOpen}>
          {delivery.eventType}
        </Anchor>
        {endpoint !== null && (
          <Text size="xs">
            <Anchor
              component={Link}
              to={`/webhooks/endpoints/${delivery.endpointId}`}
              size="xs"
              style={{ overflowWrap: 'anywhere' }}
            >
              {endpoint}
            </Anchor>
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        {delivery.unreadable === undefined ? <DeliveryStatus status={delivery.status} /> : <Unreadable record={delivery} />}
        {delivery.dueAt !== null && delivery.attemptCount > 0 && (
          <Text size="xs" c="dimmed">
            {t('nextTry', { time: dayAndTime(delivery.dueAt, i18n.language) })}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Text size="sm">
          <TimeAgo at={delivery.createdAt} />
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Text size="sm">{delivery.attemptCount}</Text>
      </Table.Td>
      <Table.Td visibleFrom="md" maw={320}>
        <Text size="sm" c="dimmed" lineClamp={1} title={delivery.error?.message}>
          {delivery.error ? failureText(delivery.error, delivery.lastStatus) : delivery.lastStatus}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}

function Details({ id }: { readonly id: string }) {
  const { t } = useTranslation('outbound');
  const canWrite = usePermission('outbound:write');
  const delivery = useQuery(deliveryQuery(id));
  const action = useDeliveryAction();
  if (delivery.isPending) return <Loading />;
  if (delivery.isError) return <LoadError error={delivery.error} onRetry={() => void delivery.refetch()} />;
  const { status, eventType, messageId, error, lastStatus, attempts } = delivery.data;
  const isOpen = status === 'pending' || status === 'held';
  const run = (name: 'retry' | 'cancel', done: string): void =>
    action.mutate({ id, action: name }, { onSuccess: () => notifySuccess(done), onError: notifyError });
  return (
    <Stack>
      <Group justify="space-between">
        <Group gap="sm">
          {delivery.data.unreadable === undefined && <DeliveryStatus status={status} />}
          <Text fw={600}>{eventType}</Text>
          <Anchor component={Link} to={`/webhooks/messages/${messageId}`} size="sm">
            {t('openMessage')}
          </Anchor>
        </Group>
        {canWrite && (
          <Button
            size="xs"
            variant="default"
            loading={action.isPending}
            onClick={() => (isOpen ? run('cancel', t('deliveryCanceled')) : run('retry', t('deliveryRetried')))}
          >
            {t(isOpen ? 'cancelDelivery' : 'retryDelivery')}
          </Button>
        )}
      </Group>
      <UnreadableNote record={delivery.data} />
      {error && status !== 'succeeded' && <Alert color="orange">{failureText(error, lastStatus)}</Alert>}
      {attempts.length === 0 ? <Text size="sm">{t('notTriedYet')}</Text> : <Attempts attempts={[...attempts].reverse()} />}
    </Stack>
  );
}
