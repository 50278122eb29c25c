// The request that was kept as the example to build by.

import { Button, Group, Stack, Text } from '@mantine/core';
import { IconPinnedOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { type CaptureView, usePinSample } from '../../api/trigger.ts';
import { notifyError, notifySuccess } from '../../ui/notify.ts';
import { UnreadableNote } from '../../ui/unreadable.tsx';
import { CaptureCard } from './capture-card.tsx';

export interface PinnedSampleProps {
  readonly workflowId: string;
  readonly sample: CaptureView;
  readonly readOnly: boolean;
}

export function PinnedSample({ workflowId, sample, readOnly }: PinnedSampleProps) {
  const { t } = useTranslation('trigger');
  return (
    <Stack gap="xs">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Text size="sm">{t('sample.pinnedText')}</Text>
        {!readOnly && <Unpin workflowId={workflowId} />}
      </Group>
      <CaptureCard call={sample} />
    </Stack>
  );
}

interface UnreadableSampleProps {
  readonly workflowId: string;
  /** What the server could not read. */
  readonly reason: string;
  readonly readOnly: boolean;
}

/** In its place when the stored request cannot be read. */
export function UnreadableSample({ workflowId, reason, readOnly }: UnreadableSampleProps) {
  const { t } = useTranslation('trigger');
  return (
    <Stack gap="xs" align="flex-start">
      <UnreadableNote record={{ unreadable: reason }} text={t('sample.unreadable')} />
      {!readOnly && <Unpin workflowId={workflowId} />}
    </Stack>
  );
}

function Unpin({ workflowId }: { readonly workflowId: string }) {
  const { t } = useTranslation('trigger');
  const pin = usePinSample(workflowId);
  return (
    <Button
      size="compact-xs"
      variant="subtle"
      color="gray"
      flex="none"
      leftSection={<IconPinnedOff size={14} aria-hidden />}
      loading={pin.isPending}
      onClick={() => pin.mutate(null, { onError: notifyError, onSuccess: () => notifySuccess(t('sample.unpinned')) })}
    >
      {t('sample.unpin')}
    </Button>
  );
}
