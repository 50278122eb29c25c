// What one node was given and gave in one execution; in a loop, for each round.

import { Alert, Anchor, Group, Select, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Node } from '../../../../src/engine/model.ts';
import { type ExecutionJson, type JobJson, jobInputQuery } from '../../api/executions.ts';
import type { RevisionJson } from '../../api/workflows.ts';
import { FailureDetails } from '../../ui/failure-details.tsx';
import { errorText } from '../../ui/notify.ts';
import { Empty, Loading } from '../../ui/page.tsx';
import { StatusBadge } from '../../ui/status.tsx';
import { TextBox } from '../../ui/text-box.tsx';
import { durationText, exactTime } from '../../ui/time.tsx';
import { Exchange } from './exchange.tsx';

const JsonView = lazy(async () => ({ default: (await import('../../variables/json-view.tsx')).JsonView }));

/** As the canvas names the trigger. */
const TRIGGER = '$trigger';

export interface JobPanelProps {
  readonly execution: ExecutionJson;
  readonly nodeKey: string | null;
  readonly revision: RevisionJson | undefined;
}

export function JobPanel({ execution, nodeKey, revision }: JobPanelProps) {
  const { t } = useTranslation('executions');
  if (nodeKey === null) return <Empty title={t('chooseNode')}>{t('chooseNodeText')}</Empty>;
  if (nodeKey === TRIGGER) {
    return (
      <Stack p="md">
        <Exchange execution={execution} isNarrow />
      </Stack>
    );
  }
  const jobs = execution.jobs.filter(({ key }) => key === nodeKey);
  const title = (revision && nodeTitle(revision.nodes, nodeKey)) ?? nodeKey;
  return (
    <Stack p="md" gap="sm">
      <Title order={2} size="h3">
        {title}
      </Title>
      {jobs.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t('notReached')}
        </Text>
      ) : (
        <Jobs key={nodeKey} execution={execution} jobs={jobs} />
      )}
    </Stack>
  );
}

function Jobs({ execution, jobs }: { readonly execution: ExecutionJson; readonly jobs: readonly JobJson[] }) {
  const { t } = useTranslation('executions');
  const [path, setPath] = useState(jobs.at(-1)?.path ?? null);
  const job = jobs.find((one) => one.path === path) ?? jobs.at(-1);
  if (!job) return null;
  return (
    <>
      {jobs.length > 1 && (
        <Select
          label={t('round')}
          data={jobs.map((one) => one.path)}
          value={job.path}
          onChange={setPath}
          allowDeselect={false}
          searchable
        />
      )}
      <JobDetails execution={execution} job={job} />
    </>
  );
}

function JobDetails({ execution, job }: { readonly execution: ExecutionJson; readonly job: JobJson }) {
  const { t, i18n } = useTranslation('executions');
  const input = useQuery(jobInputQuery(execution.id, job.path));
  const duration = job.finishedAt === null ? null : Date.parse(job.finishedAt) - Date.parse(job.startedAt);
  return (
    <>
      <Group gap="sm">
        <StatusBadge status={job.status} />
        {duration !== null && <Text size="sm">{durationText(duration, i18n.language)}</Text>}
        {job.branch !== null && <Text size="sm">{t('branch', { branch: job.branch })}</Text>}
        {job.attempts > 1 && <Text size="sm">{t('attempts', { count: job.attempts })}</Text>}
      </Group>
      {job.error && (
        <Alert color={job.handled ? 'orange' : 'red'} title={t(job.handled ? 'failedHandled' : 'failedHere')}>
          <FailureDetails failure={job.error} />
        </Alert>
      )}
      {job.waitsUntil !== null && <Text size="sm">{t('waitsUntil', { time: exactTime(job.waitsUntil, i18n.language) })}</Text>}
      {job.calledExecution !== null && (
        <Anchor component={Link} to={`/executions/${job.calledExecution}`} size="sm">
          {t('openCalled')}
        </Anchor>
      )}
      {job.log.length > 0 && (
        <div>
          <Text size="sm" fw={600}>
            {t('log')}
          </Text>
          <TextBox text={job.log.join('\n')} label={t('log')} maxHeight={200} />
        </div>
      )}
      <Suspense fallback={<Loading />}>
        <Text size="sm" fw={600}>
          {t('input')}
        </Text>
        {input.isPending ? (
          <Loading />
        ) : input.isError ? (
          <Text size="sm" c="dimmed">
            {errorText(input.error)}
          </Text>
        ) : input.data.error ? (
          <Text size="sm" c="dimmed">
            {t('noInput', { reason: input.data.error.message })}
          </Text>
        ) : (
          <JsonView value={input.data.input} label={t('input')} maxHeight={260} />
        )}
        <Text size="sm" fw={600}>
          {t('output')}
        </Text>
        <JsonView value={job.output} label={t('output')} maxHeight={360} />
      </Suspense>
    </>
  );
}

/** The title of a node anywhere in the tree; undefined for none. */
export function nodeTitle(nodes: readonly Node[], key: string): string | undefined {
  for (const node of nodes) {
    if (node.key === key) return node.title;
    for (const list of Object.values(node.branches ?? {})) {
      const found = nodeTitle(list, key);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
