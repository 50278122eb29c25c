// The choice of a node type to add: searched, in groups, with what it does; Enter takes the first hit.

import { Popover, ScrollArea, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Mode } from '../../../src/engine/model.ts';
import type { NodeDescription } from '../../../src/engine/registry.ts';
import { NodeIcon } from '../form/node-icon.tsx';
import { useTypeText } from '../form/type-text.ts';
import classes from './canvas.module.css';
import type { Point } from './layout.ts';
import { GROUPS, groupOf, isAllowed } from './new-node.ts';
import { readRecent } from './recent-types.ts';

export interface NodePickerProps {
  readonly types: readonly NodeDescription[];
  readonly mode: Mode;
  /** A point of the canvas, in pixels from its corner. */
  readonly at: Point;
  /** Where it will be, in words. */
  readonly place: string;
  onPick(type: string): void;
  onClose(): void;
}

interface Hit {
  readonly id: string;
  readonly type: NodeDescription;
  readonly title: string;
  readonly description: string;
}

export function NodePicker({ types, mode, at, place, onPick, onClose }: NodePickerProps) {
  const { t } = useTranslation('canvas');
  const typeText = useTypeText();
  const [search, setSearch] = useState('');
  const [active, setActive] = useState(0);
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);

  const sections = useMemo(() => {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    const all = types
      .filter((type) => isAllowed(type, mode))
      .map((type) => ({ type, title: typeText.title('node', type), description: typeText.description('node', type) }));
    const toHit = (section: string) => (one: (typeof all)[number]) => ({ ...one, id: `${listId}-${section}-${one.type.type}` });
    if (words.length > 0) {
      const hits = all
        .map((one) => ({ one, rank: rankOf(words, one.title, one.type.type, one.description) }))
        .filter(({ rank }) => rank > 0)
        .sort((a, b) => b.rank - a.rank)
        .map(({ one }) => toHit('found')(one));
      return [{ name: t('group.found'), hits }];
    }
    const recent = readRecent().flatMap((name) => all.filter(({ type }) => type.type === name));
    return [
      { name: t('group.recent'), hits: recent.map(toHit('recent')) },
      ...GROUPS.map((group) => ({
        name: t(`group.${group}`),
        hits: all.filter(({ type }) => groupOf(type) === group).map(toHit(group)),
      })),
    ].filter(({ hits }) => hits.length > 0);
  }, [types, mode, search, typeText, t, listId]);
  const hits: readonly Hit[] = sections.flatMap((section) => section.hits);
  const current = hits[Math.min(active, hits.length - 1)];

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && hits.length > 0) {
      event.preventDefault();
      setActive((index) => (Math.min(index, hits.length - 1) + step + hits.length) % hits.length);
    } else if (event.key === 'Enter' && current) {
      event.preventDefault();
      onPick(current.type.type);
    }
  };

  useEffect(() => {
    if (current) list.current?.querySelector(`[id="${current.id}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [current]);

  return (
    <Popover
      opened
      onChange={(opened) => !opened && onClose()}
      onDismiss={onClose}
      position="bottom-start"
      width={340}
      trapFocus
      returnFocus
      shadow="md"
      withRoles={false}
      middlewares={{ flip: true, shift: { padding: 8 } }}
    >
      <Popover.Target>
        <span className={classes.anchor} style={{ left: at.x, top: at.y }} />
      </Popover.Target>
      <Popover.Dropdown p={0} role="dialog" aria-label={`${t('addStep')}: ${place}`}>
        <div className={classes.pickerTitle}>
          {t('addStep')} <span>{place}</span>
        </div>
        <TextInput
          data-autofocus
          m="xs"
          placeholder={t('searchSteps')}
          aria-label={t('searchSteps')}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={search}
          onChange={(event) => {
            setSearch(event.currentTarget.value);
            setActive(0);
          }}
          onKeyDown={onKeyDown}
          role="combobox"
          aria-expanded
          aria-controls={listId}
          aria-autocomplete="list"
          {...(current ? { 'aria-activedescendant': current.id } : {})}
        />
        <ScrollArea.Autosize mah={360} type="auto" viewportProps={{ tabIndex: -1 }}>
          <div role="listbox" id={listId} aria-label={t('addStep')} ref={list}>
            {sections.map((section) => (
              <fieldset key={section.name} aria-label={section.name} className={classes.group}>
                <div className={classes.groupName} aria-hidden="true">
                  {section.name}
                </div>
                {section.hits.map((hit) => (
                  <Option key={hit.id} hit={hit} isActive={hit.id === current?.id} onPick={onPick} />
                ))}
              </fieldset>
            ))}
          </div>
          {hits.length === 0 && <div className={classes.noHit}>{t('noHit')}</div>}
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  );
}

function Option({ hit, isActive, onPick }: { readonly hit: Hit; readonly isActive: boolean; onPick(type: string): void }) {
  return (
    <div
      role="option"
      id={hit.id}
      tabIndex={-1}
      aria-selected={isActive}
      className={classes.option}
      data-type={hit.type.type}
      onClick={() => onPick(hit.type.type)}
      onKeyDown={undefined}
    >
      <NodeIcon type={hit.type.type} kind="node" flow={hit.type.flow} size={30} />
      <div className={classes.text}>
        <div className={classes.optionTitle}>{hit.title}</div>
        <div className={classes.optionText}>{hit.description}</div>
      </div>
    </div>
  );
}

/** Every word must be somewhere; the beginning of the title counts most. */
function rankOf(words: readonly string[], title: string, type: string, description: string): number {
  let rank = 0;
  const [name, text] = [title.toLowerCase(), description.toLowerCase()];
  for (const word of words) {
    if (name.startsWith(word)) rank += 8;
    else if (name.includes(word)) rank += 4;
    else if (type.includes(word)) rank += 2;
    else if (text.includes(word)) rank += 1;
    else return 0;
  }
  return rank;
}
