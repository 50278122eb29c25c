// Explains that somebody else has saved the workflow meanwhile, and lets the user choose whose version stays.

import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { TimeAgo } from '../ui/time.tsx';
import type { Draft } from './use-draft.ts';

export function ConflictDialog({ draft }: { readonly draft: Draft }) {
  const { t } = useTranslation('editor');
  const { conflict, workflow, isSaving } = draft;
  return (
    <Modal size={540} opened={conflict !== null} onClose={() => conflict?.dismiss()} title={t('conflict.title')}>
      <Stack>
        <Text size="sm">{t('conflict.text')}</Text>
        <Text size="sm" c="dimmed">
          {t('conflict.since')} <TimeAgo at={workflow.updatedAt} />
        </Text>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" data-autofocus onClick={() => conflict?.dismiss()}>
            {t('conflict.later')}
          </Button>
          <Button variant="default" onClick={() => void draft.loadTheirs()}>
            {t('conflict.theirs')}
          </Button>
          <Button color="red.9" loading={isSaving} onClick={() => void conflict?.overwrite()}>
            {t('conflict.mine')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
