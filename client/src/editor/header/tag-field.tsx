// The workflow's tags: shown in the header, changed in a small window.

import { Badge, Button, Group, Popover, Stack, TagsInput, VisuallyHidden } from '@mantine/core';
import { IconTag } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { tagsQuery } from '../../api/activity.ts';

export interface TagFieldProps {
  readonly tags: readonly string[];
  readonly canEdit: boolean;
  /** @returns whether they were saved */
  onChange(tags: readonly string[]): Promise<boolean>;
}

const MAX_TAGS = 20;
const MAX_LENGTH = 40;
/** More would push everything else out of the header. */
const SHOWN = 2;

export function TagField({ tags, canEdit, onChange }: TagFieldProps) {
  const { t } = useTranslation('editor');
  const [draft, setDraft] = useState<string[] | null>(null);
  const known = useQuery({ ...tagsQuery, enabled: draft !== null });
  if (!canEdit && tags.length === 0) return null;
  const badges = (
    <>
      {tags.slice(0, SHOWN).map((tag) => (
        <Badge key={tag} className="hl-badge" variant="light" color="gray" tt="none" maw={140}>
          {tag}
        </Badge>
      ))}
      {tags.length > SHOWN && (
        <Badge className="hl-badge" variant="light" color="gray" tt="none">
          +{tags.length - SHOWN}
        </Badge>
      )}
    </>
  );
  if (!canEdit)
    return (
      <Group gap={4} wrap="nowrap" flex="none">
        {badges}
      </Group>
    );
  return (
    <Popover
      opened={draft !== null}
      onChange={(opened) => setDraft(opened ? [...tags] : null)}
      width={300}
      position="bottom-start"
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          flex="none"
          onClick={() => setDraft(draft === null ? [...tags] : null)}
          leftSection={tags.length === 0 ? <IconTag size={15} aria-hidden /> : null}
        >
          {tags.length === 0 ? (
            t('header.addTags')
          ) : (
            <Group gap={4} wrap="nowrap">
              <VisuallyHidden>{t('header.editTags')}</VisuallyHidden>
              {badges}
            </Group>
          )}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (draft) void onChange(draft).then((isSaved) => isSaved && setDraft(null));
          }}
        >
          <Stack gap="sm">
            <TagsInput
              label={t('header.tags')}
              description={t('header.tagsText')}
              data={known.data?.data.map(({ tag }) => tag) ?? []}
              value={draft ?? []}
              onChange={(next) => setDraft(next.map((tag) => tag.trim().slice(0, MAX_LENGTH)).filter((tag) => tag !== ''))}
              maxTags={MAX_TAGS}
              acceptValueOnBlur
              openOnFocus={false}
              comboboxProps={{ withinPortal: false }}
              data-autofocus
            />
            <Group justify="flex-end" gap="xs">
              <Button size="xs" variant="default" onClick={() => setDraft(null)}>
                {t('common:cancel')}
              </Button>
              <Button size="xs" type="submit">
                {t('common:save')}
              </Button>
            </Group>
          </Stack>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
