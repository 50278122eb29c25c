// The workflow's title as the page's heading; choosing it lets it be typed over.

import { ActionIcon, Group, TextInput, Title, Tooltip } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

export interface TitleFieldProps {
  readonly title: string;
  readonly canEdit: boolean;
  /** @returns whether it was saved */
  onRename(title: string): Promise<boolean>;
}

const MAX_LENGTH = 200;

export function TitleField({ title, canEdit, onRename }: TitleFieldProps) {
  const { t } = useTranslation('editor');
  const [typed, setTyped] = useState<string | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const wasEditing = useRef(false);
  const isEditing = typed !== null;
  useEffect(() => {
    if (wasEditing.current && !isEditing) button.current?.focus();
    wasEditing.current = isEditing;
  }, [isEditing]);

  async function finish(): Promise<void> {
    const next = typed?.trim() ?? '';
    if (next === '' || next === title || (await onRename(next))) setTyped(null);
  }

  if (isEditing) {
    return (
      <>
        <h1 className="mantine-visually-hidden">{title}</h1>
        <TextInput
          aria-label={t('header.title')}
          value={typed}
          maxLength={MAX_LENGTH}
          autoFocus
          onFocus={(event) => event.currentTarget.select()}
          onChange={(event) => setTyped(event.currentTarget.value)}
          onBlur={() => void finish()}
          onKeyDown={(event) => {
            if (event.key === 'Enter') void finish();
            if (event.key === 'Escape') setTyped(null);
          }}
          className="hl-title-input"
        />
      </>
    );
  }
  return (
    <Group gap={4} wrap="nowrap" miw={0} className="hl-title">
      <Title order={1} size="h3" lineClamp={1} title={title} onDoubleClick={canEdit ? () => setTyped(title) : undefined}>
        {title}
      </Title>
      {canEdit && (
        <Tooltip label={t('header.rename')}>
          <ActionIcon
            ref={button}
            variant="subtle"
            color="gray"
            size="sm"
            aria-label={t('header.rename')}
            onClick={() => setTyped(title)}
          >
            <IconPencil size={15} aria-hidden />
          </ActionIcon>
        </Tooltip>
      )}
    </Group>
  );
}
