// A button that copies a text, and says that it did.

import { ActionIcon, CopyButton, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

export interface CopyProps {
  /** Null: it may not be seen, and so not copied. */
  readonly value: string | null;
  /** What is copied, such as "trigger URL": for the tooltip and screen readers. */
  readonly label: string;
  /** Why there is nothing to copy. */
  readonly reason?: string | undefined;
}

export function Copy({ value, label, reason }: CopyProps) {
  const { t } = useTranslation();
  if (value === null) {
    return (
      <Tooltip
        label={reason ?? t('copy', { what: label })}
        multiline
        maw={320}
        events={{ hover: true, focus: true, touch: true }}
      >
        <ActionIcon
          variant="subtle"
          color="gray"
          data-disabled
          aria-disabled
          onClick={(event) => event.preventDefault()}
          aria-label={t('copy', { what: label })}
          aria-description={reason}
        >
          <IconCopy size={16} aria-hidden />
        </ActionIcon>
      </Tooltip>
    );
  }
  return (
    <CopyButton value={value} timeout={2_000}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? t('copied') : t('copy', { what: label })}>
          <ActionIcon variant="subtle" color={copied ? 'teal' : 'gray'} onClick={copy} aria-label={t('copy', { what: label })}>
            {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}
