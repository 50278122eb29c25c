// A menu that is open at a point of the canvas.

import { Menu } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './canvas.module.css';
import type { Point } from './layout.ts';

export interface MenuAtProps {
  /** In pixels from the canvas's corner. */
  readonly at: Point;
  /** What the menu is of, for screen readers. */
  readonly label: string;
  onClose(): void;
  /** Its items. */
  readonly children: ReactNode;
}

export function MenuAt({ at, label, onClose, children }: MenuAtProps) {
  return (
    <Menu opened onClose={onClose} position="bottom-start" width={270} shadow="md" returnFocus withinPortal>
      <Menu.Target>
        <button type="button" tabIndex={-1} className={classes.anchor} style={{ left: at.x, top: at.y }} aria-label={label} />
      </Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  );
}
