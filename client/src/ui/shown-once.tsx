// A dialog with something that is shown this once: a token, a link.

import { Alert, Button, Code, Group, Modal, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Copy } from './copy.tsx';

export interface ShownOnceProps {
  readonly title: string;
  readonly text: string;
  /** Nothing is shown while it is null. */
  readonly value: string | null;
  readonly label: string;
  readonly onClose: () => void;
}

export function ShownOnce({ title, text, value, label, onClose }: ShownOnceProps) {
  const { t } = useTranslation();
  return (
    <Modal opened={value !== null} onClose={onClose} title={title} closeOnClickOutside={false}>
      <Stack>
        <Text size="sm">{text}</Text>
        <Group wrap="nowrap" gap="xs">
          <Code block flex={1} style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
            {value}
          </Code>
          <Copy value={value ?? ''} label={label} />
        </Group>
        <Alert color="orange">{t('shownOnce')}</Alert>
        <Group justify="flex-end">
          <Button onClick={onClose}>{t('done')}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
