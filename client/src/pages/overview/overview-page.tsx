// How the installation is doing: calls, success, speed and backlog over time, and what fails, each number with a link to what is behind it.

import { Anchor, Badge, Group, SegmentedControl, SimpleGrid, Stack, Table, Text } from '@mantine/core';
import { useInterval } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { type StatsView, statsQuery } from '../../api/stats.ts';
import { Card } from '../../ui/card.tsx';
import { LoadError, Loading, Page } from '../../ui/page.tsx';
import { durationText, TimeAgo } from '../../ui/time.tsx';
import { WorkflowSelect } from '../../ui/workflow-select.tsx';
import { SPANS, type Span, spanAt } from './span.ts';

const Plots = lazy(() => import('./plots.tsx'));

/** How often the end of the span moves on. */
const REFRESH_MS = 30_000;

export default function OverviewPage() {
  const { t } = useTranslation('overview');
  const [span, setSpan] = useState<Span>('day');
  const [workflowId, setWorkflowId] = useState<string | null>(null);
  const [now, setNow] = useState(() => Date.now());
  useInterval(() => setNow(Date.now()), REFRESH_MS, { autoInvoke: true });
  const { from, to } = spanAt(span, now);
  const stats = useQuery({ ...statsQuery(from, to, workflowId), placeholderData: (previous) => previous });
  return (
    <Page
      title={t('title')}
      description={t('description')}
      actions={
        <SegmentedControl
          aria-label={t('span.label')}
          value={span}
          onChange={(value) => setSpan(value as Span)}
          data={(Object.keys(SPANS) as Span[]).map((value) => ({ value, label: t(`span.${value}`) }))}
        />
      }
    >
      <WorkflowSelect label={t('workflow')} placeholder={t('anyWorkflow')} value={workflowId} onChange={setWorkflowId} />
      {stats.isPending ? (
        <Loading />
      ) : stats.isError ? (
        <LoadError error={stats.error} onRetry={() => void stats.refetch()} />
      ) : (
        <Numbers stats={stats.data} workflowId={workflowId} />
      )}
    </Page>
  );
}

function Numbers({ stats, workflowId }: { readonly stats: StatsView; readonly workflowId: string | null }) {
  const { t, i18n } = useTranslation('overview');
  const navigate = useNavigate();
  const { totals, now, from, to } = stats;
  const number = (value: number): string => new Intl.NumberFormat(i18n.language).format(value);
  const time = (ms: number | null): string => (ms === null ? '–' : durationText(ms, i18n.language));
  const finished = totals.succeeded + totals.failed;
  const percent = new Intl.NumberFormat(i18n.language, { style: 'percent', maximumFractionDigits: 1, roundingMode: 'floor' });
  const executions = (query: Record<string, string>): string =>
    `/executions?${new URLSearchParams({ ...query, ...(workflowId === null ? {} : { workflowId }) })}`;
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 2, md: 5 }} spacing="md">
        <Figure label={t('calls')} value={number(totals.calls)} to={executions({ from, to })} />
        <Figure
          label={t('success')}
          value={finished === 0 ? '–' : percent.format(totals.succeeded / finished)}
          note={t('ofFinished', { count: finished })}
          to={executions({ from, to, status: 'succeeded' })}
        />
        <Figure
          label={t('failed')}
          value={number(totals.failed)}
          isBad={totals.failed > 0}
          to={executions({ from, to, status: 'failed,error,timed_out' })}
        />
        <Figure
          label={t('latency')}
          value={time(totals.p50Ms)}
          note={t('slower', { p95: time(totals.p95Ms), p99: time(totals.p99Ms) })}
        />
        <Figure
          label={t('backlog')}
          value={number(now.queued)}
          note={
            now.oldestQueuedMs === null
              ? t('alsoRunning', { running: number(now.running), waiting: number(now.waiting) })
              : t('oldest', { age: time(now.oldestQueuedMs) })
          }
          to={executions({ status: 'queued,running,waiting' })}
        />
      </SimpleGrid>
      <Suspense fallback={<Loading />}>
        <Plots
          stats={stats}
          onChoose={(bucketFrom, bucketTo, status) =>
            void navigate(executions({ from: bucketFrom, to: bucketTo, ...(status === undefined ? {} : { status }) }))
          }
        />
      </Suspense>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Card title={t('failingWorkflows')}>
          {stats.failingWorkflows.length === 0 ? (
            <Text size="sm" c="dimmed">
              {t('noFailingWorkflows')}
            </Text>
          ) : (
            <Table verticalSpacing="xs">
              <Table.Tbody>
                {stats.failingWorkflows.map((workflow) => (
                  <Table.Tr key={workflow.workflowId}>
                    <Table.Td>
                      <Anchor component={Link} to={`/workflows/${workflow.workflowId}`} size="sm" fw={600}>
                        {workflow.title}
                      </Anchor>
                      {workflow.lastFailure && (
                        <Text size="xs" c="dimmed" lineClamp={2}>
                          <Anchor component={Link} to={`/executions/${workflow.lastFailure.executionId}`} size="xs">
                            <TimeAgo at={workflow.lastFailure.at} />
                          </Anchor>{' '}
                          {workflow.lastFailure.message}
                        </Text>
                      )}
                    </Table.Td>
                    <Table.Td ta="right">
                      <Anchor
                        component={Link}
                        size="sm"
                        to={`/executions?${new URLSearchParams({ workflowId: workflow.workflowId, from, to, status: 'failed,error,timed_out' })}`}
                      >
                        {t('failedOf', { failed: number(workflow.failed), calls: number(workflow.calls) })}
                      </Anchor>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )}
        </Card>
        <Card title={t('failingEndpoints')}>
          {stats.failingEndpoints.length === 0 ? (
            <Text size="sm" c="dimmed">
              {t('noFailingEndpoints')}
            </Text>
          ) : (
            <Table verticalSpacing="xs">
              <Table.Tbody>
                {stats.failingEndpoints.map((endpoint) => (
                  <Table.Tr key={endpoint.endpointId}>
                    <Table.Td>
                      <Anchor
                        component={Link}
                        to={`/webhooks/endpoints/${endpoint.endpointId}`}
                        size="sm"
                        fw={600}
                        style={{ overflowWrap: 'anywhere' }}
                      >
                        {endpoint.url}
                      </Anchor>
                    </Table.Td>
                    <Table.Td ta="right">
                      <Group gap="xs" justify="flex-end">
                        <Badge className="hl-badge" variant="light" color="orange" tt="none">
                          {t(`endpointStatus.${endpoint.status}`, { defaultValue: endpoint.status })}
                        </Badge>
                        <Text size="sm">
                          {t('failedAndHeld', { failed: number(endpoint.failed), held: number(endpoint.held) })}
                        </Text>
                      </Group>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )}
        </Card>
      </SimpleGrid>
    </Stack>
  );
}

interface FigureProps {
  readonly label: string;
  readonly value: string;
  readonly note?: string;
  /** Where the number comes from. */
  readonly to?: string;
  readonly isBad?: boolean;
}

function Figure({ label, value, note, to, isBad = false }: FigureProps) {
  return (
    <div className="hl-card" style={{ padding: 'var(--mantine-spacing-md)' }}>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      {to === undefined ? (
        <Text fz={26} fw={650}>
          {value}
        </Text>
      ) : (
        <Anchor
          component={Link}
          to={to}
          fz={26}
          fw={650}
          {...(isBad ? { c: 'var(--mantine-color-error)' } : {})}
          aria-label={`${label}: ${value}`}
        >
          {value}
        </Anchor>
      )}
      {note !== undefined && (
        <Text size="xs" c="dimmed">
          {note}
        </Text>
      )}
    </div>
  );
}
