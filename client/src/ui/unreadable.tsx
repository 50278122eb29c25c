// Marks a record whose row in the database cannot be read whole; what is shown of it may be a stand-in.

import { Badge, Tooltip } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

export function Unreadable({ record: { unreadable } }: { readonly record: { readonly unreadable?: string | undefined } }) {
  const { t } = useTranslation();
  if (unreadable === undefined) return null;
  const text = t('unreadable.text', { reason: unreadable });
  return (
    <Tooltip label={text} multiline w={320} events={{ hover: true, focus: true, touch: true }}>
      <Badge
        className="hl-badge"
        color="red"
        variant="light"
        size="sm"
        tt="none"
        leftSection={<IconAlertTriangle size={12} aria-hidden />}
        tabIndex={0}
        aria-label={`${t('unreadable.short')}. ${text}`}
      >
        {t('unreadable.short')}
      </Badge>
    </Tooltip>
  );
}
