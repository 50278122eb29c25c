// The list of endpoints: who is told, of what, and how that goes.

import { Anchor, Badge, Button, Group, Modal, Select, Table, Text, TextInput } from '@mantine/core';
import { useDebouncedValue, useDisclosure } from '@mantine/hooks';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import type { EndpointJson } from '../../api/outbound.ts';
import { type Page as PageOf, request } from '../../api/request.ts';
import { usePermission } from '../../api/session.ts';
import { ListTable } from '../../ui/list-table.tsx';
import { MoreButton } from '../../ui/more-button.tsx';
import { Empty, LoadError, Loading, Page } from '../../ui/page.tsx';
import { ShownOnce } from '../../ui/shown-once.tsx';
import { Unreadable } from '../../ui/unreadable.tsx';
import { NewEndpoint } from './new-endpoint.tsx';
import { ENDPOINT_STATUSES, EndpointStatus } from './outbound-status.tsx';
import { OutboundTabs } from './outbound-tabs.tsx';

export default function EndpointsPage() {
  const { t } = useTranslation('outbound');
  const navigate = useNavigate();
  const canWrite = usePermission('outbound:write');
  const [search, setSearch] = useState('');
  const [sought] = useDebouncedValue(search.trim(), 250);
  const [status, setStatus] = useState<string | null>(null);
  const [creating, { open, close }] = useDisclosure(false);
  const [made, setMade] = useState<{ id: string; secret: string } | null>(null);
  const list = useInfiniteQuery({
    queryKey: ['endpoints', { sought, status }],
    queryFn: ({ pageParam }) =>
      request<PageOf<EndpointJson>>('GET', '/api/endpoints', { query: { search: sought, status, cursor: pageParam } }),
    initialPageParam: '',
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: (previous) => previous,
  });
  const endpoints = list.data?.pages.flatMap((page) => page.data) ?? [];
  const create = canWrite && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={open}>
      {t('newEndpoint')}
    </Button>
  );
  return (
    <Page title={t('title')} description={t('description')} actions={create}>
      <OutboundTabs current="endpoints" />
      <Group gap="sm">
        <TextInput
          type="search"
          aria-label={t('searchEndpoints')}
          placeholder={t('searchEndpoints')}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          w={{ base: '100%', xs: 280 }}
        />
        <Select
          aria-label={t('status')}
          placeholder={t('anyStatus')}
          data={ENDPOINT_STATUSES.map((value) => ({ value, label: t(`endpointStatus.${value}`) }))}
          value={status}
          onChange={setStatus}
          clearable
          w={170}
        />
      </Group>
      {list.isPending ? (
        <Loading />
      ) : list.isError ? (
        <LoadError error={list.error} onRetry={() => void list.refetch()} />
      ) : endpoints.length === 0 ? (
        sought !== '' || status !== null ? (
          <Empty title={t('common:nothingFound')} />
        ) : (
          <Empty title={t('noEndpoints')} action={create}>
            {t('noEndpointsText')}
          </Empty>
        )
      ) : (
        <ListTable
          columns={[
            { label: t('columns.endpoint') },
            { label: t('columns.status') },
            { label: t('columns.events'), visibleFrom: 'sm' },
          ]}
        >
          {endpoints.map((endpoint) => (
            <Table.Tr key={endpoint.id}>
              <Table.Td>
                <Anchor
                  component={Link}
                  to={`/webhooks/endpoints/${endpoint.id}`}
                  size="sm"
                  fw={600}
                  style={{ overflowWrap: 'anywhere' }}
                >
                  {endpoint.url}
                </Anchor>
                <Text size="xs" c="dimmed">
                  {endpoint.description}
                </Text>
              </Table.Td>
              <Table.Td>
                {endpoint.unreadable === undefined ? (
                  <EndpointStatus status={endpoint.status} />
                ) : (
                  <Unreadable record={endpoint} />
                )}
              </Table.Td>
              <Table.Td visibleFrom="sm">
                <Group gap={4}>
                  {endpoint.eventTypes.map((type) => (
                    <Badge key={type} className="hl-badge" variant="light" color="gray" tt="none" size="sm">
                      {type === '*' ? t('allEvents') : type}
                    </Badge>
                  ))}
                </Group>
              </Table.Td>
            </Table.Tr>
          ))}
        </ListTable>
      )}
      <MoreButton list={list} />
      <Modal opened={creating} onClose={close} title={t('newEndpoint')} size="lg">
        <NewEndpoint
          onDone={(endpoint) => {
            close();
            setMade(endpoint);
          }}
        />
      </Modal>
      <ShownOnce
        title={t('secretTitle')}
        text={t('secretText')}
        label={t('secret')}
        value={made?.secret ?? null}
        onClose={() => made && void navigate(`/webhooks/endpoints/${made.id}`)}
      />
    </Page>
  );
}
