// The paths that an example offers, with their values, to choose variables from.

import { Button, Checkbox, Group, ScrollArea, Stack, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Part, PathView } from '../../api/trigger.ts';
import { valueText } from '../revisions/change-words.ts';
import { identity } from './webhook-draft.ts';

export type PathsByPart = Readonly<Partial<Record<Part, readonly PathView[]>>>;

export interface PathPickerProps {
  readonly paths: PathsByPart;
  /** What is taken already. */
  readonly taken: Readonly<Record<Part, ReadonlySet<string>>>;
  readonly readOnly: boolean;
  onAdd(chosen: Readonly<Record<Part, readonly string[]>>): void;
}

const PARTS: readonly Part[] = ['body', 'query', 'headers'];
/** More lines than these have to be searched for. */
const MAX_SHOWN = 150;
const SEARCH_FROM = 10;

interface Row extends PathView {
  readonly part: Part;
}

export function PathPicker({ paths, taken, readOnly, onAdd }: PathPickerProps) {
  const { t } = useTranslation('trigger');
  const [search, setSearch] = useState('');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const rows = PARTS.flatMap((part) => (paths[part] ?? []).map((path): Row => ({ part, ...path })));
  const wanted = search.trim().toLowerCase();
  const found =
    wanted === '' ? rows : rows.filter(({ path, value }) => `${path} ${valueText(value)}`.toLowerCase().includes(wanted));
  const shown = found.slice(0, MAX_SHOWN);
  const isTaken = ({ part, path }: Row): boolean => taken[part].has(identity(part, path));
  const selected = rows.filter((row) => chosen.has(keyOf(row)) && !isTaken(row));

  function toggle(row: Row): void {
    const next = new Set(chosen);
    if (!next.delete(keyOf(row))) next.add(keyOf(row));
    setChosen(next);
  }

  function add(): void {
    const pick = (part: Part): string[] => selected.filter((row) => row.part === part).map(({ path }) => path);
    onAdd({ headers: pick('headers'), query: pick('query'), body: pick('body') });
    setChosen(new Set());
  }

  if (rows.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t('pick.nothing')}
      </Text>
    );
  }
  return (
    <Stack gap="xs" role="group" aria-label={t('pick.label')}>
      <Text size="sm">{t('pick.text')}</Text>
      {rows.length > SEARCH_FROM && (
        <TextInput
          size="xs"
          aria-label={t('common:search')}
          placeholder={t('common:search')}
          leftSection={<IconSearch size={14} aria-hidden />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      <ScrollArea.Autosize mah={300} type="auto" className="hl-paths" viewportProps={{ tabIndex: -1 }}>
        {PARTS.map((part) => {
          const own = shown.filter((row) => row.part === part);
          if (own.length === 0) return null;
          return (
            <div key={part}>
              <Text size="xs" fw={650} c="dimmed" className="hl-paths-part">
                {t(`parts.${part}`)}
              </Text>
              {own.map((row) => (
                <Checkbox
                  key={keyOf(row)}
                  size="xs"
                  className="hl-path"
                  disabled={readOnly || isTaken(row)}
                  checked={isTaken(row) || chosen.has(keyOf(row))}
                  onChange={() => toggle(row)}
                  label={
                    <span className="hl-path-label">
                      <span className="hl-path-name">{row.path}</span>
                      <span className="hl-path-value">{isTaken(row) ? t('pick.taken') : valueText(row.value)}</span>
                    </span>
                  }
                />
              ))}
            </div>
          );
        })}
      </ScrollArea.Autosize>
      {found.length > shown.length && (
        <Text size="xs" c="dimmed">
          {t('pick.tooMany', { shown: shown.length, count: found.length })}
        </Text>
      )}
      {!readOnly && (
        <Group justify="flex-end">
          <Button
            size="xs"
            // Not disabled: it would lose the focus as soon as it has added.
            {...(selected.length === 0 ? { 'data-disabled': true, 'aria-disabled': true } : {})}
            onClick={() => {
              if (selected.length > 0) add();
            }}
          >
            {selected.length === 0 ? t('pick.addNone') : t('pick.add', { count: selected.length })}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

function keyOf({ part, path }: Row): string {
  return `${part} ${path}`;
}
