// Marks a record whose row in the database cannot be read whole; what is shown of it may be a placeholder.

import { Alert, Badge, Stack, Text, Tooltip } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

export interface UnreadableProps {
  readonly record: { readonly unreadable?: string | undefined };
}

/** A badge for a row of a list, with the explanation in a tooltip; nothing for a record that was read whole. */
export function Unreadable({ record: { unreadable } }: UnreadableProps) {
  const { t } = useTranslation();
  if (unreadable === undefined) return null;
  const text = `${t('unreadable.text')} ${t('unreadable.reason', { reason: unreadable })}`;
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

export interface UnreadableNoteProps extends UnreadableProps {
  /** What follows from it here and what can be done. Default: that what is shown may be incomplete. */
  readonly text?: string;
}

/** The same in plain sight, for a page or a panel about one record. */
export function UnreadableNote({ record: { unreadable }, text }: UnreadableNoteProps) {
  const { t } = useTranslation();
  if (unreadable === undefined) return null;
  return (
    <Alert color="red" role="note" icon={<IconAlertTriangle aria-hidden />} title={t('unreadable.short')}>
      <Stack gap={4}>
        <Text size="sm">{text ?? t('unreadable.text')}</Text>
        <Text size="xs">{t('unreadable.reason', { reason: unreadable })}</Text>
      </Stack>
    </Alert>
  );
}
