// What can be done with a branch, as a menu below its name.

import { Kbd, Menu } from '@mantine/core';
import { IconArrowLeft, IconArrowRight, IconPlus } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Point } from './layout.ts';
import { MenuAt } from './menu-at.tsx';

export interface BranchMenuProps {
  /** The branch as people read it. */
  readonly name: string;
  /** A point of the canvas, in pixels from its corner. */
  readonly at: Point;
  readonly canMoveLeft: boolean;
  readonly canMoveRight: boolean;
  onAdd(): void;
  /** @param by 1 is to the right */
  onMove(by: 1 | -1): void;
  onClose(): void;
}

export function BranchMenu({ name, at, canMoveLeft, canMoveRight, onAdd, onMove, onClose }: BranchMenuProps) {
  const { t } = useTranslation('canvas');
  return (
    <MenuAt at={at} label={t('branchMenuOf', { branch: name })} onClose={onClose}>
      <Menu.Item leftSection={<IconPlus size={16} aria-hidden />} onClick={onAdd}>
        {t('addHere')}
      </Menu.Item>
      {canMoveLeft && (
        <Menu.Item
          leftSection={<IconArrowLeft size={16} aria-hidden />}
          rightSection={<Kbd size="xs">Alt ⇧ ←</Kbd>}
          onClick={() => onMove(-1)}
        >
          {t('toLeft')}
        </Menu.Item>
      )}
      {canMoveRight && (
        <Menu.Item
          leftSection={<IconArrowRight size={16} aria-hidden />}
          rightSection={<Kbd size="xs">Alt ⇧ →</Kbd>}
          onClick={() => onMove(1)}
        >
          {t('toRight')}
        </Menu.Item>
      )}
    </MenuAt>
  );
}
