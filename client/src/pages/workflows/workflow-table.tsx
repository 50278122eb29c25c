// The rows of the list of workflows.

import { ActionIcon, Anchor, Badge, Button, Group, Menu, Stack, Switch, Table, Text, Tooltip } from '@mantine/core';
import { IconActivity, IconArrowBackUp, IconCopy, IconDots, IconDownload, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { type ActivityView, downloadWorkflow, useWorkflowAction } from '../../api/activity.ts';
import type { WorkflowJson } from '../../api/workflows.ts';
import { ConfirmButton } from '../../ui/confirm.tsx';
import { ListTable } from '../../ui/list-table.tsx';
import { notifyError, notifySuccess } from '../../ui/notify.ts';
import { StatusBadge } from '../../ui/status.tsx';
import { TimeAgo } from '../../ui/time.tsx';
import { Unreadable } from '../../ui/unreadable.tsx';
import { useTrash } from '../../ui/use-trash.tsx';
import { Sparkline } from './sparkline.tsx';

export interface WorkflowTableProps {
  readonly workflows: readonly WorkflowJson[];
  readonly activity: ReadonlyMap<string, ActivityView> | undefined;
  readonly isTrash: boolean;
  readonly canWrite: boolean;
}

export function WorkflowTable({ workflows, activity, isTrash, canWrite }: WorkflowTableProps) {
  const { t } = useTranslation('workflows');
  return (
    <ListTable
      columns={[
        { label: t('columns.title') },
        { label: t('columns.mode'), visibleFrom: 'sm' },
        { label: t('columns.lastRun') },
        { label: t('columns.activity'), visibleFrom: 'md' },
        { label: t('columns.enabled'), visibleFrom: 'sm' },
        { label: t('common:actions'), isHidden: true },
      ]}
    >
      {workflows.map((workflow) => (
        <Row key={workflow.id} workflow={workflow} activity={activity?.get(workflow.id)} isTrash={isTrash} canWrite={canWrite} />
      ))}
    </ListTable>
  );
}

interface RowProps {
  readonly workflow: WorkflowJson;
  readonly activity: ActivityView | undefined;
  readonly isTrash: boolean;
  readonly canWrite: boolean;
}

function Row({ workflow, activity, isTrash, canWrite }: RowProps) {
  const { t } = useTranslation('workflows');
  const action = useWorkflowAction();
  const { id, title, enabled } = workflow;
  const run = activity?.lastExecution;
  return (
    <Table.Tr>
      <Table.Td miw={180}>
        <Stack gap={4}>
          {isTrash ? (
            <Text fw={600} size="sm">
              {title}
            </Text>
          ) : (
            <Anchor component={Link} to={`/workflows/${id}`} fw={600} size="sm">
              {title}
            </Anchor>
          )}
          <Unreadable record={workflow} />
          {workflow.tags.length > 0 && (
            <Group gap={4}>
              {workflow.tags.map((tag) => (
                <Badge key={tag} className="hl-badge" variant="light" color="gray" size="sm" tt="none">
                  {tag}
                </Badge>
              ))}
            </Group>
          )}
        </Stack>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Tooltip label={t(`mode.${workflow.mode}Text`)} multiline w={280}>
          <Text size="sm" component="span">
            {t(`mode.${workflow.mode}`)}
          </Text>
        </Tooltip>
      </Table.Td>
      <Table.Td>
        {run ? (
          <Group gap={8}>
            <Anchor component={Link} to={`/executions/${run.id}`}>
              <StatusBadge status={run.status} size="sm" />
              <span className="mantine-visually-hidden">{t('openLastRun', { title })}</span>
            </Anchor>
            <Text size="sm" c="dimmed" component="span">
              <TimeAgo at={run.createdAt} />
            </Text>
          </Group>
        ) : (
          <Text size="sm" c="dimmed">
            {t('neverRun')}
          </Text>
        )}
      </Table.Td>
      <Table.Td visibleFrom="md">{activity && <Sparkline buckets={activity.buckets} />}</Table.Td>
      <Table.Td visibleFrom="sm">
        {!isTrash && (
          <Switch
            aria-label={t('switch', { title })}
            checked={enabled}
            disabled={!canWrite || action.isPending}
            onChange={() =>
              action.mutate(
                { id, action: enabled ? 'disable' : 'enable' },
                { onSuccess: () => notifySuccess(t(enabled ? 'disabled' : 'enabled', { title })), onError: notifyError },
              )
            }
          />
        )}
      </Table.Td>
      <Table.Td>
        {isTrash ? <TrashActions workflow={workflow} canWrite={canWrite} /> : <RowMenu workflow={workflow} canWrite={canWrite} />}
      </Table.Td>
    </Table.Tr>
  );
}

function RowMenu({ workflow: { id, title }, canWrite }: { workflow: WorkflowJson; canWrite: boolean }) {
  const { t } = useTranslation('workflows');
  const action = useWorkflowAction();

  const moveToTrash = useTrash({ id, title });

  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t('menu', { title })}>
          <IconDots size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} to={`/executions?workflowId=${id}`} leftSection={<IconActivity size={16} aria-hidden />}>
          {t('showExecutions')}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={() => void downloadWorkflow(id, title).catch(notifyError)}
        >
          {t('export')}
        </Menu.Item>
        {canWrite && (
          <>
            <Menu.Item
              leftSection={<IconCopy size={16} aria-hidden />}
              onClick={() =>
                action.mutate(
                  { id, action: 'duplicate' },
                  { onSuccess: (copy) => notifySuccess(t('duplicated', { title: copy?.title ?? title })), onError: notifyError },
                )
              }
            >
              {t('duplicate')}
            </Menu.Item>
            <Menu.Divider />
            <Menu.Item color="red.9" leftSection={<IconTrash size={16} aria-hidden />} onClick={moveToTrash}>
              {t('common:delete')}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function TrashActions({ workflow: { id, title }, canWrite }: { workflow: WorkflowJson; canWrite: boolean }) {
  const { t } = useTranslation('workflows');
  const action = useWorkflowAction();
  if (!canWrite) return null;
  return (
    <Group gap="xs" wrap="nowrap" justify="flex-end">
      <Button
        size="xs"
        variant="default"
        leftSection={<IconArrowBackUp size={14} aria-hidden />}
        onClick={() =>
          action.mutate(
            { id, action: 'restore' },
            { onSuccess: () => notifySuccess(t('common:restored', { title })), onError: notifyError },
          )
        }
      >
        {t('restore')}
      </Button>
      <ConfirmButton
        size="xs"
        question={t('deleteForeverQuestion', { title })}
        explanation={t('deleteForeverText')}
        action={t('deleteForever')}
        onConfirm={() =>
          action.mutate(
            { id, action: 'delete' },
            { onSuccess: () => notifySuccess(t('deleted', { title })), onError: notifyError },
          )
        }
      >
        {t('deleteForever')}
      </ConfirmButton>
    </Group>
  );
}
