// The list of workflows: how each is doing, and what can be done with it.

import { Button, FileButton, Group, Modal, SegmentedControl, Select, Stack, TextInput } from '@mantine/core';
import { useDebouncedValue, useDisclosure } from '@mantine/hooks';
import { IconFileImport, IconPlus, IconSearch } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { activityQuery, tagsQuery, useImportWorkflow } from '../../api/activity.ts';
import { type Page as PageOf, request } from '../../api/request.ts';
import { usePermission } from '../../api/session.ts';
import type { WorkflowJson } from '../../api/workflows.ts';
import { MoreButton } from '../../ui/more-button.tsx';
import { notifyError, notifySuccess } from '../../ui/notify.ts';
import { Empty, LoadError, Loading, Page } from '../../ui/page.tsx';
import { WorkflowTable } from './workflow-table.tsx';

const NewWorkflow = lazy(() => import('./new-workflow.tsx'));

type Show = 'all' | 'enabled' | 'disabled' | 'trash';

export default function WorkflowsPage() {
  const { t } = useTranslation('workflows');
  const canWrite = usePermission('workflows:write');
  const [creating, { open, close }] = useDisclosure(false);
  const [search, setSearch] = useState('');
  const [sought] = useDebouncedValue(search.trim(), 250);
  const [tag, setTag] = useState<string | null>(null);
  const [mode, setMode] = useState<string | null>(null);
  const [show, setShow] = useState<Show>('all');
  const tags = useQuery(tagsQuery);
  const filter = {
    search: sought,
    tag: tag ?? '',
    mode: mode ?? '',
    enabled: show === 'enabled' ? 'true' : show === 'disabled' ? 'false' : '',
    trashed: show === 'trash',
  };
  const list = useInfiniteQuery({
    queryKey: ['workflows', filter],
    queryFn: ({ pageParam }) =>
      request<PageOf<WorkflowJson>>('GET', '/api/workflows', { query: { ...filter, limit: 50, cursor: pageParam } }),
    initialPageParam: '',
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: (previous) => previous,
  });
  const workflows = list.data?.pages.flatMap((page) => page.data) ?? [];
  const activity = useQuery({ ...activityQuery(workflows.slice(0, 100).map(({ id }) => id)), placeholderData: (old) => old });
  const isFiltered = sought !== '' || tag !== null || mode !== null || show !== 'all';

  return (
    <Page
      title={t('title')}
      description={t('description')}
      actions={
        canWrite && (
          <>
            <Import />
            <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={open}>
              {t('newWorkflow')}
            </Button>
          </>
        )
      }
    >
      <Group gap="sm">
        <TextInput
          aria-label={t('search')}
          placeholder={t('search')}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          w={{ base: '100%', xs: 260 }}
          type="search"
        />
        <Select
          aria-label={t('tag')}
          placeholder={t('anyTag')}
          data={(tags.data?.data ?? []).map((entry) => entry.tag)}
          value={tag}
          onChange={setTag}
          clearable
          w={160}
          nothingFoundMessage={t('noTags')}
        />
        <Select
          aria-label={t('modeLabel')}
          placeholder={t('anyMode')}
          data={[
            { value: 'sync', label: t('mode.sync') },
            { value: 'async', label: t('mode.async') },
          ]}
          value={mode}
          onChange={setMode}
          clearable
          w={170}
        />
        <SegmentedControl
          aria-label={t('show.label')}
          value={show}
          onChange={(value) => setShow(value as Show)}
          data={(['all', 'enabled', 'disabled', 'trash'] as const).map((value) => ({ value, label: t(`show.${value}`) }))}
        />
      </Group>
      {list.isPending ? (
        <Loading />
      ) : list.isError ? (
        <LoadError error={list.error} onRetry={() => void list.refetch()} />
      ) : workflows.length === 0 ? (
        isFiltered ? (
          <Empty title={t(show === 'trash' ? 'emptyTrash' : 'nothingFound')} />
        ) : (
          <Empty
            title={t('none')}
            action={
              canWrite && (
                <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={open}>
                  {t('newWorkflow')}
                </Button>
              )
            }
          >
            {t('noneText')}
          </Empty>
        )
      ) : (
        <Stack>
          <WorkflowTable workflows={workflows} activity={activity.data} isTrash={show === 'trash'} canWrite={canWrite} />
          <MoreButton list={list} />
        </Stack>
      )}
      <Modal opened={creating} onClose={close} title={t('new.title')} size="xl">
        <Suspense fallback={<Loading />}>
          <NewWorkflow />
        </Suspense>
      </Modal>
    </Page>
  );
}

/** Takes an exported file. */
function Import() {
  const { t } = useTranslation('workflows');
  const navigate = useNavigate();
  const importWorkflow = useImportWorkflow();

  async function take(file: File | null): Promise<void> {
    if (file === null) return;
    try {
      const document: unknown = JSON.parse(await file.text());
      if (typeof document !== 'object' || document === null) throw new SyntaxError();
      const workflow = await importWorkflow.mutateAsync(document);
      notifySuccess(t('imported', { title: workflow.title }));
      await navigate(`/workflows/${workflow.id}`);
    } catch (error) {
      notifyError(error instanceof SyntaxError ? new Error(t('notAnExport', { name: file.name })) : error);
    }
  }

  return (
    <FileButton accept="application/json,.json" onChange={(file) => void take(file)}>
      {(props) => (
        <Button
          {...props}
          variant="default"
          leftSection={<IconFileImport size={16} aria-hidden />}
          loading={importWorkflow.isPending}
        >
          {t('import')}
        </Button>
      )}
    </FileButton>
  );
}
