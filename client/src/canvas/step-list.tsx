// The flow as a tree for keyboards and screen readers: one stop of the Tab key, its picture is the canvas.

import { VisuallyHidden } from '@mantine/core';
import { type KeyboardEventHandler, memo, type Ref } from 'react';
import { useTranslation } from 'react-i18next';

export interface StepItem {
  readonly key: string;
  /** "2. Condition Paid?, branch true, 1 problem" */
  readonly text: string;
  readonly level: number;
  readonly position: number;
  readonly size: number;
}

export interface StepListProps {
  readonly ref: Ref<HTMLDivElement>;
  readonly id: string;
  readonly items: readonly StepItem[];
  readonly active: string;
  readonly selected: string | null;
  /** Neighbours that are chosen together. */
  readonly range: readonly string[];
  readonly isEditable: boolean;
  readonly onKeyDown: KeyboardEventHandler;
  onFocus(): void;
  onBlur(): void;
  onOpen(key: string): void;
}

export function itemId(list: string, key: string): string {
  return `${list}-${key}`;
}

export function StepList({
  ref,
  id,
  items,
  active,
  selected,
  range,
  isEditable,
  onKeyDown,
  onFocus,
  onBlur,
  onOpen,
}: StepListProps) {
  const { t } = useTranslation('canvas');
  return (
    <VisuallyHidden
      ref={ref}
      component="div"
      role="tree"
      tabIndex={0}
      aria-multiselectable
      aria-label={t('flow')}
      aria-describedby={`${id}-help`}
      aria-activedescendant={itemId(id, active)}
      onKeyDown={onKeyDown}
      onFocus={onFocus}
      onBlur={onBlur}
    >
      <Items id={id} items={items} selected={selected} range={range} onOpen={onOpen} />
      <span id={`${id}-help`} hidden>
        {isEditable ? t('help') : t('helpReadOnly')}
      </span>
    </VisuallyHidden>
  );
}

type ItemsProps = Pick<StepListProps, 'id' | 'items' | 'selected' | 'range' | 'onOpen'>;

const Items = memo(function Items({ id, items, selected, range, onOpen }: ItemsProps) {
  return items.map(({ key, text, level, position, size }) => (
    <div
      key={key}
      id={itemId(id, key)}
      role="treeitem"
      tabIndex={-1}
      aria-level={level}
      aria-posinset={position}
      aria-setsize={size}
      aria-selected={range.length > 0 ? range.includes(key) : key === selected}
      onClick={() => onOpen(key)}
      onKeyDown={undefined}
    >
      {text}
    </div>
  ));
});
