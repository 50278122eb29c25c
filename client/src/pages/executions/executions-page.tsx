// The list of executions: filters that stay in the address, pages, and what is new as it happens.

import { Anchor, Button, Group, MultiSelect, Select, Table, Text } from '@mantine/core';
import { IconChevronLeft, IconChevronRight, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { EXECUTION_SOURCES, EXECUTION_STATUSES } from '../../api/execution-kinds.ts';
import { type ExecutionSummaryJson, executionsQuery } from '../../api/executions.ts';
import { failureText } from '../../ui/failure-text.ts';
import { ListTable } from '../../ui/list-table.tsx';
import { Empty, LoadError, Loading, Page } from '../../ui/page.tsx';
import { StatusBadge } from '../../ui/status.tsx';
import { durationText, exactTime, TimeAgo } from '../../ui/time.tsx';
import { Unreadable } from '../../ui/unreadable.tsx';
import { WorkflowSelect } from '../../ui/workflow-select.tsx';
import { isEmptyFilter, type ListFilter, RANGES, type Range, readFilter, toQuery, writeFilter } from './filter.ts';

const PAGE_SIZE = 50;

export default function ExecutionsPage() {
  const { t, i18n } = useTranslation('executions');
  const [parameters, setParameters] = useSearchParams();
  const filter = readFilter(parameters);
  const filterKey = writeFilter(filter).toString();
  return (
    <Page title={t('title')} description={t('description')}>
      <Group gap="sm" align="flex-end">
        <WorkflowSelect
          label={t('workflow')}
          placeholder={t('anyWorkflow')}
          value={filter.workflowId}
          onChange={(workflowId) => change({ workflowId })}
        />
        <MultiSelect
          label={t('status')}
          placeholder={filter.statuses.length === 0 ? t('anyStatus') : undefined}
          data={EXECUTION_STATUSES.map((value) => ({ value, label: t(`common:status.${value}`) }))}
          value={[...filter.statuses]}
          onChange={(statuses) => change({ statuses })}
          clearable
          w={{ base: '100%', xs: 200 }}
        />
        <MultiSelect
          label={t('startedBy')}
          placeholder={filter.sources.length === 0 ? t('anySource') : undefined}
          data={EXECUTION_SOURCES.map((value) => ({ value, label: t(`source.${value}`) }))}
          value={[...filter.sources]}
          onChange={(sources) => change({ sources })}
          clearable
          w={{ base: '100%', xs: 200 }}
        />
        <Select
          label={t('when')}
          placeholder={filter.from === null ? t('anyTime') : t('fromTo')}
          data={(Object.keys(RANGES) as Range[]).map((value) => ({ value, label: t(`range.${value}`) }))}
          value={filter.range}
          onChange={(range) => change({ range: range as Range | null, from: null, to: null })}
          clearable
          w={{ base: '100%', xs: 160 }}
        />
        {!isEmptyFilter(filter) && (
          <Button variant="subtle" leftSection={<IconX size={14} aria-hidden />} onClick={() => setParameters({})}>
            {t('clear')}
          </Button>
        )}
      </Group>
      {filter.from !== null && filter.range === null && (
        <Text size="sm" c="dimmed">
          {t('between', {
            from: exactTime(filter.from, i18n.language),
            to: filter.to === null ? t('now') : exactTime(filter.to, i18n.language),
          })}
        </Text>
      )}
      <List key={filterKey} filter={filter} />
    </Page>
  );

  function change(part: Partial<ListFilter>): void {
    setParameters(writeFilter({ ...filter, ...part }));
  }
}

function List({ filter }: { readonly filter: ListFilter }) {
  const { t } = useTranslation('executions');
  /** Where each page before this one begins: a list of a million rows is read one page at a time. */
  const [cursors, setCursors] = useState<readonly string[]>(['']);
  const [openedAt] = useState(() => Date.now());
  const cursor = cursors.at(-1) ?? '';
  const list = useQuery({
    ...executionsQuery({ ...toQuery(filter, openedAt), limit: PAGE_SIZE, ...(cursor === '' ? {} : { cursor }) }),
    placeholderData: (previous) => previous,
  });
  if (list.isPending) return <Loading />;
  if (list.isError) return <LoadError error={list.error} onRetry={() => void list.refetch()} />;
  const { data, nextCursor } = list.data;
  if (data.length === 0 && cursors.length === 1) {
    const isAll = isEmptyFilter(filter);
    return <Empty title={t(isAll ? 'none' : 'nothingFound')}>{t(isAll ? 'noneText' : 'nothingFoundText')}</Empty>;
  }
  return (
    <>
      <ListTable
        columns={[
          { label: t('columns.status') },
          { label: t('columns.workflow') },
          { label: t('columns.accepted') },
          { label: t('columns.duration'), visibleFrom: 'sm' },
          { label: t('columns.startedBy'), visibleFrom: 'sm' },
          { label: t('columns.error'), visibleFrom: 'md' },
        ]}
        verticalSpacing="xs"
        isBusy={list.isPlaceholderData}
      >
        {data.map((execution) => (
          <Row key={execution.id} execution={execution} />
        ))}
      </ListTable>
      <Group justify="space-between">
        <Text size="sm" c="dimmed" role="status">
          {cursors.length === 1 ? t('live') : t('pageNumber', { page: cursors.length })}
        </Text>
        <Group gap="xs">
          <Button
            variant="default"
            size="xs"
            leftSection={<IconChevronLeft size={14} aria-hidden />}
            disabled={cursors.length === 1}
            onClick={() => setCursors(cursors.slice(0, -1))}
          >
            {t('newer')}
          </Button>
          <Button
            variant="default"
            size="xs"
            rightSection={<IconChevronRight size={14} aria-hidden />}
            disabled={nextCursor === null}
            onClick={() => nextCursor !== null && setCursors([...cursors, nextCursor])}
          >
            {t('older')}
          </Button>
        </Group>
      </Group>
    </>
  );
}

function Row({ execution }: { readonly execution: ExecutionSummaryJson }) {
  const { t, i18n } = useTranslation('executions');
  const { id, status, workflowTitle, createdAt, durationMs, source, error, revision } = execution;
  return (
    <Table.Tr>
      <Table.Td>
        {execution.unreadable === undefined ? <StatusBadge status={status} /> : <Unreadable record={execution} />}
      </Table.Td>
      <Table.Td miw={160}>
        <Anchor component={Link} to={`/executions/${id}`} size="sm" fw={600}>
          {workflowTitle === '' ? t('deletedWorkflow') : workflowTitle}
        </Anchor>
        <Text size="xs" c="dimmed">
          {t('revision', { revision })}
        </Text>
      </Table.Td>
      <Table.Td>
        <Text size="sm" component="span">
          <TimeAgo at={createdAt} />
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Text size="sm">{durationMs === null ? '–' : durationText(durationMs, i18n.language)}</Text>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Text size="sm">{t(`source.${source}`)}</Text>
      </Table.Td>
      <Table.Td visibleFrom="md" maw={320}>
        <Text size="sm" c="dimmed" lineClamp={1} title={error?.message}>
          {error && failureText(error)}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}
