// The top of the editor: what the workflow is called, whether it takes calls, and saving it.

import { ActionIcon, Badge, Button, Group, Switch, Text, Tooltip } from '@mantine/core';
import {
  IconActivity,
  IconArrowBackUp,
  IconArrowForwardUp,
  IconCheck,
  IconDeviceFloppy,
  IconPointFilled,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Draft } from '../use-draft.ts';
import { TagField } from './tag-field.tsx';
import { TitleField } from './title-field.tsx';
import { WorkflowMenu } from './workflow-menu.tsx';

export interface EditorHeaderProps {
  readonly draft: Draft;
  /** False for a viewer, and for a workflow in the trash. */
  readonly canWrite: boolean;
  /** An older revision is shown: there is nothing to save or to undo. */
  readonly isLookingBack: boolean;
  onOpen(panel: 'revisions' | 'settings'): void;
  onTrashed(): void;
}

export function EditorHeader({ draft, canWrite, isLookingBack, onOpen, onTrashed }: EditorHeaderProps) {
  const { t } = useTranslation('editor');
  const { workflow, isDirty, isSaving } = draft;
  const canSave = canWrite && isDirty && !isLookingBack;
  const reason = canWrite ? undefined : workflow.deletedAt === null ? t('header.viewer') : t('header.inTrash');
  return (
    <header className="hl-editor-header">
      <Group gap="sm" wrap="nowrap" miw={0} className="hl-editor-name">
        <TitleField title={workflow.title} canEdit={canWrite} onRename={(title) => draft.patch({ title })} />
        <Tooltip label={t(`mode.${workflow.mode}`)} multiline w={260}>
          <Badge
            className="hl-badge"
            variant="light"
            color={workflow.mode === 'sync' ? 'indigo' : 'violet'}
            tt="none"
            tabIndex={0}
            flex="none"
          >
            {t(`common:mode.${workflow.mode}`)}
          </Badge>
        </Tooltip>
        <TagField tags={workflow.tags} canEdit={canWrite} onChange={(tags) => draft.patch({ tags })} />
      </Group>
      <Group gap="xs" wrap="nowrap" className="hl-editor-actions">
        <Text size="sm" role="status" className="hl-unsaved">
          {isDirty && (
            <>
              <IconPointFilled size={14} aria-hidden className="hl-unsaved-dot" />
              {t('header.unsaved')}
            </>
          )}
          {draft.isSaved && (
            <>
              <IconCheck size={15} aria-hidden /> {t('header.saved')}
            </>
          )}
        </Text>
        <Undo
          label={t('header.undo')}
          what={draft.undoDescription}
          disabled={!canWrite || isLookingBack || !draft.canUndo}
          onClick={draft.undo}
          Icon={IconArrowBackUp}
        />
        <Undo
          label={t('header.redo')}
          what={draft.redoDescription}
          disabled={!canWrite || isLookingBack || !draft.canRedo}
          onClick={draft.redo}
          Icon={IconArrowForwardUp}
        />
        <Tooltip label={t('header.executions')}>
          <ActionIcon
            component={Link}
            to={`/executions?workflowId=${workflow.id}`}
            variant="default"
            size={34}
            aria-label={t('header.executions')}
          >
            <IconActivity size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={reason ?? t(workflow.enabled ? 'header.onText' : 'header.offText')} multiline w={240}>
          <Switch
            checked={workflow.enabled}
            disabled={!canWrite || isSaving}
            onChange={(event) => void draft.patch({ enabled: event.currentTarget.checked })}
            label={t('header.enabled')}
            className="hl-enabled"
          />
        </Tooltip>
        <Tooltip label={reason ?? t('header.saveKeys')}>
          <Button
            leftSection={<IconDeviceFloppy size={17} aria-hidden />}
            {...(canSave ? {} : { 'data-disabled': true, 'aria-disabled': true })}
            onClick={() => {
              if (canSave) void draft.save();
            }}
            loading={isSaving}
            px="sm"
          >
            {t('common:save')}
          </Button>
        </Tooltip>
        <WorkflowMenu workflow={workflow} canWrite={canWrite} onOpen={onOpen} onTrashed={onTrashed} />
      </Group>
    </header>
  );
}

interface UndoProps {
  readonly label: string;
  readonly what: string | undefined;
  readonly disabled: boolean;
  readonly Icon: typeof IconArrowBackUp;
  onClick(): void;
}

function Undo({ label, what, disabled, Icon, onClick }: UndoProps) {
  const text = what === undefined || what === '' ? label : `${label}: ${what}`;
  return (
    <Tooltip label={text} disabled={disabled}>
      <ActionIcon
        variant="default"
        size={34}
        aria-label={text}
        // Not disabled: with the last thing undone it would lose the focus.
        {...(disabled ? { 'data-disabled': true, 'aria-disabled': true } : {})}
        onClick={() => {
          if (!disabled) onClick();
        }}
      >
        <Icon size={18} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
