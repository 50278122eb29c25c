// One execution: drawn on the revision that ran, with what each node was given and gave, the request and the reply.

import { Alert, Anchor, Box, Button, Group, Menu, Tabs, Text } from '@mantine/core';
import { IconChevronDown, IconPlayerSkipForward, IconPlayerStop, IconRepeat, IconRotateClockwise } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { type ExecutionAction, type ExecutionJson, executionQuery, useExecutionAction } from '../../api/executions.ts';
import { usePermission } from '../../api/session.ts';
import { pluginsQuery, type RevisionJson, revisionQuery, workflowQuery } from '../../api/workflows.ts';
import { ConfirmButton } from '../../ui/confirm.tsx';
import { Copy } from '../../ui/copy.tsx';
import { FailureDetails } from '../../ui/failure-details.tsx';
import { notifyError, notifySuccess } from '../../ui/notify.ts';
import { LoadError, Loading, Page } from '../../ui/page.tsx';
import { StatusBadge } from '../../ui/status.tsx';
import { durationText, exactTime, TimeAgo } from '../../ui/time.tsx';
import { Exchange } from './exchange.tsx';
import { JobList } from './job-list.tsx';
import { JobPanel } from './job-panel.tsx';
import './execution-page.css';
import { UnreadableNote } from '../../ui/unreadable.tsx';

const Canvas = lazy(async () => ({ default: (await import('../../canvas/canvas.tsx')).Canvas }));

const FINAL: ReadonlySet<string> = new Set(['succeeded', 'failed', 'error', 'canceled', 'timed_out']);

export default function ExecutionPage() {
  const { id = '' } = useParams();
  const execution = useQuery({
    ...executionQuery(id),
    // The stream of changes tells sooner; this is for when it is interrupted.
    refetchInterval: ({ state }) => (state.data && !FINAL.has(state.data.status) ? 5_000 : false),
  });
  if (execution.isPending) return <Loading />;
  if (execution.isError) {
    return (
      <Box p="xl">
        <LoadError error={execution.error} onRetry={() => void execution.refetch()} />
      </Box>
    );
  }
  return <Shown key={id} execution={execution.data} />;
}

function Shown({ execution }: { readonly execution: ExecutionJson }) {
  const { t, i18n } = useTranslation('executions');
  const workflow = useQuery(workflowQuery(execution.workflowId));
  const revision = useQuery(revisionQuery(execution.workflowId, execution.revision));
  const title = workflow.data?.title ?? t('execution');
  const [selected, setSelected] = useState<string | null>(null);
  const [tab, setTab] = useState<string | null>('path');
  const facts: readonly [string, ReactNode][] = [
    [t('facts.accepted'), <TimeAgo key="at" at={execution.createdAt} />],
    [t('facts.duration'), execution.durationMs === null ? '–' : durationText(execution.durationMs, i18n.language)],
    [t('facts.startedBy'), t(`source.${execution.source}`)],
    [
      t('facts.revision'),
      <Anchor key="revision" component={Link} to={`/workflows/${execution.workflowId}?revision=${execution.revision}`} size="sm">
        {execution.revision}
      </Anchor>,
    ],
    ...(execution.replayOf === null
      ? []
      : [
          [
            t('facts.replayOf'),
            <Anchor key="replay" component={Link} to={`/executions/${execution.replayOf}`} size="sm">
              {t('original')}
            </Anchor>,
          ] as [string, ReactNode],
        ]),
    ...(execution.parent === null
      ? []
      : [
          [
            t('facts.parent'),
            <Anchor key="parent" component={Link} to={`/executions/${execution.parent.executionId}`} size="sm">
              {execution.parent.jobPath}
            </Anchor>,
          ] as [string, ReactNode],
        ]),
    ...(execution.wakeAt === null
      ? []
      : [[t('facts.wakeAt'), exactTime(execution.wakeAt, i18n.language)] as [string, ReactNode]]),
  ];
  return (
    <Page
      title={title}
      description={
        <Group gap={6} component="span">
          <Anchor component={Link} to={`/workflows/${execution.workflowId}`} size="sm">
            {t('openWorkflow')}
          </Anchor>
          <Text size="sm" component="span" ff="monospace">
            {execution.id}
          </Text>
          <Copy value={execution.id} label={t('id')} />
        </Group>
      }
      actions={<Actions execution={execution} selected={selected} />}
    >
      <Group gap="xl" className="hl-card" p="md">
        <StatusBadge status={execution.status} size="lg" />
        {facts.map(([label, value]) => (
          <div key={label}>
            <Text size="xs" c="dimmed">
              {label}
            </Text>
            <Text size="sm" component="div">
              {value}
            </Text>
          </div>
        ))}
      </Group>
      <UnreadableNote record={execution} />
      {execution.error && (
        <Alert color={execution.status === 'failed' ? 'orange' : 'red'} title={t(`common:status.${execution.status}`)}>
          <FailureDetails failure={execution.error} />
        </Alert>
      )}
      <Tabs value={tab} onChange={setTab} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="path">{t('tabs.path')}</Tabs.Tab>
          <Tabs.Tab value="nodes">{t('tabs.nodes')}</Tabs.Tab>
          <Tabs.Tab value="exchange">{t('tabs.exchange')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="path" pt="md">
          <div className="hl-execution">
            <div className="hl-card hl-execution-canvas">
              {revision.isError ? (
                <LoadError error={revision.error} />
              ) : revision.data?.unreadable !== undefined ? (
                <Box p="md">
                  <UnreadableNote record={revision.data} text={t('unreadableRevision', { revision: execution.revision })} />
                </Box>
              ) : revision.data ? (
                <Drawn revision={revision.data} execution={execution} selected={selected} onSelect={setSelected} />
              ) : (
                <Loading />
              )}
            </div>
            <div className="hl-card hl-execution-panel">
              <JobPanel execution={execution} nodeKey={selected} revision={revision.data} />
            </div>
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="nodes" pt="md">
          <JobList
            execution={execution}
            revision={revision.data}
            onOpen={(key) => {
              setSelected(key);
              setTab('path');
            }}
          />
        </Tabs.Panel>
        <Tabs.Panel value="exchange" pt="md">
          <Exchange execution={execution} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

interface DrawnProps {
  readonly revision: RevisionJson;
  readonly execution: ExecutionJson;
  readonly selected: string | null;
  readonly onSelect: (key: string | null) => void;
}

function Drawn({ revision, execution, selected, onSelect }: DrawnProps) {
  const plugins = useQuery(pluginsQuery);
  const workflow = useQuery(workflowQuery(execution.workflowId));
  if (!plugins.data) return <Loading />;
  const { trigger, nodes, settings } = revision;
  return (
    <Suspense fallback={<Loading />}>
      <Canvas
        document={{ trigger, nodes, ...(settings ? { settings } : {}) }}
        mode={workflow.data?.mode ?? 'async'}
        types={plugins.data}
        selected={selected}
        onSelect={onSelect}
        execution={execution}
      />
    </Suspense>
  );
}

function Actions({ execution, selected }: { readonly execution: ExecutionJson; readonly selected: string | null }) {
  const { t } = useTranslation('executions');
  const navigate = useNavigate();
  const canWrite = usePermission('executions:write');
  const action = useExecutionAction(execution.id);
  if (!canWrite) return null;
  const isFinal = FINAL.has(execution.status);
  const job = execution.jobs.findLast(({ key }) => key === selected);

  function run(what: ExecutionAction, done: string): void {
    action.mutate(what, {
      onError: notifyError,
      onSuccess(result) {
        notifySuccess(done);
        if (result.id !== execution.id) void navigate(`/executions/${result.id}`);
      },
    });
  }

  return (
    <>
      {!isFinal && (
        <ConfirmButton
          leftSection={<IconPlayerStop size={16} aria-hidden />}
          question={t('cancelQuestion')}
          explanation={t('cancelText')}
          action={t('cancelAction')}
          onConfirm={() => run({ action: 'cancel' }, t('canceled'))}
        >
          {t('cancelAction')}
        </ConfirmButton>
      )}
      {isFinal && execution.status !== 'succeeded' && (
        <Button
          variant="default"
          leftSection={<IconRotateClockwise size={16} aria-hidden />}
          loading={action.isPending}
          onClick={() => run({ action: 'retry' }, t('retried'))}
        >
          {t('retry')}
        </Button>
      )}
      {isFinal && job && (
        <Button
          variant="default"
          leftSection={<IconPlayerSkipForward size={16} aria-hidden />}
          onClick={() => run({ action: 'rerun', from: job.path }, t('rerun'))}
        >
          {t('rerunFrom', { node: job.path })}
        </Button>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button
            leftSection={<IconRepeat size={16} aria-hidden />}
            rightSection={<IconChevronDown size={14} aria-hidden />}
            loading={action.isPending}
          >
            {t('replay')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => run({ action: 'replay' }, t('replayed'))}>{t('replayLive')}</Menu.Item>
          <Menu.Item onClick={() => run({ action: 'replay', revision: execution.revision }, t('replayed'))}>
            {t('replaySame', { revision: execution.revision })}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
