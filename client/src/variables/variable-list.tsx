// The variables of one place as a searchable tree: arrow keys move, open and close, Enter takes (ARIA tree pattern of the APG).

import { Text, TextInput, VisuallyHidden } from '@mantine/core';
import { IconChevronRight, IconSearch } from '@tabler/icons-react';
import { type KeyboardEvent, useId, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { TimeAgo } from '../ui/time.tsx';
import { shortValue } from './reference.ts';
import { treeMove } from './tree-keys.ts';
import { TypeMark } from './type-mark.tsx';
import classes from './variable-list.module.css';
import { nameOfVariable } from './variable-name.ts';
import type { VariableSource } from './variable-source.tsx';
import { buildVariableTree, searchVariables, type VariableEntry } from './variable-tree.ts';

export interface VariableListProps {
  readonly source: VariableSource;
  /** @param template what goes between the braces */
  onPick(template: string): void;
}

/** Headings that are open at first: always, and as long as they are short. */
const OPEN_AT_FIRST: readonly string[] = ['trigger', '$context', 'nodes', 'scopes'];
const OPEN_WHILE_SHORT: readonly string[] = ['$context.headers', '$context.query', '$context.body'];
/** Entries of a list that is short. */
const SHORT_LIST = 8;

interface Row {
  readonly entry: VariableEntry;
  readonly level: number;
  readonly parent: string | null;
  readonly isOpen: boolean;
  readonly position: number;
  readonly size: number;
  /** In search results: where it stands. */
  readonly above: string;
}

export function VariableList({ source, onPick }: VariableListProps) {
  const { t } = useTranslation('variables');
  const tree = useMemo(() => buildVariableTree(source), [source]);
  const [question, setQuestion] = useState('');
  const [open, setOpen] = useState<ReadonlySet<string>>(() => openAtFirst(tree));
  const [active, setActive] = useState<string | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const base = useId();

  const nameOf = (entry: VariableEntry): string => nameOfVariable(entry, t);
  const isSearching = question.trim() !== '';
  const rows = isSearching ? foundRows(tree, question, nameOf) : visibleRows(tree, open);
  const current = rows.find(({ entry }) => entry.id === active) ?? rows[0];

  const focusRow = (row: Row | undefined): void => {
    if (row === undefined) return;
    setActive(row.entry.id);
    const index = rows.indexOf(row);
    list.current?.querySelectorAll<HTMLElement>('[role="treeitem"]')[index]?.focus();
  };
  const toggle = (id: string, isOpen: boolean): void => {
    const next = new Set(open);
    if (isOpen) next.add(id);
    else next.delete(id);
    setOpen(next);
  };
  const take = (row: Row): void => {
    if (row.entry.template === null) toggle(row.entry.id, !row.isOpen);
    else onPick(row.entry.template);
  };

  const onRowKey = (event: KeyboardEvent): void => {
    if (current === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const lines = rows.map(({ entry, parent, isOpen }) => ({
      id: entry.id,
      parent,
      isOpen,
      canOpen: !isSearching && entry.children.length > 0,
    }));
    const move = treeMove(event.key, lines, rows.indexOf(current));
    if (move === undefined) {
      // What is typed is looked for.
      if (event.key.length === 1) input.current?.focus();
      return;
    }
    event.preventDefault();
    if (move.kind === 'focus') focusRow(rows[move.index]);
    else if (move.kind === 'leave') input.current?.focus();
    else if (move.kind === 'toggle') toggle(current.entry.id, move.isOpen);
    else take(current);
  };

  return (
    <div className={classes.list}>
      <TextInput
        ref={input}
        data-autofocus
        aria-label={t('search')}
        aria-controls={`${base}-tree`}
        placeholder={t('search')}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={question}
        onChange={(event) => setQuestion(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') {
            event.preventDefault();
            focusRow(current);
          } else if (event.key === 'Enter') {
            event.preventDefault();
            if (isSearching && rows[0]) take(rows[0]);
          }
        }}
      />
      <div className={classes.scroll}>
        {rows.length === 0 ? (
          <Text size="sm" c="dimmed" p="sm" role="status">
            {t('nothingFound')}
          </Text>
        ) : (
          <div ref={list} role="tree" id={`${base}-tree`} aria-label={t('title')} tabIndex={-1}>
            {rows.map((row) => {
              const { entry } = row;
              const canOpen = !isSearching && entry.children.length > 0;
              return (
                <div
                  key={entry.id}
                  role="treeitem"
                  tabIndex={row === current ? 0 : -1}
                  aria-level={row.level}
                  aria-posinset={row.position}
                  aria-setsize={row.size}
                  aria-selected={row === current}
                  {...(canOpen ? { 'aria-expanded': row.isOpen } : {})}
                  className={classes.row}
                  data-heading={entry.template === null || undefined}
                  style={{ paddingInlineStart: (row.level - 1) * 16 + 4 }}
                  onFocus={() => setActive(entry.id)}
                  onClick={() => take(row)}
                  onKeyDown={onRowKey}
                >
                  <span
                    className={classes.chevron}
                    data-open={row.isOpen || undefined}
                    aria-hidden
                    onClick={(event) => {
                      if (!canOpen) return;
                      event.stopPropagation();
                      toggle(entry.id, !row.isOpen);
                    }}
                  >
                    {canOpen && <IconChevronRight size={14} />}
                  </span>
                  <span className={classes.name}>
                    <span className={classes.label}>{nameOf(entry)}</span>
                    {(row.above !== '' || entry.detail !== '') && (
                      <span className={classes.detail}>{[row.above, entry.detail].filter(Boolean).join(' · ')}</span>
                    )}
                  </span>
                  {canOpen && !row.isOpen && entry.group !== null && (
                    <>
                      <span
                        className={classes.count}
                        aria-hidden
                        onClick={(event) => {
                          event.stopPropagation();
                          toggle(entry.id, true);
                        }}
                      >
                        {entry.children.length}
                      </span>
                      <VisuallyHidden>{t('folded', { count: entry.children.length })}</VisuallyHidden>
                    </>
                  )}
                  {entry.template !== null && (
                    <span className={classes.type}>
                      <TypeMark types={entry.types} />
                    </span>
                  )}
                  {entry.value !== undefined && <span className={classes.value}>{shortValue(entry.value, 40)}</span>}
                </div>
              );
            })}
          </div>
        )}
      </div>
      <Text size="xs" c="dimmed" className={classes.foot}>
        <LearnedFrom source={source} />
      </Text>
    </div>
  );
}

/** Which run the shown values are from, or how to get some. */
export function LearnedFrom({ source: { learned } }: { readonly source: VariableSource }) {
  const { t } = useTranslation('variables');
  if (learned?.execution) {
    return (
      <>
        {t('valuesFrom')} <TimeAgo at={learned.execution.createdAt} />
      </>
    );
  }
  if (!learned) return <>{t('noValues')}</>;
  return <>{hasData({ learned }) ? t('valuesFromSample') : t('noRuns')}</>;
}

/** Whether anything is known of a real call, or of a pinned sample of one. */
export function hasData({ learned }: Pick<VariableSource, 'learned'>): boolean {
  if (learned === undefined) return false;
  const { context, request } = learned.variables;
  return learned.execution !== null || (context ?? null) !== null || (request ?? null) !== null;
}

/** Before one has opened or closed anything. */
function openAtFirst(tree: readonly VariableEntry[]): ReadonlySet<string> {
  const open = new Set(OPEN_AT_FIRST);
  const visit = (entries: readonly VariableEntry[]): void => {
    for (const { id, children } of entries) {
      if (OPEN_WHILE_SHORT.includes(id) && children.length <= SHORT_LIST) open.add(id);
      if (open.has(id)) visit(children);
    }
  };
  visit(tree);
  return open;
}

function visibleRows(tree: readonly VariableEntry[], open: ReadonlySet<string>): Row[] {
  const rows: Row[] = [];
  const visit = (entries: readonly VariableEntry[], level: number, parent: string | null): void => {
    for (const [index, entry] of entries.entries()) {
      const isOpen = entry.children.length > 0 && open.has(entry.id);
      rows.push({ entry, level, parent, isOpen, position: index + 1, size: entries.length, above: '' });
      if (isOpen) visit(entry.children, level + 1, entry.id);
    }
  };
  visit(tree, 1, null);
  return rows;
}

function foundRows(tree: readonly VariableEntry[], question: string, nameOf: (entry: VariableEntry) => string): Row[] {
  const found = searchVariables(tree, question, nameOf);
  return found.map(({ entry, trail }, index) => ({
    entry,
    level: 1,
    parent: null,
    isOpen: false,
    position: index + 1,
    size: found.length,
    above: trail.map(nameOf).join(' › '),
  }));
}
