// Lines above the canvas that say what is special about what is shown: an older revision, an execution, a version in the trash.

import { Button, Group, Text } from '@mantine/core';
import { IconAlertTriangle, IconHistory, IconRoute, IconTrash } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useWorkflowAction } from '../api/activity.ts';
import type { ExecutionJson } from '../api/executions.ts';
import type { RevisionJson } from '../api/workflows.ts';
import { notifyError } from '../ui/notify.ts';
import { StatusBadge } from '../ui/status.tsx';
import { TimeAgo } from '../ui/time.tsx';
import { Unreadable } from '../ui/unreadable.tsx';
import { type Draft, isDocumentUnreadable } from './use-draft.ts';

export interface EditorBannersProps {
  readonly draft: Draft;
  /** The revision that is looked at. */
  readonly shown: RevisionJson | undefined;
  readonly comparedWith: number | undefined;
  readonly executionId: string | null;
  readonly execution: ExecutionJson | undefined;
  onEndLookingBack(): void;
  onOpenRevisions(): void;
  onHideExecution(): void;
  onLoadTheirs(): void;
  /** It was taken out of the trash. */
  onRestored(): void;
}

export function EditorBanners(props: EditorBannersProps) {
  const { t } = useTranslation('editor');
  const { draft, shown, comparedWith, executionId, execution } = props;
  const action = useWorkflowAction();
  const { workflow } = draft;
  return (
    <>
      {workflow.deletedAt !== null && (
        <Banner kind="warning" icon={<IconTrash size={18} aria-hidden />} text={t('banner.trash')}>
          <Button
            size="compact-sm"
            variant="default"
            loading={action.isPending}
            onClick={() =>
              action.mutate({ id: workflow.id, action: 'restore' }, { onError: notifyError, onSuccess: () => props.onRestored() })
            }
          >
            {t('banner.restore')}
          </Button>
        </Banner>
      )}
      {draft.isOutdated && (
        <Banner kind="warning" icon={<IconAlertTriangle size={18} aria-hidden />} text={t('banner.outdated')}>
          <Button size="compact-sm" variant="default" onClick={props.onLoadTheirs}>
            {t('conflict.theirs')}
          </Button>
        </Banner>
      )}
      {!shown && workflow.unreadable !== undefined && (
        <Banner
          kind="warning"
          icon={<IconAlertTriangle size={18} aria-hidden />}
          text={
            <Group gap="xs">
              <span>{isDocumentUnreadable(workflow) ? t('unreadable.workflow') : t('common:unreadable.text')}</span>
              <Unreadable record={workflow} />
            </Group>
          }
        >
          <Button size="compact-sm" variant="default" onClick={props.onOpenRevisions}>
            {t('menu.revisions')}
          </Button>
        </Banner>
      )}
      {shown && (
        <Banner
          kind="info"
          icon={<IconHistory size={18} aria-hidden />}
          text={
            comparedWith === undefined
              ? t(shown.live ? 'banner.live' : 'banner.revision', { number: shown.revision })
              : t('banner.comparison', { from: comparedWith, to: shown.revision })
          }
        >
          <Button size="compact-sm" variant="subtle" color="gray" onClick={props.onOpenRevisions}>
            {t('menu.revisions')}
          </Button>
          <Button size="compact-sm" variant="default" onClick={props.onEndLookingBack}>
            {t('banner.back')}
          </Button>
        </Banner>
      )}
      {!shown && executionId !== null && (
        <Banner
          kind="info"
          icon={<IconRoute size={18} aria-hidden />}
          text={
            <Group gap="xs" component="span">
              {t('banner.execution')}
              {execution && (
                <>
                  <StatusBadge status={execution.status} size="sm" />
                  <TimeAgo at={execution.createdAt} />
                </>
              )}
            </Group>
          }
        >
          <Button size="compact-sm" variant="default" component={Link} to={`/executions/${executionId}`}>
            {t('banner.openExecution')}
          </Button>
          <Button size="compact-sm" variant="subtle" color="gray" onClick={props.onHideExecution}>
            {t('banner.back')}
          </Button>
        </Banner>
      )}
    </>
  );
}

interface BannerProps {
  readonly kind: 'info' | 'warning';
  readonly icon: ReactNode;
  readonly text: ReactNode;
  readonly children: ReactNode;
}

function Banner({ kind, icon, text, children }: BannerProps) {
  return (
    <div className="hl-banner" data-kind={kind} role="status">
      {icon}
      <Text size="sm" component="div" flex={1}>
        {text}
      </Text>
      <Group gap={6}>{children}</Group>
    </div>
  );
}
