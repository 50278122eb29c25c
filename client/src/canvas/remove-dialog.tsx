// Asks before a node is deleted together with what is in its branches.

import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Document } from '../../../src/engine/model.ts';
import { findNode, nodesWithin } from './edit.ts';

export interface RemoveDialogProps {
  readonly document: Document;
  readonly keys: readonly string[];
  /** Of the one node, when it is one. */
  readonly title: string;
  onAnswer(isMeant: boolean): void;
}

export function RemoveDialog({ document, keys, title, onAnswer }: RemoveDialogProps) {
  const { t } = useTranslation('canvas');
  const nodes = keys.flatMap((key) => findNode(document, key)?.node ?? []);
  const count = nodes.reduce((sum, node) => sum + nodesWithin(node).length - 1, 0);
  return (
    <Modal
      opened
      onClose={() => onAnswer(false)}
      title={keys.length > 1 ? t('remove.titleMany', { count: keys.length }) : t('remove.title', { title })}
    >
      <Stack>
        <Text size="sm">{keys.length > 1 ? t('remove.textMany', { count }) : t('remove.text', { count })}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={() => onAnswer(false)}>
            {t('common:cancel')}
          </Button>
          <Button data-autofocus color="red.9" onClick={() => onAnswer(true)}>
            {t('common:delete')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
