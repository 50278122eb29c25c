// What a node did in the workflow's last execution.

import { Anchor, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { executionQuery, executionsQuery } from '../api/executions.ts';
import { revisionQuery } from '../api/workflows.ts';
import { JobPanel } from '../pages/executions/job-panel.tsx';
import { Empty, LoadError, Loading } from '../ui/page.tsx';
import { StatusBadge } from '../ui/status.tsx';
import { TimeAgo } from '../ui/time.tsx';

export interface LastRunProps {
  readonly workflowId: string;
  readonly nodeKey: string;
  /** The execution that is drawn on the canvas; else the latest one. */
  readonly executionId: string | null;
}

export function LastRun({ workflowId, nodeKey, executionId }: LastRunProps) {
  const { t } = useTranslation('editor');
  const latest = useQuery({ ...executionsQuery({ workflowId, limit: 1 }), enabled: executionId === null });
  const id = executionId ?? latest.data?.data[0]?.id;
  const execution = useQuery({ ...executionQuery(id ?? ''), enabled: id !== undefined });
  const number = execution.data?.revision;
  const revision = useQuery({ ...revisionQuery(workflowId, number ?? 0), enabled: number !== undefined });
  if (latest.isError) return <LoadError error={latest.error} onRetry={() => void latest.refetch()} />;
  if (execution.isError) return <LoadError error={execution.error} onRetry={() => void execution.refetch()} />;
  if (id === undefined && latest.isSuccess) return <Empty title={t('lastRun.none')}>{t('lastRun.noneText')}</Empty>;
  if (!execution.data) return <Loading />;
  return (
    <>
      <Group gap="xs" px="md" pt="md">
        <Text size="sm">
          <TimeAgo at={execution.data.createdAt} />
        </Text>
        <StatusBadge status={execution.data.status} size="sm" />
        <Anchor component={Link} size="sm" to={`/executions/${execution.data.id}`}>
          {t('lastRun.open')}
        </Anchor>
      </Group>
      <JobPanel execution={execution.data} nodeKey={nodeKey} revision={revision.data} />
    </>
  );
}
