// What can be done with a node, as a menu.

import { Kbd, Menu } from '@mantine/core';
import {
  IconArrowDown,
  IconArrowLeft,
  IconArrowRight,
  IconArrowsMove,
  IconArrowUp,
  IconClipboard,
  IconCopy,
  IconCopyPlus,
  IconCut,
  IconGitBranch,
  IconPlus,
  IconSettings,
  IconTrash,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Point } from './layout.ts';
import { MenuAt } from './menu-at.tsx';

export type NodeAction =
  | 'open'
  | 'add'
  | 'moveUp'
  | 'moveDown'
  | 'move'
  | 'branchLeft'
  | 'branchRight'
  | 'addBranch'
  | 'duplicate'
  | 'copy'
  | 'cut'
  | 'paste'
  | 'delete';

export interface NodeMenuProps {
  /** The title of the node, for the menu's name. */
  readonly title: string;
  /** A point of the canvas, in pixels from its corner. */
  readonly at: Point;
  /** Texts of actions that have no fixed one. */
  readonly texts: Readonly<Partial<Record<NodeAction, string>>>;
  /** What is offered; what is missing is left out. */
  readonly actions: ReadonlySet<NodeAction>;
  /** Those of the node that a step can be added to. */
  readonly branches: readonly { readonly name: string; readonly label: string }[];
  onAction(action: NodeAction): void;
  onBranch(name: string): void;
  onClose(): void;
}

const ORDER: readonly { readonly action: NodeAction; readonly Icon: typeof IconCopy; readonly keys?: string }[] = [
  { action: 'open', Icon: IconSettings, keys: 'Enter' },
  { action: 'add', Icon: IconPlus, keys: '+' },
  { action: 'moveUp', Icon: IconArrowUp, keys: 'Alt ↑' },
  { action: 'moveDown', Icon: IconArrowDown, keys: 'Alt ↓' },
  { action: 'move', Icon: IconArrowsMove, keys: '␣' },
  { action: 'branchLeft', Icon: IconArrowLeft, keys: 'Alt ⇧ ←' },
  { action: 'branchRight', Icon: IconArrowRight, keys: 'Alt ⇧ →' },
  { action: 'addBranch', Icon: IconGitBranch },
  { action: 'duplicate', Icon: IconCopyPlus, keys: 'Ctrl D' },
  { action: 'copy', Icon: IconCopy, keys: 'Ctrl C' },
  { action: 'cut', Icon: IconCut, keys: 'Ctrl X' },
  { action: 'paste', Icon: IconClipboard, keys: 'Ctrl V' },
  { action: 'delete', Icon: IconTrash, keys: 'Del' },
];

export function NodeMenu({ title, at, texts, actions, branches, onAction, onBranch, onClose }: NodeMenuProps) {
  const { t } = useTranslation('canvas');
  const item = ({ action, Icon, keys }: (typeof ORDER)[number]): ReactNode => (
    <Menu.Item
      key={action}
      leftSection={<Icon size={16} aria-hidden />}
      rightSection={keys === undefined ? undefined : <Kbd size="xs">{keys}</Kbd>}
      {...(action === 'delete' ? { c: 'var(--mantine-color-error)' } : {})}
      onClick={() => onAction(action)}
    >
      {texts[action] ?? t(`action.${action}`)}
    </Menu.Item>
  );
  return (
    <MenuAt at={at} label={t('menuOf', { title })} onClose={onClose}>
      {ORDER.filter(({ action }) => actions.has(action)).flatMap((entry) => [
        item(entry),
        ...(entry.action === 'add'
          ? branches.map(({ name, label }) => (
              <Menu.Item
                key={`branch-${name}`}
                leftSection={<IconGitBranch size={16} aria-hidden />}
                onClick={() => onBranch(name)}
              >
                {t('addToBranch', { branch: label })}
              </Menu.Item>
            ))
          : []),
      ])}
    </MenuAt>
  );
}
