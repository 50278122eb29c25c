// What can be done with a workflow as a whole: look at revisions and settings, copy, export, move to the trash.

import { ActionIcon, Menu } from '@mantine/core';
import { IconCopyPlus, IconDots, IconDownload, IconHistory, IconSettings, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { downloadWorkflow, useWorkflowAction } from '../../api/activity.ts';
import type { WorkflowJson } from '../../api/workflows.ts';
import { notifyError, notifySuccess } from '../../ui/notify.ts';
import { useTrash } from '../../ui/use-trash.tsx';

export interface WorkflowMenuProps {
  readonly workflow: WorkflowJson;
  readonly canWrite: boolean;
  onOpen(panel: 'revisions' | 'settings'): void;
  /** Called before the page is left because the workflow was moved to the trash. */
  onTrashed(): void;
}

export function WorkflowMenu({ workflow: { id, title }, canWrite, onOpen, onTrashed }: WorkflowMenuProps) {
  const { t } = useTranslation('editor');
  const navigate = useNavigate();
  const action = useWorkflowAction();

  function duplicate(): void {
    action.mutate(
      { id, action: 'duplicate' },
      {
        onError: notifyError,
        onSuccess(copy) {
          if (copy === undefined) return;
          notifySuccess(t('menu.duplicated', { title: copy.title }));
          void navigate(`/workflows/${copy.id}`);
        },
      },
    );
  }

  const trash = useTrash({ id, title }, { onTrashed, onRestored: () => void navigate(`/workflows/${id}`) });

  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <ActionIcon variant="default" size={34} aria-label={t('menu.label')}>
          <IconDots size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconHistory size={16} aria-hidden />} onClick={() => onOpen('revisions')}>
          {t('menu.revisions')}
        </Menu.Item>
        <Menu.Item leftSection={<IconSettings size={16} aria-hidden />} onClick={() => onOpen('settings')}>
          {t('menu.settings')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconCopyPlus size={16} aria-hidden />} disabled={!canWrite} onClick={duplicate}>
          {t('menu.duplicate')}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={() => void downloadWorkflow(id, title).catch(notifyError)}
        >
          {t('menu.export')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item
          c="var(--mantine-color-error)"
          leftSection={<IconTrash size={16} aria-hidden />}
          disabled={!canWrite}
          onClick={trash}
        >
          {t('menu.delete')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
