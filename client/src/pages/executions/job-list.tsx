// The nodes that ran, in order of time, with a bar for how long each took: the same as the canvas shows, to read from top to bottom.

import { Anchor, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { ExecutionJson } from '../../api/executions.ts';
import type { RevisionJson } from '../../api/workflows.ts';
import { ListTable } from '../../ui/list-table.tsx';
import { Empty } from '../../ui/page.tsx';
import { StatusBadge } from '../../ui/status.tsx';
import { durationText } from '../../ui/time.tsx';
import { nodeTitle } from './job-panel.tsx';

export interface JobListProps {
  readonly execution: ExecutionJson;
  readonly revision: RevisionJson | undefined;
  readonly onOpen: (key: string) => void;
}

/** More rows than this are not drawn: a loop may have a million. */
const MOST_ROWS = 500;

export function JobList({ execution, revision, onOpen }: JobListProps) {
  const { t, i18n } = useTranslation('executions');
  const { jobs } = execution;
  if (jobs.length === 0) return <Empty title={t('noNodes')} />;
  const start = Date.parse(execution.startedAt ?? execution.createdAt);
  const end = Math.max(
    start + 1,
    ...jobs.slice(0, MOST_ROWS).map(({ startedAt, finishedAt }) => Date.parse(finishedAt ?? startedAt)),
  );
  const share = (iso: string): number => ((Date.parse(iso) - start) / (end - start)) * 100;
  return (
    <>
      <ListTable
        columns={[
          { label: t('columns.node') },
          { label: t('columns.status') },
          { label: t('columns.duration') },
          { label: t('columns.timeline'), visibleFrom: 'sm', width: '40%' },
        ]}
        verticalSpacing="xs"
      >
        {jobs.slice(0, MOST_ROWS).map((job) => {
          const last = job.finishedAt ?? job.startedAt;
          const left = Math.max(0, Math.min(99, share(job.startedAt)));
          return (
            <Table.Tr key={job.path}>
              <Table.Td>
                <Anchor component="button" type="button" size="sm" fw={600} onClick={() => onOpen(job.key)}>
                  {(revision && nodeTitle(revision.nodes, job.key)) ?? job.key}
                </Anchor>
                <Text size="xs" c="dimmed" ff="monospace">
                  {job.path}
                </Text>
              </Table.Td>
              <Table.Td>
                <StatusBadge status={job.status} size="sm" />
              </Table.Td>
              <Table.Td>
                <Text size="sm">
                  {job.finishedAt === null
                    ? '–'
                    : durationText(Date.parse(job.finishedAt) - Date.parse(job.startedAt), i18n.language)}
                </Text>
              </Table.Td>
              <Table.Td visibleFrom="sm">
                <div className="hl-timeline" aria-hidden>
                  <div style={{ left: `${left}%`, width: `${Math.max(1, share(last) - left)}%` }} />
                </div>
              </Table.Td>
            </Table.Tr>
          );
        })}
      </ListTable>
      {jobs.length > MOST_ROWS && (
        <Text p="md" size="sm" c="dimmed">
          {t('moreNodes', { count: jobs.length - MOST_ROWS })}
        </Text>
      )}
    </>
  );
}
