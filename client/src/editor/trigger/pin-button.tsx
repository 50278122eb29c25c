// Keeps a request as the workflow's example.

import { Button } from '@mantine/core';
import { IconPin, IconPinFilled } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { type CaptureView, usePinSample } from '../../api/trigger.ts';
import { notifyError, notifySuccess } from '../../ui/notify.ts';

export interface PinButtonProps {
  readonly workflowId: string;
  readonly request: CaptureView['request'];
  /** What is kept now. */
  readonly sample: CaptureView | null;
  onPinned(): void;
}

export function PinButton({ workflowId, request, sample, onPinned }: PinButtonProps) {
  const { t } = useTranslation('trigger');
  const pin = usePinSample(workflowId);
  const isPinned = sample !== null && isSame(sample.request, request);
  return (
    <Button
      size="xs"
      variant="default"
      loading={pin.isPending}
      disabled={isPinned}
      leftSection={isPinned ? <IconPinFilled size={15} aria-hidden /> : <IconPin size={15} aria-hidden />}
      onClick={() =>
        pin.mutate(
          { request },
          {
            onError: notifyError,
            onSuccess() {
              onPinned();
              notifySuccess(t('sample.isPinned'));
            },
          },
        )
      }
    >
      {t(isPinned ? 'sample.isPinnedShort' : 'sample.pin')}
    </Button>
  );
}

/** Headers aside: the server leaves secrets out of what it keeps. */
function isSame(one: CaptureView['request'], other: CaptureView['request']): boolean {
  return one.method === other.method && one.url === other.url && one.body === other.body;
}
