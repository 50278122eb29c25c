// How an execution or a job stands: a colour, an icon and a word, never the colour alone.

import { Badge, type MantineSize } from '@mantine/core';
import { IconBan, IconCheck, IconClock, IconExclamationMark, IconHourglass, IconPlayerPlay, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { ExecutionStatus } from '../../../src/engine/model.ts';

const LOOKS: Readonly<Record<ExecutionStatus, { color: string; Icon: typeof IconCheck }>> = {
  queued: { color: 'gray', Icon: IconHourglass },
  running: { color: 'indigo', Icon: IconPlayerPlay },
  waiting: { color: 'violet', Icon: IconClock },
  succeeded: { color: 'teal', Icon: IconCheck },
  failed: { color: 'orange', Icon: IconX },
  error: { color: 'red', Icon: IconExclamationMark },
  canceled: { color: 'gray', Icon: IconBan },
  timed_out: { color: 'red', Icon: IconClock },
};

export function statusColor(status: ExecutionStatus): string {
  return LOOKS[status].color;
}

export function StatusBadge({ status, size = 'md' }: { readonly status: ExecutionStatus; readonly size?: MantineSize }) {
  const { t } = useTranslation();
  const { color, Icon } = LOOKS[status];
  return (
    <Badge className="hl-badge" color={color} variant="light" size={size} tt="none" leftSection={<Icon size={12} aria-hidden />}>
      {t(`status.${status}`)}
    </Badge>
  );
}
