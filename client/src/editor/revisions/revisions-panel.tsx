// The workflow's revisions: look at one, compare two, make one live, or go on from one.

import { Badge, Button, Group, Select, Stack, Text, Title } from '@mantine/core';
import { IconArrowsDiff, IconCheck, IconEye, IconPencil } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { type RevisionJson, revisionsQuery, type WorkflowJson } from '../../api/workflows.ts';
import { ConfirmButton } from '../../ui/confirm.tsx';
import { LoadError, Loading } from '../../ui/page.tsx';
import { TimeAgo } from '../../ui/time.tsx';
import { Unreadable, UnreadableNote } from '../../ui/unreadable.tsx';
import { ComparisonView } from './comparison-view.tsx';

export interface RevisionsPanelProps {
  readonly workflow: WorkflowJson;
  /** The revision that is shown on the canvas; undefined: the draft. */
  readonly shown: number | undefined;
  /** The older one that it is compared with. */
  readonly comparedWith: number | undefined;
  readonly canWrite: boolean;
  readonly isDirty: boolean;
  onShow(revision: number | undefined, comparedWith?: number): void;
  onActivate(revision: number): void;
  onEditCopy(revision: RevisionJson): void;
  onSelectNode(key: string): void;
}

export function RevisionsPanel(props: RevisionsPanelProps) {
  const { t } = useTranslation('editor');
  const { workflow, shown, comparedWith, onShow } = props;
  const revisions = useQuery(revisionsQuery(workflow.id));
  const panel = useRef<HTMLDivElement>(null);
  // The button that was pressed may have gone with what it did: comparing, making live.
  const live = revisions.data?.data.find((revision) => revision.live)?.revision;
  const state = [shown, comparedWith, live].join(' ');
  const lastState = useRef(state);
  useEffect(() => {
    if (lastState.current === state) return;
    lastState.current = state;
    if (document.activeElement === document.body) panel.current?.focus({ preventScroll: true });
  }, [state]);
  if (revisions.isPending) return <Loading />;
  if (revisions.isError) return <LoadError error={revisions.error} onRetry={() => void revisions.refetch()} />;
  const list = revisions.data.data;
  const readable = list.filter(({ unreadable }) => unreadable === undefined);
  return (
    <Stack gap="md" className="hl-panel-body" ref={panel} tabIndex={-1}>
      <Text size="sm" c="dimmed">
        {t('revisions.text')}
      </Text>
      {comparedWith !== undefined && shown !== undefined ? (
        <Comparing {...props} list={readable} shown={shown} comparedWith={comparedWith} />
      ) : (
        readable.length > 1 && (
          <Button
            variant="default"
            size="xs"
            leftSection={<IconArrowsDiff size={16} aria-hidden />}
            onClick={() => onShow(readable[0]?.revision, readable[1]?.revision)}
          >
            {t('revisions.compareTwo')}
          </Button>
        )
      )}
      <Stack gap={6} component="ol" className="hl-revisions" aria-label={t('menu.revisions')}>
        {list.map((revision) => (
          <RevisionRow
            key={revision.revision}
            {...props}
            revision={revision}
            isLiveReadable={readable.some(({ live }) => live)}
          />
        ))}
      </Stack>
    </Stack>
  );
}

interface RevisionRowProps extends RevisionsPanelProps {
  readonly revision: RevisionJson;
  readonly isLiveReadable: boolean;
}

function RevisionRow({ revision, isLiveReadable, ...props }: RevisionRowProps) {
  const { t } = useTranslation('editor');
  const { workflow, shown, comparedWith, canWrite, isDirty, onShow } = props;
  const number = revision.revision;
  const isReadable = revision.unreadable === undefined;
  const isShown = shown === number && comparedWith === undefined;
  return (
    <li className="hl-revision" data-shown={isShown || undefined}>
      <Group justify="space-between" gap="xs">
        <Group gap="xs">
          <Text fw={650}>{t('revisions.name', { number })}</Text>
          {revision.live && (
            <Badge className="hl-badge" variant="light" color="teal" tt="none" leftSection={<IconCheck size={12} aria-hidden />}>
              {t('revisions.live')}
            </Badge>
          )}
          {revision.executed && (
            <Badge className="hl-badge" variant="light" color="gray" tt="none">
              {t('revisions.executed')}
            </Badge>
          )}
          <Unreadable record={revision} />
        </Group>
        <Text size="xs" c="dimmed">
          <TimeAgo at={revision.createdAt} />
        </Text>
      </Group>
      {isShown && <UnreadableNote record={revision} text={t('unreadable.revision')} />}
      <Group gap={6} mt={6}>
        <Button
          size="compact-xs"
          variant={isShown ? 'light' : 'default'}
          aria-pressed={isShown}
          leftSection={<IconEye size={14} aria-hidden />}
          onClick={() => onShow(isShown ? undefined : number)}
        >
          {t('revisions.look')}
        </Button>
        {!revision.live && isReadable && isLiveReadable && (
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<IconArrowsDiff size={14} aria-hidden />}
            onClick={() => onShow(Math.max(workflow.revision, number), Math.min(workflow.revision, number))}
          >
            {t('revisions.compareLive')}
          </Button>
        )}
        {!revision.live && isReadable && canWrite && (
          <ConfirmButton
            size="compact-xs"
            question={t('revisions.activateQuestion', { number })}
            explanation={t(isDirty ? 'revisions.activateDirty' : 'revisions.activateText')}
            action={t('revisions.activate')}
            danger={false}
            onConfirm={() => props.onActivate(number)}
          >
            {t('revisions.activate')}
          </ConfirmButton>
        )}
        {canWrite &&
          isReadable &&
          (isDirty ? (
            <ConfirmButton
              size="compact-xs"
              leftSection={<IconPencil size={14} aria-hidden />}
              question={t('revisions.replaceQuestion')}
              explanation={t('revisions.replaceText')}
              action={t('revisions.edit')}
              onConfirm={() => props.onEditCopy(revision)}
            >
              {t('revisions.edit')}
            </ConfirmButton>
          ) : (
            <Button
              size="compact-xs"
              variant="default"
              leftSection={<IconPencil size={14} aria-hidden />}
              onClick={() => props.onEditCopy(revision)}
            >
              {t('revisions.edit')}
            </Button>
          ))}
      </Group>
    </li>
  );
}

interface ComparingProps extends RevisionsPanelProps {
  readonly list: readonly RevisionJson[];
  readonly shown: number;
  readonly comparedWith: number;
}

function Comparing({ workflow, list, shown, comparedWith, onShow, onSelectNode }: ComparingProps) {
  const { t } = useTranslation('editor');
  const choices = list.map(({ revision, live }) => ({
    value: String(revision),
    label: live ? t('revisions.nameLive', { number: revision }) : t('revisions.name', { number: revision }),
  }));
  const older = list.find(({ revision }) => revision === comparedWith);
  const newer = list.find(({ revision }) => revision === shown);
  return (
    <Stack gap="sm" className="hl-capture">
      <Title order={3} size="h5">
        {t('revisions.comparison')}
      </Title>
      <Group grow gap="xs">
        <Select
          size="xs"
          label={t('revisions.from')}
          data={choices}
          value={String(comparedWith)}
          allowDeselect={false}
          onChange={(value) => onShow(shown, Number(value))}
        />
        <Select
          size="xs"
          label={t('revisions.to')}
          data={choices}
          value={String(shown)}
          allowDeselect={false}
          onChange={(value) => onShow(Number(value), comparedWith)}
        />
      </Group>
      {older && newer && <ComparisonView workflowId={workflow.id} from={older} to={newer} onSelectNode={onSelectNode} />}
      <Button size="xs" variant="default" onClick={() => onShow(undefined)}>
        {t('revisions.endComparison')}
      </Button>
    </Stack>
  );
}
