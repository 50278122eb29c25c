// A JSON value to look at: a tree that opens and closes, can be searched, and whose parts and paths can be copied.

import { Box, Button, Group, Text, TextInput } from '@mantine/core';
import { IconChevronRight, IconSearch } from '@tabler/icons-react';
import { type KeyboardEvent, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Copy } from '../ui/copy.tsx';
import { foundLines, type JsonLine, MEMBERS_SHOWN, openAtFirst, visibleLines } from './json-lines.ts';
import classes from './json-view.module.css';
import { isContainer } from './shape.ts';
import { treeMove } from './tree-keys.ts';

export interface JsonViewProps {
  readonly value: unknown;
  /** What it is, for screen readers. */
  readonly label: string;
  /** In pixels. Default 400. */
  readonly maxHeight?: number;
}

/** From so many lines on there is a search. */
const SEARCH_FROM = 8;

export function JsonView({ value, label, maxHeight = 400 }: JsonViewProps) {
  if (!isContainer(value)) return <PlainValue value={value} label={label} maxHeight={maxHeight} />;
  return <JsonTree value={value} label={label} maxHeight={maxHeight} />;
}

function PlainValue({ value, label, maxHeight }: Required<JsonViewProps>) {
  const { t } = useTranslation('variables');
  return (
    <Group className={classes.frame} gap="xs" p="xs" wrap="nowrap" align="flex-start" role="group" aria-label={label}>
      <Box mah={maxHeight} className={classes.plain} tabIndex={0}>
        <span className={classes.value} data-type={value === null ? 'null' : typeof value}>
          {value === undefined ? t('json.nothing') : typeof value === 'string' ? value : JSON.stringify(value)}
        </span>
      </Box>
      {value !== undefined && <Copy value={copyText(value)} label={label} />}
    </Group>
  );
}

function JsonTree({ value, label, maxHeight }: Required<JsonViewProps>) {
  const { t } = useTranslation('variables');
  // Another value opens as it would at first, unless it looks the same.
  const first = useMemo(() => openAtFirst(value), [value]);
  const [change, setChange] = useState<{ readonly of: unknown; readonly open: ReadonlySet<string> } | null>(null);
  const [shown, setShown] = useState<ReadonlyMap<string, number>>(new Map());
  const [question, setQuestion] = useState('');
  const [active, setActive] = useState('');
  const tree = useRef<HTMLDivElement>(null);
  const open = change !== null && change.of === value ? change.open : first;

  const isSearching = question.trim() !== '';
  const lines = isSearching ? foundLines(value, question.trim()) : visibleLines(value, { open, shown });
  const current = lines.find(({ id }) => id === active) ?? lines[0];
  const isLarge = isSearching || lines.length >= SEARCH_FROM || lines.some(({ canOpen, isOpen }) => canOpen && !isOpen);

  const toggle = (id: string, isOpen: boolean): void => {
    const next = new Set(open);
    if (isOpen) next.add(id);
    else next.delete(id);
    setChange({ of: value, open: next });
  };
  const onKey = (event: KeyboardEvent): void => {
    if (current === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const move = treeMove(event.key, lines, lines.indexOf(current));
    if (move === undefined || move.kind === 'leave') return;
    event.preventDefault();
    if (move.kind === 'focus') {
      setActive(lines[move.index]?.id ?? '');
      tree.current?.querySelectorAll<HTMLElement>('[role="treeitem"]')[move.index]?.focus();
    } else if (move.kind === 'toggle') toggle(current.id, move.isOpen);
    else if (current.canOpen) toggle(current.id, !current.isOpen);
  };

  return (
    <Box className={classes.frame} role="group" aria-label={label}>
      {isLarge && (
        <TextInput
          size="xs"
          variant="unstyled"
          className={classes.search}
          leftSection={<IconSearch size={14} aria-hidden />}
          aria-label={t('json.search', { what: label })}
          placeholder={t('json.searchShort')}
          value={question}
          onChange={(event) => setQuestion(event.currentTarget.value)}
        />
      )}
      <Box mah={maxHeight} className={classes.scroll}>
        {lines.length === 0 ? (
          <Text size="xs" c="dimmed" p="xs" role="status">
            {t('json.notFound')}
          </Text>
        ) : (
          <div ref={tree} role="tree" aria-label={label} className={classes.tree}>
            {lines.map((line) => (
              <Line
                key={line.id}
                line={line}
                isCurrent={line === current}
                onFocus={() => setActive(line.id)}
                onKeyDown={onKey}
                onToggle={() => line.canOpen && toggle(line.id, !line.isOpen)}
                onMore={() => setShown(new Map(shown).set(line.id, (shown.get(line.id) ?? MEMBERS_SHOWN) + 10 * MEMBERS_SHOWN))}
              />
            ))}
          </div>
        )}
      </Box>
      {current !== undefined && (
        <Group className={classes.foot} gap={4} wrap="nowrap" justify="space-between">
          <code className={classes.path}>{current.id === '' ? label : current.id}</code>
          <Group gap={2} wrap="nowrap">
            {current.id !== '' && <Copy value={current.id} label={t('json.path')} />}
            <Copy value={copyText(current.value)} label={current.id === '' ? t('json.all') : t('json.value')} />
          </Group>
        </Group>
      )}
    </Box>
  );
}

/** Texts are copied as they are, everything else as JSON. */
function copyText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '');
}

interface LineProps {
  readonly line: JsonLine;
  readonly isCurrent: boolean;
  onFocus(): void;
  onKeyDown(event: KeyboardEvent): void;
  onToggle(): void;
  onMore(): void;
}

function Line({ line, isCurrent, onFocus, onKeyDown, onToggle, onMore }: LineProps) {
  const { t } = useTranslation('variables');
  const { value, name, level, canOpen, isOpen } = line;
  return (
    <div
      role="treeitem"
      tabIndex={isCurrent ? 0 : -1}
      aria-level={level}
      aria-posinset={line.position}
      aria-setsize={line.size}
      aria-selected={isCurrent}
      {...(canOpen ? { 'aria-expanded': isOpen } : {})}
      className={classes.line}
      style={{ paddingInlineStart: (level - 1) * 14 + 4 }}
      onFocus={onFocus}
      onKeyDown={onKeyDown}
      onClick={onToggle}
    >
      <span className={classes.chevron} data-open={isOpen || undefined} aria-hidden>
        {canOpen && <IconChevronRight size={13} />}
      </span>
      {name !== '' && <span className={classes.name}>{name}: </span>}
      {isContainer(value) ? (
        <span className={classes.summary}>
          {Array.isArray(value)
            ? t('json.list', { count: value.length })
            : t('json.object', { count: Object.keys(value).length })}
        </span>
      ) : (
        <span className={classes.value} data-type={value === null ? 'null' : typeof value}>
          {JSON.stringify(value)}
        </span>
      )}
      {line.hidden > 0 && (
        <Button
          size="compact-xs"
          variant="subtle"
          ml="xs"
          onKeyDown={(event) => event.stopPropagation()}
          onClick={(event) => {
            event.stopPropagation();
            onMore();
          }}
        >
          {t('json.more', { count: line.hidden })}
        </Button>
      )}
    </div>
  );
}
